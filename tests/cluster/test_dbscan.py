"""DBSCAN against scikit-learn's and against its definition."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.cluster
from sklearn.datasets import load_iris, make_moons
from sklearn.metrics.pairwise import haversine_distances

from further.cluster.dbscan import DBSCAN, _knee_of
from further.errors import InputError


@pytest.fixture(scope="module")
def moons():
    return make_moons(400, noise=0.06, random_state=0)[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
def test_equals_scikit_learn(metric, dtype):
    X = load_iris().data.astype(dtype)
    eps = 0.002 if metric == "cosine" else 0.5
    ours = DBSCAN(eps=eps, metric=metric).fit(X)
    theirs = sklearn.cluster.DBSCAN(eps=eps, metric=metric).fit(X)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_array_equal(ours.core_sample_indices_, theirs.core_sample_indices_)
    np.testing.assert_array_equal(ours.components_, theirs.components_)


def test_airports_cluster_by_kilometres():
    from vega_datasets import data

    airports = data.airports()[["latitude", "longitude"]].to_numpy()
    model = DBSCAN(eps=75.0, metric="great_circle", min_samples=4).fit(airports)
    kilometres = haversine_distances(np.radians(airports)) * 6371.0088
    given = sklearn.cluster.DBSCAN(eps=75.0, metric="precomputed", min_samples=4).fit(kilometres)
    np.testing.assert_array_equal(model.labels_, given.labels_)
    boston, anchorage, ocean = model.predict([[42.36, -71.06], [61.17, -150.0], [30.0, -140.0]])
    assert ocean == -1
    assert -1 not in (boston, anchorage)
    assert boston != anchorage
    assert (model.labels_ == boston).sum() > 500


def test_weights_count_as_rows(moons):
    weight = np.where(np.arange(400) < 200, 3.0, 1.0)
    ours = DBSCAN(eps=0.1, min_samples=9).fit(moons, sample_weight=weight)
    theirs = sklearn.cluster.DBSCAN(eps=0.1, min_samples=9).fit(moons, sample_weight=weight)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)


def test_score_tells_core_points(moons):
    model = DBSCAN(eps=0.1).fit(moons)
    core = np.zeros(400, dtype=bool)
    core[model.core_sample_indices_] = True
    assert 0 < core.sum() < 400
    np.testing.assert_array_equal(model.score_samples(moons) >= -model.eps_, core)
    np.testing.assert_array_equal(model.predict(moons)[core], model.labels_[core])
    np.testing.assert_array_equal(model.predict(moons) == -1, model.labels_ == -1)


def test_new_rows_join_the_nearest_core_point(moons):
    model = DBSCAN(eps=0.1).fit(moons)
    new = np.random.default_rng(0).uniform(-1, 2, (200, 2))
    far = np.sqrt(((new[:, None] - model.components_[None]) ** 2).sum(-1))
    expected = model.labels_[model.core_sample_indices_][far.argmin(1)]
    expected[far.min(1) > 0.1] = -1
    np.testing.assert_array_equal(model.predict(new), expected)
    assert {-1, 0, 1} <= set(expected)


def test_no_core_points_is_all_noise():
    model = DBSCAN(eps=0.1, min_samples=3).fit(np.arange(6.0)[:, None])
    assert (model.labels_ == -1).all()
    assert (model.predict([[0.0], [2.0]]) == -1).all()


def test_knee_is_where_the_curve_bends():
    assert _knee_of(np.array([0.0, 0.1, 0.2, 0.3, 5.0, 10.0])) == 0.3
    assert _knee_of(np.array([0.0, 0.0, 0.0, 4.0])) == 4.0  # a radius is greater than 0
    assert _knee_of(np.full(5, 2.0)) == 2.0
    with pytest.raises(InputError, match="copies"):
        _knee_of(np.zeros(4))


def test_automatic_radius_parts_dense_from_sparse():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(c, 0.3, (150, 2)) for c in (0, 5, 10)])
    X = np.concatenate([X, rng.uniform(-3, 13, (25, 2))])
    model = DBSCAN(eps="auto").fit(X)
    assert 0.1 < model.eps_ < 2
    large = [c for c in range(model.labels_.max() + 1) if (model.labels_ == c).sum() > 50]
    assert len(large) == 3
    # In kilometres as well: the unit is that of the distance.
    places = DBSCAN(eps="auto", metric="great_circle").fit(X)
    assert 10 < places.eps_ < 200


def test_automatic_radius_needs_neighbours():
    with pytest.raises(InputError, match="min_samples=5 needs more rows than X has \\(4\\)"):
        DBSCAN(eps="auto").fit(np.arange(8.0).reshape(4, 2))
    with pytest.raises(ValueError, match="'eps' parameter"):
        DBSCAN(eps="automatic").fit(np.zeros((9, 2)))


def test_radius_that_takes_in_everything_is_refused(monkeypatch):
    X = np.random.default_rng(0).normal(size=(2000, 2))
    monkeypatch.setattr("further.cluster.dbscan.total_memory", lambda: 64 * 10**6)
    with pytest.raises(InputError, match=r"eps=9 makes about 100% of the 2000 rows.*most 1000 row"):
        DBSCAN(eps=9.0).fit(X)
    assert DBSCAN(eps=9.0).fit(X[:1000]).labels_.max() == 0
    assert DBSCAN(eps=0.1).fit(X).labels_.shape == (2000,)
