"""Hyperparameters as JSON and back, without ever loading code from a file.

An object among them, such as a noise schedule, is a dataclass of this package; it is written as
its name and its own parameters, and only names inside ``further`` are looked up.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from further.errors import RunError


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
