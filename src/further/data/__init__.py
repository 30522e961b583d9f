"""Every way in: named sets, tables, picture folders, IDX and NumPy files, and their splits.

Examples
--------
>>> from further.data import load
>>> load("digits")
Dataset('digits', images, 1797 rows of 1 x 8 x 8, 10 classes)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from further.data.dataset import Dataset, as_dataset
    from further.data.duplicates import near_duplicates
    from further.data.encoding import Encoding, encoding_from_json, fit_encoding
    from further.data.loading import load
    from further.data.spec import Block, Spec
    from further.data.splits import Split

# No module has the name of a function: importing it would put the module in the function's place.
_HOME = {
    "Block": "spec",
    "Dataset": "dataset",
    "Encoding": "encoding",
    "Spec": "spec",
    "Split": "splits",
    "as_dataset": "dataset",
    "encoding_from_json": "encoding",
    "fit_encoding": "encoding",
    "load": "loading",
    "near_duplicates": "duplicates",
}

__all__ = [
    "Block", "Dataset", "Encoding", "Spec", "Split", "as_dataset", "encoding_from_json",
    "fit_encoding", "load", "near_duplicates",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'further.data' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"further.data.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
