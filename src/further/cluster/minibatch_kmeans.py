"""k-means on small random batches: the centroids move a little with each."""

from __future__ import annotations

from typing import Any

import numpy as np
import sklearn.cluster

from further.train.saved_estimator import SavedEstimator


class MiniBatchKMeans(SavedEstimator, sklearn.cluster.MiniBatchKMeans):
    """k-means on mini-batches, by scikit-learn."""

    def score_samples(self, X: Any) -> np.ndarray:
        """Return minus the distance to the nearest centroid: higher is more typical."""
        out: np.ndarray = -self.transform(X).min(axis=1)
        return out

    def _rebuild(self) -> None:
        self._n_threads = 1
        self._n_features_out = len(self.cluster_centers_)
