"""A suspicion: a place where the label, or its absence, is likely wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from further.trust.labels.simulated import Kind

Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Suspicion:
    """A label, or a prediction where no label is, and how likely it is wrong."""

    number: Annotated[int, "Its place in the ranking, from 1 on."] = 0
    kind: Annotated[Kind, "What is likely wrong."] = "spurious"
    probability: Annotated[float, "Of any error, if a hundredth of the labels had one a kind."] = 0
    picture: Annotated[int, "The row of the data."] = 0
    file: Annotated[str, "The file of the picture, where it is known."] = ""
    label: Annotated[int | None, "Which label of the picture, from 0 on; None: missing."] = None
    given_class: Annotated[str | None, "Of the label."] = None
    given_box: Annotated[Corners | None, "Of the label, in pixels."] = None
    found_class: Annotated[str | None, "Of the prediction beside it."] = None
    found_box: Annotated[Corners | None, "Of the prediction."] = None
    score: Annotated[float | None, "Of the prediction."] = None
    overlap: Annotated[float | None, "IoU of label and prediction."] = None

    @property
    def told(self) -> str:
        """Say what is wrong in a sentence."""
        if self.kind == "missing":
            return f"No label, but a detector sees {self.found_class}."
        if self.kind == "swapped":
            return f"Labelled {self.given_class}, but a detector sees {self.found_class}."
        if self.kind == "misplaced":
            return f"The {self.given_class} lies elsewhere, as a detector sees it."
        return f"Labelled {self.given_class}, but a detector sees nothing like it."
