r"""Lloyd's iteration: label every row by its nearest centroid, then move centroids to the means.

.. math:: a_i = \arg\min_j \lVert x_i - c_j \rVert^2, \qquad
          c_j = \frac{\sum_{a_i = j} w_i x_i}{\sum_{a_i = j} w_i}
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.cluster import kmeans_plusplus
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

#: Fewer products of a row and a centroid's feature than this: scikit-learn's own code. The first
#: is for a process that has yet to load the compiled code, which takes a third of a second, or, the
#: first time after installation, to compile it, which takes ten.
SMALL_WORK, SMALL_WORK_LOADED = 1 << 23, 100_000
#: Fewer of them in a pass than this: one thread, for starting others takes longer.
WORK_OF_A_THREAD = 1 << 24
#: Squared distances below this share of the spread are rounding.
_ROUNDING = 1e-26


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


def means(
    sums: np.ndarray,
    mass: np.ndarray,
    empty: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    *,
    squared: Callable[[], np.ndarray],
    row: Callable[[int], np.ndarray],
    spread: float,
) -> np.ndarray:
    """Return the means of the clusters; empty ones get the rows farthest from their centroids.

    Parameters
    ----------
    sums : ndarray of shape (k, d)
        Weighted sums of the clusters' rows.
    mass : ndarray of shape (k,)
        Sums of their weights.
    empty : ndarray of int
        Clusters without a row of any weight.
    labels : ndarray of shape (n,)
        Clusters of the rows.
    weights : ndarray of shape (n,) or (0,)
        Weights of the rows; none when all are 1.
    squared : callable
        Returns the rows' squared distances to the centroids that they were assigned to.
    row : callable
        Returns a row in the coordinates of ``sums``.
    spread : float
        Mean squared distance of the rows to their mean.
    """
    if len(empty):
        sums, mass = sums.copy(), mass.copy()
        sums[empty], mass[empty] = 0, 0
        distances = squared()
        # Where all that is left is rounding, there are fewer distinct rows than clusters.
        if distances.max() > _ROUNDING * spread:
            far = np.argpartition(distances, -len(empty))[: -len(empty) - 1 : -1]
            for new, i in zip(empty, far, strict=True):
                weight = weights[i] if weights.size else 1.0
                point = row(i) * weight
                sums[labels[i]] -= point
                mass[labels[i]] -= weight
                sums[new], mass[new] = point, weight
    filled = mass > 0
    centers: np.ndarray = (
        sums * np.divide(1.0, mass, out=np.zeros_like(mass), where=filled)[:, None]
    )
    # As scikit-learn: what stays empty goes to the place of the largest.
    centers[~filled] = centers[mass.argmax()]
    return centers


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
        k, w, new = len(centers), self._weights, np.zeros_like(centers)
        moved = self._iterate(centers, new)
        if np.bincount(self.labels, w != 0, minlength=k).all():
            return new, moved
        # Scikit-learn would take the difference of equal rows for a distance.
        sums = np.stack([np.bincount(self.labels, x * w, minlength=k) for x in self._rows.T], 1)
        mass = np.bincount(self.labels, w, minlength=k)
        return means(
            sums, mass, np.flatnonzero(mass == 0), self.labels, w,
            squared=lambda: ((self._rows - centers[self.labels]) ** 2).sum(axis=1),
            row=lambda i: self._rows[i], spread=self.variance * self._rows.shape[1],
        ), moved  # fmt: skip

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
        lloyd_iter_chunked_dense(
            self._rows, self._weights, np.ascontiguousarray(centers), new, np.zeros(k),
            self.labels, np.zeros(k), self._n_threads, update_centers=new is not None,
        )  # fmt: skip
        return int(np.count_nonzero(before != self.labels))


def small_work() -> int:
    """Return below how many products compiled code does not pay here and now."""
    return SMALL_WORK_LOADED if "further.cluster.exact.assignment" in sys.modules else SMALL_WORK


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
    if X.size * n_clusters * passes < small_work():
        return SmallEngine(X, weights)
    from further.cluster.exact.assignment import Engine

    if X.size * n_clusters < WORK_OF_A_THREAD:
        n_threads = 1
    threads = n_threads or _openmp_effective_n_threads()
    return Engine(X, weights, n_clusters=n_clusters, n_threads=threads)


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
    if X.size * len(C) < small_work():
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
