r"""FasterPAM's loop over candidates, compiled; the sums are those of :mod:`.fasterpam`.

.. math:: \Delta(i, c) = \sum_o \min(d(o, c) - d_1(o), 0)
   + \sum_{n_1(o) = i} \bigl(\operatorname{clip}(d(o, c), d_1(o), d_2(o)) - d_1(o)\bigr)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def _two_nearest(distances, medoids, first, second, d1, d2):  # type: ignore[no-untyped-def]
    """Find each row's nearest and second nearest medoid."""
    for o in range(len(distances)):
        near, next_near = np.inf, np.inf
        i1, i2 = 0, 0
        for i in range(len(medoids)):
            d = distances[medoids[i], o]
            if d < near:
                next_near, i2 = near, i1
                near, i1 = d, i
            elif d < next_near:
                next_near, i2 = d, i
        first[o], second[o], d1[o], d2[o] = i1, i2, near, next_near


@njit(cache=True)
def _removal(first, d1, d2, loss):  # type: ignore[no-untyped-def]
    """Sum up what taking each medoid away costs; return the sum of distances."""
    loss[:] = 0.0
    total = 0.0
    for o in range(len(first)):
        loss[first[o]] += d2[o] - d1[o]
        total += d1[o]
    return total


@njit(cache=True)
def swap_until_none_helps(
    distances: NDArray[np.floating[Any]],
    medoids: NDArray[np.int64],
    max_iter: int,
    least_gain: float,
) -> int:
    """Swap medoids in place until no candidate lowers the sum; return the passes.

    Parameters
    ----------
    distances : ndarray of shape (n, n), C-contiguous
        Symmetric, not negative.
    medoids : ndarray of int64, shape (k,), k at least 2
        Start; the result on return.
    max_iter : int
        Most passes over the candidates.
    least_gain : float
        Share of the sum by which a swap has to lower it.
    """
    n, k = len(distances), len(medoids)
    first, second = np.empty(n, np.int64), np.empty(n, np.int64)
    d1, d2 = np.empty(n), np.empty(n)
    loss, change = np.empty(k), np.empty(k)
    _two_nearest(distances, medoids, first, second, d1, d2)
    total = _removal(first, d1, d2, loss)
    is_medoid = np.zeros(n, np.bool_)
    is_medoid[medoids] = True
    last, candidate, evaluated = -1, 0, 0
    while evaluated < max_iter * n:
        evaluated += 1
        if not is_medoid[candidate]:
            change[:] = loss
            shared = 0.0
            row = distances[candidate]
            for o in range(n):
                d = row[o]
                if d < d1[o]:
                    shared += d - d1[o]
                    change[first[o]] += d1[o] - d2[o]
                elif d < d2[o]:
                    change[first[o]] += d - d2[o]
            best = np.argmin(change)
            if change[best] + shared < -least_gain * total:
                is_medoid[medoids[best]] = False
                is_medoid[candidate] = True
                medoids[best] = candidate
                _two_nearest(distances, medoids, first, second, d1, d2)
                total = _removal(first, d1, d2, loss)
                last = evaluated
        if evaluated - max(last, 0) >= n:
            break
        candidate = (candidate + 1) % n
    return -(-evaluated // n)
