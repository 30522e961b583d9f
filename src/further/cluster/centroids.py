"""Compiled pieces that every way of assigning rows shares: exact distances and centroid sums."""

from __future__ import annotations

import numpy as np
from numba import njit


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


@njit(nogil=True, cache=True)
def move(
    X: np.ndarray,
    i: int,
    offset: np.ndarray,
    weights: np.ndarray,
    old: int,
    new: int,
    sums: np.ndarray,
    mass: np.ndarray,
    count: np.ndarray,
) -> None:
    """Take row i out of the sums of its old centroid (-1: none) and into those of the new one."""
    w = weights[i] if weights.size else 1.0
    full = 1 if w != 0.0 else 0
    row, into = X[i], sums[new]
    mass[new] += w
    count[new] += full
    if old < 0:
        for f in range(row.size):
            into[f] += w * (np.float64(row[f]) - offset[f])
        return
    out_of = sums[old]
    mass[old] -= w
    count[old] -= full
    for f in range(row.size):
        weighted = w * (np.float64(row[f]) - offset[f])
        into[f] += weighted
        out_of[f] -= weighted
