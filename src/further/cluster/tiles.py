r"""Nearest centroids of rows of few features: 64 rows at a time, a row a vector lane.

Instead of a distance, half of it without the part that all centroids share is compared:

.. math:: f_j(x) = \tfrac12 \lVert c_j \rVert^2 - x^\top c_j, \qquad
          \lVert x - c_j \rVert^2 = \lVert x \rVert^2 + 2 f_j(x)

In float32 it is off by at most :math:`\epsilon (\lVert x \rVert + \max_j \lVert c_j \rVert)^2 / 2`.
Rows whose two lowest values are closer than twice that are decided in float64.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from further.cluster.centroids import exact_nearest, move
from further.cluster.lanes import (
    broadcast,
    broadcast_at,
    load,
    maximum,
    minimum,
    multiply_add,
    store,
    where_less,
)

ROWS = 64
#: What is lost where products of numbers below 1 vanish in float32.
TINY = np.float32(1e-30)


@njit(nogil=True, cache=True)
def fill_tiles(
    X: np.ndarray, offset: np.ndarray, scale: float, tiles: np.ndarray, first: int, last: int
) -> None:
    """Write tiles first to last: a line of 64 rows a feature, and a line of squared norms."""
    n, d = X.shape
    for t in range(first, last):
        tile = tiles[t]
        for r in range(ROWS):
            i = min(t * ROWS + r, n - 1)
            norm = np.float32(0)
            for f in range(d):
                x = np.float32((np.float64(X[i, f]) - offset[f]) * scale)
                tile[f * ROWS + r] = x
                norm += x * x
            tile[d * ROWS + r] = norm


@njit(nogil=True, cache=True, inline="always")
def _take(value, index, lowest, second, label):  # type: ignore[no-untyped-def]
    return (
        minimum(lowest, value),
        minimum(second, maximum(lowest, value)),
        where_less(value, lowest, index, label),
    )


@njit(nogil=True, cache=True, inline="always")
def _store_four(array, a, b, c, d):  # type: ignore[no-untyped-def]
    store(array, 0, a)
    store(array, 16, b)
    store(array, 32, c)
    store(array, 48, d)


@njit(nogil=True, cache=True)
def scan_tiles(
    tiles: np.ndarray,
    X: np.ndarray,
    offset: np.ndarray,
    weights: np.ndarray,
    centers: np.ndarray,
    minus: np.ndarray,
    half: np.ndarray,
    slack: float,
    labels: np.ndarray,
    sums: np.ndarray,
    mass: np.ndarray,
    count: np.ndarray,
    first: int,
    last: int,
) -> tuple[int, int]:
    """Label the rows of tiles first to last; return how many moved and how many were too close."""
    n, d = X.shape
    k = half.size // 2 * 2
    far = broadcast(np.float32(np.inf))
    zero = broadcast(np.float32(0))
    eps = np.float32(2 * slack)
    largest = np.float32(0)
    for j in range(centers.shape[0]):
        largest = max(largest, np.float32(2) * half[j] if half[j] < np.inf else largest)
    lowest, second = np.empty(ROWS, np.float32), np.empty(ROWS, np.float32)
    nearest = np.empty(ROWS, np.float32)
    gone, left = np.empty(ROWS, np.int64), np.empty(ROWS, np.int32)
    moved = close = 0
    for t in range(first, last):
        tile = tiles[t]
        m0, m1, m2, m3 = far, far, far, far
        s0, s1, s2, s3 = far, far, far, far
        l0, l1, l2, l3 = zero, zero, zero, zero
        for j in range(0, k, 2):
            p, q = broadcast_at(half, j), broadcast_at(half, j + 1)
            a0, a1, a2, a3 = p, p, p, p
            b0, b1, b2, b3 = q, q, q, q
            for f in range(d):
                p, q = broadcast_at(minus, j * d + f), broadcast_at(minus, j * d + d + f)
                x0, x1 = load(tile, f * ROWS), load(tile, f * ROWS + 16)
                x2, x3 = load(tile, f * ROWS + 32), load(tile, f * ROWS + 48)
                a0, a1 = multiply_add(x0, p, a0), multiply_add(x1, p, a1)
                a2, a3 = multiply_add(x2, p, a2), multiply_add(x3, p, a3)
                b0, b1 = multiply_add(x0, q, b0), multiply_add(x1, q, b1)
                b2, b3 = multiply_add(x2, q, b2), multiply_add(x3, q, b3)
            index = broadcast(np.float32(j))
            m0, s0, l0 = _take(a0, index, m0, s0, l0)
            m1, s1, l1 = _take(a1, index, m1, s1, l1)
            m2, s2, l2 = _take(a2, index, m2, s2, l2)
            m3, s3, l3 = _take(a3, index, m3, s3, l3)
            index = broadcast(np.float32(j + 1))
            m0, s0, l0 = _take(b0, index, m0, s0, l0)
            m1, s1, l1 = _take(b1, index, m1, s1, l1)
            m2, s2, l2 = _take(b2, index, m2, s2, l2)
            m3, s3, l3 = _take(b3, index, m3, s3, l3)
        _store_four(lowest, m0, m1, m2, m3)
        _store_four(second, s0, s1, s2, s3)
        _store_four(nearest, l0, l1, l2, l3)
        leaving = 0
        for r in range(min(ROWS, n - t * ROWS)):
            i = t * ROWS + r
            new = np.int32(nearest[r])
            # (|x| + |c|)^2 <= 2 |x|^2 + 2 |c|^2
            if not second[r] - lowest[r] > eps * (tile[d * ROWS + r] + largest) + TINY:
                new = exact_nearest(X, i, offset, centers)
                close += 1
            if new != labels[i]:
                gone[leaving], left[leaving] = i, labels[i]
                leaving += 1
                labels[i] = new
        if leaving:
            moved += leaving
            if sums.size:
                move(X, offset, weights, labels, gone, left, leaving, sums, mass, count)
    return moved, close
