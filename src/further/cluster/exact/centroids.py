"""Compiled pieces that every way of assigning rows shares: exact distances, bounds, centroid sums.

See :mod:`further.cluster.exact.layout` for what the arguments hold. What is called for few rows is
given arrays: to take one out of a tuple counts a reference, which takes as long as a row.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from further.cluster.exact.layout import DOWN, TINY, UP

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
def move(  # type: ignore[no-untyped-def]
    X, offset, weights, labels, rows, old, size, sums, mass, sizes
):
    """Take rows out of the sums of their old centroids (-1: none) and into those of their own."""
    d = X.shape[1]
    for m in range(size):
        i, left = rows[m], old[m]
        new = labels[i]
        w = weights[i] if weights.size else 1.0
        full = 1 if w != 0.0 else 0
        mass[new] += w
        sizes[new] += full
        if left < 0:
            for f in range(d):
                sums[new, f] += w * (np.float64(X[i, f]) - offset[f])
        else:
            mass[left] -= w
            sizes[left] -= full
            for f in range(d):
                weighted = w * (np.float64(X[i, f]) - offset[f])
                sums[new, f] += weighted
                sums[left, f] -= weighted
