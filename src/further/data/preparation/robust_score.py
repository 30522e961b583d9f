r"""Robust scores: a column of numbers scaled by its quartiles, its tails clipped smoothly.

.. math:: z = \frac{u}{\sqrt{1 + (u / 3)^2}}, \quad u = \frac{x - q_{1/2}}{q_{3/4} - q_{1/4}},

with half the range in place of the distance of the quartiles where that is 0. Outliers end within
(-3, 3), and unlike with normal scores the distances of usual values are kept (Holzmüller et al.
2024, "Better by default: strong pre-tuned MLPs and boosted trees on tabular data").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

#: Where the scores end.
BOUND = 3.0


@dataclass(frozen=True, eq=False)
class RobustScore:
    """A monotone map of one column to robust scores, fitted on training values.

    Attributes
    ----------
    median : float
        Of the training values.
    scale : float
        What their distance from it is divided by.
    low, high : float
        The training range, within which scores are decoded.

    Examples
    --------
    >>> score = RobustScore.fit(np.array([0.0, 1.0, 2.0, 3.0, 100.0]))
    >>> score.encode(np.array([2.0, 3.0, 100.0])).round(2).tolist()
    [0.0, 0.49, 2.99]
    >>> score.decode(score.encode(np.array([2.0, 3.0, 100.0]))).round(6).tolist()
    [2.0, 3.0, 100.0]
    """

    kind: ClassVar[str] = "robust"

    median: float
    scale: float
    low: float
    high: float

    @classmethod
    def fit(cls, column: np.ndarray) -> RobustScore:
        """Fit on training values.

        Parameters
        ----------
        column : array of shape (n,)
            Finite values.
        """
        low, first, median, third, high = np.quantile(column, [0, 0.25, 0.5, 0.75, 1])
        scale = third - first or high / 2 - low / 2 or 1.0
        return cls(float(median), float(scale), float(low), float(high))

    def encode(self, column: np.ndarray) -> np.ndarray:
        """Return the scores of finite values ``(n,)``."""
        # The quotients are taken apart, since the difference of numbers near 1e308 is infinite.
        u = np.clip(column / self.scale - self.median / self.scale, -1e100, 1e100)
        return u / np.sqrt(1 + (u / BOUND) ** 2)

    def decode(self, score: np.ndarray) -> np.ndarray:
        """Return values ``(n,)`` within the training range for any scores."""
        z = np.clip(score, -BOUND * (1 - 1e-12), BOUND * (1 - 1e-12))
        u = z / np.sqrt(1 - (z / BOUND) ** 2)
        return np.clip(self.median + self.scale * u, self.low, self.high)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain numbers."""
        return {"kind": self.kind, **vars(self)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> RobustScore:
        """Return what :meth:`to_json` recorded."""
        return cls(**{name: value for name, value in record.items() if name != "kind"})
