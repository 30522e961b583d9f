"""What an evaluation returns: a figure with its interval, and draws that pair it with others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.typed_json import to_json

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Estimate:
    """A figure, its 95 % interval, what it was measured on, and how the interval was made.

    Attributes
    ----------
    value : float
        The figure itself, on all rows.
    low, high : float or None
        Limits of the interval; None where there are too few rows for one.
    n : int
        Number of examples behind the figure.
    method : str
        How the interval was made, in words.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    method: str

    @property
    def contains_zero(self) -> bool:
        """Whether 0 lies within the interval; without an interval nothing is ruled out."""
        return self.low is None or self.high is None or self.low <= 0.0 <= self.high

    def to_dict(self) -> dict[str, Any]:
        """Return the figure for JSON, where what is not finite is None."""
        found: dict[str, Any] = to_json(self)
        return found


@dataclass(frozen=True, eq=False)
class Score:
    """An estimate with what is needed to compare it with that of another model.

    Attributes
    ----------
    estimate : Estimate
        The figure.
    draws : ndarray of shape (draws,) or None
        The figure resampled; entry i of two models rests on the same test rows.
    per_example : ndarray of shape (n,) or None
        What the figure is the mean of, where it is a mean.
    basis : {"exact", "bound"} or None
        What a likelihood is.
    detail : dict
        Whatever else was found, ready for JSON.
    repeats : ndarray of shape (repeats,) or None
        The figure of each training or measurement, where it is their mean.
    by_row : ndarray of shape (n,) or None
        What each test row scored, in their order, for whoever asks what the figure is made of.
    """

    estimate: Estimate
    draws: Floats | None = None
    per_example: Floats | None = None
    basis: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    repeats: Floats | None = None
    by_row: Floats | None = None

    @property
    def value(self) -> float:
        """The figure itself."""
        return self.estimate.value
