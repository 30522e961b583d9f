r"""Intervals of many shares at once: exact where there are few rows, Wilson's where there are many.

Of k successes among n, the exact limits of Clopper and Pearson are quantiles of beta distributions,

.. math:: p_l = B_{\alpha/2}(k,\, n - k + 1), \qquad p_u = B_{1-\alpha/2}(k + 1,\, n - k),

and hold the true share in at least the share 1 - α of samples, whatever it is. For that they are
too wide: with a hundred rows they hold it in 96 to 98 of 100. So from 100 rows on, of which at
least five are successes and five are not, Wilson's limits are taken, which hold it in 95 of 100 on
average over shares, sometimes in a little less.

References
----------
Clopper and Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the
binomial", Biometrika 26. Brown, Cai and DasGupta 2001, "Interval estimation for a binomial
proportion", Statistical Science 16.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri

from further.evaluate.resampling import LEVEL
from further.evaluate.wilson import wilson_limits

Floats = NDArray[np.floating[Any]]

#: With fewer rows, or with fewer of either kind among them, intervals are exact ones.
EXACT_BELOW = 100
LEAST_OF_A_KIND = 5
METHOD = f"Wilson; exact (Clopper-Pearson) below {EXACT_BELOW} rows"


@dataclass(frozen=True, eq=False)
class Intervals:
    """The same figure of several groups, each with its interval; NaN where there is none."""

    values: Annotated[Floats, "Of shape (groups,)."]
    low: Annotated[Floats, "Likewise."]
    high: Annotated[Floats, "Likewise."]

    def __getitem__(self, places: Any) -> Intervals:
        """Return those of some groups."""
        return Intervals(self.values[places], self.low[places], self.high[places])

    def to_json(self, place: int) -> dict[str, float | None]:
        """Return the figure of one group for JSON; None where there is none."""
        ends = {"value": self.values, "low": self.low, "high": self.high}
        return {name: finite_or_none(end[place]) for name, end in ends.items()}


def finite_or_none(value: float) -> float | None:
    """Return a number for JSON; None where it is not finite."""
    return float(value) if math.isfinite(value) else None


def share_intervals(successes: ArrayLike, n: ArrayLike, level: float = LEVEL) -> Intervals:
    """Return shares with their intervals.

    Parameters
    ----------
    successes, n : array-like of shape (groups,)
        Counts, or what rows that depend on each other are worth; where n is 0 there is no share.
    level : float, default=0.95
        Share of samples whose interval holds the true share.

    Returns
    -------
    Intervals
        Within 0 and 1.

    Examples
    --------
    >>> found = share_intervals([0, 30], [6, 100])
    >>> found.low.round(3).tolist(), found.high.round(3).tolist()
    ([0.0, 0.219], [0.459, 0.396])
    """
    k, rows = np.broadcast_arrays(np.asarray(successes, float), np.asarray(n, float))
    known = rows > 0
    m = np.where(known, rows, 1.0)
    tail = (1 - level) / 2
    low, high = exact_limits(k, m, tail)
    p = k / m
    score_low, score_high = wilson_limits(p, m, float(ndtri(1 - tail)))
    many = (rows >= EXACT_BELOW) & (np.minimum(k, rows - k) >= LEAST_OF_A_KIND)
    return Intervals(*(
        np.where(known, found, np.nan)
        for found in (p, np.where(many, score_low, low), np.where(many, score_high, high))
    ))  # fmt: skip


def exact_limits(k: Floats, n: Floats, tail: float) -> tuple[Floats, Floats]:
    """Return the limits of Clopper and Pearson.

    Parameters
    ----------
    k, n : array of float
        Successes, and rows, at least one.
    tail : float
        The most probability beyond each limit, such as 0.025.

    Returns
    -------
    low, high : array of float
        Within 0 and 1.
    """
    tiny = np.finfo(np.float64).tiny
    with np.errstate(invalid="ignore"):
        low = np.where(k > 0, betaincinv(np.maximum(k, tiny), n - k + 1, tail), 0.0)
        high = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, tiny), 1 - tail), 1.0)
    return low, high
