r"""k-means on small random batches: each moves its nearest centroids a little.

.. math:: c_j \leftarrow c_j + \frac{1}{n_j} \sum_{i \in B_j} (x_i - c_j)

with :math:`B_j` the rows of the batch that are nearest to :math:`c_j` and :math:`n_j` the rows that
it has seen so far.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import sklearn.cluster

from further.train.estimator import Estimator


class MiniBatchKMeans(Estimator, sklearn.cluster.MiniBatchKMeans):
    """k-means on mini-batches: scikit-learn's, with ``score_samples`` and ``save``.

    When to use: rows that arrive one batch after the other (``partial_fit``).

    When it fails: its inertia is some per cent above that of :class:`further.cluster.KMeans`, which
    is fast enough for tables that fit into memory and reads larger ones in batches too.

    Parameters
    ----------
    n_clusters, init, max_iter, batch_size, verbose, compute_labels, random_state, tol, \
max_no_improvement, init_size, n_init, reassignment_ratio
        As scikit-learn's.

    Attributes
    ----------
    cluster_centers_, labels_, inertia_, n_iter_, n_steps_, n_features_in_, feature_names_in_
        As scikit-learn's.
    counts_ : ndarray of shape (n_clusters,)
        Weight of the rows that each centroid has seen, from which ``partial_fit`` goes on.

    References
    ----------
    Sculley, Web-Scale K-Means Clustering, WWW 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from further.cluster import MiniBatchKMeans
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]], dtype=float)
    >>> model = MiniBatchKMeans(n_clusters=2, random_state=0).partial_fit(X).partial_fit(X)
    >>> labels = model.predict([[0, 0], [12, 3]])
    >>> bool(labels[0] != labels[1])
    True
    """

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find centroids from random batches of X.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows; all equal when None.
        """
        super().fit(X, sample_weight=sample_weight)
        self.counts_ = self._counts
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> MiniBatchKMeans:
        """Move the centroids by one batch.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Rows of the batch.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows; all equal when None.
        """
        super().partial_fit(X, sample_weight=sample_weight)
        self.counts_ = self._counts
        return self

    def score_samples(self, X: Any) -> np.ndarray:
        """Return minus the distance to the nearest centroid, shape (m,): higher is more typical."""
        out: np.ndarray = -self.transform(X).min(axis=1)
        return out

    def _rebuild(self) -> None:
        self._counts: np.ndarray = self.counts_
        self._n_since_last_reassign = 0
        self._batch_size = self.batch_size
        self._n_threads = 1
        self._n_features_out = len(self.cluster_centers_)
