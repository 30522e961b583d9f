"""What all of further knows of one metric: the type of a line of the table of metrics."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

if TYPE_CHECKING:
    from further.evaluate.interval import Score

#: How a figure is written: with the decimals of its row, or as a time, a count, a quantity. All but
#: the first are costs, which differ by orders of magnitude and are drawn on a logarithmic line.
Style = Literal["fixed", "duration", "count", "quantity"]
Better = Literal["higher", "lower", "neither"]
Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class Metric:
    """One figure, as all of further knows it."""

    name: Annotated[str, "Its key in ``evaluation.json``."]
    plain: Annotated[str, "What it is called inside a sentence."]
    group: Annotated[str, "What it stands with in a table of all figures."]
    better: Annotated[Better, "Which way it improves."]
    shows: Annotated[str, "What it measures, in a sentence."]
    cannot: Annotated[str, "What it cannot show, in a sentence."]
    term: Annotated[str, "The field's own term for it, where that is another."] = ""
    heading: Annotated[str, "In the table that a command prints; empty: it is not there."] = ""
    goal: Annotated[str, "What it decides; of several metrics the first defined one does."] = ""
    range: Annotated[Range, "The least and the greatest value that it can take."] = (None, None)
    style: Annotated[Style, "How its values are written."] = "fixed"
    unit: Annotated[str, "What stands behind a value."] = ""
    worst: Annotated[
        float | None, "The left end of its scale where noise is no bad example of it."
    ] = None
    nothing: Annotated[
        float | None,
        "Its value where nothing is gained; where real rows do not exceed it, it ranks nobody.",
    ] = None
    beside: Annotated[
        bool, "Whether it stands in the entry of the model itself, as what a training took does."
    ] = False
    tasks: Annotated[tuple[str, ...], "The tasks that it belongs to."] = ("generation",)
    scorer: Annotated[
        str,
        '"module:function" of one that is scored from test rows and samples alone: it takes '
        "what :class:`further.evaluate.generation.compared.Compared` holds and returns a "
        "score, or None where it is not defined. Empty where the evaluation of its task "
        "computes it with others.",
    ] = ""

    @property
    def label(self) -> str:
        """The name in plain words with the field's own term in brackets."""
        name = f"{self.plain[0].upper()}{self.plain[1:]}"
        return f"{name} ({self.term})" if self.term else name

    def score(self, compared: Any) -> Score | None:
        """Import the scorer and return what it says."""
        module, _, function = self.scorer.partition(":")
        found: Score | None = getattr(importlib.import_module(module), function)(compared)
        return found
