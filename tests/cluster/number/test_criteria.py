from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.mixture import GaussianMixture

from further.cluster.kmeans import KMeans
from further.cluster.number.criteria import (
    _knee,
    bic,
    elbow,
    indices,
    silhouette,
)
from further.cluster.number.sweep import sweep
from further.errors import InputError
from further.evaluate.typed_json import to_json


@pytest.fixture(scope="module")
def blobs():
    X, _ = make_blobs(120, 3, centers=3, random_state=11)
    fits = sweep(X, [1, 2, 3, 4, 5], random_state=0)
    return X, fits, {k: fits[k].labels_ for k in (2, 3, 4, 5)}


def test_the_knee_of_a_hyperbola_is_where_its_slope_is_that_of_the_chord():
    x = np.linspace(1, 4, 3001)
    # The chord of 1/x from 1 to 4 has the slope -1/4, and so has 1/x at 2.
    assert x[_knee(x, 1 / x)] == pytest.approx(2.0, abs=1e-3)


def test_the_knee_does_not_depend_on_units():
    x, y = np.arange(1, 11), 1 / np.arange(1, 11) ** 1.5
    assert _knee(x, y) == _knee(x * 7, 100 + y * 1e6)


@pytest.mark.parametrize("y", [[3.0, 2.0, 1.0], [1.0, 1.0, 1.0], [1.0, 2.0, 3.0], [2.0, 1.0]])
def test_a_straight_flat_or_rising_curve_has_no_knee(y):
    assert _knee(range(len(y)), y) is None


def test_elbow_shows_what_data_of_no_structure_would_have():
    found = elbow({1: 200.0, 2: 50.0, 3: 40.0}, reference={2: 0.5, 3: 0.25})
    assert found.k == 2
    assert found.reference == (200.0, 100.0, 50.0)
    assert to_json(found)["values"] == [200.0, 50.0, 40.0]


def test_indices_are_those_of_scikit_learn(blobs):
    X, _, labels = blobs
    for ours, theirs in (
        (indices(X, labels)[0], calinski_harabasz_score),
        (indices(X, labels)[1], davies_bouldin_score),
        (silhouette(euclidean_distances(X), labels), silhouette_score),
    ):
        assert ours.ks == (2, 3, 4, 5)
        assert ours.values == pytest.approx([theirs(X, labels[k]) for k in ours.ks])
        assert ours.k == 3


def test_silhouette_has_an_interval_about_its_value(blobs):
    X, _, labels = blobs
    found = silhouette(euclidean_distances(X), labels)
    for low, value, high in zip(found.low, found.values, found.high, strict=True):
        assert low < value < high


def test_labels_of_one_cluster_and_of_rows_alone_are_left_out():
    X = np.arange(6.0)[:, None]
    labels = {2: np.zeros(6, int), 3: np.array([0, 0, 1, 1, 2, 2]), 6: np.arange(6)}
    assert indices(X, labels)[1].ks == (3,)
    assert silhouette(euclidean_distances(X), labels).ks == (3,)


def test_bic_takes_the_better_of_two_shapes(blobs):
    X, _, _ = blobs
    found = bic(X, [1, 2, 3, 4], random_state=0)
    assert found.k == 3
    floor = 1e-6 * X.var(axis=0).mean()
    both = [
        GaussianMixture(3, covariance_type=shape, reg_covar=floor, random_state=0).fit(X).bic(X)
        for shape in ("full", "diag")
    ]
    assert found.values[2] == pytest.approx(min(both))


def test_bic_splits_uniform_data_which_is_why_it_is_not_asked_about_structure():
    X = np.random.default_rng(1).random((600, 2))
    assert bic(X, range(1, 6), random_state=0).k > 1


def test_bic_refuses_more_components_than_rows():
    with pytest.raises(InputError, match="k=4 but X has 3 rows"):
        bic(np.eye(3), [1, 4])


def test_a_sweep_is_as_good_as_single_starts_and_never_rises(blobs):
    X, fits, _ = blobs
    inertia = [fits[k].inertia_ for k in sorted(fits)]
    assert all(a > b for a, b in pairwise(inertia))
    for k in (2, 3, 4, 5):
        single = [KMeans(k, n_init=1, random_state=s).fit(X).inertia_ for s in range(9)]
        assert fits[k].inertia_ <= np.median(single) * (1 + 1e-9)
        assert fits[k].get_params()["init"] == "k-means++"


def test_large_data_start_from_a_sample_and_end_at_a_minimum_of_all_rows(monkeypatch):
    monkeypatch.setattr("further.cluster.number.sweep.ROUGH_ROWS", 300)
    X, _ = make_blobs(3000, 3, centers=4, random_state=2)
    fits = sweep(X, [1, 2, 3, 4], random_state=0)
    for fit in fits.values():
        assert len(fit.labels_) == 3000
        means = [X[fit.labels_ == c].mean(axis=0) for c in range(fit.n_clusters)]
        np.testing.assert_allclose(fit.cluster_centers_, means, rtol=1e-6)
        assert fit.get_params()["init"] == "k-means++"
    best = KMeans(4, n_init=10, random_state=0).fit(X).inertia_
    assert fits[4].inertia_ == pytest.approx(best, rel=1e-3)


def test_a_sweep_takes_other_estimators_as_they_are():
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.mixture import GaussianMixture

    X = np.repeat([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], 4, axis=0)
    X += np.random.default_rng(0).normal(0, 0.1, X.shape)
    assert sweep(X, [3], estimator=AgglomerativeClustering())[3].n_clusters == 3
    assert sweep(X, [3], estimator=GaussianMixture())[3].n_components == 3
