r"""k-means: centroids that minimise the sum of squared distances to their points."""

from __future__ import annotations

import sklearn.cluster

from further.train.saved_estimator import SavedEstimator


class KMeans(SavedEstimator, sklearn.cluster.KMeans):
    """k-means by scikit-learn, until ours is here."""
