"""Compiled pieces that every way of assigning rows shares: exact distances, bounds, centroid sums.

See :mod:`further.cluster.exact.layout` for what the arguments hold. What is called for few rows is
given arrays: to take one out of a tuple counts a reference, which takes as long as a row.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from further.cluster.exact.layout import DOWN, TINY, UP, Moves, Sums, Table
from further.cluster.exact.simd import prefetch

#: How many rows before it is needed a row is asked for.
_AHEAD = 16
# Sums of float64 in any order: equal rows and centroids still give equal sums.
_SUMS = {"reassoc", "nsz", "contract"}


@njit(nogil=True, cache=True, fastmath=_SUMS)
def exact_nearest(X: np.ndarray, i: int, offset: np.ndarray, centers: np.ndarray) -> int:
    """Return the nearest centroid of row i by float64 differences, the lowest of equals."""
    k, d = centers.shape
    best, label = np.inf, 0
    for j in range(k):
        squared = 0.0
        for f in range(d):
            difference = np.float64(X[i, f]) - offset[f] - centers[j, f]
            squared += difference * difference
        if squared < best:
            best, label = squared, j
    return label


@njit(nogil=True, cache=True, fastmath=_SUMS)
def squared_distances(
    X: np.ndarray,
    offset: np.ndarray,
    centers: np.ndarray,
    labels: np.ndarray,
    out: np.ndarray,
    first: int,
    last: int,
) -> None:
    """Write the squared distance of rows first to last to their own centroids, in float64."""
    d = centers.shape[1]
    for i in range(first, last):
        j = labels[i]
        squared = 0.0
        for f in range(d):
            difference = np.float64(X[i, f]) - offset[f] - centers[j, f]
            squared += difference * difference
        out[i] = squared


@njit(nogil=True, cache=True, inline="always")
def error_of(norm, slack, largest):  # type: ignore[no-untyped-def]
    """Return the error of the squared distances of a row from its float32 values."""
    return slack * (norm + largest) * (norm + largest) + TINY


@njit(nogil=True, cache=True, inline="always")
def upper_bound(norm, value, error):  # type: ignore[no-untyped-def]
    """Return an upper bound of the distance that belongs to a value."""
    squared = norm * norm + np.float32(2) * value + error
    return np.sqrt(max(squared, np.float32(0))) * UP


@njit(nogil=True, cache=True, inline="always")
def lower_bound(norm, value, error):  # type: ignore[no-untyped-def]
    """Return a lower bound of the distance that belongs to a value."""
    squared = norm * norm + np.float32(2) * value - error
    return np.sqrt(max(squared, np.float32(0))) * DOWN


@njit(nogil=True, cache=True)
def move(
    table: Table,
    labels: np.ndarray,
    moves: Moves,
    firsts: np.ndarray,
    counts: np.ndarray,
    begin: int,
    stop: int,
    of: Sums,
) -> None:
    """Take rows that moved out of the sums of their old clusters and into those of their own.

    It does so for clusters ``begin`` to ``stop``; ``firsts`` says where the spans' moves begin and
    ``counts`` how many there are.
    """
    X, offset, weights, (sums, mass, sizes) = table.X, table.offset, table.weights, of
    d = X.shape[1]
    flat = X.reshape(-1)
    for s in range(len(firsts)):
        last = firsts[s] + counts[s] - 1
        for m in range(firsts[s], last + 1):
            # Rows that moved lie far from each other.
            prefetch(flat, moves.rows[min(m + _AHEAD, last)] * d)
            i, left = moves.rows[m], moves.left[m]
            new = labels[i]
            w = weights[i] if weights.size else 1.0
            full = 1 if w != 0.0 else 0
            if begin <= new < stop:
                mass[new] += w
                sizes[new] += full
                for f in range(d):
                    sums[new, f] += w * (np.float64(X[i, f]) - offset[f])
            if begin <= left < stop:
                mass[left] -= w
                sizes[left] -= full
                for f in range(d):
                    sums[left, f] -= w * (np.float64(X[i, f]) - offset[f])
