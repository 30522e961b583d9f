"""Hyperparameters: declared once, and as JSON and back, without ever loading code from a file.

An object among them, such as a noise schedule, is a dataclass of this package; it is written as
its name and its own parameters, and only names inside ``further`` are looked up.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import inspect
import re
from collections.abc import Mapping
from typing import Any, TypeVar, dataclass_transform

import numpy as np

from further.errors import RunError

T = TypeVar("T")

_PARAMETERS = re.compile(
    r"(?<=^Parameters\n----------\n).*?(?=\n\n\S|\Z)", re.DOTALL | re.MULTILINE
)


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(dataclasses.field,))
def hyperparameters(cls: type[T]) -> type[T]:
    """Give an estimator the constructor that stores what it and its bases declare, untouched.

    A hyperparameter is an annotated attribute with a default, as in a dataclass; all are keywords,
    the class's own before those of its bases. Its docstring then describes them all, in that order.

    Examples
    --------
    >>> @hyperparameters
    ... class Network:
    ...     budget: str = "auto"
    >>> @hyperparameters
    ... class Perceptron(Network):
    ...     width: int = 8
    >>> inspect.signature(Perceptron)
    <Signature (*, width: 'int' = 8, budget: 'str' = 'auto') -> None>
    """
    made: Any = dataclasses.dataclass(kw_only=True, eq=False, repr=False)(cls)
    order = [name for base in made.__mro__ for name in inspect.get_annotations(base)]
    signature = inspect.signature(made.__init__)
    itself, *parameters = signature.parameters.values()
    parameters.sort(key=lambda parameter: order.index(parameter.name))
    made.__init__.__signature__ = signature.replace(parameters=[itself, *parameters])
    describe_inherited(cls)
    return cls


def describe_inherited(cls: type) -> None:
    """Let a docstring describe all parameters: those it leaves out as the nearest base does."""
    described: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        described |= _entries(base.__doc__)
    entries = [described[name] for name in inspect.signature(cls).parameters if name in described]
    doc = inspect.cleandoc(cls.__doc__ or "")
    cls.__doc__ = _PARAMETERS.sub(lambda _: "\n".join(entries), doc)


def _entries(doc: str | None) -> dict[str, str]:
    """Return what a docstring says of each parameter; an entry for several has no name of one."""
    section = _PARAMETERS.search(inspect.cleandoc(doc or ""))
    entries = re.split(r"\n(?=\S)", section[0]) if section else []
    return {re.split(" :|\n", entry)[0]: entry for entry in entries}


def parameters_to_json(value: Any) -> Any:
    """Return a parameter as what JSON can hold.

    Raises
    ------
    RunError
        If it is an object that is no dataclass of this package.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.random.RandomState):
        # A generator has no value to keep; the seed that was drawn from it is in the run.
        return None
    if isinstance(value, Mapping):
        return {str(key): parameters_to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [parameters_to_json(item) for item in value]
    cls = type(value)
    if dataclasses.is_dataclass(value) and cls.__module__.startswith("further."):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return {"object": f"{cls.__module__}:{cls.__name__}", **parameters_to_json(fields)}
    raise RunError(f"{value!r} cannot be kept in a run; only further's own objects can.")


def parameters_from_json(value: Any) -> Any:
    """Return a parameter from JSON; see :func:`parameters_to_json`.

    Raises
    ------
    RunError
        If it names what is not a dataclass of this package.
    """
    if isinstance(value, list):
        return tuple(parameters_from_json(item) for item in value)
    if not isinstance(value, dict):
        return value
    fields = {key: parameters_from_json(item) for key, item in value.items() if key != "object"}
    if "object" not in value:
        return fields
    cls = _find_class(str(value["object"]))
    try:
        return cls(**fields)
    except TypeError as error:
        raise RunError(
            f'The run holds a "{value["object"]}" of another version: {error}.'
        ) from error


def _find_class(path: str) -> Any:
    module, _, name = path.partition(":")
    cls = None
    if module.startswith("further."):
        with contextlib.suppress(ImportError):
            cls = getattr(importlib.import_module(module), name, None)
    if not (isinstance(cls, type) and dataclasses.is_dataclass(cls) and cls.__module__ == module):
        raise RunError(f'The run names "{path}", which further does not know; update further.')
    return cls
