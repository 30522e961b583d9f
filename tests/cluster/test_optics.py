"""OPTICS against scikit-learn's, and the rules for rows to come."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.cluster
from sklearn.datasets import make_blobs

from further.cluster.dbscan import DBSCAN
from further.cluster.optics import OPTICS


@pytest.fixture(scope="module")
def blobs():
    return make_blobs(240, centers=3, cluster_std=[0.4, 0.8, 0.6], random_state=2)[0]


@pytest.mark.parametrize("options", [{"min_samples": 10}, {"min_samples": 0.05, "max_eps": 2.0}])
def test_equals_scikit_learn(blobs, options):
    ours, theirs = OPTICS(**options).fit(blobs), sklearn.cluster.OPTICS(**options).fit(blobs)
    for name in ("labels_", "ordering_", "reachability_", "core_distances_", "predecessor_",
                 "cluster_hierarchy_"):  # fmt: skip
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


def test_most_training_rows_keep_their_cluster(blobs):
    model = OPTICS(min_samples=15).fit(blobs)
    clustered = model.labels_ >= 0
    assert clustered.mean() > 0.5
    agreed = model.predict(blobs)[clustered] == model.labels_[clustered]
    assert agreed.mean() > 0.97
    assert (model.predict(blobs + 100) == -1).all()


def test_cut_at_a_height_is_dbscan(blobs):
    options = {"min_samples": 5}
    optics = OPTICS(cluster_method="dbscan", eps=0.5, max_eps=2.0, **options).fit(blobs)
    dbscan = DBSCAN(eps=0.5, **options).fit(blobs)
    np.testing.assert_array_equal(np.flatnonzero(optics.core_distances_ <= 0.5),
                                  dbscan.core_sample_indices_)  # fmt: skip
    new = blobs + np.random.default_rng(0).normal(0, 0.5, blobs.shape)
    np.testing.assert_array_equal(optics.predict(new) == -1, dbscan.predict(new) == -1)
    np.testing.assert_allclose(optics.score_samples(new), dbscan.score_samples(new))
