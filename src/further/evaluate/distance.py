"""Euclidean distances between rows: all of them at once, and the nearest few, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

# Rows of a block of distances held in memory at once: 1,024 x 50,000 in float32 are 200 MB.
_BLOCK = 1024


def distances(a: Floats, b: Floats | None = None) -> NDArray[np.float64]:
    """Return all distances between the rows of a and of b (or of a and a).

    Parameters
    ----------
    a, b : ndarray of shapes (n, d) and (m, d)
        Rows of features.

    Returns
    -------
    ndarray of float64, shape (n, m)
        With zeros on the diagonal when b is None.

    Examples
    --------
    >>> distances(np.array([[0.0, 0.0], [3.0, 4.0]]))
    array([[0., 5.],
           [5., 0.]])
    """
    first = np.asarray(a, dtype=np.float64)
    second = first if b is None else np.asarray(b, dtype=np.float64)
    centre = second.mean(axis=0)  # without it the expansion below cancels digits of large values
    first, second = first - centre, second - centre
    squared = first @ second.T
    squared *= -2.0
    squared += (first**2).sum(axis=1)[:, None]
    squared += (second**2).sum(axis=1)
    if b is None:
        np.fill_diagonal(squared, 0.0)
    np.maximum(squared, 0.0, out=squared)
    return np.sqrt(squared, out=squared)


def nearest(a: Floats, b: Floats, k: int = 1) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find the k rows of b nearest to each row of a.

    Parameters
    ----------
    a, b : ndarray of shapes (n, d) and (m, d)
        Rows of features.
    k : int
        At most m.

    Returns
    -------
    indices : ndarray of shape (n, k)
        Into b, nearest first.
    distances : ndarray of float64, shape (n, k)
        Summed over differences, so that a copy is at exactly 0.

    Examples
    --------
    >>> rows, far = nearest(np.array([[2.0]]), np.array([[0.0], [1.5], [9.0]]), k=2)
    >>> rows, far
    (array([[1, 0]]), array([[0.5, 2. ]]))
    """
    first, second = np.asarray(a, dtype=np.float32), np.asarray(b, dtype=np.float32)
    k = min(k, len(second))
    # The fast expansion |a|² - 2ab + |b|² only proposes: a few more than asked for, then exactly.
    proposed = min(k + 4, len(second))
    centre = second.mean(axis=0)
    shifted = second - centre
    norms = (shifted**2).sum(axis=1)
    indices = np.empty((len(first), k), dtype=np.intp)
    far = np.empty((len(first), k))
    for start in range(0, len(first), _BLOCK):
        rows = first[start : start + _BLOCK]
        squared = norms - 2.0 * ((rows - centre) @ shifted.T)
        if proposed < len(second):
            candidates = np.argpartition(squared, proposed - 1, axis=1)[:, :proposed]
        else:
            candidates = np.broadcast_to(np.arange(len(second)), (len(rows), len(second)))
        exact = np.empty(candidates.shape)
        for column in range(candidates.shape[1]):
            difference = rows.astype(np.float64) - second[candidates[:, column]]
            exact[:, column] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
        # Ties go to the lower row number, whatever order the partition left them in.
        order = np.lexsort((candidates, exact), axis=1)[:, :k]
        indices[start : start + _BLOCK] = np.take_along_axis(candidates, order, axis=1)
        far[start : start + _BLOCK] = np.take_along_axis(exact, order, axis=1)
    return indices, far
