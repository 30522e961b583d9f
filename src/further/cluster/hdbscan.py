r"""HDBSCAN: DBSCAN at every density at once, and the clusters that last longest.

With the core distance :math:`c(x)`, that to the ``min_samples``-th nearest row (itself counted),
the mutual reachability distance is

.. math:: d_\text{mr}(x, y) = \max\{c(x),\, c(y),\, d(x, y) / \alpha\};

its minimum spanning tree, cut from the longest edge down, gives a tree of clusters, of which those
are kept that persist over the widest range of densities (excess of mass). A new row x belongs to
the cluster C of the nearest clustered row a where

.. math:: \max\{d(x, a),\, c(x)\} \le \max_{b \in C} c(b),

and is noise elsewhere. On halves of tables this agreed best with the clusters of the whole table,
of six such rules that were tried; it gives the training rows of a cluster that cluster.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import sklearn.cluster
from numpy.typing import NDArray
from scipy import sparse

from further.cluster.density import DensityClusterer
from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.distances import refuse_matrix
from further.cluster.dissimilarity.neighbourhood import Measure, accept_our_metrics, learn_as

#: Distances for which scikit-learn's HDBSCAN has no tree and makes the matrix of all pairs.
_SQUARE = ("cosine", "correlation", "sqeuclidean", "nan_euclidean", "yule")


class HDBSCAN(DensityClusterer, sklearn.cluster.HDBSCAN):
    """Density-based clusters of unlike density, by scikit-learn, under our distances too.

    When to use: for clusters of any shape and density with noise between them, without a radius
    to choose. When it fails: in many dimensions; where everything is one cluster (it then answers
    noise, unless ``allow_single_cluster``); and where noise fills more than half of the table.

    Parameters
    ----------
    min_cluster_size : int, default=5
        Rows that a cluster needs.
    min_samples : int, default=None
        Rows, itself counted, that make a neighbourhood dense; None is ``min_cluster_size``.
    cluster_selection_epsilon : float, default=0.0
        Clusters nearer than this are one; in the unit of the distance.
    max_cluster_size : int, default=None
        Rows that a cluster may have.
    metric : str or callable, default="euclidean"
        scikit-learn's names, "great_circle" (columns latitude and longitude in degrees; km),
        "jaccard", "gower" (numbers and categories; all pairs in memory), "precomputed".
    metric_params : dict, default=None
        Further arguments of the distance.
    alpha : float, default=1.0
        Divisor of the distances in the mutual reachability.
    algorithm : {"auto", "brute", "kd_tree", "ball_tree"}, default="auto"
        Neighbour search.
    leaf_size : int, default=40
        Of the trees.
    n_jobs : int, default=None
        Threads.
    cluster_selection_method : {"eom", "leaf"}, default="eom"
        Excess of mass, or the finest clusters.
    allow_single_cluster : bool, default=False
        Whether everything may be one cluster.
    store_centers : {"centroid", "medoid", "both"}, default=None
        Centres to keep.
    copy : bool, default=False
        As in scikit-learn; X is never changed.

    Attributes
    ----------
    labels_ : ndarray of int, shape (n,)
        Clusters; -1 is noise, and as in scikit-learn -2 a row with infinite, -3 one with missing
        values.
    probabilities_ : ndarray of shape (n,)
        How firmly a row belongs to its cluster, 1 at its core.
    core_distances_ : ndarray of shape (n,)
        Distance to the ``min_samples``-th nearest row, itself counted; infinite for a row with
        missing or infinite values.
    training_rows_ : ndarray of shape (n, d) or None
        What new rows are compared with; None with a precomputed distance.

    Raises
    ------
    InputError
        If a distance of all pairs does not fit into memory, or there are fewer rows than
        ``min_samples``.

    References
    ----------
    Campello, Moulavi, Sander (2013), Density-based clustering based on hierarchical density
    estimates, PAKDD.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, 1, (30, 2)), rng.normal(9, 2, (30, 2))])
    >>> model = HDBSCAN(min_cluster_size=10).fit(X)
    >>> len(set(model.labels_) - {-1})
    2
    >>> bool(model.predict([[0.0, 0.0]])[0] == model.predict([[9.0, 9.0]])[0])
    False
    >>> model.predict([[60.0, 60.0]])
    array([-1])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **accept_our_metrics(sklearn.cluster.HDBSCAN),
        "copy": ["boolean"],
    }
    # The tree is an array of records; cutting it anew is dbscan_clustering's affair alone.
    _not_saved = ("_single_linkage_tree_",)

    def __init__(
        self,
        min_cluster_size: int = 5,
        min_samples: int | None = None,
        cluster_selection_epsilon: float = 0.0,
        max_cluster_size: int | None = None,
        metric: Any = "euclidean",
        metric_params: dict[str, Any] | None = None,
        alpha: float = 1.0,
        algorithm: Literal["auto", "brute", "kd_tree", "ball_tree"] = "auto",
        leaf_size: int = 40,
        n_jobs: int | None = None,
        cluster_selection_method: Literal["eom", "leaf"] = "eom",
        allow_single_cluster: bool = False,
        store_centers: Literal["centroid", "medoid", "both"] | None = None,
        copy: bool = False,
    ) -> None:
        super().__init__(
            min_cluster_size=min_cluster_size,
            min_samples=min_samples,
            cluster_selection_epsilon=cluster_selection_epsilon,
            max_cluster_size=max_cluster_size,
            metric=metric,
            metric_params=metric_params,
            alpha=alpha,
            algorithm=algorithm,
            leaf_size=leaf_size,
            n_jobs=n_jobs,
            cluster_selection_method=cluster_selection_method,
            allow_single_cluster=allow_single_cluster,
            store_centers=store_centers,
            copy=copy,
        )

    def _fit_rows(self, X: Any, rows: Any, measure: Measure) -> None:
        if self.metric in _SQUARE:
            n = rows.shape[0]
            refuse_matrix(f'HDBSCAN: metric="{self.metric}"', n, n, copies=3)
        self._refuse_too_few(self._k(), rows.shape[0])
        epsilon = self.cluster_selection_epsilon / measure.unit
        learn_as(
            self, sklearn.cluster.HDBSCAN, measure.given(rows),
            metric=measure.inner, cluster_selection_epsilon=epsilon, copy=True,
        )  # fmt: skip
        # A second copy of the rows, which the fit needs for missing values only.
        self.__dict__.pop("_raw_data", None)
        self.core_distances_ = -self.score_samples(X)

    def _anchors(self) -> tuple[NDArray[np.intp], Floats]:
        clustered = np.flatnonzero(self.labels_ >= 0)
        return clustered, self._largest_core_distance(clustered)

    def _k(self) -> int:
        return int(self.min_cluster_size if self.min_samples is None else self.min_samples)

    def _has_border(self) -> bool:
        return False

    def _check(self, X: Any, measure: Measure, *, reset: bool) -> Any:
        return measure.check(X, reset=reset, ensure_all_finite=False, dtype=np.float64)

    def _whole_rows(self, rows: Any) -> NDArray[np.intp]:
        if self.metric == "precomputed" or rows.dtype == object:
            return np.arange(rows.shape[0])
        sums = np.asarray(rows.sum(axis=1)).ravel() if sparse.issparse(rows) else rows.sum(axis=1)
        return np.flatnonzero(np.isfinite(sums))
