r"""DBSCAN: clusters are what dense regions hang together.

A row is a core point when at least ``min_samples`` rows, itself counted, lie within ``eps``; core
points within eps of each other share a cluster, a row within eps of a core point joins it, and
what remains is noise:

.. math:: \text{core}(x) \Longleftrightarrow |\{y : d(x, y) \le \varepsilon\}| \ge \text{minPts}.

``eps="auto"`` reads eps off the sorted graph of the distances to the ``min_samples``-th nearest
row (the k-distance graph of the 1996 paper): the distance at which the graph, both axes scaled to
[0, 1], lies farthest below the chord from its first point to its last (the knee of Satopaa et al.).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

import numpy as np
import sklearn.cluster
from numpy.typing import NDArray

from further._sklearn import StrOptions, fit_context
from further.cluster.density import DensityClusterer
from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.neighbourhood import Measure, accept_our_metrics, learn_as
from further.data.memory import GIB, SHARE, total_memory
from further.errors import InputError

#: Rows whose neighbours are counted, to know how many there will be.
PROBED = 64


class DBSCAN(DensityClusterer, sklearn.cluster.DBSCAN):
    """Density-based clusters and noise, by scikit-learn, under our distances too.

    When to use: for clusters of any shape in few dimensions, with noise between them, when one
    density separates them. When it fails: where clusters differ in density (take HDBSCAN), in
    many dimensions, where all distances are alike, and with columns of unlike scale.

    Parameters
    ----------
    eps : float > 0 or "auto", default=0.5
        Radius of a neighbourhood, in the unit of the distance; "auto" takes the knee of the
        sorted distances to the ``min_samples``-th nearest row.
    min_samples : int, default=5
        Rows within eps, the row itself counted, that make it a core point.
    metric : str or callable, default="euclidean"
        scikit-learn's names, "great_circle" (columns latitude and longitude in degrees; eps in
        km), "jaccard", "gower" (numbers and categories; all pairs in memory), "precomputed".
    metric_params : dict, default=None
        Further arguments of the distance.
    algorithm : {"auto", "ball_tree", "kd_tree", "brute"}, default="auto"
        Neighbour search.
    leaf_size : int, default=30
        Of the trees.
    p : float, default=None
        Power of Minkowski's distance; None is 2.
    n_jobs : int, default=None
        Threads.

    Attributes
    ----------
    labels_ : ndarray of int, shape (n,)
        Clusters; -1 is noise.
    core_sample_indices_ : ndarray of int
        Numbers of the core points.
    components_ : ndarray of shape (n_core, d)
        The core points.
    eps_ : float
        The radius that was used.
    training_rows_ : ndarray of shape (n, d) or None
        What new rows are compared with; None with a precomputed distance.

    Raises
    ------
    InputError
        If no eps can be found, or the neighbours of all rows do not fit into memory.

    References
    ----------
    Ester, Kriegel, Sander, Xu (1996), A density-based algorithm for discovering clusters in large
    spatial databases with noise, KDD. Satopaa, Albrecht, Irwin, Raghavan (2011), Finding a
    "kneedle" in a haystack, ICDCS workshops.

    Examples
    --------
    >>> X = np.array([[1.0, 2], [2, 2], [2, 3], [8, 7], [8, 8], [25, 80]])
    >>> model = DBSCAN(eps=3, min_samples=2).fit(X)
    >>> model.labels_
    array([ 0,  0,  0,  1,  1, -1])
    >>> model.predict([[1.0, 1.0], [9.0, 9.0], [50.0, 50.0]])
    array([ 0,  1, -1])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **accept_our_metrics(sklearn.cluster.DBSCAN),
        "eps": [*sklearn.cluster.DBSCAN._parameter_constraints["eps"], StrOptions({"auto"})],
    }

    @classmethod
    def defaults_for(cls, metric: str) -> dict[str, Any]:
        """Return settings for a table: no radius suits the units of every table."""
        return {"eps": "auto"}

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find core points, clusters and noise.

        Parameters
        ----------
        X : array-like of shape (n, d), DataFrame or sparse matrix
            Rows, or with metric="precomputed" the distances of all pairs.
        sample_weight : array-like of shape (n,), default=None
            A row of weight w counts as w rows.
        """
        measure = Measure(self)
        rows = measure.check(X)
        self._fit_rows(X, rows, measure, sample_weight)
        self.training_rows_ = None if measure.is_precomputed else rows
        return self

    def _fit_rows(self, X: Any, rows: Any, measure: Measure, sample_weight: Any = None) -> None:
        given = measure.given(rows)
        self.eps_ = self._knee(measure, rows) if self.eps == "auto" else float(self.eps)
        _refuse_crowded(measure, rows, self.eps_)
        learn_as(
            self, sklearn.cluster.DBSCAN, given, sample_weight=sample_weight,
            eps=self.eps_ / measure.unit, metric=measure.inner,
        )  # fmt: skip
        self.components_ = rows[self.core_sample_indices_]

    def _knee(self, measure: Measure, rows: Any) -> float:
        n = rows.shape[0]
        if n <= self.min_samples:
            raise InputError(
                f'DBSCAN: eps="auto" with min_samples={self.min_samples} needs more rows than '
                f"X has ({n}); give eps as a number."
            )
        found, _ = measure.nearest(rows, rows, self.min_samples)
        return _knee_of(np.sort(found[:, -1]))

    def _anchors(self) -> tuple[NDArray[np.intp], Floats]:
        return self.core_sample_indices_, np.full(len(self.core_sample_indices_), self.eps_)

    def _k(self) -> int:
        return int(self.min_samples)


def _refuse_crowded(measure: Measure, rows: Any, eps: float) -> None:
    """Refuse an eps that makes most rows neighbours: scikit-learn lists those of every row."""
    memory, n = total_memory(), rows.shape[0]
    if n <= PROBED or measure.is_precomputed or measure.needs_matrix:
        return
    # Each of them takes 8 bytes, and as much again while the lists are joined.
    if 16 * n * n <= SHARE * memory:
        return
    probes = rows[np.linspace(0, n - 1, PROBED).astype(int)]
    share = float(
        np.mean([(measure.pairwise(probes[[i]], rows) <= eps).mean() for i in range(PROBED)])
    )
    if 16 * share * n * n > SHARE * memory:
        most = math.isqrt(int(SHARE * memory / (16 * share)))
        raise InputError(
            f"DBSCAN: eps={eps:g} makes about {share:.0%} of the {n} rows neighbours of each, "
            f"{16 * share * n * n / GIB:.1f} GiB of this machine's {memory / GIB:.1f} GiB of "
            f"memory; choose a smaller eps, or give at most {most} rows."
        )


def _knee_of(heights: Floats) -> float:
    """Return the height, above 0, at the knee of an increasing curve.

    On a curve without a bend it is an accident, and a few points far beyond all others draw it to
    themselves.
    """
    rise = heights[-1] - heights[0]
    if heights[-1] <= 0:
        raise InputError(
            'DBSCAN: eps="auto" finds a distance of 0 between each row and its neighbours, because '
            "all rows are copies; give eps as a number."
        )
    if rise <= 0:
        return float(heights[-1])
    below = np.linspace(0.0, 1.0, len(heights)) - (heights - heights[0]) / rise
    knee = float(heights[int(np.argmax(below))])
    return knee if knee > 0 else float(heights[heights > 0][0])
