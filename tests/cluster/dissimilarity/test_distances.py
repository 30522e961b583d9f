"""Distances by name against scikit-learn's, SciPy's and sums written out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import pairwise_distances
from sklearn.metrics.pairwise import haversine_distances

from further.cluster.dissimilarity import distances
from further.cluster.dissimilarity.distances import METRICS, find_metric, gower_ranges, pairwise
from further.errors import InputError


@pytest.fixture(scope="module")
def numbers():
    rng = np.random.default_rng(0)
    return rng.normal(size=(15, 4)), rng.normal(size=(9, 4))


@pytest.fixture(scope="module")
def mixed():
    return pd.DataFrame(
        {
            "age": [20.0, 60.0, None, 40.0],
            "city": ["Rome", "Paris", "Rome", None],
            "smokes": [True, False, True, True],
        }
    )


@pytest.mark.parametrize(
    "metric", ["euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine", "minkowski"]
)
def test_equals_scikit_learn(numbers, metric):
    X, Y = numbers
    options = {"p": 3.0} if metric == "minkowski" else {}
    expected = pairwise_distances(X, Y, metric=metric, **options)
    np.testing.assert_allclose(pairwise(X, Y, metric=metric, **options), expected, atol=1e-12)
    np.testing.assert_allclose(
        pairwise(X, metric=metric, **options),
        pairwise_distances(X, metric=metric, **options),
        atol=1e-7,
    )


def test_near_rows_far_from_zero_keep_their_distance():
    X = np.array([[1e8, 1e8], [1e8 + 1, 1e8]])
    np.testing.assert_array_equal(pairwise(X), [[0.0, 1.0], [1.0, 0.0]])


def test_kilometres_over_the_globe_equal_haversine():
    places = np.array([[90.0, 0.0], [-90.0, 77.0], [0.0, 180.0], [0.0, -180.0], [48.86, 2.35]])
    expected = haversine_distances(np.radians(places)) * 6371.0088
    found = pairwise(places, metric="great_circle")
    np.testing.assert_allclose(found, expected)
    assert found[0, 1] == pytest.approx(np.pi * 6371.0088)
    assert found[2, 3] == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sets(st.integers(0, 6)), min_size=2, max_size=8))
def test_jaccard_of_sets_and_of_their_columns(sets):
    expected = [[1 - len(a & b) / len(a | b) if a | b else 0.0 for b in sets] for a in sets]
    np.testing.assert_allclose(pairwise(sets, metric="jaccard"), expected)
    columns = np.array([[i in s for i in range(7)] for s in sets])
    np.testing.assert_allclose(pairwise(columns, metric="jaccard"), expected)
    np.testing.assert_allclose(
        pairwise(sets, sets[:1], metric="jaccard"), np.array(expected)[:, :1]
    )


def test_jaccard_refuses_other_numbers():
    with pytest.raises(InputError, match="row 1, column 0 of X holds 5"):
        pairwise([[0, 1], [5, 1]], metric="jaccard")


def test_hamming_of_words():
    X = pd.DataFrame({"a": ["x", "y", "x"], "b": [1, 1, 2]})
    np.testing.assert_allclose(
        pairwise(X, metric="hamming"), [[0, 0.5, 0.5], [0.5, 0, 1], [0.5, 1, 0]]
    )
    new = pd.DataFrame({"a": ["z"], "b": [2]})
    np.testing.assert_allclose(pairwise(X, new, metric="hamming")[:, 0], [1, 1, 0.5])
    with pytest.raises(InputError, match="gower"):
        pairwise(pd.DataFrame({"a": ["x", None]}), metric="hamming")


def test_gower_by_hand(mixed):
    found = pairwise(mixed, metric="gower")
    assert found[0, 1] == pytest.approx((40 / 40 + 1 + 1) / 3)
    assert found[0, 2] == pytest.approx((0 + 0) / 2)
    assert found[0, 3] == pytest.approx((20 / 40 + 0) / 2)
    assert found[2, 3] == pytest.approx(0.0)
    np.testing.assert_allclose(found, found.T)


def test_gower_of_parts_is_part_of_gower(mixed):
    ranges = gower_ranges(mixed)
    np.testing.assert_array_equal(ranges, [40.0, np.nan, np.nan])
    whole = pairwise(mixed, metric="gower")
    part = pairwise(mixed.iloc[:2], mixed, metric="gower", ranges=ranges)
    np.testing.assert_allclose(part, whole[:2])


def test_gower_of_unknown_rows():
    X = pd.DataFrame({"a": [None, 1.0, 3.0], "b": [None, None, None], "c": [2.0, 2.0, 2.0]})
    X.loc[0, "c"] = None
    np.testing.assert_allclose(pairwise(X, metric="gower"), [[0, 1, 1], [1, 0, 0.5], [1, 0.5, 0]])


def test_blocks_do_not_show(numbers, mixed, monkeypatch):
    whole = pairwise(mixed, metric="gower")
    monkeypatch.setattr(distances, "_BLOCK", 5)
    np.testing.assert_array_equal(pairwise(mixed, metric="gower"), whole)


def test_function_of_two_texts():
    words = ["tea", "teas", "coffee"]
    found = pairwise(words, metric=lambda a, b: abs(len(a) - len(b)))
    np.testing.assert_array_equal(found, [[0, 1, 3], [1, 0, 2], [3, 2, 0]])
    new = pairwise(words, ["a"], metric=lambda a, b: abs(len(a) - len(b)))
    np.testing.assert_array_equal(new, [[2], [3], [5]])
    with pytest.raises(InputError, match="returned NaN"):
        pairwise(words, metric=lambda a, b: float("nan"))


def test_names(numbers):
    assert find_metric("Great-Circle") == "great_circle"
    with pytest.raises(InputError, match='did you mean "euclidean"'):
        find_metric("euclidian")
    with pytest.raises(InputError, match="there are euclidean, sqeuclidean"):
        find_metric("zzz")
    assert all(sentence[0].islower() for sentence in METRICS.values())
    with pytest.raises(InputError, match=r"p=0.5 gives no distance"):
        pairwise(numbers[0], metric="minkowski", p=0.5)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[91.0, 0.0]], "latitude in row 0 is 91"),
        ([[0.0, 0.0], [0.0, 361.0]], "longitude in row 1 is 361"),
        ([[0.0, 0.0, 0.0]], "X has 3 columns"),
    ],
)
def test_off_the_globe(rows, message):
    with pytest.raises(InputError, match=message):
        pairwise(rows, metric="great_circle")


def test_what_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(distances, "total_memory", lambda: 4 * 8 * 100 * 100)
    assert distances._largest_square() == 100
    assert pairwise(np.zeros((100, 1))).shape == (100, 100)
    with pytest.raises(InputError, match=r"between all 101 rows .* give at most 100 rows"):
        pairwise(np.zeros((101, 1)))
