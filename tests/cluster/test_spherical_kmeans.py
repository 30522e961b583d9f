"""Spherical k-means against brute force, sparse rows against dense ones, real texts' counts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, load_wine
from sklearn.metrics import adjusted_rand_score

from further.cluster.spherical_kmeans import SphericalKMeans


def best_of_all(X, k):
    """Return the least inertia over all ways to split the rows."""
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    least = np.inf
    for labels in itertools.product(range(k), repeat=len(X)):
        lengths = [np.linalg.norm(unit[np.array(labels) == j].sum(axis=0)) for j in range(k)]
        least = min(least, len(X) - sum(lengths))
    return least


def test_many_starts_find_the_best_of_all_splits():
    X = np.random.default_rng(0).normal(size=(9, 3))
    model = SphericalKMeans(2, n_init=50, random_state=0).fit(X)
    assert model.inertia_ == pytest.approx(best_of_all(X, 2))


def test_length_does_not_matter():
    X = load_wine().data
    scaled = X * np.random.default_rng(0).uniform(0.1, 10, size=(len(X), 1))
    a, b = (SphericalKMeans(3, random_state=0).fit(rows) for rows in (X, scaled))
    np.testing.assert_array_equal(a.labels_, b.labels_)
    np.testing.assert_allclose(a.cluster_centers_, b.cluster_centers_)
    np.testing.assert_allclose(np.linalg.norm(a.cluster_centers_, axis=1), 1.0)


def test_sparse_rows_as_dense_ones():
    X = load_digits().data[:400]
    dense = SphericalKMeans(10, init=X[:10]).fit(X)
    for kind in (sparse.csr_array, sparse.csc_matrix):
        thin = SphericalKMeans(10, init=X[:10]).fit(kind(X))
        np.testing.assert_array_equal(thin.labels_, dense.labels_)
        assert thin.inertia_ == pytest.approx(dense.inertia_)
        np.testing.assert_array_equal(thin.predict(X), dense.labels_)
        np.testing.assert_allclose(thin.score_samples(kind(X)), dense.score_samples(X), atol=1e-9)


def test_a_row_of_zeros_is_a_right_angle_away():
    X = np.array([[1.0, 0.0], [2.0, 0.1], [0.0, 3.0], [0.0, 0.0]])
    for rows in (X, sparse.csr_array(X)):
        model = SphericalKMeans(2, random_state=0).fit(rows)
        np.testing.assert_allclose(model.score_samples(rows)[3], -1.0)
        np.testing.assert_allclose(np.linalg.norm(model.cluster_centers_, axis=1), 1.0)


def test_opposite_rows_leave_a_centroid():
    model = SphericalKMeans(1, random_state=0).fit(np.array([[1.0, 0.0], [-1.0, 0.0]]))
    assert np.isfinite(model.cluster_centers_).all()
    assert model.inertia_ == pytest.approx(2.0)


def test_digits_are_found_better_than_by_chance():
    X, y = load_digits(return_X_y=True)
    model = SphericalKMeans(10, random_state=0).fit(X.astype(np.float32))
    assert model.cluster_centers_.dtype == np.float32
    assert adjusted_rand_score(y, model.labels_) > 0.55
