r"""Mean shift: every row climbs to the nearest peak of the density, and peaks are clusters.

A point moves to the mean of the rows within the bandwidth h until it stands still,

.. math:: x \leftarrow \frac{1}{|N(x)|} \sum_{y \in N(x)} y, \qquad N(x) = \{y : \|x - y\| \le h\};

peaks nearer to each other than h are one. ``score_samples`` is minus the distance to the nearest
peak.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import sklearn.cluster
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.utils.validation import check_is_fitted, validate_data

from further._sklearn import fit_context
from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.neighbourhood import learn_as
from further.train.estimator import Estimator

_TINY = float(np.finfo(np.float64).tiny)


class MeanShift(Estimator, sklearn.cluster.MeanShift):
    """Clusters around the peaks of the density, by scikit-learn.

    When to use: for few thousand rows in few dimensions, when the number of clusters is not known
    and one scale fits all. When it fails: its time grows with the square of the rows (set
    ``bin_seeding``), and all depends on the bandwidth: the estimate joins clusters that are small
    beside the whole.

    Parameters
    ----------
    bandwidth : float > 0, default=None
        Radius h; None takes scikit-learn's estimate, the mean distance to the farthest of the
        nearest 30 % of the rows.
    seeds : array-like of shape (n_seeds, d), default=None
        Points that climb; None lets every row climb.
    bin_seeding : bool, default=False
        Let the corners of a grid climb instead, which are fewer.
    min_bin_freq : int, default=1
        Rows that a corner needs.
    cluster_all : bool, default=True
        Whether rows beyond the bandwidth of every peak belong to the nearest one; else they are
        noise.
    n_jobs : int, default=None
        Threads.
    max_iter : int, default=300
        Steps of a climb.

    Attributes
    ----------
    labels_ : ndarray of int, shape (n,)
        Clusters; -1 is noise.
    cluster_centers_ : ndarray of shape (n_clusters, d)
        Peaks.
    bandwidth_ : float
        The radius that was used.
    n_iter_ : int
        Steps of the longest climb.

    References
    ----------
    Comaniciu, Meer (2002), Mean shift: a robust approach toward feature space analysis, IEEE
    TPAMI 24.

    Examples
    --------
    >>> X = np.array([[1.0, 1], [2, 1], [1, 0], [4, 7], [3, 5], [3, 6]])
    >>> model = MeanShift(bandwidth=2).fit(X)
    >>> model.labels_
    array([1, 1, 1, 0, 0, 0])
    >>> model.predict([[0.0, 0.0], [5.0, 5.0]])
    array([1, 0])
    """

    score_meaning = "the distance to the nearest peak of the density"

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the peaks of rows, array-like of shape (n, d)."""
        rows = validate_data(self, X)
        self.bandwidth_ = self.bandwidth
        if self.bandwidth_ is None:
            self.bandwidth_ = float(sklearn.cluster.estimate_bandwidth(rows, n_jobs=self.n_jobs))
            if self.bandwidth_ == 0:
                # Copies make it 0; they alone are to share a peak, which rounding must not leave.
                self.bandwidth_ = max(1e-6 * float(np.abs(rows).max()), _TINY)
        learn_as(self, sklearn.cluster.MeanShift, rows, bandwidth=self.bandwidth_)
        return self

    def predict(self, X: Any) -> NDArray[np.intp]:
        """Return the nearest peak of each row, shape (m,): -1 beyond the bandwidth.

        With ``cluster_all`` no row is beyond it.
        """
        nearest, distance = self._nearest(X)
        if self.cluster_all:
            return nearest
        return np.where(distance <= self.bandwidth_, nearest, -1)

    def score_samples(self, X: Any) -> Floats:
        """Return minus the distance to the nearest peak, shape (m,); higher is more typical."""
        return -self._nearest(X)[1]

    def _nearest(self, X: Any) -> tuple[NDArray[np.intp], Floats]:
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False)
        return pairwise_distances_argmin_min(rows, self.cluster_centers_)
