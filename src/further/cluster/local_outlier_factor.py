r"""Local outlier factor: a row is an anomaly where its neighbours lie denser than it does.

With :math:`d_k(y)` the distance of y to its k-th neighbour and :math:`N_k(x)` the k neighbours
of x,

.. math:: \text{lrd}(x) = \Bigl(\tfrac1k \sum_{y \in N_k(x)} \max\{d_k(y), d(x, y)\}\Bigr)^{-1},
   \qquad \text{LOF}(x) = \tfrac1k \sum_{y \in N_k(x)} \frac{\text{lrd}(y)}{\text{lrd}(x)};

it is about 1 within a cluster and larger outside. ``score_samples`` is -LOF.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import sklearn.neighbors
from numpy.typing import NDArray

from further._sklearn import fit_context
from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.neighbourhood import (
    KeepsTrainingRows,
    Measure,
    accept_our_metrics,
    learn_as,
)


class LocalOutlierFactor(KeepsTrainingRows, sklearn.neighbors.LocalOutlierFactor):
    """Anomalies relative to the density around them, by scikit-learn, under our distances too.

    When to use: where clusters differ in density, so that no one radius tells anomalies. When it
    fails: anomalies that come in groups of more than ``n_neighbors``; many dimensions; rows with
    more than ``n_neighbors`` copies, whose density has no limit.

    Parameters
    ----------
    n_neighbors : int, default=20
        k; where X has no more rows than that, all others.
    algorithm : {"auto", "ball_tree", "kd_tree", "brute"}, default="auto"
        Neighbour search.
    leaf_size : int, default=30
        Of the trees.
    metric : str or callable, default="minkowski"
        scikit-learn's names, "great_circle" (columns latitude and longitude in degrees),
        "jaccard", "gower" (numbers and categories; all pairs in memory), "precomputed".
    p : float, default=2
        Power of Minkowski's distance.
    metric_params : dict, default=None
        Further arguments of the distance.
    contamination : float in (0, 0.5] or "auto", default="auto"
        Share of anomalies, which sets where ``predict`` cuts; "auto" cuts at LOF 1.5.
    novelty : bool, default=False
        Has no effect: training rows and new ones can both be scored, see ``score_samples``.
    n_jobs : int, default=None
        Threads.

    Attributes
    ----------
    labels_ : ndarray of int, shape (n,)
        -1 for an anomaly, 1 for any other row, as ``predict`` has it.
    negative_outlier_factor_ : ndarray of shape (n,)
        -LOF of the training rows.
    offset_ : float
        Score below which a row is an anomaly.
    training_rows_ : ndarray of shape (n, d)
        What new rows are compared with; the distances with a precomputed one.

    Raises
    ------
    InputError
        If a distance of all pairs does not fit into memory.

    References
    ----------
    Breunig, Kriegel, Ng, Sander (2000), LOF: identifying density-based local outliers, SIGMOD.

    Examples
    --------
    >>> X = np.array([[-1.1], [0.2], [101.1], [0.3]])
    >>> model = LocalOutlierFactor(n_neighbors=2).fit(X)
    >>> model.labels_
    array([ 1,  1, -1,  1])
    >>> model.predict([[0.1], [50.0]])
    array([ 1, -1])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = accept_our_metrics(
        sklearn.neighbors.LocalOutlierFactor
    )

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the density around every row.

        Parameters
        ----------
        X : array-like of shape (n, d), DataFrame or sparse matrix
            Rows, or with metric="precomputed" the distances of all pairs.
        """
        self.training_rows_ = Measure(self).check(X)
        self._learn()
        self.labels_ = np.where(self.negative_outlier_factor_ < self.offset_, -1, 1)
        return self

    def _learn(self) -> None:
        measure = Measure(self)
        given = measure.given(self.training_rows_)
        theirs = sklearn.neighbors.LocalOutlierFactor
        learn_as(self, theirs, given, metric=measure.inner, novelty=False)

    def _rebuild(self) -> None:
        super()._rebuild()
        self._learn()

    def fit_predict(self, X: Any, y: Any = None) -> NDArray[np.intp]:
        """Find the density around every row and return -1 for anomalies, 1 for other rows."""
        return self.fit(X).labels_

    def predict(self, X: Any) -> NDArray[np.intp]:
        """Return -1 for anomalies and 1 for other rows.

        Parameters
        ----------
        X : array-like of shape (m, d)
            Rows; with metric="precomputed" their distances to the n training rows.

        Returns
        -------
        ndarray of int, shape (m,)
            By ``score_samples`` and ``offset_``.
        """
        return np.where(self.score_samples(X) < self.offset_, -1, 1)

    def decision_function(self, X: Any) -> Floats:
        """Return ``score_samples`` less ``offset_``: negative for an anomaly."""
        return self.score_samples(X) - self.offset_

    def score_samples(self, X: Any) -> Floats:
        """Return -LOF; higher is more typical.

        A row that equals a training row is scored as the first such one, itself not among its
        neighbours: on the training table this is ``negative_outlier_factor_``, which
        scikit-learn's ``score_samples`` is not.

        Parameters
        ----------
        X : array-like of shape (m, d)
            Rows; with metric="precomputed" their distances to the n training rows.

        Returns
        -------
        ndarray of shape (m,)
            About -1 within clusters, less outside.
        """
        measure = Measure(self)
        rows = measure.check(X, reset=False)
        found, index = measure.nearest(rows, self.training_rows_, self.n_neighbors_)
        density = self._local_reachability_density(found / measure.unit, index)
        scores = -np.mean(self._lrd[index] / density[:, np.newaxis], axis=1)
        same = self._same_row(rows, found[:, 0], index[:, 0])
        scores[same >= 0] = self.negative_outlier_factor_[same[same >= 0]]
        return scores

    def _same_row(self, rows: Any, distance: Floats, nearest: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the number of the first training row that each row equals, -1 for none."""
        plain = isinstance(rows, np.ndarray) and rows.dtype != object
        if self.metric == "precomputed" or not plain:
            return np.where(distance == 0, nearest, -1)
        # By value: products round, so that the cosine distance of a row to itself is not always 0.
        first: dict[bytes, int] = {}
        for i, row in enumerate(np.ascontiguousarray(self.training_rows_ + 0.0, np.float64)):
            first.setdefault(row.tobytes(), i)
        values = np.ascontiguousarray(rows + 0.0, np.float64)
        return np.array([first.get(row.tobytes(), -1) for row in values], dtype=np.intp)
