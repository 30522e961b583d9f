"""Compiled passes over a table before its first iteration: where it lies, and its float32 rows."""

from __future__ import annotations

import numpy as np
from numba import njit

# Numbers are finite, and sums and maxima may be taken in any order.
_ANY_ORDER = {"reassoc", "nsz", "contract", "nnan", "ninf"}


@njit(nogil=True, cache=True, fastmath=_ANY_ORDER)
def measure(
    X: np.ndarray, near: np.ndarray, sums: np.ndarray, first: int, last: int
) -> tuple[float, float]:
    """Add to ``sums`` rows first to last less ``near``; return their squares' sum and largest norm.

    ``near`` is close to the means, so that little is lost where squares are subtracted.
    """
    d = X.shape[1]
    squares, largest = 0.0, 0.0
    for i in range(first, last):
        squared = 0.0
        for f in range(d):
            difference = np.float64(X[i, f]) - near[f]
            sums[f] += difference
            squared += difference * difference
        squares += squared
        largest = max(largest, squared)
    return squares, np.sqrt(largest)


@njit(nogil=True, cache=True, fastmath=_ANY_ORDER)
def fill_rows(
    X: np.ndarray,
    offset: np.ndarray,
    scale: float,
    rows: np.ndarray,
    norms: np.ndarray,
    first: int,
    last: int,
) -> None:
    """Write the float32 rows first to last, unless X holds them (``rows`` is empty); their norms.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows.
    offset, scale
        What is subtracted from them, and what they are multiplied by then.
    rows : ndarray of shape (n, d) or (0, d), float32
        Is written.
    norms : ndarray of shape (>= n,), float32
        Is written.
    first, last : int
        Which rows.
    """
    d = X.shape[1]
    for i in range(first, last):
        squared = 0.0
        if rows.size:
            for f in range(d):
                x = np.float32((np.float64(X[i, f]) - offset[f]) * scale)
                rows[i, f] = x
                squared += np.float64(x) * np.float64(x)
        else:
            for f in range(d):
                squared += np.float64(X[i, f]) * np.float64(X[i, f])
        norms[i] = np.float32(np.sqrt(squared))


@njit(nogil=True, cache=True)
def round_centroids(
    centers: np.ndarray, scale: float, lines: np.ndarray, half: np.ndarray
) -> float:
    """Write minus the centroids and half their squared norms; return the largest finite norm.

    A centroid that float32 does not hold gets a line of zeros and an infinite norm.
    """
    largest = 0.0
    for j in range(len(centers)):
        squared = 0.0
        for f in range(centers.shape[1]):
            scaled = centers[j, f] * scale
            squared += scaled * scaled
            lines[j, f] = -scaled
        half[j] = 0.5 * squared
        if np.isfinite(half[j]):
            largest = max(largest, squared)
        else:
            lines[j] = 0.0
    return float(np.sqrt(largest))
