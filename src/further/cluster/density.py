r"""What DBSCAN, OPTICS and HDBSCAN share: rows to come, and how typical a row is.

With :math:`d_k(x)` the distance of x to its k-th nearest training row, k being ``min_samples``,

.. math:: \text{score}(x) = -d_k(x),

and a new row x belongs to the cluster of its nearest anchor a, a training row, where

.. math:: d(x, a) \le r(a) \quad\text{and, where clusters have no border points,}\quad
   d_k(x) \le r(a),

r being the reach of the anchor, and is noise elsewhere.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from further._sklearn import fit_context
from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.neighbourhood import KeepsTrainingRows, Measure
from further.errors import InputError


class DensityClusterer(KeepsTrainingRows, ABC):
    """Mixin of clusterers that call dense regions clusters: compares new rows with training rows.

    A subclass learns ``labels_`` in ``_fit_rows`` and says what its anchors are.
    """

    score_meaning = "the distance to the min_samples-th nearest row, the row itself counted"

    core_distances_: Floats
    labels_: NDArray[np.intp]

    @abstractmethod
    def _fit_rows(self, X: Any, rows: Any, measure: Measure) -> None:
        """Learn the clusters of X, of which ``rows`` are the checked ones."""

    @abstractmethod
    def _anchors(self) -> tuple[NDArray[np.intp], Floats]:
        """Return the numbers of the training rows that hold new ones, and how far each reaches."""

    @abstractmethod
    def _k(self) -> int:
        """Return how many neighbours make a region dense."""

    def _has_border(self) -> bool:
        """Whether a row in a sparse region belongs to a cluster that reaches it."""
        return True

    def _whole_rows(self, rows: Any) -> NDArray[np.intp]:
        """Return the numbers of the rows without missing or infinite values."""
        return np.arange(rows.shape[0])

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the clusters of the rows, and noise.

        Parameters
        ----------
        X : array-like of shape (n, d), DataFrame or sparse matrix
            Rows, or with metric="precomputed" the distances of all pairs.
        y : ignored
            As in scikit-learn.

        Returns
        -------
        self
            The fitted estimator.
        """
        measure = Measure(self)
        rows = self._check(X, measure, reset=True)
        self.training_rows_ = None if measure.is_precomputed else rows
        self._fit_rows(X, rows, measure)
        return self

    def predict(self, X: Any) -> NDArray[np.intp]:
        """Return the cluster of the nearest anchor of each row, -1 beyond its reach.

        Parameters
        ----------
        X : array-like of shape (m, d)
            New rows; with metric="precomputed" their distances to the n training rows.

        Returns
        -------
        ndarray of int, shape (m,)
            Clusters; -1 is noise. A training row on the border of two clusters may be given the
            other one than in ``labels_``.
        """
        measure = Measure(self)
        rows = self._check(X, measure, reset=False)
        labels = np.full(rows.shape[0], -1, dtype=np.intp)
        whole = self._whole_rows(rows)
        anchors, reach = self._anchors()
        if not len(anchors) or not len(whole):
            return labels
        found, index = measure.nearest(rows[whole], self.training_rows_, 1, anchors)
        limits = np.zeros(len(self.labels_))
        limits[anchors] = reach
        limit = limits[index[:, 0]]
        within = found[:, 0] <= limit
        if not self._has_border():
            within &= self._core_distances(rows[whole], measure) <= limit
        labels[whole[within]] = self.labels_[index[within, 0]]
        return labels

    def score_samples(self, X: Any) -> Floats:
        """Return minus the distance to the ``min_samples``-th nearest training row.

        Parameters
        ----------
        X : array-like of shape (m, d)
            Rows; with metric="precomputed" their distances to the n training rows.

        Returns
        -------
        ndarray of shape (m,)
            Higher is more typical. A training row is its own first neighbour, as in the
            definition of a core point.
        """
        measure = Measure(self)
        rows = self._check(X, measure, reset=False)
        scores = np.full(rows.shape[0], -np.inf)
        whole = self._whole_rows(rows)
        if len(whole):
            scores[whole] = -self._core_distances(rows[whole], measure)
        return scores

    def _check(self, X: Any, measure: Measure, *, reset: bool) -> Any:
        return measure.check(X, reset=reset)

    def _refuse_too_few(self, min_samples: float, n: int) -> None:
        """Refuse fewer rows than make a neighbourhood dense; up to 1 is a share of them."""
        if min_samples > max(1, n):
            raise InputError(
                f"{type(self).__name__}: n_samples={n} should be >= min_samples={min_samples}; "
                f"give more rows, or min_samples of at most {n}."
            )

    def _core_distances(self, rows: Any, measure: Measure) -> Floats:
        trained = np.flatnonzero(self.labels_ >= -1)
        k = min(self._k(), len(trained))
        return measure.nearest(rows, self.training_rows_, k, trained)[0][:, -1]

    def _largest_core_distance(self, clustered: NDArray[np.intp]) -> Floats:
        """Return the largest core distance within the cluster of each of these training rows."""
        labels = self.labels_[clustered]
        core = self.core_distances_[clustered]
        largest = np.zeros(labels.max(initial=-1) + 1)
        # Infinite is what OPTICS does not look at, a border row; it gives no measure of density.
        np.maximum.at(largest, labels, np.where(np.isfinite(core), core, 0.0))
        return largest[labels]
