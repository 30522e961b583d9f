r"""OPTICS: rows in the order in which density reaches them, and the valleys of that order.

With the core distance :math:`c(x)`, that to the ``min_samples``-th nearest row (itself counted),
the rows are visited by the smallest reachability

.. math:: r(y) = \min_{x \text{ visited}} \max\{c(x), d(x, y)\},

and clusters are the valleys of r in that order: by their steepness xi, or below a height eps. A new
row x belongs to the cluster C of the nearest clustered row a where

.. math:: \max\{d(x, a),\, c(x)\} \le \max_{b \in C} c(b)

(with ``cluster_method="dbscan"``, of the nearest core point within eps), and is noise elsewhere.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import sklearn.cluster
from numpy.typing import NDArray

from further.cluster.density import DensityClusterer
from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.neighbourhood import Measure, accept_our_metrics, learn_as


class OPTICS(DensityClusterer, sklearn.cluster.OPTICS):
    """Density-based ordering and clusters, by scikit-learn, under our distances too.

    When to use: to see clusters of unlike density in the reachability plot. When it fails: its
    time grows with the square of the rows, and the xi rule depends much on xi; HDBSCAN answers the
    same question faster.

    Parameters
    ----------
    min_samples : int or float in (0, 1), default=5
        Rows, itself counted, that make a neighbourhood dense; or their share of all rows.
    max_eps : float, default=inf
        Neighbours farther than this are not looked at; in the unit of the distance.
    metric : str or callable, default="minkowski"
        scikit-learn's names, "great_circle" (columns latitude and longitude in degrees; km),
        "jaccard", "gower" (numbers and categories; all pairs in memory), "precomputed".
    p : float, default=2
        Power of Minkowski's distance.
    metric_params : dict, default=None
        Further arguments of the distance.
    cluster_method : {"xi", "dbscan"}, default="xi"
        How clusters are read off the reachability.
    eps : float, default=None
        Height of the cut for "dbscan"; None is ``max_eps``.
    xi : float in (0, 1), default=0.05
        Least steepness of a valley's sides for "xi".
    predecessor_correction : bool, default=True
        As in scikit-learn.
    min_cluster_size : int or float in (0, 1], default=None
        Rows that a cluster needs, or their share; None is ``min_samples``.
    algorithm : {"auto", "brute", "kd_tree", "ball_tree"}, default="auto"
        Neighbour search.
    leaf_size : int, default=30
        Of the trees.
    memory : str or object with cache, default=None
        Where the ordering is kept between fits.
    n_jobs : int, default=None
        Threads.

    Attributes
    ----------
    labels_ : ndarray of int, shape (n,)
        Clusters; -1 is noise.
    ordering_, predecessor_ : ndarray of int, shape (n,)
        Rows in the order of their visit; from which row each was reached.
    reachability_, core_distances_ : ndarray of shape (n,)
        r and c above, by row, in the unit of the distance.
    cluster_hierarchy_ : ndarray of shape (n_clusters, 2)
        Beginning and end of the valleys in the order, with "xi".
    training_rows_ : ndarray of shape (n, d) or None
        What new rows are compared with; None with a precomputed distance.

    Raises
    ------
    InputError
        If a distance of all pairs does not fit into memory, or there are fewer rows than
        ``min_samples``.

    References
    ----------
    Ankerst, Breunig, Kriegel, Sander (1999), OPTICS: ordering points to identify the clustering
    structure, SIGMOD.

    Examples
    --------
    >>> X = np.array([[1.0, 2], [2, 5], [3, 6], [8, 7], [8, 8], [7, 3]])
    >>> model = OPTICS(min_samples=2).fit(X)
    >>> model.labels_
    array([0, 0, 0, 1, 1, 1])
    >>> model.predict([[2.0, 4.5], [90.0, 90.0]])
    array([ 0, -1])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = accept_our_metrics(sklearn.cluster.OPTICS)

    @classmethod
    def defaults_for(cls, metric: str) -> dict[str, Any]:
        """Return settings for a table: five rows are too few to be dense."""
        return {"min_samples": 10}

    max_eps: float
    reachability_: Floats

    def _fit_rows(self, X: Any, rows: Any, measure: Measure) -> None:
        self._refuse_too_few(self.min_samples, rows.shape[0])
        eps = None if self.eps is None else self.eps / measure.unit
        learn_as(
            self, sklearn.cluster.OPTICS, measure.given(rows),
            metric=measure.inner, max_eps=self.max_eps / measure.unit, eps=eps,
        )  # fmt: skip
        self.reachability_ = self.reachability_ * measure.unit
        self.core_distances_ = self.core_distances_ * measure.unit

    def _anchors(self) -> tuple[NDArray[np.intp], Floats]:
        if self.cluster_method == "xi":
            clustered = np.flatnonzero(self.labels_ >= 0)
            return clustered, self._largest_core_distance(clustered)
        eps = self.max_eps if self.eps is None else self.eps
        core = np.flatnonzero(self.core_distances_ <= eps)
        return core, np.full(len(core), float(eps))

    def _has_border(self) -> bool:
        return bool(self.cluster_method == "dbscan")

    def _k(self) -> int:
        if self.min_samples <= 1:
            return max(2, int(self.min_samples * len(self.labels_)))
        return int(self.min_samples)

    def _rebuild(self) -> None:
        super()._rebuild()
        if self.max_eps is None:  # JSON has no infinity
            self.max_eps = np.inf
