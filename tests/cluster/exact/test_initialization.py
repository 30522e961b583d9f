"""k-means++ draws the rows that scikit-learn draws."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import kmeans_plusplus
from sklearn.datasets import make_blobs

from further.cluster.exact.initialization import plus_plus
from further.cluster.exact.matrix import ScaledMatrix


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d", "k"), [(3000, 3, 20), (2000, 17, 30), (500, 100, 10)])
@pytest.mark.parametrize("trials", [None, 1])
def test_the_rows_of_scikit_learn(dtype, n, d, k, trials):
    X = make_blobs(n, d, centers=k, cluster_std=2.0, random_state=0)[0].astype(dtype)
    weights = np.random.default_rng(0).random(n)
    for w in (None, weights):
        ours = plus_plus(ScaledMatrix(X, w), k, np.random.RandomState(3), n_candidates=trials)
        _, theirs = kmeans_plusplus(
            X.astype(float), k, sample_weight=w, random_state=3, n_local_trials=trials
        )
        np.testing.assert_array_equal(ours, theirs)


def test_rows_far_from_0_and_of_extreme_size():
    X = make_blobs(2000, 5, centers=8, random_state=0)[0]
    expected = plus_plus(ScaledMatrix(X), 8, np.random.RandomState(0))
    for changed in (X * 2.0**90, X * 2.0**-90, X + 2.0**20):
        got = plus_plus(ScaledMatrix(changed), 8, np.random.RandomState(0))
        np.testing.assert_array_equal(got, expected)


def test_threads_change_nothing():
    X = make_blobs(40000, 4, centers=8, random_state=0)[0]
    matrices = (ScaledMatrix(X, n_threads=t) for t in (1, 2))
    one, two = (plus_plus(matrix, 12, np.random.RandomState(0)) for matrix in matrices)
    np.testing.assert_array_equal(one, two)


def test_far_clusters_are_all_found():
    X = make_blobs(3000, 2, centers=np.arange(10)[:, None] * [100, 0], random_state=0)[0]
    rows = plus_plus(ScaledMatrix(X), 10, np.random.RandomState(0))
    assert sorted((X[rows, 0] / 100).round()) == list(range(10))


def test_fewer_distinct_rows_than_centroids():
    rows = plus_plus(ScaledMatrix(np.ones((500, 3))), 4, np.random.RandomState(0))
    assert len(rows) == 4
