"""Mean shift against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.cluster
from sklearn.datasets import make_blobs

from further.cluster.mean_shift import MeanShift


@pytest.fixture(scope="module")
def blobs():
    return make_blobs(80, centers=3, cluster_std=0.5, random_state=0)[0]


@pytest.mark.parametrize("options", [{}, {"bandwidth": 0.7, "cluster_all": False},
                                     {"bin_seeding": True}])  # fmt: skip
def test_equals_scikit_learn(blobs, options):
    ours, theirs = MeanShift(**options).fit(blobs), sklearn.cluster.MeanShift(**options).fit(blobs)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_array_equal(ours.cluster_centers_, theirs.cluster_centers_)
    np.testing.assert_array_equal(ours.predict(blobs), ours.labels_)


def test_rows_beyond_every_peak_are_noise_where_asked(blobs):
    new = [[100.0, 100.0]]
    assert MeanShift(bandwidth=1.0).fit(blobs).predict(new) >= 0
    assert MeanShift(bandwidth=1.0, cluster_all=False).fit(blobs).predict(new) == -1


def test_score_is_the_distance_to_the_nearest_peak(blobs):
    model = MeanShift(bandwidth=1.0).fit(blobs)
    far = np.sqrt(((blobs[:, None] - model.cluster_centers_[None]) ** 2).sum(-1)).min(1)
    np.testing.assert_allclose(model.score_samples(blobs), -far, atol=1e-7)


def test_copies_alone_share_a_peak():
    model = MeanShift().fit(np.repeat([[1.0, 2.0], [3.0, 4.0]], 10, axis=0))
    assert sorted(np.bincount(model.labels_)) == [10, 10]
    assert MeanShift().fit(np.ones((9, 2))).labels_.max() == 0


def test_copies_whose_mean_is_rounded_share_a_peak():
    # Their means are rounded, as those of other values need not be.
    X = np.repeat([[-0.1, 0.7], [1.3, -1.1], [0.3, 0.2]], 25, axis=0)
    labels = MeanShift().fit(X).labels_
    assert [len(set(labels[i : i + 25])) for i in (0, 25, 50)] == [1, 1, 1]
    assert len(set(labels)) == 3
