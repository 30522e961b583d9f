r"""FasterPAM: the best rows to stand for clusters, by swaps that are tried for all medoids at once.

With :math:`d_1(o) \le d_2(o)` the distances of row o to its nearest and second nearest medoid and
:math:`n_1(o)` the nearest one, putting the row c in the place of the medoid i changes the sum of
distances by

.. math:: \Delta(i, c) = \sum_o \min(d(o, c) - d_1(o), 0)
   + \sum_{n_1(o) = i} \bigl(d_2(o) - d_1(o)\bigr)
   + \sum_{n_1(o) = i} \bigl(\operatorname{clip}(d(o, c), d_1(o), d_2(o)) - d_2(o)\bigr).

The first sum is the same for all i, the second for all c, the third is shared out over the medoids
while o is gone through once: so all k swaps of a candidate cost one pass. The best of them is done
at once if it lowers the sum, and the next candidate follows; it ends when none lowers it.

Below ``COMPILED_FROM`` the passes are NumPy's, over blocks of candidates; above, compiled.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from further.cluster.dissimilarity.base import Floats

Integers = NDArray[np.intp]

#: From here on, in n^2 (10 + k), NumPy takes longer than loading the compiled code, half a second:
#: 4,500 rows and 10 clusters.
COMPILED_FROM = 4e8
#: A swap has to lower the sum by this share of it: less is rounding.
LEAST_GAIN = 1e-12
CANDIDATES = 32


def build_medoids(distances: Floats, k: int) -> Integers:
    """Return PAM's initial medoids: each next one lowers the sum of distances most (BUILD).

    Parameters
    ----------
    distances : ndarray of shape (n, n)
        Symmetric.
    k : int
        Number of medoids.

    Returns
    -------
    ndarray of int, shape (k,)
        Numbers of rows.

    References
    ----------
    Kaufman and Rousseeuw (1990), "Finding groups in data", chapter 2.
    """
    chosen = [int(distances.sum(axis=1).argmin())]
    nearest = distances[chosen[0]].copy()
    for _ in range(1, k):
        gain = np.empty(len(distances))
        for low in range(0, len(distances), CANDIDATES):
            block = distances[low : low + CANDIDATES]
            gain[low : low + CANDIDATES] = np.maximum(nearest - block, 0.0).sum(axis=1)
        gain[chosen] = -1.0
        chosen.append(int(gain.argmax()))
        np.minimum(nearest, distances[chosen[-1]], out=nearest)
    return np.array(chosen)


def fasterpam(distances: Floats, medoids: Integers, max_iter: int) -> tuple[Integers, int]:
    """Return medoids that no single swap improves, and the passes over the candidates.

    Parameters
    ----------
    distances : ndarray of shape (n, n)
        Symmetric, not negative.
    medoids : ndarray of int, shape (k,)
        Initial ones.
    max_iter : int
        Most passes over the candidates.

    Returns
    -------
    medoids : ndarray of int, shape (k,)
        Numbers of rows.
    n_iter : int
        Passes, counting the one in which nothing changes any more.

    References
    ----------
    Schubert and Rousseeuw (2021), "Fast and eager k-medoids clustering".

    Examples
    --------
    >>> x = np.array([0.0, 1.0, 2.0, 10.0, 11.0, 12.0])
    >>> medoids, _ = fasterpam(np.abs(x[:, None] - x), np.array([0, 1]), 100)
    >>> np.sort(medoids)
    array([1, 4])
    """
    if len(medoids) == 1:
        return np.array([distances.sum(axis=1).argmin()]), 1
    if len(distances) ** 2 * (10 + len(medoids)) < COMPILED_FROM:
        return _by_blocks(distances, medoids.copy(), max_iter)
    from further.cluster.fasterpam_compiled import swap_until_none_helps

    found = medoids.astype(np.int64)
    n_iter = swap_until_none_helps(np.ascontiguousarray(distances), found, max_iter, LEAST_GAIN)
    return found, int(n_iter)


def _by_blocks(distances: Floats, medoids: Integers, max_iter: int) -> tuple[Integers, int]:
    n, k = len(distances), len(medoids)
    rows = np.arange(n)
    position, unchanged, evaluated = 0, 0, 0
    while True:
        order = np.argpartition(distances[medoids], 1, axis=0)[:2]
        first = np.where(
            distances[medoids[order[0]], rows] <= distances[medoids[order[1]], rows],
            order[0], order[1],
        )  # fmt: skip
        second = order.sum(axis=0) - first
        d1, d2 = distances[medoids[first], rows], distances[medoids[second], rows]
        least_gain = LEAST_GAIN * float(d1.sum())
        belongs = np.zeros((n, k))
        belongs[rows, first] = 1.0
        removal = (d2 - d1) @ belongs
        # Until a swap happens the same sums serve block after block.
        while True:
            high = min(position + CANDIDATES, n, position + n - unchanged)
            block = distances[position:high]
            change = (np.clip(block, d1, d2) - d2) @ belongs + removal
            change += np.minimum(block - d1, 0.0).sum(axis=1, keepdims=True)
            best = change.argmin(axis=1)
            lowered = change[np.arange(len(block)), best]
            lowered[np.isin(np.arange(position, high), medoids)] = 0.0
            helps = np.flatnonzero(lowered < -least_gain)
            seen = int(helps[0]) + 1 if len(helps) else len(block)
            candidate = position + seen - 1
            position, evaluated = (position + seen) % n, evaluated + seen
            if len(helps):
                medoids[best[seen - 1]] = candidate
                unchanged = 0
                break
            unchanged += seen
            if unchanged >= n:
                return medoids, -(-evaluated // n)
        if evaluated >= max_iter * n:
            return medoids, max_iter


def alternate_medoids(distances: Floats, medoids: Integers, max_iter: int) -> tuple[Integers, int]:
    """Return medoids that are each the best of their own cluster, and the iterations.

    It ends in worse optima than swaps do, because a medoid never leaves its cluster.

    Parameters
    ----------
    distances, medoids, max_iter
        As :func:`fasterpam` takes them.

    Returns
    -------
    medoids, n_iter
        As there.

    References
    ----------
    Park and Jun (2009), "A simple and fast algorithm for K-medoids clustering".
    """
    medoids, n_iter = medoids.copy(), 0
    while n_iter < max_iter:
        n_iter += 1
        labels = distances[medoids].argmin(axis=0)
        following = medoids.copy()
        for j in range(len(medoids)):
            members = np.flatnonzero(labels == j)
            if len(members):
                sums = distances[np.ix_(members, members)].sum(axis=1)
                own = np.flatnonzero(members == medoids[j])
                # A tie keeps the medoid, so that ties cannot go round in a circle.
                if not len(own) or sums.min() < sums[own[0]]:
                    following[j] = members[sums.argmin()]
        if np.array_equal(following, medoids):
            break
        medoids = following
    return medoids, n_iter
