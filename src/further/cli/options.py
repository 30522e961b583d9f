"""Options of ``further train`` read from an estimator: its signature, limits and docstring.

A parameter's type and limits come from ``_parameter_constraints``, its default from the signature
and its help from the numpydoc entry of the class or of a class it derives from; the settings of
the training loop come likewise from :class:`further.train.training.Training`. No option is
written by hand.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import click

from further._sklearn import Interval, StrOptions, make_constraint
from further.cli.main import unknown

MODEL, TRAINING = "Model", "Training"
#: Set by ``--seed`` and by the second group of options.
_ELSEWHERE = ("random_state", "training")
#: Begins the keys of the settings of the training.
SETTING = "setting_"
_ENTRY = re.compile(r"^(?P<names>[\w*]+(?:, *[\w*]+)*)(?: *:.*)?$")


class Grouped(click.Option):
    """An option that the help shows in a group."""

    def __init__(self, *args: Any, group: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group


class Value(click.ParamType):
    """What scikit-learn's constraints of a parameter allow, read from text.

    Parameters
    ----------
    constraints : sequence
        In the form of ``_parameter_constraints``.
    """

    name = "value"

    def __init__(self, constraints: Sequence[Any]) -> None:
        self.constraints = [c for c in constraints if not _is_object(c)]

    @property
    def choices(self) -> list[str]:
        """The words that are allowed, where only some are."""
        return sorted(
            word for c in self.constraints if isinstance(c, StrOptions) for word in c.options
        )

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return what the help shows for the value."""
        kinds = [
            "INTEGER" if _interval_of(c, Integral)
            else "NUMBER" if _interval_of(c, Real)
            else "NUMBERS" if c == "array-like"
            else "TEXT" if c is str
            else ""
            for c in self.constraints
        ]  # fmt: skip
        parts = [*self.choices, *dict.fromkeys(kind for kind in kinds if kind)]
        return "|".join(parts)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the first reading of the text that a constraint allows."""
        if not isinstance(value, str):
            return value
        readings = list(_readings(value))
        for constraint in self.constraints:
            check = make_constraint(constraint)
            for reading in readings:
                if type(reading) in _types(constraint) and check.is_satisfied_by(reading):
                    return reading
        if self.choices and not any(c is str for c in self.constraints):
            return self.fail(unknown("choice", value, self.choices), param, ctx)
        allowed = " or ".join(str(make_constraint(c)) for c in self.constraints)
        return self.fail(f"{value} must be {allowed}.", param, ctx)


def _is_object(constraint: Any) -> bool:
    """Whether it allows objects that text cannot give."""
    return isinstance(constraint, type) and constraint is not str


def _interval_of(constraint: Any, kind: type) -> bool:
    return isinstance(constraint, Interval) and constraint.type is kind


def _types(constraint: Any) -> tuple[type, ...]:
    """Return the types of readings that a constraint may take."""
    if constraint is None:
        return (type(None),)
    if isinstance(constraint, Interval):
        return (int,) if constraint.type is Integral else (int, float)
    if constraint == "array-like":
        return (tuple,)
    if constraint == "boolean":
        return (bool,)
    return (str,)


def _readings(text: str) -> typing.Iterator[Any]:
    """Give what a text may mean, the narrowest first."""
    word = text.strip()
    if word.lower() in ("none", "null"):
        yield None
    if word.lower() in ("true", "false"):
        yield word.lower() == "true"
    for kind in (int, float):
        try:
            yield kind(word)
        except ValueError:
            continue
    numbers = _numbers(word)
    if numbers is not None:
        yield numbers
    yield text


def _numbers(word: str) -> tuple[float, ...] | None:
    parts = [part.strip() for part in word.strip("()[]").split(",") if part.strip()]
    try:
        return tuple(int(p) if p.lstrip("-").isdigit() else float(p) for p in parts)
    except ValueError:
        return None


def model_options(cls: type) -> list[Grouped]:
    """Return an option for each hyperparameter of an estimator.

    Parameters
    ----------
    cls : type
        An estimator with ``_parameter_constraints`` and a numpydoc docstring.
    """
    texts = parameter_texts(cls)
    constraints: Mapping[str, Any] = cls._parameter_constraints  # type: ignore[attr-defined]
    return [
        _option(
            name, name, parameter.default, constraints.get(name, [str]), texts.get(name, ""), MODEL
        )
        for name, parameter in inspect.signature(cls).parameters.items()
        if name not in _ELSEWHERE
    ]


def training_options(cls: type) -> list[Grouped]:
    """Return an option for each setting of the training loop, with the model's own defaults.

    A setting whose name a hyperparameter has too is called ``--training-NAME``.
    """
    from further.train.training import Training

    defaults = getattr(cls, "training_defaults", None)
    if defaults is None:
        return []
    texts, hints = parameter_texts(Training), typing.get_type_hints(Training)
    taken = inspect.signature(cls).parameters
    return [
        _option(
            SETTING + field.name,
            f"training_{field.name}" if field.name in taken else field.name,
            getattr(defaults, field.name),
            constraints_of(hints[field.name]),
            texts.get(field.name, ""),
            TRAINING,
        )
        for field in dataclasses.fields(Training)
    ]


def constraints_of(hint: Any) -> list[Any]:
    """Return the constraints that a type annotation states.

    Examples
    --------
    >>> constraints_of(float | None)[1:]
    [None]
    """
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return [c for part in typing.get_args(hint) for c in constraints_of(part)]
    if origin is typing.Literal:
        return [StrOptions(set(typing.get_args(hint)))]
    if hint is type(None):
        return [None]
    if hint is bool:
        return ["boolean"]
    if hint in (int, float):
        return [Interval(Integral if hint is int else Real, None, None, closed="neither")]
    return ["array-like"] if origin in (tuple, list) else [str]


def _option(
    key: str, shown: str, default: Any, constraints: Sequence[Any], text: str, group: str
) -> Grouped:
    name = shown.replace("_", "-")
    # The default is the estimator's; an option that was not given is not passed on.
    help_text = f"{text}  [default: {_written(default)}]"
    if list(constraints) == ["boolean"]:
        names = [f"--{name}/--no-{name}", key]
        return Grouped(names, default=None, help=help_text, group=group)
    return Grouped([f"--{name}", key], type=Value(constraints), help=help_text, group=group)


def _written(default: Any) -> str:
    if isinstance(default, tuple | list):
        return ",".join(map(str, default))
    return "none" if default is None else str(default)


def parameter_texts(cls: type) -> dict[str, str]:
    """Return the numpydoc entry of each parameter of a class, looked up along its bases too.

    Examples
    --------
    >>> class Model:
    ...     '''A model.
    ...
    ...     Parameters
    ...     ----------
    ...     width : int, default=8
    ...         Hidden units
    ...         of a layer.
    ...     '''
    >>> parameter_texts(Model)
    {'width': 'Hidden units of a layer.'}
    """
    texts: dict[str, str] = {}
    for base in cls.__mro__:
        for names, text in _entries(inspect.cleandoc(base.__doc__ or "")):
            # An entry for several names points to the base that explains them.
            if len(names) == 1:
                texts.setdefault(names[0], text)
    return texts


def _entries(doc: str) -> typing.Iterator[tuple[list[str], str]]:
    """Give names and text of the entries in a docstring's section of parameters."""
    lines = doc.splitlines()
    underlined = [
        i for i, line in enumerate(lines[1:], 1) if line and set(line) == {"-"} and lines[i - 1]
    ]
    for number, place in enumerate(underlined):
        if lines[place - 1] != "Parameters":
            continue
        last = underlined[number + 1] - 1 if number + 1 < len(underlined) else len(lines)
        names: list[str] = []
        text: list[str] = []
        for line in [*lines[place + 1 : last], ""]:
            found = _ENTRY.match(line)
            if line.startswith(" "):
                text.append(line.strip())
            elif found or not line:
                if names:
                    yield names, " ".join(text)
                names = re.split(", *", found["names"]) if found else []
                text = []
