"""Targets: taken, saved, fingerprinted and encoded with their rows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from further.data import Dataset, as_dataset, fit_encoding, load
from further.data.spec import TargetSpec
from further.data.target import Boxes, Classes, Instances, Mask, Numbers, restore_target
from further.errors import InputError

PICTURES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
CORNERS = np.array([[0, 0, 2, 2], [1, 1, 5, 4], [2, 0, 3, 3]], dtype=np.float32)


def masks(*numbers):
    """Make a picture's masks (objects, 4, 5), each with one pixel set."""
    found = np.zeros((len(numbers), 20), dtype=bool)
    found[np.arange(len(numbers)), list(numbers)] = True
    return found.reshape(-1, 4, 5)


TARGETS = [
    Classes("kind", np.array([0, 2, 0]), ("a", "b", "c"), "str"),
    Numbers("price", np.array([[1.5, 2], [0, -1], [3, 4]]), ("price", "tax")),
    Boxes("objects", np.array([2, 0, 1]), np.array([1, 0, 1]), ("cell", "spot"), CORNERS),
    Mask("mask", np.arange(60, dtype=np.uint8).reshape(3, 4, 5) % 3, ("sky", "road", "tree")),
    Instances.pack([masks(3, 19), masks(), masks(7)]),
]
each_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.kind)


def same(a, b):
    assert a.facts() == b.facts()
    assert a.arrays().keys() == b.arrays().keys()
    for name, array in a.arrays().items():
        np.testing.assert_array_equal(array, b.arrays()[name])


def with_target(target):
    return dataclasses.replace(as_dataset(PICTURES), target=target)


@each_target
def test_what_is_saved_comes_back(tmp_path, target):
    dataset = with_target(target)
    dataset.save(tmp_path / "data")
    again = Dataset.open(tmp_path / "data")
    same(again.target, target)
    assert again.fingerprint == dataset.fingerprint
    assert again.target_spec == target.spec


@each_target
def test_the_fingerprint_depends_on_the_target(target):
    whole = with_target(target).fingerprint
    assert whole == with_target(target).fingerprint
    assert whole != with_target(None).fingerprint
    turned = with_target(target.take(np.array([1, 0, 2]))).fingerprint
    assert whole != turned
    assert whole != with_target(dataclasses.replace(target, name="other")).fingerprint


@each_target
def test_rows_taken_twice_are_the_rows_of_the_rows(target):
    twice = target.take(np.array([2, 0, 2, 1])).take(np.array([1, 2]))
    same(twice, target.take(np.array([0, 2])))
    same(target.take(np.array([True, False, True])), target.take(np.array([0, 2])))
    assert len(target.take(np.array([], dtype=int))) == 0
    dataset = with_target(target).take([2, 0])
    same(dataset.target, target.take(np.array([2, 0])))


@each_target
def test_a_batch_has_the_rows_first(target):
    rows = np.array([2, 0])
    for name, array in target.take(rows).encode().items():
        assert len(array) == 2, name
    one = target.take(np.array([1])).encode()
    assert {len(array) for array in one.values()} == {1}


@each_target
def test_a_target_of_another_length_is_refused(target):
    with pytest.raises(InputError, match="target has 2 entries but there are 3 rows"):
        with_target(target.take(np.array([0, 1])))


def test_boxes_are_padded_with_a_count():
    boxes = TARGETS[2]
    assert boxes.spec.shape == (2, 4)
    batch = boxes.encode()
    assert batch["n_boxes"].tolist() == [2, 0, 1]
    assert batch["box_classes"].tolist() == [[1, 0], [-1, -1], [1, -1]]
    nothing = [0, 0, 0, 0]
    assert batch["boxes"].tolist() == [
        [[0, 0, 2, 2], [1, 1, 5, 4]], [nothing, nothing], [[2, 0, 3, 3], nothing],
    ]  # fmt: skip
    taken = boxes.take(np.array([2, 2, 0]))
    assert taken.counts.tolist() == [1, 1, 2]
    assert taken.corners.tolist() == [CORNERS[2].tolist()] * 2 + CORNERS[:2].tolist()


def test_instances_keep_their_masks():
    instances = TARGETS[4]
    assert instances.spec.shape == (2, 4, 5)
    np.testing.assert_array_equal(instances.masks(0), masks(3, 19))
    np.testing.assert_array_equal(instances.masks(2), masks(7))
    batch = instances.take(np.array([2, 0])).encode()
    np.testing.assert_array_equal(batch["instances"][0], [*masks(7), np.zeros((4, 5))])
    np.testing.assert_array_equal(batch["instances"][1], masks(3, 19))
    assert batch["instance_classes"].tolist() == [[0, -1], [0, 0]]


def test_classes_come_back_as_the_column_of_the_source():
    y = np.array([3, 1, 3, 1])
    classes = as_dataset(np.eye(4), y).classes
    assert classes.column().tolist() == y.tolist()
    assert classes.column().dtype == np.int64
    assert classes.counts().tolist() == [2, 2]
    assert classes.values.tolist() == ["3", "1", "3", "1"]
    truth = as_dataset(np.eye(4), np.array([True, False, True, True])).classes
    assert truth.column().tolist() == [True, False, True, True]
    assert load("iris").classes.counts().tolist() == [50, 50, 50]


def test_numbers_to_predict_are_features_no_longer(tmp_path):
    diabetes = load("diabetes")
    progression = diabetes.frame["progression"].to_numpy()
    dataset = diabetes.with_numbers("progression", "bmi")
    assert isinstance(dataset.target, Numbers)
    assert not {"progression", "bmi"} & {*dataset.frame, *dataset.feature_names}
    np.testing.assert_array_equal(dataset.target.values[:, 0], progression)
    part = dataset.take([5, 2])
    assert part.target.encode()["y"].dtype == np.float32
    np.testing.assert_allclose(part.target.encode()["y"][:, 0], progression[[5, 2]])
    assert fit_encoding(dataset).spec.target == TargetSpec("numbers", shape=(2,))
    assert fit_encoding(dataset).spec.n_classes == 0
    dataset.save(tmp_path / "data")
    assert Dataset.open(tmp_path / "data").fingerprint == dataset.fingerprint
    # There are no classes to divide evenly.
    assert len(dataset.split().test) == 89


def test_numbers_that_cannot_be_predicted():
    frame = pd.DataFrame({"a": [1.0, 2, 3] * 5, "b": [1.0, None, 3] * 5, "c": list("xyz") * 5})
    dataset = as_dataset(frame)
    with pytest.raises(InputError, match='"b" does not hold a number in every row'):
        dataset.with_numbers("b")
    with pytest.raises(InputError, match='"c" does not hold a number'):
        dataset.with_numbers("c")
    with pytest.raises(InputError, match=r'no column "A" \(did you mean "a"'):
        dataset.with_numbers("A")
    with pytest.raises(InputError, match="at least one column"):
        dataset.with_numbers()
    with pytest.raises(InputError, match="at least one column"):
        as_dataset(frame[["a"]]).with_numbers("a")


def test_a_target_of_an_unknown_kind_is_refused():
    with pytest.raises(InputError, match="kind 'sound' is unknown"):
        restore_target({"kind": "sound"}, {})
