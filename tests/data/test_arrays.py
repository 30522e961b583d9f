from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from further.data import as_dataset
from further.errors import InputError

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((9, 8, 6), (9, 1, 8, 6)),
        ((9, 1, 8, 6), (9, 1, 8, 6)),
        ((9, 3, 8, 6), (9, 3, 8, 6)),
        ((9, 8, 6, 3), (9, 3, 8, 6)),
        ((9, 8, 6, 1), (9, 1, 8, 6)),
    ],
)
def test_orders_of_channels(shape, expected):
    array = RNG.integers(0, 256, shape)
    values = as_dataset(array).values
    assert values.shape == expected
    assert np.sort(values.ravel()).tolist() == np.sort(array.ravel()).tolist()


def test_whole_numbers_in_pictures_are_grey_levels():
    from sklearn.datasets import load_digits

    dataset = as_dataset(load_digits().images)
    assert (dataset.levels, dataset.values.dtype) == (17, np.uint8)
    assert as_dataset(np.random.default_rng(0).random((3, 8, 8))).levels is None
    assert as_dataset(RNG.integers(0, 2, (9, 8, 8)).astype(bool)).levels == 2
    assert as_dataset(RNG.integers(-5, 70000, (9, 8, 8))).levels is None


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.array([[1.0, 2.0], [np.nan, 1.0]]), "contains NaN in row 1, column 0"),
        (np.array([[1.0, np.inf], [2.0, 1.0]]), "contains infinity in row 0, column 1"),
        (np.full((2, 4, 4), np.nan), "contains NaN in picture 0"),
        (np.ones((2, 5, 6, 6)), "is no set of pictures"),
        (np.ones(4), r"shape \(4,\)"),
        (np.ones((0, 3)), r"shape \(0, 3\)"),
        (np.ones((2, 2), dtype=complex), "complex"),
        ([[1, 2], [3]], "unequal length"),
    ],
)
def test_arrays_that_cannot_be_used(X, message):
    with pytest.raises(InputError, match=message):
        as_dataset(X)


def test_labels_of_every_type():
    X = RNG.normal(size=(12, 2))
    for y, names in [
        (np.arange(12) % 2, ("0", "1")),
        (np.arange(12) % 2 == 0, ("False", "True")),
        ((np.arange(12) % 2).astype(float), ("0.0", "1.0")),
        (["u", "v"] * 6, ("u", "v")),
        (pd.Series(["u", "v"] * 6, dtype="category"), ("u", "v")),
        (np.eye(2, dtype=int)[np.arange(12) % 2], ("0", "1")),
        ([1, "a"] * 6, ("1", "a")),
    ]:
        dataset = as_dataset(X, y)
        assert dataset.classes.names == names
        assert sorted(np.bincount(dataset.codes)) == [6, 6]
        assert dataset.codes.dtype == np.int64


def test_labels_that_cannot_be_used():
    X = RNG.normal(size=(12, 2))
    with pytest.raises(InputError, match="y has 11 labels but there are 12 rows"):
        as_dataset(X, np.arange(11) % 2)
    with pytest.raises(InputError, match=r"no label in row 3 \(NaN\)"):
        as_dataset(X, [0.0, 1, 0, np.nan] * 3)
    with pytest.raises(InputError, match=r"shape \(12, 2, 2\)"):
        as_dataset(X, np.ones((12, 2, 2)))
    for y in (np.ones(12), RNG.normal(size=12), np.arange(12)):
        dataset = as_dataset(X, y)
        assert dataset.classes is None
        assert any("nothing is conditioned on" in note for note in dataset.notes)
