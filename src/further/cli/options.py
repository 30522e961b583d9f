"""Options of models read from their estimators: signature, limits and docstring.

A parameter's type and limits come from ``_parameter_constraints``, its default from the signature
and its help from the numpydoc entry of the class or of a class it derives from; the settings of
the training loop come likewise from :class:`further.train.training.Training`. No option is
written by hand.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import click

from further._sklearn import Interval, StrOptions, make_constraint
from further.errors import unknown

#: Set by ``--seed``, and by the options of the training.
_ELSEWHERE = ("random_state", "training")
#: What ``further cluster`` has its own options for, or decides from the table.
_CLUSTERING = ("n_clusters", "n_components", "metric", "distance_threshold",
               "categorical_features")  # fmt: skip
#: What changes the use of memory or the output on the screen, but not the clusters.
_NO_RESULT = ("compute_labels", "compute_distances", "compute_full_tree", "copy", "copy_x",
              "memory", "record", "verbose", "verbose_interval", "warm_start")  # fmt: skip
#: Begin the keys of the settings of the training and of the hyperparameters of a method.
SETTING, HYPERPARAMETER = "setting_", "hyperparameter_"


class Grouped(click.Option):
    """An option that the help shows in a group.

    Parameters
    ----------
    *args
        See :class:`click.Option`.
    group : str
        Title of the group.
    **kwargs
        See :class:`click.Option`.
    """

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
        names = {Integral: "INTEGER", Real: "NUMBER", "array-like": "NUMBERS", str: "TEXT"}
        kinds = [c.type if isinstance(c, Interval) else c for c in self.constraints]
        shown = dict.fromkeys(
            names[kind] for kind in kinds if isinstance(kind, str | type) and kind in names
        )
        return "|".join([*self.choices, *shown])

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
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


def _readings(text: str) -> Iterator[Any]:
    """Give what a text may mean, the narrowest first."""
    word = text.strip()
    named = {"none": None, "null": None, "true": True, "false": False}
    if word.lower() in named:
        yield named[word.lower()]
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


def _hyperparameters(estimator: type) -> Iterator[tuple[str, Any, list[Any], str]]:
    """Give the name, default, constraints and text of each parameter of a constructor."""
    texts = parameter_texts(estimator)
    constraints: Mapping[str, Any] = estimator._parameter_constraints  # type: ignore[attr-defined]
    for name, parameter in inspect.signature(estimator).parameters.items():
        if name not in _ELSEWHERE:
            yield name, parameter.default, constraints.get(name, [str]), texts.get(name, "")


def model_options(estimator: type) -> list[Grouped]:
    """Return an option for each hyperparameter of an estimator, in the order of its constructor."""
    return [
        _option(name, name, default, constraints, text, "Model")
        for name, default, constraints, text in _hyperparameters(estimator)
    ]


def method_options(estimator: type, name: str, taken: Sequence[str]) -> list[Grouped]:
    """Return an option for each hyperparameter of a clustering method that text can give.

    Parameters
    ----------
    estimator : type
        The clusterer.
    name : str
        What commands call it.
    taken : sequence of str
        Names of the command's own options; a hyperparameter of such a name is called
        ``--METHOD-NAME``.

    Returns
    -------
    list of Grouped
        Their keys begin with :data:`HYPERPARAMETER`.
    """
    options = []
    for key, default, constraints, text in _hyperparameters(estimator):
        # Matrices, such as given centroids, are for Python.
        typed = [c for c in constraints if c != "array-like" and not _is_object(c)]
        if key not in (*_CLUSTERING, *_NO_RESULT) and any(c is not None for c in typed):
            shown = f"{name}_{key}" if key in taken else key
            options.append(_option(HYPERPARAMETER + key, shown, default, typed, text, "Method"))
    return options


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
            _constraints_of(hints[field.name]),
            texts.get(field.name, ""),
            "Training",
        )
        for field in dataclasses.fields(Training)
    ]


def _constraints_of(hint: Any) -> list[Any]:
    """Return the constraints that a type annotation states.

    Examples
    --------
    >>> _constraints_of(float | None)[1:]
    [None]
    """
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return [c for part in typing.get_args(hint) for c in _constraints_of(part)]
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
    from docstring_parser import DocstringStyle, parse

    texts: dict[str, str] = {}
    for base in cls.__mro__:
        for entry in parse(base.__doc__ or "", DocstringStyle.NUMPYDOC).params:
            # An entry for several names points to the base that explains them.
            if entry.args[0] == "param" and "," not in entry.arg_name:
                first, *_ = (entry.description or "").split("\n\n")
                texts.setdefault(entry.arg_name, " ".join(first.split()))
    return texts
