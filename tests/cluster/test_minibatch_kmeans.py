"""MiniBatchKMeans is scikit-learn's, and can be saved."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.cluster
from sklearn.datasets import make_blobs
from sklearn.utils.estimator_checks import parametrize_with_checks

import further
from further.cluster import MiniBatchKMeans

#: What scikit-learn grants its own: its batches are drawn from the rows.
GRANTED = {
    f"check_sample_weight_equivalence_on_{kind}_data": "weights are not repetitions of rows"
    for kind in ("dense", "sparse")
}


@parametrize_with_checks(
    [MiniBatchKMeans(n_clusters=2, n_init=2, max_iter=5, batch_size=10)],
    expected_failed_checks=lambda estimator: GRANTED,
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_result_of_scikit_learn(dtype):
    X = make_blobs(2000, 5, centers=6, random_state=0)[0].astype(dtype)
    ours = MiniBatchKMeans(6, random_state=0, n_init=2).fit(X)
    theirs = sklearn.cluster.MiniBatchKMeans(6, random_state=0, n_init=2).fit(X)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_allclose(ours.score_samples(X), -theirs.transform(X).min(axis=1))


def test_batch_by_batch_and_back_from_a_file(tmp_path):
    X = make_blobs(2000, 3, centers=4, random_state=1)[0]
    model = MiniBatchKMeans(4, random_state=0)
    for batch in np.split(X, 10):
        model.partial_fit(batch)
    assert model.n_steps_ == 10
    model.save(tmp_path)
    again = further.load(tmp_path)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    before = again.cluster_centers_.copy()
    again.partial_fit(X[:100])
    assert (again.cluster_centers_ != before).any()
    assert np.abs(again.cluster_centers_ - before).max() < 1
