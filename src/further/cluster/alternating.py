r"""The alternation that k-means, its relatives for other measures and k-modes share.

With a cost :math:`d(x, c)` of a row at a centre, clusters and centres that lower

.. math:: J = \sum_{i=1}^n d(x_i, c_{l_i})

are found by two steps, neither of which can raise it: each row goes to its cheapest centre,
:math:`l_i = \arg\min_j d(x_i, c_j)`, and each centre becomes the cheapest one for its rows,
:math:`c_j = \arg\min_c \sum_{l_i = j} d(x_i, c)`. It ends where neither lowers J: in a local
minimum, which is why it is tried from several initial centres.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_array, check_is_fitted

from further._sklearn import Interval, StrOptions
from further.cluster.dissimilarity.base import Dissimilarity, Floats
from further.errors import InputError
from further.train.estimator import Estimator
from further.train.parameters import describe_inherited

#: Costs that are held at a time.
BLOCK = 2**20
FEW_CENTERS = 32


@dataclass(frozen=True)
class Partition:
    """The rows in clusters."""

    centers: Annotated[Floats, "Centres, shape (k, d)."]
    labels: Annotated[NDArray[np.intp], "Clusters of the rows, shape (n,)."]
    costs: Annotated[Floats, "What each row costs at its centre, shape (n,)."]
    n_iter: Annotated[int, "Iterations that led here."]

    @property
    def inertia(self) -> float:
        """The sum of the costs."""
        return float(self.costs.sum(dtype=np.float64))


def _nearest(rows: Dissimilarity, centers: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the number of the cheapest centre of each row, the first of equals, and its cost."""
    labels = np.empty(rows.n, dtype=np.intp)
    own = np.empty(rows.n)
    for part in gen_batches(rows.n, max(1, BLOCK // len(centers))):
        costs = rows.costs(part, centers)
        labels[part] = _cheapest(costs)
        own[part] = rows.own_costs(part, labels[part], costs, centers)
    return labels, own


def _cheapest(costs: Floats) -> NDArray[np.intp]:
    """Return the first cheapest centre of each row of costs, shape (m,)."""
    if costs.shape[1] > FEW_CENTERS:
        return costs.argmin(axis=1)
    # NumPy's argmin is slow along short rows.
    labels, least = np.zeros(len(costs), dtype=np.intp), costs[:, 0].copy()
    for j in range(1, costs.shape[1]):
        column = costs[:, j]
        np.copyto(labels, j, where=column < least)
        np.minimum(least, column, out=least)
    return labels


def _fill_empty(labels: NDArray[np.intp], costs: Floats, k: int) -> NDArray[np.intp]:
    """Return labels in which each empty cluster has got the row that costs most where it is.

    Rows that cost nothing stay: with fewer distinct rows than clusters some clusters are empty.
    """
    sizes = np.bincount(labels, minlength=k)
    if sizes.all():
        return labels
    labels, candidates = labels.copy(), iter(np.argsort(-costs, kind="stable"))
    for empty in np.flatnonzero(sizes == 0):
        for row in candidates:
            if costs[row] <= 0:
                return labels
            if sizes[labels[row]] > 1:
                sizes[labels[row]] -= 1
                labels[row] = empty
                break
    return labels


def _alternate(rows: Dissimilarity, centers: Floats, max_iter: int) -> Partition:
    """Return the local minimum that initial centres lead to; every iteration lowers the inertia."""
    labels, costs = _nearest(rows, centers)
    reached = Partition(centers, labels, costs, 0)
    n_iter = 0
    for n_iter in range(1, max_iter + 1):
        filled = _fill_empty(reached.labels, reached.costs, len(centers))
        centers = rows.centers_of(filled, reached.centers)
        labels, costs = _nearest(rows, centers)
        following = Partition(centers, labels, costs, n_iter)
        if following.inertia < reached.inertia:
            reached = following
        if reached is not following or np.array_equal(labels, filled):
            break
    return Partition(reached.centers, reached.labels, reached.costs, n_iter)


def _random_centers(rows: Dissimilarity, k: int, random: np.random.RandomState) -> Floats:
    """Return distinct rows as centres, all rows equally likely."""
    return rows.as_centers(random.choice(rows.n, size=k, replace=False))


def _plus_plus_centers(rows: Dissimilarity, k: int, random: np.random.RandomState) -> Floats:
    """Return centres by greedy k-means++: rows drawn in proportion to their present cost.

    Arthur and Vassilvitskii (2007), "k-means++: the advantages of careful seeding".
    """
    n_candidates = 2 + int(np.log(k))
    chosen = [int(random.randint(rows.n))]
    _, costs = _nearest(rows, rows.as_centers(np.array(chosen)))
    for _ in range(1, k):
        cumulative = np.cumsum(costs)
        draws = random.uniform(size=n_candidates) * cumulative[-1]
        if cumulative[-1] <= 0:
            candidates = random.randint(rows.n, size=n_candidates)
        else:
            candidates = np.searchsorted(cumulative, draws, side="right")
            candidates = np.minimum(candidates, np.flatnonzero(costs)[-1])
        centers = rows.as_centers(candidates)
        lowered = np.empty((rows.n, n_candidates))
        for part in gen_batches(rows.n, max(1, BLOCK // n_candidates)):
            lowered[part] = np.minimum(rows.costs(part, centers), costs[part, None])
        best = int(lowered.sum(axis=0).argmin())
        chosen.append(int(candidates[best]))
        costs = lowered[:, best]
    return rows.as_centers(np.array(chosen))


def warn_of_few(estimator: Any, stacklevel: int) -> None:
    """Warn where a fit has found fewer clusters than it was asked for.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    stacklevel : int
        From here to whoever called ``fit``.
    """
    distinct = len(np.unique(estimator.labels_))
    if distinct < estimator.n_clusters:
        warnings.warn(
            f"{type(estimator).__name__}: {distinct} clusters for "
            f"n_clusters={estimator.n_clusters}, because X has too few distinct rows.",
            ConvergenceWarning,
            stacklevel=stacklevel,
        )


class AlternatingClusterer(Estimator, ClusterMixin, BaseEstimator, ABC):
    """Base of the clusterers that alternate between rows and centres.

    A subclass says how rows are validated (``_validated``), and where the centres are not what the
    rows are compared with, how given ones are encoded (``_given_centers``) and what it shows
    (``_keep``, ``_encoded_centers``).

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    init : "k-means++", "random" or array-like of shape (n_clusters, d), default="k-means++"
        Initial centres.
    n_init : "auto" or int, default="auto"
        Number of initialisations, of which the one of least inertia is kept; "auto" is 3 for
        "k-means++", 10 for "random".
    max_iter : int, default=300
        Most iterations of an initialisation.
    random_state : int, RandomState or None, default=None
        Seed of the initial centres.
    """

    #: The distance between rows that goes with it, where it has no parameter ``metric``.
    own_metric: ClassVar[str]
    cluster_centers_: NDArray[Any]

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "init": [StrOptions({"k-means++", "random"}), "array-like"],
        "n_init": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        describe_inherited(cls)

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means++",
        n_init: Any = "auto",
        max_iter: int = 300,
        random_state: Any = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the clusters of the rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, d)
            Rows, as the class describes them.
        y : None
            Not used.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        InputError
            If there are fewer rows than clusters, or the given centres have another shape.
        """
        self._validate_params()
        return self._fit_rows(self._validated(X, reset=True))

    def _fit_rows(self, rows: Dissimilarity) -> Self:
        if self.n_clusters > rows.n:
            raise InputError(
                f"{type(self).__name__}: n_clusters={self.n_clusters} but X has {rows.n} rows; "
                f"choose n_clusters of at most {rows.n}."
            )
        random = check_random_state(self.random_state)
        draws = isinstance(self.init, str)
        found = (
            _alternate(
                rows,
                self._drawn_centers(rows, random) if draws else self._given_centers(rows),
                self.max_iter,
            )
            for _ in range(self._resolved_n_init())
        )
        best = min(found, key=lambda partition: partition.inertia)
        self.labels_ = best.labels
        self.inertia_ = best.inertia
        self.n_iter_ = best.n_iter
        self._keep(rows, best)
        warn_of_few(self, stacklevel=4)
        return self

    def predict(self, X: Any) -> NDArray[np.intp]:
        """Return the cluster of the nearest centre of each row, shape (m,).

        Parameters
        ----------
        X : array-like or DataFrame of shape (m, d)
            New rows.
        """
        check_is_fitted(self)
        return _nearest(self._validated(X, reset=False), self._encoded_centers())[0]

    def score_samples(self, X: Any) -> Floats:
        """Return minus the distance of each row to its own centre, shape (m,).

        Higher is more typical. The class says what the distance is.

        Parameters
        ----------
        X : array-like or DataFrame of shape (m, d)
            Rows.
        """
        check_is_fitted(self)
        rows = self._validated(X, reset=False)
        return -self._distances(rows, _nearest(rows, self._encoded_centers())[1])

    def _resolved_n_init(self) -> int:
        if not isinstance(self.init, str):
            return 1
        if self.n_init != "auto":
            return int(self.n_init)
        return 3 if self.init == "k-means++" else 10

    def _drawn_centers(self, rows: Any, random: np.random.RandomState) -> Floats:
        draw = _plus_plus_centers if self.init == "k-means++" else _random_centers
        return draw(rows, self.n_clusters, random)

    def _given_centers(self, rows: Any) -> Floats:
        """Return the centres that ``init`` holds, as rows are compared with them."""
        given: Floats = check_array(self.init, dtype=np.float64)
        self._check_init(given.shape)
        return given

    def _check_init(self, shape: tuple[int, ...]) -> None:
        if shape != (self.n_clusters, self.n_features_in_):
            raise InputError(
                f"{type(self).__name__}: init has the shape {shape}; "
                f"give {self.n_clusters} centres of {self.n_features_in_} columns."
            )

    def _distances(self, rows: Any, costs: Floats) -> Floats:
        """Return the distances that belong to the rows' costs."""
        return costs

    @abstractmethod
    def _validated(self, X: Any, *, reset: bool) -> Dissimilarity:
        """Validate rows; with ``reset`` those of the fit, to be compared with new ones."""

    def _keep(self, rows: Any, best: Partition) -> None:
        """Set ``cluster_centers_`` and what else is shown."""
        self.cluster_centers_ = best.centers

    def _encoded_centers(self) -> Floats:
        """Return the centres as ``_keep`` got them."""
        return self.cluster_centers_


def fit_each(estimators: Sequence[Any], X: Any) -> None:
    """Fit estimators to the same rows, which those that alternate validate and encode once.

    Parameters
    ----------
    estimators : sequence of estimators
        Of one class, alike but for their number of clusters and how they are initialised.
    X : array or DataFrame of shape (n, d)
        Rows.
    """
    first = estimators[0]
    if not isinstance(first, AlternatingClusterer):
        for estimator in estimators:
            estimator.fit(X)
        return
    for estimator in estimators:
        estimator._validate_params()
    rows = first._validated(X, reset=True)
    parameters = first.get_params(deep=False)
    learned = {name: value for name, value in vars(first).items() if name not in parameters}
    for estimator in estimators:
        vars(estimator).update(learned)
        estimator._fit_rows(rows)
