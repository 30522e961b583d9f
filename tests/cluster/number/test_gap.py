from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.cluster import KMeans as TheirKMeans
from sklearn.datasets import make_blobs

from further.cluster.number.gap import _gap_rule, _uniform_in_box, gap_statistic
from further.cluster.number.references import References, _principal_axes, _same_covariance
from further.cluster.number.unimodal import unimodal_distribution


def test_gap_of_two_values_by_hand():
    # Two values: W_1 = n/4 by hand; uniform on [0, 1] has n/12 and, cut in half, n/48 on average.
    X = np.repeat([[0.0], [1.0]], 1000, axis=0)
    X[::2] += 0.01 * np.random.default_rng(0).random((1000, 1))
    found = gap_statistic(X, [1, 2], n_references=10, random_state=0)
    own = [np.log(TheirKMeans(k, n_init=3, random_state=0).fit(X).inertia_) for k in (1, 2)]
    box = math.log(2000 * np.ptp(X) ** 2)
    expected = [box - math.log(12) - own[0], box - math.log(48) - own[1]]
    assert found.values == pytest.approx(expected, abs=0.05)
    assert own[0] == pytest.approx(math.log(500), abs=0.01)


def test_the_rule_is_that_of_the_paper():
    gap, error = {1: 0.0, 2: 1.0, 3: 1.05, 4: 1.5}, {1: 0.1, 2: 0.1, 3: 0.1, 4: 0.1}
    assert _gap_rule(gap, error) == 2
    assert _gap_rule(gap, dict.fromkeys(gap, 0.01)) is None
    assert _gap_rule({1: 1.0, 2: 1.0}, {1: 0.0, 2: 0.0}) == 1


def test_standard_error_is_on_both_sides():
    X = np.random.default_rng(0).random((60, 2))
    found = gap_statistic(X, range(1, 5), random_state=0)
    for low, value, high in zip(found.low, found.values, found.high, strict=True):
        assert value - low == pytest.approx(high - value)
        assert high > value


@pytest.mark.parametrize("k", [1, 3])
def test_gap_finds_known_clusters_and_can_answer_one(k):
    X, _ = make_blobs(150, 2, centers=3 * np.array([[0, 0], [4, 0], [0, 4]])[:k], random_state=3)
    assert gap_statistic(X, range(1, 6), random_state=0).k == k


def test_the_box_lies_along_the_principal_axes():
    rng = np.random.default_rng(0)
    turned = np.array([[0.8, 0.6], [-0.6, 0.8]])
    X = rng.random((200, 2)) * [10, 1] @ turned
    drawn = _uniform_in_box(X, rng) @ turned.T
    assert np.ptp(drawn, axis=0) == pytest.approx([10, 1], rel=0.15)


def test_reference_data_have_the_covariance_of_the_rows():
    rng = np.random.default_rng(0)
    X = rng.exponential(size=(40, 3)) @ rng.normal(size=(3, 3)) + [5, 0, -5]
    for kind in ("uniform", "gaussian"):
        drawn = _same_covariance(rng, 40, kind, _principal_axes(X))
        np.testing.assert_allclose(np.cov(drawn.T), np.cov(X.T), rtol=1e-8)
        np.testing.assert_allclose(drawn.mean(axis=0), X.mean(axis=0), atol=1e-9)


def test_reference_data_of_more_columns_than_rows_keep_the_spread():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8, 30))
    drawn = _same_covariance(rng, 8, "gaussian", _principal_axes(X))
    assert drawn.shape == X.shape
    np.testing.assert_allclose(drawn.var(axis=0).sum(), X.var(axis=0).sum(), rtol=1e-6)


def test_two_modes_become_one_of_the_same_range():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, 300), rng.normal(12, 1, 300)])
    values, F = unimodal_distribution(x)
    assert (F[0], F[-1]) == pytest.approx((0, 1))
    slopes = np.diff(F) / np.diff(values)
    top = int(np.argmax(slopes))
    assert (np.diff(slopes[: top + 1]) >= -1e-9).all()
    assert (np.diff(slopes[top:]) <= 1e-9).all()
    between = np.interp([4.0, 8.0], values, F)
    assert between[1] - between[0] > 0.05  # the gap, empty in the rows, is filled


def test_one_skewed_mode_stays_what_it_is():
    x = np.exp(np.random.default_rng(0).normal(size=500))
    values, F = unimodal_distribution(x)
    empirical = np.searchsorted(np.sort(x), values, side="right") / len(x)
    assert np.abs(F - empirical).max() < 0.03


def test_columns_of_few_values_keep_them_and_categories_are_shuffled():
    import pandas as pd

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "x": rng.normal(size=60),
        "yes": rng.integers(0, 2, 60).astype(float),
        "colour": rng.choice(["red", "blue"], 60),
    })  # fmt: skip
    frame.loc[:4, "x"] = np.nan
    references = References(frame, categories=["colour"])
    for kind in references.kinds:
        drawn = references.draw(kind, rng)
        assert drawn["x"].isna().sum() == 5
        assert sorted(drawn["yes"]) == sorted(frame["yes"])
        assert drawn["colour"].value_counts().to_dict() == frame["colour"].value_counts().to_dict()
        assert (drawn["colour"] != frame["colour"]).any()


def test_columns_that_are_independent_are_so_in_the_reference_data_though_values_repeat():
    # Ranks that broke ties by the order of the rows would make these columns go together.
    rng = np.random.default_rng(2)
    X = rng.integers(0, 2, (400, 2)).astype(float)
    references = References(X)
    drawn = np.array([
        np.corrcoef(references.draw("unimodal", rng).T)[0, 1] for _ in range(20)
    ])  # fmt: skip
    assert abs(drawn.mean() - np.corrcoef(X.T)[0, 1]) < 0.06


def test_places_on_the_globe_stay_on_it():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.uniform(60, 89, 200), rng.uniform(-180, 180, 200)])
    references = References(X, metric="great_circle")
    for kind in references.kinds:
        drawn = references.draw(kind, rng)
        assert (np.abs(drawn) <= [90, 180]).all()
