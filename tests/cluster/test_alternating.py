"""What all alternating clusterers share: falling cost, starts, empty clusters, contract, files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

from further._sklearn import InvalidParameterError
from further.cluster.alternating import (
    _alternate,
    _cheapest,
    _fill_empty,
    _nearest,
    _plus_plus_centers,
    _random_centers,
    fit_each,
)
from further.cluster.dissimilarity.mixed import MixedDissimilarity
from further.cluster.great_circle_kmeans import GreatCircleKMeans, to_unit_vectors
from further.cluster.kmedians import KMedians, _ManhattanDissimilarity
from further.cluster.kmodes import KModes
from further.cluster.kprototypes import KPrototypes
from further.cluster.spherical_kmeans import CosineDissimilarity, SphericalKMeans
from further.errors import InputError
from further.train.load import load

CLASSES = [SphericalKMeans, GreatCircleKMeans, KMedians, KModes, KPrototypes]


class OnTheGlobe(GreatCircleKMeans):
    """Takes any table for places, so that scikit-learn's checks have rows to give."""

    def _validated(self, X, *, reset):
        rows = validate_data(self, X, reset=reset, dtype=np.float64)
        return CosineDissimilarity(to_unit_vectors(25 * np.clip(rows[:, [0, -1]], -3, 3)))


@parametrize_with_checks([SphericalKMeans(), KMedians(), OnTheGlobe(), KPrototypes()])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@parametrize_with_checks(
    [KModes()],
    expected_failed_checks=lambda _: {
        "check_clustering": "continuous numbers are categories that never come twice"
    },
)
def test_scikit_learn_contract_of_categories(estimator, check):
    check(estimator)


def rows_of_some_kind(kind: int, seed: int, n: int):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 3)).round(1)
    if kind == 0:
        return CosineDissimilarity(values / np.linalg.norm(values + 1e-9, axis=1, keepdims=True))
    if kind == 1:
        return _ManhattanDissimilarity(values)
    numbers = np.where(rng.random(values.shape) < 0.2, np.nan, values)
    codes = rng.integers(-1, 4, size=(n, 4))
    return MixedDissimilarity(numbers if kind == 2 else np.empty((n, 0)), codes, [4] * 4, 0.7)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3), st.integers(0, 10_000), st.integers(5, 40), st.integers(1, 5))
def test_cost_never_rises(kind, seed, n, k):
    rows = rows_of_some_kind(kind, seed, n)
    start = _random_centers(rows, k, np.random.RandomState(seed))
    inertia = [_alternate(rows, start, n_iter).inertia for n_iter in range(1, 8)]
    assert _nearest(rows, start)[1].sum() >= inertia[0] - 1e-9
    assert np.all(np.diff(inertia) <= 1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 3), st.integers(0, 10_000))
def test_centres_of_a_group_are_its_cheapest(kind, seed):
    rows = rows_of_some_kind(kind, seed, 20)
    random = np.random.RandomState(seed)
    labels = random.randint(3, size=20)
    centers = rows.centers_of(labels, rows.as_centers(np.arange(3)))
    cost = np.take_along_axis(rows.costs(slice(0, 20), centers), labels[:, None], 1).sum()
    for _ in range(10):
        other = rows.as_centers(random.randint(20, size=3))
        at = np.take_along_axis(rows.costs(slice(0, 20), other), labels[:, None], 1)
        assert cost <= at.sum() + 1e-9


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_rows_does_not_matter(seed):
    X, _ = make_blobs(40, n_features=3, centers=3, random_state=seed)
    order = np.random.RandomState(seed).permutation(40)
    for cls in (SphericalKMeans, KMedians, KPrototypes):
        a = cls(3, init=X[:3]).fit(X)
        b = cls(3, init=X[:3]).fit(X[order])
        assert a.inertia_ == pytest.approx(b.inertia_)
        np.testing.assert_array_equal(a.labels_[order], b.labels_)


def test_an_empty_cluster_gets_the_costliest_row():
    labels, costs = np.array([0, 0, 0, 2]), np.array([0.5, 3.0, 1.0, 9.0])
    # Row 3 costs more, but it is alone.
    np.testing.assert_array_equal(_fill_empty(labels, costs, 3), [0, 1, 0, 2])
    np.testing.assert_array_equal(_fill_empty(labels, np.zeros(4), 3), labels)


