r"""Values so far from all others that a scale or a clustering would see nothing else.

Of values sorted by their distance :math:`d` from the median, the last :math:`m` are far where

.. math:: d_{(n - m + 1)} > 10 \, d_{(n - m)} > 0, \qquad m \leq \max(1, n / 100),

so that they are no tail of the others but another order of magnitude, and few.
"""

from __future__ import annotations

import numpy as np

TIMES = 10.0
MOST = 0.01
FEWEST_ROWS = 20


def far_values(numbers: np.ndarray) -> np.ndarray:
    """Return which values of a column are far from all others.

    Parameters
    ----------
    numbers : array of shape (n,), float64
        NaN where missing.

    Returns
    -------
    array of shape (n,), bool
        Where they are.

    Examples
    --------
    >>> np.flatnonzero(far_values(np.r_[np.arange(30.0), 9e7])).tolist()
    [30]
    """
    far = np.zeros(len(numbers), dtype=bool)
    given = np.flatnonzero(~np.isnan(numbers))
    n = len(given)
    if n < FEWEST_ROWS:
        return far
    distance = np.abs(numbers[given] - np.median(numbers[given]))
    most = max(1, int(MOST * n))
    # Only the largest are sorted.
    order = np.argpartition(distance, n - most - 1)[n - most - 1 :]
    order = order[np.argsort(distance[order])]
    largest = distance[order]
    jumps = np.flatnonzero((largest[1:] > TIMES * largest[:-1]) & (largest[:-1] > 0))
    if len(jumps):
        far[given[order[jumps[0] + 1 :]]] = True
    return far
