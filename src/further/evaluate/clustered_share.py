r"""Intervals of shares where rows come in clusters: objects of one picture, visits of one person.

Such rows say less than as many that do not depend on each other. With :math:`s_c` successes among
:math:`w_c` rows of cluster c, of C that have any, the share :math:`\hat p = \sum s_c / \sum w_c`
has the variance

.. math:: V = \frac{C}{C - 1} \, \frac{\sum_c (s_c - \hat p \, w_c)^2}{(\sum_c w_c)^2},

and so is worth what :math:`n^* = \hat p (1 - \hat p) / V` independent rows are, times the square of
the ratio of Student's t with n - 1 and with C - 1 degrees of freedom, as V is itself uncertain.
Its interval is that of so many rows, never more than there are (Korn and Graubard). Where a share
is 0 or 1, V says nothing, and each cluster counts as one row.

References
----------
Korn and Graubard 1998, "Confidence intervals for proportions with small expected number of positive
counts estimated from survey data", Survey Methodology 24.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from further.evaluate.resampling import LEVEL
from further.evaluate.share import Intervals, share_intervals


def clustered_share_intervals(
    success: NDArray[np.bool_],
    within: NDArray[np.bool_],
    codes: NDArray[np.int64],
    clusters: NDArray[np.int64],
    groups: int,
    level: float = LEVEL,
) -> Intervals:
    """Return the share of each group with an interval that knows of clusters.

    Parameters
    ----------
    success, within : array of bool, shape (n,)
        Rows above and below the line; the first are among the second.
    codes, clusters : array of int, shape (n,)
        The group and the cluster of each row; a cluster may have rows of several groups.
    groups : int
        Number of groups.
    level : float, default=0.95
        Of the intervals.

    Returns
    -------
    Intervals
        NaN where a group has no row within.

    Examples
    --------
    >>> flags = np.repeat([True, False], [12, 8])
    >>> of = dict(within=np.ones(20, bool), codes=np.zeros(20, int), groups=1)
    >>> alone = clustered_share_intervals(flags, clusters=np.arange(20), **of)
    >>> alike = clustered_share_intervals(flags, clusters=np.arange(20) // 4, **of)
    >>> bool(alike.low[0] < alone.low[0]), bool(alone.low[0] == share_intervals(12, 20).low)
    (True, True)
    """
    rows = np.flatnonzero(within)
    keys = codes[rows] * (int(clusters.max(initial=0)) + 1) + clusters[rows]
    kept, place = np.unique(keys, return_inverse=True)
    of_group = np.zeros(len(kept), dtype=np.int64)
    of_group[place] = codes[rows]
    w = np.bincount(place, minlength=len(kept)).astype(np.float64)
    s = np.bincount(place, success[rows], len(kept))
    n = np.bincount(of_group, w, groups)
    k = np.bincount(of_group, s, groups)
    c = np.bincount(of_group, minlength=groups).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = k / n
        residuals = np.bincount(of_group, np.square(s - p[of_group] * w), groups)
        variance = c / (c - 1) * residuals / n**2
        worth = p * (1 - p) / variance
        tail = (1 + level) / 2
        uncertain = stdtrit(np.maximum(n - 1, 1), tail) / stdtrit(np.maximum(c - 1, 1), tail)
        worth = np.where((k == 0) | (k == n), c, worth * uncertain**2)
        worth = np.where(c == n, n, np.clip(np.nan_to_num(worth, nan=1.0), 1.0, n))
        found = share_intervals(np.where(n > 0, p * worth, 0.0), np.where(n > 0, worth, 0.0), level)
    return Intervals(np.where(n > 0, p, np.nan), found.low, found.high)
