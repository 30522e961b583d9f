r"""Lloyd's iteration: label every row by its nearest centroid, then move centroids to the means.

.. math:: a_i = \arg\min_j \lVert x_i - c_j \rVert^2, \qquad
          c_j = \frac{\sum_{a_i = j} w_i x_i}{\sum_{a_i = j} w_i}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.cluster import kmeans_plusplus
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

#: Fewer products of a row and a centroid's feature than this: NumPy and scikit-learn's own code,
#: for loading compiled code takes longer than they do.
SMALL_WORK = 1 << 23


class Step(Protocol):
    """What labels rows and moves centroids; coordinates are less ``offset``."""

    labels: np.ndarray
    offset: np.ndarray

    def start(self, n_clusters: int) -> None:
        """Forget labels, for a new start."""

    def step(self, centers: np.ndarray) -> tuple[np.ndarray, int]:
        """Label all rows and return new centroids and the number of rows that moved."""

    def label(self, centers: np.ndarray, *, update: bool = True) -> int:
        """Label all rows and return the number of rows that moved."""

    def inertia(self, centers: np.ndarray) -> float:
        """Return the weighted sum of squared distances to the centroids of the labels."""

    def plus_plus(
        self, n_clusters: int, random_state: np.random.RandomState, n_candidates: int | None = None
    ) -> np.ndarray:
        """Return the rows that k-means++ draws, with one candidate or scikit-learn's number."""


@dataclass(frozen=True)
class Iteration:
    """One iteration of k-means, as ``history_`` keeps it.

    Attributes
    ----------
    centers : ndarray of shape (k, d)
        The centroids that the rows were assigned to.
    inertia : float
        The weighted sum of squared distances to them.
    moved : int
        How many rows changed their cluster; all of them at first.
    """

    centers: np.ndarray
    inertia: float
    moved: int


@dataclass(frozen=True)
class Solution:
    """What one start of k-means led to; centroids are float64 and less the offset."""

    labels: np.ndarray
    centers: np.ndarray
    inertia: float
    n_iter: int
    history: list[Iteration]


def iterate(
    engine: Step, centers: np.ndarray, *, max_iter: int, tol: float, record: bool = False
) -> Solution:
    """Run Lloyd's iteration until no label changes, centroids move less than ``tol``, or max_iter.

    Parameters
    ----------
    engine : Step
        What labels and moves.
    centers : ndarray of shape (k, d), float64
        Where to start, less the engine's offset.
    max_iter : int
        Most iterations.
    tol : float
        Sum of the centroids' squared movements below which to stop.
    record : bool
        Whether to keep every iteration.
    """
    engine.start(len(centers))
    history: list[Iteration] = []
    settled, n_iter = False, 0
    while n_iter < max_iter:
        n_iter += 1
        new, moved = engine.step(centers)
        if record:
            history.append(Iteration(centers + engine.offset, engine.inertia(centers), moved))
        shift = float(((new - centers) ** 2).sum())
        centers = new
        settled = moved == 0
        if settled or shift <= tol:
            break
    if not settled:
        moved = engine.label(centers, update=False)
    inertia = engine.inertia(centers)
    if record and not settled:
        history.append(Iteration(centers + engine.offset, inertia, moved))
    return Solution(engine.labels, centers, inertia, n_iter, history)


class SmallEngine:
    """Scikit-learn's own iteration in float64, for what is too small to load compiled code."""

    def __init__(
        self, X: np.ndarray, weights: np.ndarray | None = None, *, n_threads: int = 1
    ) -> None:
        self._n_threads = n_threads
        self.offset = X.mean(axis=0, dtype=np.float64)
        self._rows = np.ascontiguousarray(X - self.offset)
        self._weights = np.ones(len(X)) if weights is None else weights
        self.variance = float(self._rows.var(axis=0).mean())

    def start(self, n_clusters: int) -> None:
        """Forget labels."""
        self.labels = np.full(len(self._rows), -1, np.int32)

    def step(self, centers: np.ndarray) -> tuple[np.ndarray, int]:
        """Label all rows and return new centroids and the number of rows that moved."""
        new = np.zeros_like(centers)
        moved = self._iterate(centers, new)
        return new, moved

    def label(self, centers: np.ndarray, *, update: bool = True) -> int:
        """Label all rows and return the number of rows that moved."""
        return self._iterate(centers, None)

    def inertia(self, centers: np.ndarray) -> float:
        """Return the weighted sum of squared distances to the centroids of the labels."""
        squared = ((self._rows - centers[self.labels]) ** 2).sum(axis=1)
        return float(squared @ self._weights)

    def plus_plus(
        self, n_clusters: int, random_state: np.random.RandomState, n_candidates: int | None = None
    ) -> np.ndarray:
        """Return the rows that k-means++ draws."""
        rows: np.ndarray = kmeans_plusplus(
            self._rows, n_clusters, sample_weight=self._weights, random_state=random_state,
            n_local_trials=n_candidates,
        )[1]  # fmt: skip
        return rows

    def shut(self) -> None:
        """Nothing is open."""

    def _iterate(self, centers: np.ndarray, new: np.ndarray | None) -> int:
        from sklearn.cluster._k_means_lloyd import lloyd_iter_chunked_dense

        before, k = self.labels.copy(), len(centers)
        centers = np.ascontiguousarray(centers)
        lloyd_iter_chunked_dense(
            self._rows, self._weights, centers, new, np.zeros(k), self.labels, np.zeros(k),
            self._n_threads,
            update_centers=new is not None,
        )  # fmt: skip
        return int((before != self.labels).sum())


def make_engine(
    X: np.ndarray,
    n_clusters: int,
    weights: np.ndarray | None = None,
    *,
    n_threads: int | None = None,
    passes: int = 1,
) -> Any:
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
    """
    if X.size * n_clusters * passes < SMALL_WORK:
        return SmallEngine(X, weights)
    from further.cluster.engine import Engine

    return Engine(X, weights, n_threads=n_threads or _openmp_effective_n_threads())


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
    if X.size * len(C) < SMALL_WORK:
        rows = X.astype(np.float64) - C.mean(axis=0)
        C = C - C.mean(axis=0)
        labels = ((C**2).sum(axis=1) - 2 * rows @ C.T).argmin(axis=1).astype(np.int32)
        return labels, ((rows - C[labels]) ** 2).sum(axis=1)
    engine = make_engine(X, len(C), n_threads=n_threads)
    engine.start(len(C))
    C = C - engine.offset
    engine.label(C, update=False)
    squared = engine.squared_distances(C, engine.labels)
    engine.shut()
    return engine.labels, squared
