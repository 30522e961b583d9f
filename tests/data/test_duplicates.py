from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from further.data import as_dataset, fit_encoding, load, near_duplicates


def by_brute_force(train, test, threshold):
    encoding = fit_encoding(train)
    x = encoding.encode(train).reshape(len(train), -1).astype(np.float64)
    z = encoding.encode(test).reshape(len(test), -1).astype(np.float64)
    distances = cdist(z, x)
    return distances, np.flatnonzero(distances.min(axis=1) <= threshold)


@given(
    seed=st.integers(0, 10_000),
    d=st.integers(1, 24),
    n_copies=st.integers(0, 15),
    noise=st.sampled_from([0.0, 1e-4, 1e-2, 0.3]),
)
@settings(max_examples=60, deadline=None)
def test_brute_force_finds_the_same_rows(seed, d, n_copies, noise):
    rng = np.random.default_rng(seed)
    train, test = rng.normal(size=(150, d)), rng.normal(size=(50, d))
    test[:n_copies] = train[:n_copies] + noise * rng.normal(size=(n_copies, d))
    train, test = as_dataset(train), as_dataset(test)
    found = near_duplicates(train, test)
    distances, expected = by_brute_force(train, test, found.threshold)
    assert found.count == len(expected)
    assert sorted(i for i, _ in found.pairs) == expected.tolist()
    for i, j in found.pairs:
        assert distances[i, j] == pytest.approx(distances[i].min(), abs=1e-9)
    assert found.share == found.count / 50
    if noise == 0:
        assert n_copies <= found.exact <= found.count


def test_planted_copies_are_found_and_nothing_else():
    digits = load("digits")
    split = digits.split()
    train, test = digits.take(split.train), digits.take(split.test)
    assert near_duplicates(train, test).count == 0
    values = np.array(test.values)
    values[7] = train.values[100]
    values[9] = train.values[200]
    values[9, 0, 4, 4] = abs(int(values[9, 0, 4, 4]) - 1)  # one grey level of one pixel
    found = near_duplicates(train, as_dataset(np.concatenate([values, values[:0]])))
    assert set(found.pairs) == {(7, 100), (9, 200)}
    assert (found.count, found.exact) == (2, 1)
    assert "intrinsic dimension" in found.rule
    assert found.to_json()["pairs"] == [[7, 100], [9, 200]]


@pytest.mark.parametrize("d", [1, 2, 5])
def test_independent_rows_of_few_dimensions_are_seldom_taken_for_duplicates(d):
    rng = np.random.default_rng(d)
    train, test = as_dataset(rng.normal(size=(3000, d))), as_dataset(rng.normal(size=(1000, d)))
    assert near_duplicates(train, test).share < 0.008


def test_rows_that_recur_do_no_harm():
    train = as_dataset(np.tile(np.eye(4), (500, 1)))
    test = as_dataset(np.tile(np.eye(4), (100, 1)))
    found = near_duplicates(train, test)
    assert (found.count, found.exact, found.share) == (400, 400, 1.0)
    assert len(found.pairs) == 400


def test_two_training_rows():
    found = near_duplicates(as_dataset([[0.0, 1.0], [1.0, 0.0]]), as_dataset([[0.0, 1.0]]))
    assert (found.count, found.pairs) == (1, ((0, 0),))


def test_the_flowers_that_stand_twice_in_the_collection_are_found(real_data):
    flowers = load(real_data / "flowers12", resize=32)
    split = flowers.split()
    found = near_duplicates(flowers.take(split.train), flowers.take(split.test))
    assert 5 <= found.count <= 15
    train, test = split.train, split.test
    same = [flowers.codes[test[i]] == flowers.codes[train[j]] for i, j in found.pairs]
    assert all(same)


def test_ten_thousand_digits_are_compared(real_data):
    mnist = load(real_data / "mnist10k")
    split = mnist.split()
    assert near_duplicates(mnist.take(split.train), mnist.take(split.test)).count == 0
