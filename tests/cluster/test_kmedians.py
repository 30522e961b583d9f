"""k-medians against brute force, and its worth beside means when there are outliers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris, make_blobs
from sklearn.metrics import adjusted_rand_score

from further.cluster.kmedians import KMedians


def test_by_hand():
    # {0, 1, 5} around 1 costs 5; {20, 22} around 21 costs 2.
    model = KMedians(2, init=[[0.0], [22.0]]).fit([[0.0], [1.0], [5.0], [20.0], [22.0]])
    np.testing.assert_array_equal(model.labels_, [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(model.cluster_centers_, [[1.0], [21.0]])
    assert model.inertia_ == 7.0
    assert model.n_iter_ == 1


def test_many_starts_find_the_best_of_all_splits():
    X = np.random.default_rng(0).normal(size=(9, 2))
    least = np.inf
    for labels in itertools.product(range(2), repeat=9):
        groups = [X[np.array(labels) == j] for j in range(2)]
        least = min(least, sum(np.abs(g - np.median(g, axis=0)).sum() for g in groups if len(g)))
    assert KMedians(2, n_init=50, random_state=0).fit(X).inertia_ == pytest.approx(least)


def test_outliers_do_not_pull_medians():
    X, y = make_blobs(200, centers=[[0, 0], [6, 6]], random_state=0)
    X = np.vstack([X, [[500.0, 500.0]] * 3])
    start = X[[0, np.flatnonzero(y != y[0])[0]]]
    medians = KMedians(2, init=start).fit(X)
    means = KMeans(2, init=start, n_init=1).fit(X)
    assert adjusted_rand_score(y, medians.labels_[:-3]) > 0.95
    assert adjusted_rand_score(y, means.labels_[:-3]) < 0.5


def test_iris():
    X, y = load_iris(return_X_y=True)
    model = KMedians(3, random_state=0).fit(X)
    assert adjusted_rand_score(y, model.labels_) > 0.7
    own = np.abs(X - model.cluster_centers_[model.labels_]).sum(axis=1)
    np.testing.assert_allclose(-model.score_samples(X), own)
