r"""k-medoids: clusters around rows of the table, under any distance.

.. math:: J = \sum_{i=1}^n \min_{j} d(x_i, m_j), \qquad m_1, \ldots, m_k \in \{x_1, \ldots, x_n\}.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils import Tags, check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from further._sklearn import Interval, StrOptions
from further.cluster.alternating import warn_of_few
from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.categories import as_frame, as_objects
from further.cluster.dissimilarity.distances import (
    check_coordinates,
    find_metric,
    gower_ranges,
    is_sets,
    pairwise,
    refuse_matrix,
)
from further.cluster.fasterpam import alternate_medoids, build_medoids, fasterpam
from further.errors import InputError
from further.train.estimator import Estimator

BLOCK = 2**20
_TABLES = ("gower", "hamming")
_SINGLE = (str, bytes, set, frozenset, dict)


class KMedoids(Estimator, ClusterMixin, BaseEstimator):
    """Clusters around rows of the table, the medoids, under any distance.

    When to use: where a mean means nothing (sets, categories, texts, places), where one real row
    is to stand for each cluster, and with outliers, which pull a mean and not a medoid. When it
    fails: time and memory grow with the square of the rows; what does not fit is refused unless
    ``sample_size`` says how many rows the medoids are chosen from.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    metric : str or callable, default="euclidean"
        A distance of ``further.cluster.dissimilarity.distances.METRICS``, or a function of two
        rows. "jaccard" takes columns of 0 and 1 or a list of sets, "gower" a DataFrame of numbers
        and categories with missing values, "great_circle" latitude and longitude in degrees,
        "precomputed" the symmetric distances of all pairs, and in ``predict`` those of new rows to
        the training rows.
    p : float, default=2.0
        Power of "minkowski".
    method : "fasterpam" or "alternate", default="fasterpam"
        Swaps until none helps, or assigning and choosing anew by turns: faster on long tables,
        with a larger sum.
    init : "random" or "build", default="random"
        Initial medoids: rows drawn uniformly, or the greedy ones of PAM (deterministic, slower).
    max_iter : int, default=100
        Most passes over the rows.
    n_init : int, default=1
        Number of random initialisations, of which the one of least sum is kept.
    random_state : int, RandomState or None, default=None
        Seed of the initial medoids and of the sample.
    sample_size : int, optional
        Look for medoids among so many rows, drawn at random, and only assign the others. By default
        all rows take part.

    Attributes
    ----------
    medoid_indices_ : ndarray of int, shape (n_clusters,)
        Rows of X that are medoids.
    cluster_centers_ : ndarray of shape (n_clusters, d), list or None
        Medoids: rows; lists of members for sets; None for "precomputed".
    labels_ : ndarray of int, shape (n,)
        Cluster of each row.
    inertia_ : float
        Sum of the distances of all rows to their medoids.
    n_iter_ : int
        Passes of the best initialisation.
    n_features_in_ : int
        Number of columns (1 for sets and texts; training rows for "precomputed").
    sample_indices_ : ndarray of int or None
        Rows that the medoids were looked for in, where not all.
    ranges_ : ndarray of shape (d,) or None
        For "gower": ranges of the numbers, NaN for categories.

    Raises
    ------
    InputError
        In ``fit``, if the distance is unknown, the distances do not fit into memory, or there are
        fewer rows than clusters.

    References
    ----------
    Schubert and Rousseeuw (2021), "Fast and eager k-medoids clustering: O(k) runtime improvement of
    the PAM, CLARA, and CLARANS algorithms".

    Examples
    --------
    >>> baskets = [{"milk", "tea"}, {"milk"}, {"nails", "glue"}, {"nails", "glue", "milk"}]
    >>> model = KMedoids(2, metric="jaccard", random_state=0).fit(baskets)
    >>> model.labels_[0] == model.labels_[1], model.labels_[2] == model.labels_[3]
    (np.True_, np.True_)
    """

    own_metric = "any"
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "metric": [str, callable],
        "p": [Interval(Real, 1, None, closed="left")],
        "method": [StrOptions({"fasterpam", "alternate"})],
        "init": [StrOptions({"random", "build"})],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "sample_size": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        metric: str | Callable[[Any, Any], float] = "euclidean",
        p: float = 2.0,
        method: str = "fasterpam",
        init: str = "random",
        max_iter: int = 100,
        n_init: int = 1,
        random_state: Any = None,
        sample_size: int | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.metric = metric
        self.p = p
        self.method = method
        self.init = init
        self.max_iter = max_iter
        self.n_init = n_init
        self.random_state = random_state
        self.sample_size = sample_size

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        tags.input_tags.categorical = tags.input_tags.string = self.metric in _TABLES
        tags.input_tags.allow_nan = self.metric == "gower"
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the medoids.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, d), or sequence of length n
            Rows, as the distance takes them; distances of all pairs for "precomputed".
        y : None
            Not used.

        Returns
        -------
        self
            The fitted estimator.
        """
        self._validate_params()
        metric = self._metric()
        rows = self._validated(X, reset=True)
        n = len(rows)
        random = check_random_state(self.random_state)
        sampled = self.sample_size is not None and self.sample_size < n
        self.sample_indices_ = (
            np.sort(random.choice(n, self.sample_size, replace=False)) if sampled else None
        )
        chosen = np.arange(n) if self.sample_indices_ is None else self.sample_indices_
        self._refuse_too_few_or_many(len(chosen))
        self.ranges_ = gower_ranges(rows) if metric == "gower" else None
        distances = self._between_all(rows, chosen)
        n_init = 1 if self.init == "build" else self.n_init
        found = [self._search(distances, random) for _ in range(n_init)]
        medoids, self.n_iter_ = min(found, key=lambda pair: distances[pair[0]].min(axis=0).sum())
        self.medoid_indices_ = chosen[medoids]
        self.cluster_centers_ = self._show(rows)
        self.labels_, own = self._assign(rows)
        self.inertia_ = float(own.sum())
        warn_of_few(self, stacklevel=3)
        return self

    def predict(self, X: Any) -> NDArray[np.intp]:
        """Return the cluster of the nearest medoid of each row, shape (m,).

        Parameters
        ----------
        X : as in ``fit``
            New rows; for "precomputed" their distances to the n training rows, shape (m, n).
        """
        check_is_fitted(self)
        return self._assign(self._validated(X, reset=False))[0]

    def score_samples(self, X: Any) -> Floats:
        """Return minus the distance of each row to its medoid, shape (m,): higher is more typical.

        Parameters
        ----------
        X : as in ``predict``
            Rows.
        """
        check_is_fitted(self)
        return -self._assign(self._validated(X, reset=False))[1]

    def _metric(self) -> Any:
        return self.metric if callable(self.metric) else find_metric(self.metric)

    def _validated(self, X: Any, reset: bool) -> Any:
        metric = self._metric()
        if (metric == "jaccard" and is_sets(X)) or (callable(metric) and _is_items(X)):
            if reset:
                self.n_features_in_ = 1
            return list(X)
        if metric in _TABLES:
            frame = as_frame(X)
            validate_data(self, X, reset=reset, skip_check_array=True)
            return frame
        rows = validate_data(self, X, reset=reset, dtype=np.float64)
        if metric == "great_circle":
            check_coordinates(rows, "KMedoids")
        if metric == "precomputed" and reset:
            _check_distances(rows)
        return rows

    def _refuse_too_few_or_many(self, n: int) -> None:
        if self.n_clusters > n:
            raise InputError(
                f"KMedoids: n_clusters={self.n_clusters} but medoids are sought in {n} rows; "
                f"choose n_clusters of at most {n}."
            )
        if self.metric != "precomputed":
            copies = 1 if self.method == "fasterpam" else 2
            remedy = "set sample_size to at most {most}"
            refuse_matrix("KMedoids", n, n, copies=copies, remedy=remedy)

    def _between_all(self, rows: Any, chosen: NDArray[np.intp]) -> Floats:
        if self._metric() == "precomputed":
            whole = len(chosen) == len(rows)
            distances: Floats = rows if whole else rows[np.ix_(chosen, chosen)]
            return distances
        part = rows if len(chosen) == len(rows) else _take(rows, chosen)
        return pairwise(part, metric=self._metric(), p=self.p, ranges=self.ranges_)

    def _search(
        self, distances: Floats, random: np.random.RandomState
    ) -> tuple[NDArray[np.intp], int]:
        if self.init == "build":
            medoids = build_medoids(distances, self.n_clusters)
        else:
            medoids = random.choice(len(distances), self.n_clusters, replace=False)
        search = fasterpam if self.method == "fasterpam" else alternate_medoids
        return search(distances, medoids, self.max_iter)

    def _show(self, rows: Any) -> Any:
        """Return the medoids in a form that can be saved."""
        if self._metric() == "precomputed":
            return None
        medoids = _take(rows, self.medoid_indices_)
        if isinstance(medoids, pd.DataFrame):
            return as_objects(medoids)
        if isinstance(medoids, list) and isinstance(medoids[0], set | frozenset):
            return [sorted(medoid, key=str) for medoid in medoids]
        return medoids

    def _medoids(self) -> Any:
        """Return the medoids as the distance takes them."""
        shown = self.cluster_centers_
        if self._metric() in _TABLES:
            return pd.DataFrame(shown)
        if isinstance(shown, list) and isinstance(shown[0], list):
            return [set(members) for members in shown]
        return shown

    def _assign(self, rows: Any) -> tuple[NDArray[np.intp], Floats]:
        """Return the nearest medoid of each row and its distance."""
        if self._metric() == "precomputed":
            distances = rows[:, self.medoid_indices_]
            labels = distances.argmin(axis=1)
            return labels, distances[np.arange(len(rows)), labels]
        medoids = self._medoids()
        labels, own = np.empty(len(rows), dtype=np.intp), np.empty(len(rows))
        for part in gen_batches(len(rows), max(1, BLOCK // self.n_clusters)):
            block = rows.iloc[part] if isinstance(rows, pd.DataFrame) else rows[part]
            distances = pairwise(
                block, medoids, metric=self._metric(), p=self.p, ranges=self.ranges_
            )
            labels[part] = distances.argmin(axis=1)
            own[part] = distances.min(axis=1)
        return labels, own


def _is_items(X: Any) -> bool:
    """Return whether these are texts, sets and the like, which only a function can compare."""
    one_dimensional = isinstance(X, list | tuple | pd.Series) or (
        isinstance(X, np.ndarray) and X.ndim == 1
    )
    return one_dimensional and len(X) > 0 and isinstance(next(iter(X)), _SINGLE)


def _take(rows: Any, index: NDArray[np.intp]) -> Any:
    if isinstance(rows, pd.DataFrame):
        return rows.iloc[index]
    return [rows[i] for i in index] if isinstance(rows, list) else rows[index]


def _check_distances(rows: Floats) -> None:
    if rows.shape[0] != rows.shape[1]:
        raise InputError(
            f'KMedoids: metric="precomputed" needs a square matrix, but X is {rows.shape[0]} by '
            f"{rows.shape[1]}; give the distances of all pairs."
        )
    if rows.min() < 0:
        raise InputError("KMedoids: a distance in X is negative; give distances, not similarities.")
    for part in gen_batches(len(rows), max(1, BLOCK // len(rows))):
        if not np.allclose(rows[part], rows[:, part].T, rtol=1e-6, atol=1e-8):
            raise InputError(
                "KMedoids: X is not symmetric; give (D + D.T) / 2 if either direction will do."
            )
