"""Every public docstring says what goes in and what comes out, as numpydoc reads it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

import further

#: A parameter or a result that is not described, and one that does not exist.
COMPLETE = ("PR01", "PR02", "PR03", "PR07", "RT01", "RT03")
#: With one parameter at most, the summary may say it all; what stands there must be right.
RIGHT = ("PR02", "PR03", "PR07", "RT03")


def public_modules() -> list[str]:
    """Return their names; only packages are imported to find them."""
    found = pkgutil.walk_packages(further.__path__, "further.")
    return [module.name for module in found if "._" not in module.name]


def is_public(name: str, value: Any, module: ModuleType) -> bool:
    own = getattr(value, "__module__", None) == module.__name__
    return (
        own and not name.startswith("_") and (inspect.isclass(value) or inspect.isfunction(value))
    )


def public_objects(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Give the qualified names of a module's own functions, classes and their methods."""
    for name, value in vars(module).items():
        if not is_public(name, value, module):
            continue
        yield f"{module.__name__}.{name}", value
        if inspect.isclass(value):
            for key, member in vars(value).items():
                inner = getattr(member, "__func__", getattr(member, "fn", member))
                if is_public(key, inner, module) and not inspect.isclass(inner):
                    yield f"{module.__name__}.{name}.{key}", inner


def is_override(function: Any) -> bool:
    """Whether a base class has a method of that name, which says what goes in and comes out."""
    owner, _, name = function.__qualname__.rpartition(".")
    cls = getattr(importlib.import_module(function.__module__), owner, None)
    return cls is not None and any(name in vars(base) for base in cls.__mro__[1:])


def faults(name: str, value: Any) -> list[str]:
    """Return what is missing or wrong in the docstring of a function, method or class."""
    if inspect.isclass(value):
        return _of_class(name, value)
    parameters = [p for p in inspect.signature(value).parameters if p not in ("self", "cls")]
    is_short = len(parameters) < 2 or is_override(value)
    if is_short and "---" not in (value.__doc__ or ""):
        return []
    wanted = RIGHT if is_short else COMPLETE
    return [f"{code}: {text}" for code, text in validate(name)["errors"] if code in wanted]


def _of_class(name: str, cls: type) -> list[str]:
    if dataclasses.is_dataclass(cls):
        # A base describes what derives from it, and a type may bring its description.
        docs = [NumpyDocString(inspect.cleandoc(own.__doc__ or "")) for own in cls.__mro__[:-1]]
        described = {
            word.strip()
            for doc in docs
            for section in ("Parameters", "Attributes")
            for entry in doc[section]
            for word in entry.name.split(",")
        }
        fields = [
            field.name
            for field in dataclasses.fields(cls)
            if not field.name.startswith("_") and not str(field.type).startswith("Annotated[")
        ]
        missing = [field for field in fields if field not in described]
        return [f"fields that are not described: {missing}"] if missing else []
    if (
        getattr(cls, "_is_protocol", False)
        or cls.__init__ is object.__init__
        or "__init__" not in vars(cls)
    ):
        return []
    return [f"{code}: {text}" for code, text in validate(name)["errors"] if code in COMPLETE]


def both(left: int, right: int) -> int:
    """Return the sum of two numbers, of which nothing is said here."""
    return left + right


@pytest.mark.parametrize("name", public_modules())
def test_parameters_and_results_are_described(name):
    found = {
        qualified: wrong
        for qualified, value in public_objects(importlib.import_module(name))
        if (wrong := faults(qualified, value))
    }
    assert not found


def test_what_is_missing_is_found():
    """Show that the check above can fail."""
    assert [fault[:4] for fault in faults(f"{__name__}.both", both)] == ["PR01", "RT01"]
