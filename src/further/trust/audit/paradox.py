"""The accuracy paradox: where one class is common, whoever always says it is often right.

Nine of ten chest films show nothing, and a program that always says "nothing" is right in nine of
ten. So accuracy is read beside that of the constant, and balanced accuracy beside both.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np

from further.evaluate.share import Intervals
from further.trust.audit.predictions import Predictions


@dataclass(frozen=True)
class Paradox:
    """Accuracy beside that of a constant."""

    accuracy: Annotated[float, "Share of right decisions."]
    low: Annotated[float, "Of its interval."]
    high: Annotated[float, "Likewise."]
    constant: Annotated[float, "Share of the commonest class: the accuracy of saying it always."]
    commonest: Annotated[str, "That class."]
    n: Annotated[int, "Rows."]

    @property
    def embarrasses(self) -> bool:
        """Whether the accuracy is not shown to be above that of the constant."""
        return self.low <= self.constant

    @property
    def sentence(self) -> str:
        """What to think of the accuracy."""
        told = f"always saying {self.commonest} is right in {self.constant:.1%}"
        is_right = f"The model is right in {self.accuracy:.1%} of {self.n:,} rows, but {told}"
        if self.high < self.constant:
            return f"{is_right}: by accuracy it is worse than that constant."
        return f"{is_right}: accuracy does not show that it has learnt anything."

    def to_json(self) -> dict[str, Any]:
        """Return the figures with their sentence, None where nothing embarrasses."""
        embarrasses = self.embarrasses
        sentence = self.sentence if embarrasses else None
        return {**asdict(self), "embarrasses": embarrasses, "sentence": sentence}


def accuracy_paradox(predictions: Predictions, accuracy: Intervals) -> Paradox:
    """Return accuracy beside that of always saying the commonest class.

    Parameters
    ----------
    predictions : Predictions
        Of classes.
    accuracy : Intervals
        Of all rows as one group.

    Returns
    -------
    Paradox
        With an interval.
    """
    truth = predictions.truth.astype(np.int64)
    counts = np.bincount(truth, minlength=len(predictions.classes))
    value, low, high = (float(x[0]) for x in (accuracy.values, accuracy.low, accuracy.high))
    top = int(counts.argmax())
    share = float(counts[top] / len(truth))
    return Paradox(value, low, high, share, predictions.classes[top], len(truth))
