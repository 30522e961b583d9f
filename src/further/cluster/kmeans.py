r"""k-means: centroids that minimise the sum of squared distances to their points."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import sklearn.cluster
from sklearn.utils._param_validation import Interval

from further.train.saved_estimator import SavedEstimator


class KMeans(SavedEstimator, sklearn.cluster.KMeans):
    """k-means by scikit-learn, until ours is here."""

    _parameter_constraints = {
        **sklearn.cluster.KMeans._parameter_constraints,
        "record": ["boolean"],
        "n_threads": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means++",
        n_init: Any = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: Any = None,
        copy_x: bool = True,
        algorithm: str = "lloyd",
        record: bool = False,
        n_threads: int | None = None,
    ) -> None:
        super().__init__(
            n_clusters, init=init, n_init=n_init, max_iter=max_iter, tol=tol, verbose=verbose,
            random_state=random_state, copy_x=copy_x, algorithm=algorithm,
        )  # fmt: skip
        self.record = record
        self.n_threads = n_threads

    def score_samples(self, X: Any) -> np.ndarray:
        """Return minus the distance to the nearest centroid: higher is more typical."""
        out: np.ndarray = -self.transform(X).min(axis=1)
        return out

    def _rebuild(self) -> None:
        self._n_threads = 1
        self._n_features_out = len(self.cluster_centers_)
