"""Hyperparameters to JSON and back; nothing outside this package is ever made from a file."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from further.errors import RunError
from further.generate.gan_losses import Hinge
from further.train.parameters import parameters_from_json, parameters_to_json
from further.train.training import Training

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3).map(tuple)
    | st.dictionaries(st.text(max_size=5).filter(lambda key: key != "object"), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


def there_and_back(value):
    return parameters_from_json(json.loads(json.dumps(parameters_to_json(value))))


@given(PLAIN)
def test_plain_values_come_back(value):
    assert there_and_back(value) == value


@pytest.mark.parametrize("value", [Training(learning_rate=0.1, betas=(0.5, 0.9)), Hinge()])
def test_objects_of_this_package_come_back(value):
    assert there_and_back({"x": value}) == {"x": value}


def test_numpy_becomes_plain():
    assert there_and_back({"a": np.float64(0.5), "b": np.arange(3), "c": np.int64(3)}) == {
        "a": 0.5,
        "b": (0, 1, 2),
        "c": 3,
    }
    assert there_and_back(np.random.RandomState(0)) is None


class Foreign:
    pass


@pytest.mark.parametrize("value", [Foreign(), lambda: 0, {1, 2}, object])
def test_other_objects_are_not_written(value):
    with pytest.raises(RunError, match="cannot be kept in a run; only further's own objects can"):
        parameters_to_json(value)


@pytest.mark.parametrize(
    "name",
    [
        "os:system",
        "subprocess:Popen",
        "builtins:eval",
        "further:load",
        "furthermore.evil:Evil",
        "further.train.run:Run",  # no dataclass
        "further.train.training:Missing",
        "further.train.training:math",
        "further.train.parameters:dataclasses",
        "further.nowhere:Thing",
        "further.generate.gan:Training",  # only by the module that defines it
        "further.train.training",
        "",
    ],
)
def test_no_other_name_is_looked_up(name):
    with pytest.raises(RunError, match="which further does not know"):
        parameters_from_json({"object": name, "command": "echo"})


def test_an_object_of_another_version_is_named():
    with pytest.raises(RunError, match=r'"further.train.training:Training" of another version'):
        parameters_from_json({"object": "further.train.training:Training", "colour": "red"})
