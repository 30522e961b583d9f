r"""Normal scores: a column of numbers to a standard normal one, and back.

The :math:`i`-th smallest of :math:`n` values stands at the probability :math:`p_i = (i - 1/2) / n`
and gets the score :math:`z_i = \Phi^{-1}(p_i)`; between them both maps are linear in :math:`z`.
Equal values share the interval of their places: they are encoded as the score of its middle, and
every score of the interval is decoded to the value, so a column of few values keeps their shares.
The plotting position keeps the extremes of a small column near :math:`\pm 2.5`, where clipping the
probabilities at 1e-7 (scikit-learn's ``QuantileTransformer``) would put them at :math:`\pm 5.2`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

MOST_KNOTS = 1000
#: How far beyond the training range's own score a value outside of it may be encoded.
BEYOND = 5.0
FLOAT32_ROUNDING = 2e-7


@dataclass(frozen=True, eq=False)
class NormalScore:
    """A monotone map of one column to standard scores, fitted on training values.

    Attributes
    ----------
    values : array of shape (k,), float64
        Distinct training values, increasing; all of them, or 1000 of them at equal probabilities.
    low, high : array of shape (k,), float64
        The interval of scores that each occupies; equal where it occurs once.
    scale : float
        Standard deviation, for values beyond the training range: they are encoded linearly, at
        most 5 beyond it, and decoded to the end of the range.

    Examples
    --------
    >>> score = NormalScore.fit(np.array([1.0, 2.0, 2.0, 4.0]))
    >>> score.encode(np.array([1.0, 2.0, 4.0])).round(2).tolist()
    [-1.15, 0.0, 1.15]
    >>> score.decode(np.array([-9.0, 0.2, 9.0])).tolist()
    [1.0, 2.0, 4.0]
    """

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    scale: float

    @classmethod
    def fit(cls, column: np.ndarray, knots: int = MOST_KNOTS) -> NormalScore:
        """Fit on training values.

        Parameters
        ----------
        column : array of shape (n,)
            Finite values.
        knots : int
            How many of them are kept at most.
        """
        n = len(column)
        values, counts = np.unique(column, return_counts=True)
        after = np.cumsum(counts)
        first, last = after - counts, after - 1
        if len(values) > knots:
            places = np.linspace(0, n - 1, knots).round()
            keep = np.unique(np.searchsorted(after, places, side="right"))
            values, first, last = values[keep], first[keep], last[keep]
        low, high = ndtri((first + 0.5) / n), ndtri((last + 0.5) / n)
        size = float(np.abs(values[[0, -1]]).max()) or 1.0
        scale = size * float((column / size).std())  # of 1e200 the square is no number
        return cls(values.astype(np.float64), low, high, scale if scale > 0 else 1.0)

    @cached_property
    def middle(self) -> np.ndarray:
        """The score of each knot: the middle of its interval in probability."""
        return np.asarray(ndtri((ndtr(self.low) + ndtr(self.high)) / 2))

    @cached_property
    def _curve(self) -> tuple[np.ndarray, np.ndarray]:
        # Each interval is wider by the rounding of float32, so that every knot comes back exactly.
        z = np.column_stack([self.low, self.high])
        margin = FLOAT32_ROUNDING * np.maximum(1, np.abs(z))
        gap = np.concatenate([[np.inf], (self.low[1:] - self.high[:-1]) / 3, [np.inf]])
        z[:, 0] -= np.minimum(margin[:, 0], gap[:-1])
        z[:, 1] += np.minimum(margin[:, 1], gap[1:])
        return z.ravel(), np.repeat(self.values, 2)

    def encode(self, column: np.ndarray) -> np.ndarray:
        """Return the scores of finite values ``(n,)``."""
        z, x = self._curve
        score = np.interp(column, x, z)
        knot = np.searchsorted(self.values, column).clip(max=len(self.values) - 1)
        score = np.where(self.values[knot] == column, self.middle[knot], score)
        beyond = column / self.scale - np.clip(column, x[0], x[-1]) / self.scale
        return score + np.clip(beyond, -BEYOND, BEYOND)

    def decode(self, score: np.ndarray) -> np.ndarray:
        """Return values ``(n,)`` within the training range for any scores."""
        z, x = self._curve
        return np.interp(score, z, x)

    def to_json(self) -> dict[str, Any]:
        """Return the knots as plain lists."""
        knots = {name: getattr(self, name).tolist() for name in ("values", "low", "high")}
        return {**knots, "scale": self.scale}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> NormalScore:
        """Return what :meth:`to_json` recorded."""
        values, low, high = (np.asarray(record[key], float) for key in ("values", "low", "high"))
        return cls(values, low, high, float(record["scale"]))
