r"""k-medians: the sum of absolute differences, least at the median of each column.

.. math:: J = \sum_{i=1}^n \lVert x_i - c_{l_i} \rVert_1, \qquad
          c_{jm} = \operatorname{median} \{x_{im} : l_i = j\}.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.utils.validation import validate_data

from further.cluster.alternating import AlternatingClusterer
from further.cluster.dissimilarity.base import Dissimilarity, Floats


class _ManhattanDissimilarity(Dissimilarity):
    """Rows, float64 of shape (n, d), that cost the sum of absolute differences."""

    def __init__(self, values: Floats) -> None:
        self.values, self.n = values, len(values)

    def as_centers(self, index: NDArray[np.integer[Any]]) -> Floats:
        """Return some of the rows as centres."""
        return self.values[index]

    def costs(self, part: slice, centers: Floats) -> Floats:
        """Return Manhattan distances."""
        costs: Floats = cdist(self.values[part], centers, "cityblock")
        return costs

    def centers_of(self, labels: NDArray[np.intp], centers: Floats) -> Floats:
        """Return the medians."""
        order = np.argsort(labels, kind="stable")
        limits = np.searchsorted(labels[order], np.arange(len(centers) + 1))
        medians = centers.copy()
        for j, (low, high) in enumerate(itertools.pairwise(limits)):
            if high > low:
                medians[j] = np.median(self.values[order[low:high]], axis=0)
        return medians


class KMedians(AlternatingClusterer):
    """Clusters around medians, by the Manhattan distance.

    When to use: for tables with outliers, which pull a mean and not a median; for columns in which
    differences add up, such as counts. When it fails: on columns of unlike scale, as every sum of
    columns does; on few distinct values, where the median jumps.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    init : "k-means++", "random" or array-like of shape (n_clusters, d), default="k-means++"
        Initial centres: rows drawn in proportion to their distance, rows drawn uniformly, or given
        centres.
    n_init, max_iter, random_state
        See :class:`~further.cluster.alternating.AlternatingClusterer`.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, d)
        Medians.
    labels_ : ndarray of int, shape (n,)
        Cluster of each row.
    inertia_ : float
        Sum of Manhattan distances between the rows and their medians.
    n_iter_ : int
        Iterations of the best initialisation.
    n_features_in_ : int
        Number of columns.

    Raises
    ------
    InputError
        In ``fit``, if there are fewer rows than clusters.

    References
    ----------
    Bradley, Mangasarian and Street (1996), "Clustering via concave minimization".

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [50.0], [51.0], [90.0]])
    >>> model = KMedians(2, random_state=0).fit(X)
    >>> sorted(model.cluster_centers_[:, 0].tolist()), model.inertia_
    ([1.0, 51.0], 42.0)
    """

    own_metric = "manhattan"

    def _validated(self, X: Any, *, reset: bool) -> _ManhattanDissimilarity:
        return _ManhattanDissimilarity(validate_data(self, X, reset=reset, dtype=np.float64))