@pytest.mark.parametrize("k", [1, 7, 40])
def test_cheapest_is_the_first_minimum(k):
    costs = np.random.default_rng(k).integers(0, 5, size=(200, k)).astype(float)
    np.testing.assert_array_equal(_cheapest(costs), costs.argmin(axis=1))


def test_starts_that_spread_out_cost_less_than_random_ones():
    X, _ = make_blobs(300, centers=10, cluster_std=0.2, random_state=0)
    rows = _ManhattanDissimilarity(X)
    cost = {
        draw: [_nearest(rows, draw(rows, 10, np.random.RandomState(s)))[1].sum() for s in range(10)]
        for draw in (_random_centers, _plus_plus_centers)
    }
    assert np.mean(cost[_plus_plus_centers]) < 0.5 * np.mean(cost[_random_centers])


@pytest.mark.parametrize("cls", CLASSES)
def test_duplicates_only(cls):
    X = np.full((6, 2), 7.0)
    with pytest.warns(ConvergenceWarning, match="1 clusters for n_clusters=3"):
        model = cls(3, random_state=0).fit(X)
    assert model.inertia_ == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_array_equal(model.labels_, 0)
    np.testing.assert_array_equal(model.predict(X), 0)
    np.testing.assert_allclose(model.score_samples(X), 0.0, atol=1e-6)


@pytest.mark.parametrize("cls", CLASSES)
def test_more_clusters_than_rows(cls):
    with pytest.raises(InputError, match=r"n_clusters=20 but X has 10 rows; choose .* at most 10"):
        cls(20).fit(np.arange(20.0).reshape(10, 2))


@pytest.mark.parametrize("cls", CLASSES)
def test_a_start_of_another_shape(cls):
    with pytest.raises(InputError, match=r"init has the shape \(2, 3\); give 3 centres of 2"):
        cls(3, init=np.ones((2, 3))).fit(np.arange(20.0).reshape(10, 2))


@pytest.mark.parametrize("cls", CLASSES)
def test_one_cluster_and_as_many_as_rows(cls):
    X = np.random.default_rng(0).uniform(-9, 9, size=(12, 2))
    assert len(np.unique(cls(1).fit(X).labels_)) == 1
    each = cls(12, random_state=0).fit(X)
    assert each.inertia_ == pytest.approx(0.0, abs=1e-6)
    assert len(np.unique(each.labels_)) == 12


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("init", ["random", "k-means++"])
def test_same_seed_same_answer_and_own_rows(cls, init):
    X, _ = make_blobs(60, n_features=2, centers=4, random_state=1)
    X = X.round()
    model = cls(4, init=init, random_state=5).fit(X)
    again = clone(model).fit(X)
    np.testing.assert_array_equal(model.labels_, again.labels_)
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    assert model.score_samples(X).shape == (60,)
    if cls is not GreatCircleKMeans:
        assert -model.score_samples(X).sum() == pytest.approx(model.inertia_)


def test_more_starts_are_no_worse():
    X = np.random.default_rng(3).normal(size=(80, 4)).round(1)
    for cls in (SphericalKMeans, KMedians, KModes, KPrototypes):
        one, ten = (
            cls(6, init="random", n_init=n, random_state=0).fit(X).inertia_ for n in (1, 10)
        )
        assert ten <= one


def test_parameters_are_validated_before_the_rows_that_several_share():
    with pytest.raises(InvalidParameterError, match="gamma"):
        fit_each([KPrototypes(k, gamma="large") for k in (2, 3)], np.eye(4))


@pytest.mark.parametrize("cls", CLASSES)
def test_save_and_load(cls, tmp_path):
    X = pd.DataFrame({"lat": [1.0, 2.0, 50.0, 51.5, 3.0], "lon": [4.0, 4.5, 9.0, -9.5, 4.0]})
    model = cls(2, random_state=0).fit(X)
    model.save(tmp_path)
    back = load(tmp_path)
    assert type(back) is cls
    np.testing.assert_array_equal(back.predict(X), model.labels_)
    np.testing.assert_array_equal(back.score_samples(X), model.score_samples(X))
    np.testing.assert_array_equal(back.labels_, model.labels_)
    assert back.inertia_ == model.inertia_
    assert back.n_features_in_ == 2
    assert adjusted_rand_score(model.labels_, back.fit_predict(X)) == 1.0
