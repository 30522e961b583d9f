"""Costs and centres of mixed rows against loops over their definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from further.cluster.dissimilarity import mixed
from further.cluster.dissimilarity.mixed import MixedDissimilarity

SIZES = [3, 1, 6]


def table(seed, n=30, missing=0.2):
    rng = np.random.default_rng(seed)
    numbers = rng.normal(5, 2, size=(n, 2))
    numbers[rng.random(numbers.shape) < missing] = np.nan
    codes = np.column_stack([rng.integers(0, size, n) for size in SIZES])
    codes[rng.random(codes.shape) < missing] = -1
    return numbers, codes


def costs_by_loops(numbers, codes, centers, gamma):
    costs = np.zeros((len(numbers), len(centers)))
    for i, row in enumerate(numbers):
        for j, center in enumerate(centers):
            for m, x in enumerate(row):
                if not np.isnan(x):
                    costs[i, j] += (x - center[m]) ** 2
            for m, code in enumerate(codes[i]):
                if code != -1:
                    costs[i, j] += gamma * (code != center[len(row) + m])
    return costs


@pytest.fixture(params=["dense", "sparse"])
def storage(request, monkeypatch):
    monkeypatch.setattr(mixed, "DENSE_CATEGORIES", 16 if request.param == "dense" else 0)


@pytest.mark.usefixtures("storage")
@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("with_numbers", [True, False])
def test_costs(missing, with_numbers):
    numbers, codes = table(0, missing=missing)
    numbers = numbers if with_numbers else np.empty((len(codes), 0))
    rows = MixedDissimilarity(numbers, codes, SIZES, gamma=0.3)
    assert rows.dense == (not isinstance(rows.one_hot, mixed.sparse.csr_array))
    centers = rows.as_centers(np.array([3, 8, 20]))
    expected = costs_by_loops(numbers, codes, centers, 0.3)
    np.testing.assert_allclose(rows.costs(slice(0, 30), centers), expected, atol=1e-9)
    np.testing.assert_allclose(rows.costs(slice(7, 9), centers), expected[7:9], atol=1e-9)
    labels = expected.argmin(axis=1)
    own = rows.own_costs(slice(0, 30), labels, rows.costs(slice(0, 30), centers), centers)
    np.testing.assert_allclose(own, expected.min(axis=1), atol=1e-9)


@pytest.mark.usefixtures("storage")
def test_centres():
    numbers, codes = table(1)
    rows = MixedDissimilarity(numbers, codes, SIZES)
    labels = np.arange(30) % 3
    centers = rows.centers_of(labels, np.zeros((4, 5)))
    for j in range(3):
        np.testing.assert_allclose(centers[j, :2], np.nanmean(numbers[labels == j], axis=0))
        for m in range(3):
            known = codes[labels == j, m]
            counts = np.bincount(known[known >= 0])
            assert counts[int(centers[j, 2 + m])] == counts.max()
    # The fourth group has no rows and keeps its centre.
    np.testing.assert_array_equal(centers[3], 0.0)


@pytest.mark.usefixtures("storage")
def test_many_clusters_are_counted_alike(monkeypatch):
    numbers, codes = table(2)
    rows = MixedDissimilarity(numbers, codes, SIZES)
    labels = np.arange(30) % 7
    start = rows.as_centers(np.arange(7))
    whole = rows.centers_of(labels, start)
    monkeypatch.setattr(mixed, "DENSE_ENTRIES", 10)
    np.testing.assert_array_equal(rows.centers_of(labels, start), whole)


def test_a_group_that_knows_nothing_gets_what_is_usual():
    numbers = np.array([[1.0], [3.0], [np.nan]])
    codes = np.array([[0], [0], [-1]])
    rows = MixedDissimilarity(numbers, codes, [1])
    np.testing.assert_array_equal(rows.as_centers(np.array([2])), [[2.0, 0.0]])
    centers = rows.centers_of(np.array([0, 0, 1]), np.zeros((2, 2)))
    np.testing.assert_array_equal(centers, [[2.0, 0.0], [2.0, 0.0]])


def test_columns_without_a_value_cost_nothing():
    numbers, codes = table(3)
    empty = np.full((30, 1), np.nan)
    plain = MixedDissimilarity(numbers, codes, SIZES)
    padded = MixedDissimilarity(
        np.hstack([numbers, empty]), np.hstack([codes, np.full((30, 1), -1)]), [*SIZES, 0]
    )
    index = np.array([1, 2])
    np.testing.assert_allclose(
        padded.costs(slice(0, 30), padded.as_centers(index)),
        plain.costs(slice(0, 30), plain.as_centers(index)),
    )
    centers = padded.as_centers(index)
    assert np.isnan(centers[:, 2]).all()
    assert (centers[:, -1] == -1).all()


def test_large_numbers_lose_no_digits():
    numbers = 1e8 + np.array([[0.0], [1.0], [2.0]])
    rows = MixedDissimilarity(numbers, np.empty((3, 0), dtype=int), [])
    np.testing.assert_allclose(
        rows.costs(slice(0, 3), rows.as_centers(np.array([0]))), [[0.0], [1.0], [4.0]]
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 0.9))
def test_known_share(seed, missing):
    numbers, codes = table(seed, missing=missing)
    expected = np.hstack([~np.isnan(numbers), codes != -1]).mean(axis=1)
    np.testing.assert_allclose(MixedDissimilarity(numbers, codes, SIZES).known_share(), expected)
