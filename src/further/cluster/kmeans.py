r"""k-means: k centroids that minimise the weighted sum of squared distances to their rows.

.. math:: \min_{c, a} \sum_i w_i \lVert x_i - c_{a_i} \rVert^2

Lloyd's iteration (see :mod:`further.cluster.exact.lloyd`) lowers it until no row changes its
cluster.
"""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
import sklearn.cluster
from sklearn.cluster import kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from further._sklearn import Interval, StrOptions, check_sample_weight, fit_context
from further.cluster.exact.lloyd import AssignmentStep, Solution, iterate
from further.cluster.exact.selection import assign, make_assignment
from further.errors import InputError
from further.train.estimator import Estimator

#: k-means++ as in its paper: one draw a centroid, where scikit-learn keeps the best of several.
SINGLE_DRAW = "k-means++ (single draw)"


class KMeans(Estimator, sklearn.cluster.KMeans):
    """k-means with scikit-learn's parameters and the results of its float64, but faster.

    When to use: the first thing to try on numeric columns of comparable scale, for compact groups.

    When it fails: clusters that are long, nested or of very different size are cut; k has to be
    known (:func:`further.cluster.choose_k`); the result depends on the start
    (:func:`further.cluster.init_sensitivity`); categories and missing values need
    :class:`further.cluster.KPrototypes`.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    init : str, ndarray of shape (n_clusters, n_features) or callable, default="k-means++"
        Where to start. "k-means++": rows drawn far from those already drawn, the best of
        2 + ln k candidates each time, as scikit-learn; "k-means++ (single draw)": as in the paper,
        with one candidate; "random": rows at random; centroids; or a function of X, n_clusters and
        random_state that returns centroids.
    n_init : int or "auto", default="auto"
        Starts, of which the best is kept; "auto" is 10 for "random" and functions, and 1 otherwise.
    max_iter : int, default=300
        Most iterations.
    tol : float, default=0.0001
        Stop when the centroids' squared movements add up to less than this times the mean
        variance of the columns; 0 goes on until no row changes its cluster.
    verbose : int, default=0
        As scikit-learn's; only sparse input says anything.
    random_state : int, RandomState or None, default=None
        Seed of the starts; the same draws as scikit-learn's on float64.
    copy_x : bool, default=True
        Accepted for scikit-learn's sake: X is never written to.
    algorithm : {"lloyd", "elkan"}, default="lloyd"
        Accepted for scikit-learn's sake: both give the same labels, and bounds are used where they
        pay. Sparse input goes to scikit-learn's code with it.
    record : bool, default=False
        Whether to keep every iteration in ``history_``.
    n_threads : int, optional
        Most threads; None is as many as scikit-learn would use. Small work takes one.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        Centroids, in the dtype of X.
    labels_ : ndarray of shape (n_samples,), int32
        Cluster of each row.
    inertia_ : float
        Weighted sum of squared distances of the rows to their centroids.
    n_iter_ : int
        Iterations of the best start.
    history_ : list of Iteration
        With ``record=True``: of the best start, each iteration's centroids, their inertia and how
        many rows moved; the last one holds the final centroids.
    n_features_in_, feature_names_in_
        As scikit-learn's.

    Raises
    ------
    InputError
        If ``record=True`` is asked of sparse X.

    References
    ----------
    Lloyd, Least Squares Quantization in PCM, IEEE Transactions on Information Theory 1982.

    Examples
    --------
    >>> import numpy as np
    >>> from further.cluster import KMeans
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]], dtype=float)
    >>> model = KMeans(n_clusters=2, random_state=0, record=True).fit(X)
    >>> model.labels_
    array([1, 1, 1, 0, 0, 0], dtype=int32)
    >>> model.predict([[0, 0], [12, 3]])
    array([1, 0], dtype=int32)
    >>> [(step.inertia, step.moved) for step in model.history_]
    [(28.0, 6), (16.0, 0)]
    """

    _not_saved = ("history_",)

    customary_for = "numeric"
    own_metric = "euclidean"
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **sklearn.cluster.KMeans._parameter_constraints,
        "init": [StrOptions({"k-means++", SINGLE_DRAW, "random"}), callable, "array-like"],
        "record": ["boolean"],
        "n_threads": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means++",
        n_init: Any = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: Any = None,
        copy_x: bool = True,
        algorithm: str = "lloyd",
        record: bool = False,
        n_threads: int | None = None,
    ) -> None:
        super().__init__(
            n_clusters, init=init, n_init=n_init, max_iter=max_iter, tol=tol, verbose=verbose,
            random_state=random_state, copy_x=copy_x, algorithm=algorithm,
        )  # fmt: skip
        self.record = record
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find the centroids of X.

        Parameters
        ----------
        X : array-like, sparse matrix or Batches of shape (n_samples, n_features)
            Rows; :class:`further.data.batches.Batches` may be larger than memory.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows; all equal when None.
        """
        if type(X).__module__ == "further.data.batches":
            from further.cluster import streaming

            self._validate_params()
            return streaming.fit(self, X)
        if sp.issparse(X):
            if self.record:
                raise InputError(
                    "KMeans: record=True but X is sparse; pass a dense array or record=False."
                )
            super().fit(X, sample_weight=sample_weight)
            return self
        return self._fit_dense(X, sample_weight)

    @fit_context(prefer_skip_nested_validation=True)
    def _fit_dense(self, X: Any, sample_weight: Any) -> Self:
        X = validate_data(self, X, dtype=[np.float64, np.float32], order="C")
        self._check_params_vs_input(X)
        weights = None
        if sample_weight is not None:
            weights = check_sample_weight(sample_weight, X, dtype=np.float64)
        random_state = check_random_state(self.random_state)
        self._n_threads = 1
        init = self.init
        if not isinstance(init, str) and not callable(init):
            init = check_array(init, dtype=np.float64, copy=True, order="C")
            self._validate_center_shape(X, init)
        assignment = make_assignment(
            X, self.n_clusters, weights, n_threads=self.n_threads, passes=self._n_init
        )
        best: Solution | None = None
        for _ in range(self._n_init):
            centers = self._start(assignment, X, init, weights, random_state)
            solution = iterate(
                assignment, centers - assignment.offset, max_iter=self.max_iter,
                tol=self.tol * assignment.variance, record=self.record,
            )  # fmt: skip
            # Rounding alone may make the same clustering look a little better.
            if best is None or (
                solution.inertia < best.inertia
                and not _same_clustering(solution.labels, best.labels, self.n_clusters)
            ):
                best = solution
        assignment.shut()
        assert best is not None
        self._exact_centers = best.centers + assignment.offset
        self.cluster_centers_ = self._exact_centers.astype(X.dtype)
        self._n_features_out = self.n_clusters
        self.labels_ = best.labels
        self.inertia_ = best.inertia
        self.n_iter_ = best.n_iter
        if self.record:
            self.history_ = best.history
        distinct = len(np.unique(best.labels))
        if distinct < self.n_clusters:
            warnings.warn(
                f"Number of distinct clusters ({distinct}) found smaller than n_clusters "
                f"({self.n_clusters}). Possibly due to duplicate points in X.",
                ConvergenceWarning,
                stacklevel=4,
            )
        return self

    def _check_params_vs_input(self, X: Any) -> None:
        # Without scikit-learn's tolerance, whose variance takes a copy of X.
        if sp.issparse(X):
            super()._check_params_vs_input(X)
            return
        if len(X) < self.n_clusters:
            raise InputError(
                f"KMeans: n_samples={len(X)} should be >= n_clusters={self.n_clusters}."
            )
        named = isinstance(self.init, str)
        self._n_init = self.n_init
        if self.n_init == "auto":
            self._n_init = 10 if callable(self.init) or (named and self.init == "random") else 1
        if not named and not callable(self.init) and self._n_init != 1:
            warnings.warn(
                "Explicit initial center position passed: performing only one init in KMeans "
                f"instead of n_init={self._n_init}.",
                RuntimeWarning,
                stacklevel=5,
            )
            self._n_init = 1

    def _start(
        self,
        assignment: AssignmentStep,
        X: np.ndarray,
        init: Any,
        weights: np.ndarray | None,
        random_state: Any,
    ) -> np.ndarray:
        centers: np.ndarray
        if callable(init):
            centers = init(X, self.n_clusters, random_state=random_state)
            centers = check_array(centers, dtype=np.float64, order="C")
            self._validate_center_shape(X, centers)
            return centers
        if not isinstance(init, str):
            centers = init
            return centers
        if init == "random":
            p = np.full(len(X), 1 / len(X)) if weights is None else weights / weights.sum()
            rows = random_state.choice(len(X), size=self.n_clusters, replace=False, p=p)
        else:
            trials = 1 if init == SINGLE_DRAW else None
            rows = assignment.plus_plus(self.n_clusters, random_state, n_candidates=trials)
        return X[rows].astype(np.float64)

    def _init_centroids(self, X: Any, *args: Any, **options: Any) -> Any:
        if not (isinstance(self.init, str) and self.init == SINGLE_DRAW):
            return super()._init_centroids(X, *args, **options)
        return kmeans_plusplus(
            X, self.n_clusters, sample_weight=options["sample_weight"],
            random_state=options["random_state"], n_local_trials=1,
        )[0]  # fmt: skip

    def predict(self, X: Any) -> np.ndarray:
        """Return the number of the nearest centroid of each row, shape (m,), int32."""
        check_is_fitted(self)
        X = self._check_test_data(X)
        if sp.issparse(X):
            return super().predict(X)
        return assign(X, self._centers(), n_threads=self.n_threads)[0]

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return minus the weighted sum of the squared distances of rows to their centroids."""
        check_is_fitted(self)
        X = self._check_test_data(X)
        if sp.issparse(X):
            return float(super().score(X, sample_weight=sample_weight))
        weights = check_sample_weight(sample_weight, X, dtype=np.float64)
        squared = assign(X, self._centers(), n_threads=self.n_threads)[1]
        return -float(squared @ weights)

    def score_samples(self, X: Any) -> np.ndarray:
        """Return minus the distance to the nearest centroid, shape (m,): higher is more typical."""
        check_is_fitted(self)
        X = self._check_test_data(X)
        if sp.issparse(X):
            sparse: np.ndarray = -self._transform(X).min(axis=1)
            return sparse
        return -np.sqrt(assign(X, self._centers(), n_threads=self.n_threads)[1])

    def _centers(self) -> np.ndarray:
        """Return the centroids in float64 where the fit is at hand, so that labels_ is repeated."""
        exact = getattr(self, "_exact_centers", None)
        public: np.ndarray = self.cluster_centers_
        if exact is not None and np.array_equal(exact.astype(public.dtype), public):
            return exact
        return public

    def _rebuild(self) -> None:
        self._n_threads = 1
        self._n_features_out = len(self.cluster_centers_)


def _same_clustering(a: np.ndarray, b: np.ndarray, k: int) -> bool:
    """Tell whether two labellings are the same up to the names of the clusters."""
    pairs = np.unique(a.astype(np.int64) * k + b)
    return len(pairs) == len(np.unique(a))
