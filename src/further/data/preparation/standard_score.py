r"""Standard scores: a column of numbers in units of its standard deviation.

.. math:: z = \frac{x - \bar x}{s}, \quad s^2 = \frac{1}{n} \sum_i (x_i - \bar x)^2,

with s = 1 where all numbers are equal. The map is linear, so what a model says of z it says of x:
a coefficient b for a unit of z is b / s for a unit of x, and a threshold t is x̄ + s t.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

#: Beyond it a score says no more than that a number is unlike all others.
BOUND = 1e9


@dataclass(frozen=True, eq=False)
class StandardScore:
    """A linear map of one column to standard scores, fitted on training values.

    Attributes
    ----------
    mean, deviation : float
        Of the training values; the deviation is 1 where these are all equal.
    low, high : float
        The training range, within which scores are decoded.

    Examples
    --------
    >>> score = StandardScore.fit(np.array([1.0, 2.0, 3.0, 6.0]))
    >>> score.mean, score.encode(np.array([3.0, 10.0])).round(3).tolist()
    (3.0, [0.0, 3.742])
    >>> score.decode(score.encode(np.array([2.0, 6.0]))).tolist()
    [2.0, 6.0]
    """

    kind: ClassVar[str] = "standard"

    mean: float
    deviation: float
    low: float
    high: float

    @classmethod
    def fit(cls, column: np.ndarray) -> StandardScore:
        """Fit on training values.

        Parameters
        ----------
        column : array of shape (n,)
            Finite values.
        """
        column = np.asarray(column, dtype=np.float64)
        low, high = float(column.min()), float(column.max())
        # Divided first, since sums and squares of numbers near 1e308 are infinite.
        size = max(abs(low), abs(high)) or 1.0
        unit = column / size
        mean = min(max(float(unit.mean()) * size, low), high)
        deviation = float(unit.std()) * size
        # What rounding leaves of equal numbers is no deviation.
        if low == high or deviation <= 1e-14 * size:
            deviation = 1.0
        return cls(mean, deviation, low, high)

    def encode(self, column: np.ndarray) -> np.ndarray:
        """Return the scores of finite values ``(n,)``."""
        # Halved, since the difference of numbers near 1e308 is infinite.
        half = np.asarray(column, dtype=np.float64) / 2 - self.mean / 2
        with np.errstate(over="ignore"):
            return np.clip(half / (self.deviation / 2), -BOUND, BOUND)

    def decode(self, score: np.ndarray) -> np.ndarray:
        """Return values ``(n,)`` within the training range for any scores."""
        with np.errstate(over="ignore"):
            return np.clip(self.mean + self.deviation * score, self.low, self.high)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain numbers."""
        return {"kind": self.kind, **vars(self)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> StandardScore:
        """Return what :meth:`to_json` recorded."""
        return cls(**{name: value for name, value in record.items() if name != "kind"})
