r"""Agglomerative clustering: the two nearest clusters merge until k are left.

How near two clusters are is the linkage: the increase in the sum of squares (Ward), the mean
distance of their rows (average), the largest (complete) or the smallest one (single). A new row x
belongs to the cluster C that minimises

.. math::
   \|x - \bar{x}_C\| \text{ (Ward)}, \quad \operatorname{mean}_{y \in C} d(x, y), \quad
   \max_{y \in C} d(x, y), \quad \min_{y \in C} d(x, y),

and its score is minus the first of these for Ward and minus the second, over its cluster, for the
others: a training row has distance 0 to itself, so the smallest distance would tell nothing.

References
----------
Ward (1963), Hierarchical grouping to optimize an objective function, JASA 58. Müllner (2011),
Modern hierarchical, agglomerative clustering algorithms, arXiv:1109.2378.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar, Literal, Self

import numpy as np
import sklearn.cluster
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted

from further._sklearn import Interval, fit_context
from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.distances import refuse_matrix
from further.cluster.dissimilarity.neighbourhood import (
    BLOCK_BYTES,
    GREAT_CIRCLE,
    KeepsTrainingRows,
    Measure,
    accept_our_metrics,
    learn_as,
)
from further.errors import InputError
from further.evaluate.clustering.dendrogram import Dendrogram, truncate


class AgglomerativeClustering(KeepsTrainingRows, sklearn.cluster.AgglomerativeClustering):
    """Hierarchy of merges cut at k clusters, by scikit-learn, with its dendrogram.

    When to use: for some thousand rows, when the hierarchy itself is of interest or the distance
    is not Euclid's. When it fails: memory grows with the square of the rows (``sample_size`` draws
    some of them); merges are never undone; single linkage chains clusters through noise.

    Parameters
    ----------
    n_clusters : int or None, default=2
        k; None with ``distance_threshold``.
    metric : str or callable, default="euclidean"
        scikit-learn's names, "great_circle" (columns latitude and longitude in degrees; km),
        "jaccard", "gower" (numbers and categories), "precomputed"; Ward takes "euclidean" only.
    memory : str or object with cache, default=None
        Where the tree is kept between fits.
    connectivity : array-like, sparse matrix or callable, default=None
        Which rows may merge: a graph of shape (n, n).
    compute_full_tree : bool or "auto", default="auto"
        With a connectivity, whether the merges beyond k clusters are made too, which the
        dendrogram needs.
    linkage : {"ward", "average", "complete", "single"}, default="ward"
        What is near.
    distance_threshold : float, default=None
        Cut at this height instead of at k.
    compute_distances : bool, default=True
        The heights of the merges are always computed.
    sample_size : int, default=None
        Where X has more rows, build the tree on so many of them, drawn without replacement; the
        others get the cluster of ``predict``. None takes all.
    random_state : int, RandomState or None, default=None
        Seed of the sample.

    Attributes
    ----------
    labels_ : ndarray of int, shape (n,)
        Clusters; none is noise.
    n_clusters_ : int
        How many.
    children_ : ndarray of shape (n_merges, 2)
        Merge i joins these two into node ``n_leaves_`` + i; nodes below ``n_leaves_`` are rows.
    distances_ : ndarray of shape (n_merges,)
        Heights, in the unit of the distance.
    n_leaves_, n_connected_components_ : int
        Rows in the tree; parts of the graph.
    sample_indices_ : ndarray of int or None
        Numbers of the rows in the tree where they are a sample.
    cluster_centers_ : ndarray of shape (k, d) or None
        Means of the rows in the tree, with Ward.
    training_rows_ : ndarray or None
        Rows in the tree, which new ones are compared with; None with a precomputed distance.

    Raises
    ------
    InputError
        If the distances of all pairs do not fit into memory, with the number of rows that does.

    References
    ----------
    See the module.

    Examples
    --------
    >>> X = np.array([[1.0, 2], [1, 4], [1, 0], [4, 2], [4, 4], [4, 0]])
    >>> model = AgglomerativeClustering().fit(X)
    >>> model.labels_
    array([1, 1, 1, 0, 0, 0])
    >>> model.predict([[0.0, 0.0], [6.0, 1.0]])
    array([1, 0])
    >>> model.dendrogram(n_leaves=2).leaf_sizes
    array([3, 3])
    """

    score_meaning = (
        "the distance to the centre of the nearest cluster (Ward), or the mean distance to its rows"
    )
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **accept_our_metrics(sklearn.cluster.AgglomerativeClustering),
        "sample_size": [Interval(Integral, 2, None, closed="left"), None],
        "random_state": ["random_state"],
    }

    labels_: NDArray[np.intp]

    @classmethod
    def defaults_for(cls, metric: str) -> dict[str, Any]:
        """Return settings for a table: Ward's criterion is about variances."""
        return {} if metric == "euclidean" else {"linkage": "average"}

    def __init__(
        self,
        n_clusters: int | None = 2,
        *,
        metric: Any = "euclidean",
        memory: Any = None,
        connectivity: Any = None,
        compute_full_tree: bool | Literal["auto"] = "auto",
        linkage: Literal["ward", "average", "complete", "single"] = "ward",
        distance_threshold: float | None = None,
        compute_distances: bool = True,
        sample_size: int | None = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            n_clusters=n_clusters,
            metric=metric,
            memory=memory,
            connectivity=connectivity,
            compute_full_tree=compute_full_tree,
            linkage=linkage,
            distance_threshold=distance_threshold,
            compute_distances=compute_distances,
        )
        self.sample_size = sample_size
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Build the tree and cut it.

        Parameters
        ----------
        X : array-like of shape (n, d) or DataFrame
            Rows, or with metric="precomputed" the distances of all pairs.
        """
        measure = Measure(self)
        rows = measure.check(X, accept_sparse=False, ensure_min_samples=2)
        n = len(rows)
        self._refuse_unworkable(n)
        in_tree, self.sample_indices_ = rows, None
        if self.sample_size is not None and n > self.sample_size:
            rng = check_random_state(self.random_state)
            chosen = np.sort(rng.choice(n, self.sample_size, replace=False))
            in_tree = rows[np.ix_(chosen, chosen)] if measure.is_precomputed else rows[chosen]
            self.sample_indices_ = chosen
        self._build(in_tree, measure)
        self.training_rows_ = None if measure.is_precomputed else in_tree
        self.cluster_centers_ = None
        if self.linkage == "ward":
            self.cluster_centers_ = np.stack(
                [in_tree[self.labels_ == c].mean(axis=0) for c in range(self.n_clusters_)]
            )
        self.tree_labels_ = self.labels_
        if self.sample_indices_ is not None:
            labels = np.empty(n, dtype=self.tree_labels_.dtype)
            outside = np.setdiff1d(np.arange(n), self.sample_indices_)
            labels[self.sample_indices_] = self.tree_labels_
            labels[outside] = self._nearest_cluster(rows[outside], measure)[0]
            self.labels_ = labels
        return self

    def _refuse_unworkable(self, n: int) -> None:
        in_tree = n if self.sample_size is None else min(n, self.sample_size)
        if in_tree < (self.n_clusters or 1):
            where = "X has" if in_tree == n else "the sample has"
            raise InputError(
                f"AgglomerativeClustering: n_clusters={self.n_clusters} but {where} {in_tree} "
                f"rows; choose n_clusters of at most {in_tree}."
            )
        if self.connectivity is not None and in_tree < n:
            raise InputError(
                f"AgglomerativeClustering: sample_size={self.sample_size} leaves out rows that the "
                "connectivity refers to; give one of the two."
            )

    def _build(self, rows: Any, measure: Measure) -> None:
        metric, given, copies = self.metric, measure.prepared(rows), 1.0
        as_matrix = measure.needs_matrix or metric == GREAT_CIRCLE
        if as_matrix or measure.is_precomputed or callable(metric):
            copies = 3.0
        one_pass = self.linkage == "single" and copies == 1.0
        if self.connectivity is None and not one_pass:
            what = f'AgglomerativeClustering: linkage="{self.linkage}"'
            remedy = "give at most {most} rows, or sample_size={most}"
            refuse_matrix(what, len(rows), len(rows), copies=copies, remedy=remedy)
        if as_matrix:
            metric, given = "precomputed", measure.pairwise(rows, rows)
        theirs = sklearn.cluster.AgglomerativeClustering
        learn_as(self, theirs, given, metric=metric, compute_distances=True)

    def predict(self, X: Any) -> NDArray[np.intp]:
        """Return the cluster of each row that is nearest by the linkage.

        Parameters
        ----------
        X : array-like of shape (m, d)
            New rows; with metric="precomputed" their distances to the n training rows.

        Returns
        -------
        ndarray of int, shape (m,)
            Clusters. A training row may be nearest to another cluster than the one in whose merges
            it took part.
        """
        measure = Measure(self)
        return self._nearest_cluster(measure.check(X, reset=False), measure)[0]

    def score_samples(self, X: Any) -> Floats:
        """Return minus the distance to the centroid (Ward) or the mean one to the cluster's rows.

        Parameters
        ----------
        X : array-like of shape (m, d)
            Rows; with metric="precomputed" their distances to the n training rows.

        Returns
        -------
        ndarray of shape (m,)
            Higher is more typical; for linkages but Ward's, minus the mean distance to the rows of
            the cluster that ``predict`` gives.
        """
        measure = Measure(self)
        return -self._nearest_cluster(measure.check(X, reset=False), measure)[1]

    def dendrogram(self, n_leaves: int = 60) -> Dendrogram:
        """Return the last merges of the tree in SciPy's form, with the height of the cut.

        Parameters
        ----------
        n_leaves : int
            Branches at most; what merges below them is one leaf.

        Returns
        -------
        Dendrogram
            Its leaves are branches of ``leaf_sizes`` rows.

        Raises
        ------
        InputError
            If the tree was not built to its top.
        """
        check_is_fitted(self)
        if len(self.children_) < self.n_leaves_ - 1:
            raise InputError(
                "AgglomerativeClustering: the tree was built down to the clusters only; set "
                "compute_full_tree=True for a dendrogram."
            )
        note = f"{self.linkage} linkage"
        if self.sample_indices_ is not None:
            note += f", on a sample of {self.n_leaves_} of {len(self.labels_)} rows"
        return truncate(
            self.children_,
            self.distances_,
            self.tree_labels_,
            n_leaves,
            threshold=self.distance_threshold,
            note=note,
        )

    def _nearest_cluster(self, rows: Any, measure: Measure) -> tuple[NDArray[np.intp], Floats]:
        """Return the cluster of each row and how far the row is from it, as scored."""
        if self.cluster_centers_ is not None:
            return pairwise_distances_argmin_min(rows, self.cluster_centers_)
        order = np.argsort(self.tree_labels_, kind="stable")
        sizes = np.bincount(self.tree_labels_)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        labels, distances = [], []
        for block in gen_batches(len(rows), max(1, BLOCK_BYTES // (8 * len(order)))):
            far = self._distances_to_tree(rows[block], measure)[:, order]
            means = np.add.reduceat(far, starts, axis=1) / sizes
            by_linkage = means
            if self.linkage != "average":
                extreme = np.maximum if self.linkage == "complete" else np.minimum
                by_linkage = extreme.reduceat(far, starts, axis=1)
            nearest = by_linkage.argmin(axis=1)
            labels.append(nearest)
            distances.append(means[np.arange(len(means)), nearest])
        return np.concatenate(labels), np.concatenate(distances)

    def _distances_to_tree(self, rows: Any, measure: Measure) -> Floats:
        if not measure.is_precomputed:
            return measure.pairwise(rows, self.training_rows_)
        return rows if self.sample_indices_ is None else rows[:, self.sample_indices_]
