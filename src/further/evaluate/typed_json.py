"""Frozen dataclasses as JSON: written, and read back forgivingly.

The fields of a class are the keys of its object. Every field has a default, so that what an older
or a damaged file lacks reads as nothing known; the schema (:mod:`further.evaluate.schema`), in
turn, asks for every key. What a field means stands beside its type, in ``Annotated``.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_hints = cache(get_type_hints)
#: Metadata of a field that is left out of the file where it says nothing.
OPTIONAL = {"optional": True}


class _UnfitError(Exception):
    """A value is not of the type that its field declares."""


def to_json(value: Any) -> Any:
    """Return a value for JSON: dataclasses as objects, what is not finite as None.

    Examples
    --------
    >>> to_json({"a": (1, float("nan"))})
    {'a': [1, None]}
    """
    if dataclasses.is_dataclass(value):
        return {
            field.name: to_json(item)
            for field in dataclasses.fields(value)
            for item in [getattr(value, field.name)]
            if not field.metadata.get("optional") or item not in (None, {})
        }
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if hasattr(value, "tolist"):  # a number or an array of NumPy
        return to_json(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def from_json(kind: type[T], value: Any) -> T:
    """Read a dataclass; what is absent or of another type keeps its default.

    Parameters
    ----------
    kind : type
        The dataclass.
    value : object
        What the file held; anything but a mapping reads as an empty one.

    Returns
    -------
    object
        An instance of ``kind``.
    """
    given = value if isinstance(value, Mapping) else {}
    found: dict[str, Any] = {}
    fields: Any = kind
    for name, hint in _hints(fields).items():
        if name in given:
            try:
                found[name] = _read(hint, given[name])
            except _UnfitError:
                continue
    return kind(**found)


def typed(kind: type[T], value: Any) -> T:
    """Read a dataclass from what is about to be written: all of it must be declared.

    Parameters
    ----------
    kind : type
        The dataclass.
    value : dict or dataclass
        What is about to be written.

    Returns
    -------
    object
        An instance of ``kind``.

    Raises
    ------
    TypeError
        If a key or a type is not that of the class.
    """
    given = to_json(value)
    found = from_json(kind, given)
    written = to_json(found)
    for key, item in given.items():
        if not _holds(written.get(key), item):
            raise TypeError(f"{kind.__name__} does not declare {key} as it is written.")
    return found


def _holds(written: Any, given: Any) -> bool:
    """Tell whether all that is known in what was given is in what is written."""
    if isinstance(given, dict) and isinstance(written, dict):
        return all(_holds(written.get(key), item) for key, item in given.items())
    if isinstance(given, list) and isinstance(written, list):
        return len(given) == len(written) and all(map(_holds, written, given))
    return given is None or bool(given == written)


def _read(hint: Any, value: Any) -> Any:
    if hint is Any:
        return value
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _read_first(arguments, value)
    if origin is Literal and value in arguments:
        return value
    if origin is tuple and isinstance(value, (list, tuple)):
        return tuple(_readable(arguments[0], value))
    if origin is dict and isinstance(value, Mapping):
        found = {str(key): _readable(arguments[1], [item]) for key, item in value.items()}
        return {key: items[0] for key, items in found.items() if items}
    if hint is type(None) and value is None:
        return None
    if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        return from_json(hint, value)  # type: ignore[arg-type]
    return _read_scalar(hint, value)


def _read_first(hints: tuple[Any, ...], value: Any) -> Any:
    # A whole number that was written as a float stays one.
    for hint in sorted(hints, key=lambda hint: hint is not type(value)):
        try:
            return _read(hint, value)
        except _UnfitError:
            continue
    raise _UnfitError


def _readable(hint: Any, values: Any) -> list[Any]:
    """Return the items that can be read; a list whose items may be None keeps its length."""
    may_be_none = type(None) in get_args(hint)
    found = []
    for value in values:
        try:
            found.append(_read(hint, value))
        except _UnfitError:
            if may_be_none:
                found.append(None)
    return found


def _read_scalar(hint: Any, value: Any) -> Any:
    if hint in (int, float) and isinstance(value, (int, float)) and not isinstance(value, bool):
        if math.isfinite(value) and (hint is float or value == int(value)):
            return hint(value)
    elif hint in (str, bool) and isinstance(value, hint):
        return value
    raise _UnfitError
