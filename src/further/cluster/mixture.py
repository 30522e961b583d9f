r"""Gaussian mixture: clusters are ellipsoids, and every row belongs to each with a probability.

.. math:: p(x) = \sum_{c=1}^k \pi_c\, N(x; \mu_c, \Sigma_c), \qquad
   p(c \mid x) = \frac{\pi_c\, N(x; \mu_c, \Sigma_c)}{p(x)},

fitted by expectation-maximisation. ``score_samples`` is :math:`\log p(x)`, and a row's label the c
of the largest :math:`p(c \mid x)`.
"""

from __future__ import annotations

from typing import Any

import sklearn.mixture
from numpy.typing import NDArray

from further.train.estimator import Estimator


class GaussianMixture(Estimator, sklearn.mixture.GaussianMixture):
    """Mixture of normal distributions, by scikit-learn, with the labels of a clusterer.

    When to use: for overlapping or elongated clusters, and where a density is wanted. When it
    fails: its clusters are ellipsoids; with many columns and few rows a full covariance has more
    numbers than there are data (take "diag"); a fit can end in a local optimum (raise ``n_init``).
    Its BIC splits what is not normal, such as uniform data, into components.

    Parameters
    ----------
    n_components : int, default=1
        Clusters; ``n_clusters`` is another name of it, which ``set_params`` takes too.
    covariance_type : {"full", "tied", "diag", "spherical"}, default="full"
        What the ellipsoids may be.
    tol : float, default=1e-3
        Gain of the mean log-likelihood that ends the iterations.
    reg_covar : float, default=1e-6
        Added to the variances.
    max_iter : int, default=100
        Iterations.
    n_init : int, default=1
        Starts, of which the best is kept.
    init_params : {"kmeans", "k-means++", "random", "random_from_data"}, default="kmeans"
        Start.
    weights_init, means_init, precisions_init : array-like, default=None
        Given starts.
    random_state : int, RandomState or None, default=None
        Seed of the starts.
    warm_start : bool, default=False
        Whether a fit goes on from the last one.
    verbose : int, default=0
        As in scikit-learn.
    verbose_interval : int, default=10
        As in scikit-learn.

    Attributes
    ----------
    labels_ : ndarray of int, shape (n,)
        Clusters of the training rows; none is noise.
    weights_, means_, covariances_, precisions_, precisions_cholesky_ : ndarray
        Of the components.
    inertia_ : None
        A mixture has none; its measure of fit is ``lower_bound_``, and ``bic(X)`` compares k.
    lower_bound_ : float
        Mean log-likelihood of the training rows.
    n_iter_, converged_ : int, bool
        Iterations of the best start, and whether tol was reached.

    References
    ----------
    Dempster, Laird, Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm,
    J. R. Stat. Soc. B 39.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0], [1.1], [0.9], [5.0], [5.2], [4.8]])
    >>> model = GaussianMixture(random_state=0).set_params(n_clusters=2).fit(X)
    >>> bool(model.labels_[0] != model.labels_[3])
    True
    >>> bool(model.score_samples([[1.0]])[0] > model.score_samples([[3.0]])[0])
    True
    """

    score_meaning = "minus the log-density of the mixture"
    score_is_distance = False

    @property
    def n_clusters(self) -> int:
        """Another name of ``n_components``, as the other clusterers have it."""
        return self.n_components

    @n_clusters.setter
    def n_clusters(self, value: int) -> None:
        self.n_components = value

    def set_params(self, **params: Any) -> GaussianMixture:
        """Set parameters by name, ``n_clusters`` standing for ``n_components``."""
        if "n_clusters" in params:
            params["n_components"] = params.pop("n_clusters")
        return super().set_params(**params)

    def fit_predict(self, X: Any, y: Any = None) -> NDArray[Any]:
        """Fit the mixture and return the clusters of the rows, shape (n,)."""
        self.labels_ = super().fit_predict(X, y)
        self.inertia_ = None
        return self.labels_
