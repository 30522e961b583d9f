r"""What DBSCAN, OPTICS and HDBSCAN share: rows to come, and how typical a row is.

With :math:`d_k(x)` the distance of x to its k-th nearest training row, k being ``min_samples``,

.. math:: \text{score}(x) = -d_k(x),

and a new row x belongs to the cluster of its nearest anchor a, a training row, where

.. math:: d(x, a) \le r(a) \quad\text{and, where clusters have no border points,}\quad
   d_k(x) \le r(a),

r being the reach of the anchor, and is noise elsewhere.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from further._sklearn import fit_context
from further.cluster.dissimilarity.neighbourhood import Measure
from further.cluster.training_rows import KeepsTrainingRows
from further.errors import InputError


def refuse_too_few(who: str, min_samples: float, n: int) -> None:
    """Refuse fewer rows than make a neighbourhood dense.

    Parameters
    ----------
    who : str
        The estimator, for the message.
    min_samples : float
        Its parameter; up to 1 a share of the rows, of which there are always enough.
    n : int
        Rows.

    Raises
    ------
    InputError
        If there are fewer rows than ``min_samples``.
    """
    if min_samples > max(1, n):
        raise InputError(
            f"{who}: n_samples={n} should be >= min_samples={min_samples}; give more rows, or "
            f"min_samples of at most {n}."
        )


class DensityClusterer(KeepsTrainingRows):
    """Mixin: ``predict`` and ``score_samples`` from the training rows.

    When to use: for clusterers that call dense regions clusters. When it fails: it keeps all
    training rows. A subclass learns ``labels_`` in ``_fit_rows`` and says what its anchors are.
    """

    score_meaning = "the distance to the min_samples-th nearest row, the row itself counted"

    core_distances_: NDArray[np.floating[Any]]
    labels_: NDArray[np.intp]

    def _fit_rows(self, X: Any, rows: Any, measure: Measure) -> None:
        """Learn the clusters of X, of which ``rows`` are the checked ones."""
        raise NotImplementedError

    def _anchors(self) -> tuple[NDArray[np.intp], NDArray[np.floating[Any]]]:
        """Return the numbers of the training rows that hold new ones, and how far each reaches."""
        raise NotImplementedError

    def _k(self) -> int:
        """Return how many neighbours make a region dense."""
        raise NotImplementedError

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
        measure = Measure.of(self)
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
        check_is_fitted(self)
        measure = Measure.of(self)
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

    def score_samples(self, X: Any) -> NDArray[np.floating[Any]]:
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
        check_is_fitted(self)
        measure = Measure.of(self)
        rows = self._check(X, measure, reset=False)
        scores = np.full(rows.shape[0], -np.inf)
        whole = self._whole_rows(rows)
        if len(whole):
            scores[whole] = -self._core_distances(rows[whole], measure)
        return scores

    def _check(self, X: Any, measure: Measure, *, reset: bool) -> Any:
        return measure.check(self, X, reset=reset)

    def _core_distances(self, rows: Any, measure: Measure) -> NDArray[np.floating[Any]]:
        trained = np.flatnonzero(self.labels_ >= -1)
        k = min(self._k(), len(trained))
        return measure.nearest(rows, self.training_rows_, k, trained)[0][:, -1]

    def _largest_core_distance(self, clustered: NDArray[np.intp]) -> NDArray[np.floating[Any]]:
        """Return the largest core distance within the cluster of each of these training rows."""
        labels = self.labels_[clustered]
        core = self.core_distances_[clustered]
        largest = np.zeros(labels.max(initial=-1) + 1)
        # Infinite is what OPTICS does not look at, a border row; it gives no measure of density.
        np.maximum.at(largest, labels, np.where(np.isfinite(core), core, 0.0))
        return largest[labels]
