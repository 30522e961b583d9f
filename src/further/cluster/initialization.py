r"""Where k-means starts: rows at random, or k-means++ (rows drawn far from those already drawn).

k-means++ draws the next centroid among the rows with probability

.. math:: p_i \propto w_i D_i^2, \qquad D_i = \min_{c} \lVert x_i - c \rVert .

The greedy version, scikit-learn's, draws :math:`2 + \ln k` candidates and keeps the one that lowers
:math:`\sum_i w_i D_i^2` most. A candidate at least twice as far from a row's nearest centroid as
the row itself cannot be nearer to the row (triangle inequality), so its distance is not computed.

References
----------
Arthur and Vassilvitskii, k-means++: The Advantages of Careful Seeding, SODA 2007.
Raff, Exact Acceleration of K-Means++ and K-Means||, IJCAI 2021.
"""

from __future__ import annotations

import numpy as np
from numba import njit

#: The name of k-means++ as in its paper: one draw a centroid, where scikit-learn keeps the best of
#: several.
SINGLE_DRAW = "k-means++ (single draw)"


def plus_plus(
    X: np.ndarray,
    n_clusters: int,
    *,
    weights: np.ndarray | None = None,
    random_state: np.random.RandomState,
    n_candidates: int | None = None,
) -> np.ndarray:
    """Return the rows that k-means++ draws, those that scikit-learn draws from float64 data.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows, float32 or float64, C-contiguous.
    n_clusters : int
        How many to draw.
    weights : ndarray of shape (n,), float64, optional
        Weights of the rows.
    random_state : RandomState
        Draws as scikit-learn's ``kmeans_plusplus`` does.
    n_candidates : int, optional
        Candidates for each centroid; 2 + ln k when None.

    Returns
    -------
    ndarray of shape (n_clusters,), int
        Their indices.
    """
    n, d = X.shape
    w = np.ones(n) if weights is None else weights
    trials = n_candidates or 2 + int(np.log(n_clusters))
    chosen = np.empty(n_clusters, np.int64)
    chosen[0] = random_state.choice(n, p=w / w.sum())
    nearest = np.zeros(n, np.int32)
    closest, cumulative = np.full(n, np.inf), np.empty(n)
    proposals = np.empty((trials, n))
    centers = np.empty((n_clusters, d))
    centers[0] = X[chosen[0]]
    _propose(X, w, centers[:1], np.zeros((1, 1)), nearest, closest, proposals[:1], np.empty(1))
    closest[:] = proposals[0]
    potential = float(closest @ w)
    potentials = np.empty(trials)
    for c in range(1, n_clusters):
        draws = random_state.uniform(size=trials) * potential
        np.cumsum(w * closest, out=cumulative)
        rows = np.minimum(np.searchsorted(cumulative, draws), n - 1)
        candidates = X[rows].astype(np.float64)
        # A little less than a quarter: rounding must not spare what would be nearer.
        quarters = 0.2499999 * _pairwise(candidates, centers[:c])
        _propose(X, w, candidates, quarters, nearest, closest, proposals, potentials)
        best = int(np.argmin(potentials))
        potential = float(potentials[best])
        nearest[proposals[best] < closest] = c
        closest[:] = proposals[best]
        chosen[c] = rows[best]
        centers[c] = candidates[best]
    return chosen


def _pairwise(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    out: np.ndarray = np.empty((len(a), len(b)))
    for i, row in enumerate(a):
        out[i] = ((b - row) ** 2).sum(axis=1)
    return out


@njit(nogil=True, cache=True, fastmath={"reassoc", "nsz", "contract"})
def _propose(
    X: np.ndarray,
    weights: np.ndarray,
    candidates: np.ndarray,
    quarters: np.ndarray,
    nearest: np.ndarray,
    closest: np.ndarray,
    proposals: np.ndarray,
    potentials: np.ndarray,
) -> None:
    """Write the closest squared distances with each candidate, and their weighted sums."""
    n, d = X.shape
    for t in range(len(candidates)):
        total = 0.0
        for i in range(n):
            squared = closest[i]
            if squared > quarters[t, nearest[i]]:
                distance = 0.0
                for f in range(d):
                    difference = np.float64(X[i, f]) - candidates[t, f]
                    distance += difference * difference
                squared = min(squared, distance)
            proposals[t, i] = squared
            total += weights[i] * squared
        potentials[t] = total
