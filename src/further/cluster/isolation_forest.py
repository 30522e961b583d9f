r"""Isolation forest: what a few random cuts set apart is an anomaly.

With :math:`h(x)` the number of random cuts that isolate x in a tree of :math:`\psi` rows, and
:math:`c(\psi)` its expectation for a random row,

.. math:: \text{score}(x) = -2^{-\mathrm{E}[h(x)] / c(\psi)} \in [-1, 0].
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import sklearn.ensemble
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from further._sklearn import fit_context
from further.cluster.dissimilarity.neighbourhood import KeepsTrainingRows, learn_as


class IsolationForest(KeepsTrainingRows, sklearn.ensemble.IsolationForest):
    """Anomalies by the number of random cuts that isolate a row, by scikit-learn.

    When to use: to find anomalies in tables of many rows and columns, of unlike scales too, as it
    looks at one column at a time. When it fails: anomalies between clusters, or unusual only in
    the combination of columns, are reached late; clusters of anomalies hide each other.

    Parameters
    ----------
    n_estimators : int, default=100
        Trees.
    max_samples : int, float or "auto", default="auto"
        Rows of a tree; "auto" is the lesser of 256 and n.
    contamination : float in (0, 0.5] or "auto", default="auto"
        Share of anomalies, which sets where ``predict`` cuts; "auto" cuts at a score of -0.5.
    max_features : int or float, default=1.0
        Columns of a tree.
    bootstrap : bool, default=False
        Whether rows are drawn with replacement.
    n_jobs : int, default=None
        Threads.
    random_state : int, RandomState or None, default=None
        Seed of the cuts.
    verbose : int, default=0
        As in scikit-learn.
    warm_start : bool, default=False
        As in scikit-learn, but that the forest is grown anew from the same seed, which gives the
        same trees.

    Attributes
    ----------
    labels_ : ndarray of int, shape (n,)
        -1 for an anomaly, 1 for any other row, as ``predict`` has it.
    offset_ : float
        Score below which a row is an anomaly.
    seed_ : int
        From which the forest can be grown again.
    training_rows_ : ndarray of shape (n, d)
        Likewise; a saved forest is grown again where it is loaded.

    References
    ----------
    Liu, Ting, Zhou (2008), Isolation forest, ICDM.

    Examples
    --------
    >>> X = np.concatenate([np.random.default_rng(0).normal(size=(99, 2)), [[9.0, 9.0]]])
    >>> model = IsolationForest(random_state=0).fit(X)
    >>> int(model.score_samples(X).argmin())
    99
    >>> model.predict([[0.0, 0.0], [9.0, 9.0]])
    array([ 1, -1])
    """

    _not_saved = ("estimators_", "estimators_features_", "estimator_")

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Grow the forest.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
            Rows; float32 is what the trees work on.
        sample_weight : array-like of shape (n,), default=None
            Weights.
        """
        self.training_rows_ = validate_data(
            self, X, accept_sparse=["csc"], dtype=np.float32, ensure_all_finite=False
        )
        self.seed_ = self.random_state
        if self.seed_ is None or not isinstance(self.seed_, int | np.integer):
            self.seed_ = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self.sample_weight_ = None if sample_weight is None else np.asarray(sample_weight)
        self._grow()
        self.labels_ = self.predict(X)
        return self

    def _grow(self) -> None:
        learn_as(
            self, sklearn.ensemble.IsolationForest, self.training_rows_,
            sample_weight=self.sample_weight_, random_state=self.seed_,
        )  # fmt: skip

    def _rebuild(self) -> None:
        super()._rebuild()
        self._grow()
