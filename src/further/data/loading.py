"""``further.data.load``: a name or a path to a :class:`Dataset`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from further.data.dataset import Dataset, as_dataset
from further.data.named import NAMES, load_named


def load(source: Any, *, target: str | None = None, resize: int | str | None = None) -> Dataset:
    """Return the data set of a name or a path."""
    name = str(source).strip().lower()
    if isinstance(source, str | Path) and name in NAMES:
        return load_named(name)
    return as_dataset(source)
