"""What scikit-learn and a reader expect of every model of the registry before it is fitted."""

from __future__ import annotations

import ast
import inspect

import pytest
from numpydoc.docscrape import NumpyDocString
from sklearn.base import clone

from further.registry import find_model, models_for

ALL = sorted({(line.task, line.name) for line in models_for()})
#: What all networks have, in this order, behind the parameters of their own.
OF_NETWORKS = ["budget", "precision", "device", "training", "random_state"]


@pytest.mark.parametrize(("task", "name"), ALL)
def test_parameters_are_kept_as_they_are_given(task, name):
    model = find_model(name, task).load()()
    copied = clone(model)
    assert copied is not model
    assert copied.get_params() == model.get_params()
    assert not [attribute for attribute in vars(copied) if attribute.endswith("_")]
    with pytest.raises(ValueError, match="Invalid parameter 'colour'"):
        model.set_params(colour="red")
    if "random_state" in model.get_params():
        assert model.set_params(random_state=7).random_state == 7


@pytest.mark.parametrize(("task", "name"), ALL)
def test_each_parameter_is_described_and_checked(task, name):
    line = find_model(name, task)
    cls = line.load()
    text, parameters = inspect.getdoc(cls), inspect.signature(cls).parameters
    if line.family == "network":
        assert [*parameters][-5:] == OF_NETWORKS
    if task == "generation":  # at most six of its own beside those of networks
        assert len(parameters) <= 11
        assert all(p.kind is p.KEYWORD_ONLY for p in parameters.values())
    if ".rungs." in line.module:
        assert len(parameters) <= 7
    assert set(cls._parameter_constraints) == set(parameters)
    entries = NumpyDocString(text)["Parameters"]
    described = {name: entry for entry in entries for name in entry.name.split(", ")}
    assert set(described) == set(parameters)
    for key, parameter in parameters.items():
        entry = described[key]
        assert "See :class:" not in " ".join(entry.desc)
        said, is_there, default = entry.type.partition("default=")
        if is_there:
            known = {"inf": float("inf")}.get(default)
            value = ast.literal_eval(default) if known is None else known
            assert value == parameter.default, parameter
        elif not said:
            assert entry.desc == ["As scikit-learn's."]
        else:
            assert parameter.default in (parameter.empty, None), parameter
            assert (parameter.default is None) == said.endswith("optional"), parameter
