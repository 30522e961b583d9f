"""Machine learning beyond regression and classification, with the evidence attached.

Its names are those of ``__init__.pyi``, which editors read; :mod:`further._stub` writes that file
from the tables of the registry. Nothing is imported before it is used.

Examples
--------
>>> import further
>>> digits = further.data.load("digits")
>>> len(digits)
1797
"""

from __future__ import annotations

import importlib

from further import registry

__version__ = "0.1.0"

__all__ = ["__version__", *registry.FOLDERS, *registry.public_names()]


def __getattr__(name: str) -> object:
    if name in registry.FOLDERS:
        return importlib.import_module(f"further.{name}")
    module = registry.public_names().get(name)
    if module is None:
        raise AttributeError(f"module 'further' has no attribute '{name}'")
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
