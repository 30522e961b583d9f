"""Which code labels the rows: scikit-learn's for small data, compiled code for all other.

The two have the same labels, but their sums may differ in the last digit, and so may what follows
from them. What decides is therefore the size of the data alone, and never what the process has done
before: a run that is resumed in a new process goes the way of an uninterrupted one.
"""

from __future__ import annotations

import numpy as np

from further._sklearn import effective_n_threads
from further.cluster.exact.float64 import Float64Assignment
from further.cluster.exact.lloyd import AssignmentStep

#: From so many products of a row and a centroid's feature on, compiled code. To load it takes a
#: third of a second, or, the first time after installation, to compile it, ten; a fit below is done
#: in a few milliseconds either way, and one of four times as much takes half the time.
COMPILED_WORK = 1 << 18
#: Fewer of them in a pass than this: one thread, for starting others takes longer.
WORK_OF_A_THREAD = 1 << 24


def make_assignment(
    X: np.ndarray,
    n_clusters: int,
    weights: np.ndarray | None = None,
    *,
    n_threads: int | None = None,
    passes: int = 1,
) -> AssignmentStep:
    """Return what labels the rows of X: compiled code, or scikit-learn's where X is small.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows, float32 or float64, C-contiguous.
    n_clusters : int
        Number of centroids.
    weights : ndarray of shape (n,), float64, optional
        Weights of the rows.
    n_threads : int, optional
        Most threads; as many as scikit-learn would use when None.
    passes : int
        How many times as much work is to come.

    Returns
    -------
    AssignmentStep
        To be given initial centroids with ``start``, and ended with ``shut``.
    """
    if X.size * n_clusters * passes < COMPILED_WORK:
        return Float64Assignment(X, weights)
    from further.cluster.exact.assignment import CompiledAssignment

    if X.size * n_clusters < WORK_OF_A_THREAD:
        n_threads = 1
    threads = n_threads or effective_n_threads()
    return CompiledAssignment(X, weights, n_clusters=n_clusters, n_threads=threads)


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
        Most threads; as many as scikit-learn would use when None.

    Returns
    -------
    labels : ndarray of shape (n,), int32
        Index of the nearest centroid, the lowest of equals.
    squared_distances : ndarray of shape (n,), float64
        Squared Euclidean distance to it.
    """
    C = np.ascontiguousarray(centers, np.float64)
    if X.size * len(C) < COMPILED_WORK:
        rows = X.astype(np.float64) - C.mean(axis=0)
        C = C - C.mean(axis=0)
        labels = ((C**2).sum(axis=1) - 2 * rows @ C.T).argmin(axis=1).astype(np.int32)
        return labels, ((rows - C[labels]) ** 2).sum(axis=1)
    assignment = make_assignment(X, len(C), n_threads=n_threads)
    assignment.start(len(C))
    C = C - assignment.offset
    assignment.label(C, update=False)
    squared = assignment.squared_distances(C, assignment.labels)
    assignment.shut()
    return assignment.labels, squared
