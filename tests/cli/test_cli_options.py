from __future__ import annotations

import inspect
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import click
import pytest

from further._sklearn import Interval, StrOptions
from further.cli.options import Value, model_options, parameter_texts, training_options
from further.registry import models_for
from further.train.training import Training

MODELS = models_for("generation")


def convert(constraints: Sequence[Any], text: str) -> Any:
    return Value(constraints).convert(text, None, None)


@pytest.mark.parametrize(
    ("constraints", "text", "value"),
    [
        ([Interval(Integral, 1, None, closed="left")], "8", 8),
        ([Interval(Real, 0, None, closed="left")], "1e-3", 1e-3),
        ([Interval(Real, 0, None, closed="left")], "2", 2),
        ([Interval(Real, 0, None, closed="left"), None], "none", None),
        ([StrOptions({"auto", "linear"})], "linear", "linear"),
        ([StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")], "3", 3),
        ([None, "array-like"], "512,256", (512, 256)),
        ([None, "array-like"], "(0.9, 0.99)", (0.9, 0.99)),
        ([None, "array-like"], "64", (64,)),
        ([str, Interval(Real, 0, None, closed="neither")], "20 steps", "20 steps"),
        (["boolean"], "true", True),
    ],
)
def test_text_is_read_as_the_constraints_say(constraints, text, value):
    read = convert(constraints, text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("constraints", "text", "said"),
    [
        ([Interval(Integral, 1, None, closed="left")], "0", r"int in the range \[1, inf\)"),
        ([Interval(Integral, 1, None, closed="left")], "1.5", "int in the range"),
        ([Interval(Real, 0, None, closed="left")], "x", "float in the range"),
        ([StrOptions({"gaussian", "bernoulli"})], "gausian", 'did you mean "gaussian"'),
    ],
)
def test_what_is_not_allowed_is_refused_with_the_rule(constraints, text, said):
    with pytest.raises(click.BadParameter, match=said):
        convert(constraints, text)


class Base:
    """A base.

    Parameters
    ----------
    width : int, default=8
        Units
        of a layer.
    loss : {"a", "b"} or Loss, default="a"
        What is minimised.

    Attributes
    ----------
    net_ : Module
        The network.
    """


class Derived(Base):
    """A derived class.

    Parameters
    ----------
    beta : float, default=4.0
        A weight.
    width, loss
        See :class:`Base`.
    """


def test_the_help_of_a_parameter_is_found_along_the_bases():
    assert parameter_texts(Derived) == {
        "beta": "A weight.",
        "width": "Units of a layer.",
        "loss": "What is minimised.",
    }


@pytest.mark.parametrize("line", MODELS, ids=lambda line: line.name)
def test_every_parameter_of_every_model_is_an_option_with_help(line):
    cls = line.load()
    options = {str(option.name): option for option in model_options(cls)}
    expected = set(inspect.signature(cls).parameters) - {"random_state", "training"}
    assert set(options) == expected
    for name, option in options.items():
        assert option.help, name
        assert not option.help.startswith(" "), f"{line.name}: {name} has no entry in its docstring"


@pytest.mark.parametrize("line", MODELS, ids=lambda line: line.name)
def test_the_settings_of_the_training_are_options_that_clash_with_nothing(line):
    cls = line.load()
    model, training = model_options(cls), training_options(cls)
    names = [name for option in [*model, *training] for name in option.opts]
    assert len(names) == len(set(names))
    if line.family == "network":
        assert len(training) == len(Training.__dataclass_fields__)
        assert all(option.help for option in training)
    else:
        assert training == []


@pytest.mark.parametrize("line", MODELS, ids=lambda line: line.name)
def test_help_of_every_model(further, line):
    status, out, err = further("train", line.name, "--help")
    assert (status, err) == (0, "")
    assert "DATA" in out
    if line.family == "network":
        assert "--learning-rate NUMBER" in out
        assert "--budget" in out


@pytest.mark.parametrize(
    ("option", "named"),
    [
        ("--latnt-dim=8", "--latent-dim"),
        ("learning_rat=8", "--learning-rate"),
        ("--latent-dim=0", "[1, inf)"),
        ("--schedule=cosin", "cosine"),
        ("--learning-rate=-1", "above 0"),
    ],
)
def test_a_wrong_option_of_a_model_is_refused_in_a_sentence(further, tmp_path, option, named):
    status, _, err = further("train", "vae", "digits", option, "--out", tmp_path / "run")
    assert status == 2
    assert named in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "run").exists()
