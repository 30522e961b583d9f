"""HDBSCAN against scikit-learn's, and the rule for rows to come."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import sklearn.cluster
from sklearn.datasets import load_iris, make_blobs
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import NearestNeighbors

from further.cluster.hdbscan import HDBSCAN
from further.errors import InputError


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
@pytest.mark.parametrize("options", [{}, {"min_samples": 3, "cluster_selection_method": "leaf"}])
def test_equals_scikit_learn(metric, options):
    X = load_iris().data
    options = {"min_cluster_size": 10, "metric": metric, "store_centers": "both", **options}
    ours = HDBSCAN(**options).fit(X)
    theirs = sklearn.cluster.HDBSCAN(copy=True, **options).fit(X)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_array_equal(ours.probabilities_, theirs.probabilities_)
    np.testing.assert_array_equal(ours.centroids_, theirs.centroids_)


def test_does_not_warn_of_its_own_default():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        HDBSCAN().fit(load_iris().data)


@pytest.fixture(scope="module")
def halves():
    X = make_blobs(800, centers=4, cluster_std=[0.3, 0.6, 1.0, 0.5], random_state=3)[0]
    rng = np.random.default_rng(0)
    X = np.concatenate([X, rng.uniform(X.min(0) - 2, X.max(0) + 2, (200, 2))])
    X = X[rng.permutation(len(X))]
    return X[:500], X[500:]


def test_training_rows_keep_their_cluster(halves):
    model = HDBSCAN(min_cluster_size=15).fit(halves[0])
    np.testing.assert_array_equal(model.predict(halves[0]), model.labels_)


def test_rows_to_come_get_the_cluster_of_the_whole(halves):
    first, second = halves
    whole = HDBSCAN(min_cluster_size=15).fit(np.concatenate(halves)).labels_[500:]
    predicted = HDBSCAN(min_cluster_size=15).fit(first).predict(second)
    nearest = HDBSCAN(min_cluster_size=15).fit(first)
    clustered = np.flatnonzero(nearest.labels_ >= 0)
    index = NearestNeighbors(n_neighbors=1).fit(first[clustered]).kneighbors(second)[1][:, 0]
    without_noise = nearest.labels_[clustered][index]
    assert adjusted_rand_score(whole, predicted) > 0.9
    assert adjusted_rand_score(whole, predicted) > adjusted_rand_score(whole, without_noise)


def test_core_distance_by_brute_force(halves):
    X = halves[0]
    model = HDBSCAN(min_cluster_size=15, min_samples=4).fit(X)
    far = np.sort(np.sqrt(((X[:, None] - X[None]) ** 2).sum(-1)), axis=1)
    np.testing.assert_allclose(model.core_distances_, far[:, 3], atol=1e-9)
    np.testing.assert_array_equal(model.score_samples(X), -model.core_distances_)


def test_missing_values_are_as_in_scikit_learn():
    X = load_iris().data.copy()
    X[3, 1], X[7, 2] = np.nan, np.inf
    model = HDBSCAN().fit(X)
    np.testing.assert_array_equal(model.labels_, sklearn.cluster.HDBSCAN(copy=True).fit(X).labels_)
    assert (model.predict(X)[[3, 7]] == -1).all()
    assert (model.score_samples(X)[[3, 7]] == -np.inf).all()
    assert np.isfinite(model.score_samples(X)).sum() == 148


def test_square_within_scikit_learn_is_refused(monkeypatch):
    monkeypatch.setattr("further.cluster.dissimilarity.distances.total_memory", lambda: 32 * 10**5)
    said = r'metric="cosine": the distances between all 400 rows .* at most 182 rows'
    with pytest.raises(InputError, match=said):
        HDBSCAN(metric="cosine").fit(np.ones((400, 2)))
