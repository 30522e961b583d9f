r"""Spherical k-means: clusters of directions.

Rows and centroids are unit vectors, :math:`u_i = x_i / \lVert x_i \rVert`, and

.. math:: J = \sum_{i=1}^n (1 - u_i^\top c_{l_i}) = \tfrac12 \sum_i \lVert u_i - c_{l_i} \rVert^2,
   \qquad c_j = \frac{\sum_{l_i = j} u_i}{\lVert \sum_{l_i = j} u_i \rVert}.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.preprocessing import normalize
from sklearn.utils import Tags
from sklearn.utils.validation import validate_data

from further.cluster.alternating import AlternatingClusterer
from further.cluster.dissimilarity.base import Dissimilarity, Floats


class CosineDissimilarity(Dissimilarity):
    """Unit vectors, dense or sparse, that cost one minus the cosine.

    A row of zeros has no direction; it costs 1 at every centroid and moves none.

    Parameters
    ----------
    unit : array or CSR matrix of shape (n, d)
        Rows of length 1, or of zeros.
    """

    def __init__(self, unit: Any) -> None:
        self.unit, self.n = unit, unit.shape[0]
        squares = unit.multiply(unit).sum(axis=1) if sparse.issparse(unit) else (unit**2).sum(1)
        self.zero = np.asarray(squares).ravel() == 0

    def as_centers(self, index: NDArray[np.integer[Any]]) -> Floats:
        """Return some of the rows as centroids."""
        centers = self.unit[index]
        return centers.toarray() if sparse.issparse(centers) else centers

    def costs(self, part: slice, centers: Floats) -> Floats:
        """Return one minus the cosine."""
        costs: Floats = np.clip(1.0 - self.unit[part] @ centers.T, 0.0, 2.0)
        return costs

    def own_costs(
        self, part: slice, labels: NDArray[np.intp], costs: Floats, centers: Floats
    ) -> Floats:
        """Return the cost by differences: one minus a cosine near 1 has few digits."""
        if sparse.issparse(self.unit):
            return super().own_costs(part, labels, costs, centers)
        between: Floats = 0.5 * ((self.unit[part] - centers[labels]) ** 2).sum(axis=1)
        return np.where(self.zero[part], 1.0, between)

    def centers_of(self, labels: NDArray[np.intp], centers: Floats) -> Floats:
        """Return the directions of the sums; where a sum is zero any direction is as good."""
        ones = np.ones(self.n, dtype=self.unit.dtype)
        shape = (len(centers), self.n)
        sums = sparse.csr_array((ones, (labels, np.arange(self.n))), shape=shape) @ self.unit
        sums = sums.toarray() if sparse.issparse(sums) else sums
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        return np.where(length > 1e-12, sums / np.maximum(length, 1e-12), centers)


class SphericalKMeans(AlternatingClusterer):
    """k-means by the angle between rows, whatever their length.

    When to use: for texts as counts of words, spectra, profiles: where proportions matter and
    totals do not. Sparse rows are welcome. When it fails: where the length carries the
    information; on centred columns, where a direction means little near the middle; and, as
    k-means, on clusters of very unlike width. A row of zeros has no direction: it is as far
    (distance 1) from every centroid as a right angle.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    init : "k-means++", "random" or array-like of shape (n_clusters, d), default="k-means++"
        Initial centres: rows drawn by greedy k-means++, rows drawn uniformly, or given directions.
    n_init, max_iter, random_state
        See :class:`~further.cluster.alternating.AlternatingClusterer`.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, d)
        Centroids, of length 1.
    labels_ : ndarray of int, shape (n,)
        Cluster of each row.
    inertia_ : float
        Sum of 1 - cosine between the rows and their centroids.
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
    Dhillon and Modha (2001), "Concept decompositions for large sparse text data using clustering".

    Examples
    --------
    >>> X = np.array([[1.0, 0.1], [9.0, 1.2], [0.2, 3.0], [0.1, 1.0]])
    >>> SphericalKMeans(2, random_state=0).fit(X).labels_
    array([0, 0, 1, 1])
    """

    own_metric = "cosine"

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _validated(self, X: Any, *, reset: bool) -> CosineDissimilarity:
        X = validate_data(self, X, reset=reset, accept_sparse="csr", dtype=[np.float64, np.float32])
        return CosineDissimilarity(normalize(X))

    def _given_centers(self, rows: CosineDissimilarity) -> Floats:
        given = super()._given_centers(rows)
        directions: Floats = normalize(given.astype(rows.unit.dtype, copy=False))
        return directions
