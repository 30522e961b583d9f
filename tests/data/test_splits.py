from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from further.data import as_dataset, load
from further.data.splits import split_rows
from further.errors import InputError


def parts_of(split):
    return split.train, split.validation, split.test


@given(
    n=st.integers(10, 300),
    n_classes=st.integers(1, 6),
    seed=st.integers(0, 2**31 - 1),
)
@example(n=11, n_classes=4, seed=26522)
@settings(max_examples=60, deadline=None)
def test_parts_cover_all_rows_once_and_keep_the_shares_of_classes(n, n_classes, seed):
    labels = np.random.default_rng(seed).integers(0, n_classes, n)
    split = split_rows(n, labels, seed=seed)
    rows = np.concatenate(parts_of(split))
    assert sorted(rows) == list(range(n))
    sizes = np.unique(labels, return_counts=True)[1]
    undivided = sizes[sizes < 3].sum() if len(sizes) > 1 else 0
    for label, size in zip(*np.unique(labels, return_counts=True), strict=True):
        counts = [int((labels[part] == label).sum()) for part in parts_of(split)]
        if size < 3 and len(np.unique(labels)) > 1:
            assert counts == [size, 0, 0]
        elif size >= 3:
            assert min(counts) >= 1
            # Rows of classes that cannot be divided are trained on, in place of others.
            for count, share in zip(counts, (0.6, 0.2, 0.2), strict=True):
                assert abs(count - share * size) <= 2.5 + 0.4 * undivided


@given(
    sizes=st.lists(st.integers(1, 12), min_size=10, max_size=60),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_groups_never_lie_on_two_sides(sizes, seed):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(seed)
    rng.shuffle(groups)
    labels = rng.integers(0, 3, len(groups))
    split = split_rows(len(groups), labels, groups, seed=seed)
    sides = [set(groups[part]) for part in parts_of(split)]
    assert all(sides)
    assert not any(sides[i] & sides[j] for i, j in ((0, 1), (0, 2), (1, 2)))
    assert len(split.train) > 0.35 * len(groups)


def test_digits_have_the_sizes_that_the_documentation_states():
    split = load("digits").split(seed=0)
    assert [len(part) for part in parts_of(split)] == [1078, 359, 360]
    assert split.describe() == {
        "seed": 0,
        "method": "60/20/20 stratified by class",
        "rows": {"train": 1078, "validation": 359, "test": 360},
    }


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    digits = load("digits")
    first, again, other = digits.split(3), digits.split(3), digits.split(4)
    assert (first.test == again.test).all()
    assert len(np.intersect1d(first.test, other.test)) < 150


def test_the_official_split_is_kept_and_validation_taken_from_its_training_rows():
    official = np.array(["train"] * 80 + ["test"] * 20)
    labels = np.tile(np.arange(4), 25)
    split = split_rows(100, labels, None, official, seed=1)
    assert split.test.tolist() == list(range(80, 100))
    assert len(split.validation) == 20
    assert split.validation.max() < 80
    assert np.bincount(labels[split.validation]).tolist() == [5, 5, 5, 5]
    assert split.method.startswith("the data's own, validation taken")


def test_an_official_split_of_all_three_is_taken_as_it_is():
    official = np.array(["validation"] * 5 + ["test"] * 7 + ["train"] * 8)
    split = split_rows(20, None, None, official)
    assert split.validation.tolist() == list(range(5))
    assert split.test.tolist() == list(range(5, 12))


def test_official_training_and_validation_rows_only():
    official = np.array(["train"] * 60 + ["validation"] * 20)
    split = split_rows(80, None, None, official)
    assert split.test.tolist() == list(range(60, 80))
    assert len(split.validation) == 15


def test_no_test_set_is_made_where_none_is_asked_for():
    official = np.array(["train"] * 60 + ["test"] * 20)
    split = split_rows(80, None, None, official, fractions=(0.9, 0.1, 0.0))
    assert [len(part) for part in parts_of(split)] == [72, 8, 0]


@pytest.mark.parametrize("n", [1, 3, 9])
def test_too_few_rows(n):
    with pytest.raises(InputError, match=rf"There are {n} rows.*at least 10"):
        as_dataset(np.random.default_rng(0).normal(size=(n, 2))).split()


@pytest.mark.parametrize("fractions", [(0.5, 0.5), (0.6, 0.2, 0.3), (1.2, -0.2, 0.0)])
def test_fractions_that_are_none(fractions):
    with pytest.raises(InputError, match="sum to 1"):
        split_rows(100, fractions=fractions)


def test_fewer_groups_than_parts():
    with pytest.raises(InputError, match="2 groups"):
        split_rows(20, None, np.repeat([0, 1], 10))
