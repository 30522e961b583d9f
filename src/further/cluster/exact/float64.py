"""Exact labels and centroids of small data: scikit-learn's own iteration on centred float64."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import kmeans_plusplus

from further._sklearn import lloyd_iteration
from further.cluster.exact.lloyd import AssignmentStep, means


class Float64Assignment(AssignmentStep):
    """Labels and centroids of centred float64 rows, of which it takes a copy.

    For data too small to load compiled code, and where most rows are too close to two centroids for
    float32.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows, float32 or float64, C-contiguous; never written to.
    weights : ndarray of shape (n,), float64, optional
        Weights of the rows.
    n_threads : int
        Most threads.
    """

    def __init__(
        self, X: np.ndarray, weights: np.ndarray | None = None, *, n_threads: int = 1
    ) -> None:
        self._n_threads = n_threads
        self.offset = X.mean(axis=0, dtype=np.float64)
        self._rows = np.ascontiguousarray(X - self.offset)
        self._weights = np.ones(len(X)) if weights is None else weights
        self._heaviest = self._weights.max()
        self.variance = float(self._rows.var(axis=0).mean())

    def start(self, n_clusters: int) -> None:
        """Forget labels."""
        self.labels = np.full(len(self._rows), -1, np.int32)

    def step(self, centers: np.ndarray) -> tuple[np.ndarray, int]:
        """Label all rows and return new centroids and the number of rows that moved."""
        k, w = len(centers), self._weights
        new, masses = np.empty_like(centers), np.empty(k)
        moved = self._iterate(centers, new, masses)
        # Empty clusters have been given a row by now; to count takes as long as to label.
        if masses.min() > self._heaviest or np.bincount(self.labels, w != 0, minlength=k).all():
            return new, moved
        # Scikit-learn would take the difference of equal rows for a distance.
        sums = np.stack([np.bincount(self.labels, x * w, minlength=k) for x in self._rows.T], 1)
        mass = np.bincount(self.labels, w, minlength=k)
        return means(
            sums, mass, np.flatnonzero(mass == 0), self.labels, w,
            squared=lambda: self.squared_distances(centers, self.labels),
            row=lambda i: self._rows[i], spread=self.variance * self._rows.shape[1],
        ), moved  # fmt: skip

    def label(self, centers: np.ndarray, *, update: bool = True) -> int:
        """Label all rows by their nearest centroids; there are no sums to update."""
        return self._iterate(centers, None, np.empty(len(centers)))

    def inertia(self, centers: np.ndarray) -> float:
        """Return the weighted sum of squared distances to the centroids of the labels."""
        return float(self.squared_distances(centers, self.labels) @ self._weights)

    def squared_distances(self, centers: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return each row's squared distance to the centroid of its label."""
        squared: np.ndarray = ((self._rows - centers[labels]) ** 2).sum(axis=1)
        return squared

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

    def _iterate(self, centers: np.ndarray, new: np.ndarray | None, mass: np.ndarray) -> int:
        before = self.labels.copy()
        lloyd_iteration(
            self._rows, self._weights, np.ascontiguousarray(centers), new, mass,
            self.labels, np.empty(len(mass)), self._n_threads, update_centers=new is not None,
        )  # fmt: skip
        return int(np.count_nonzero(before != self.labels))
