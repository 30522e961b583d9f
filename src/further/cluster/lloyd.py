r"""Nearest centroids and one step of Lloyd's iteration.

.. math:: a_i = \arg\min_j \lVert x_i - c_j \rVert^2, \qquad
          c_j = \frac{\sum_{a_i = j} w_i x_i}{\sum_{a_i = j} w_i}
"""

from __future__ import annotations

import numpy as np


def assign(
    X: np.ndarray, centers: np.ndarray, *, n_threads: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest centroid of each row and its squared distance.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows, float32 or float64, C-contiguous.
    centers : ndarray of shape (k, d)
        Centroids.
    n_threads : int, optional
        At most so many threads.

    Returns
    -------
    labels : ndarray of shape (n,), int32
        Index of the nearest centroid, the lowest of equals.
    squared_distances : ndarray of shape (n,), float64
        Squared Euclidean distance to it.
    """
    C = np.asarray(centers, np.float64)
    labels = np.empty(len(X), np.int32)
    squared = np.empty(len(X))
    block = max(1, (1 << 20) // max(1, len(C)))
    for start in range(0, len(X), block):
        rows = X[start : start + block].astype(np.float64)
        nearest = ((C**2).sum(1) - 2 * rows @ C.T).argmin(1)
        labels[start : start + block] = nearest
        squared[start : start + block] = ((rows - C[nearest]) ** 2).sum(1)
    return labels, squared
