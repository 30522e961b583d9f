"""A data set in a folder, for what was given in memory: NPZ or Parquet beside JSON."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from further.data.dataset import Dataset
from further.errors import InputError

DESCRIPTION = "dataset.json"
_ARRAYS, _TABLE = "arrays.npz", "table.parquet"
_PER_ROW = ("labels", "official_split", "groups")
_FACTS = (
    "name", "kind", "class_names", "feature_names", "target", "levels", "source", "notes",
    "columns", "target_dtype", "plain",
)  # fmt: skip


def save_dataset(dataset: Dataset, folder: str | Path) -> Path:
    """Write a data set to a folder; the description comes last, so half a folder is none.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    folder = Path(folder)
    arrays = {
        name: np.asarray(getattr(dataset, name))
        for name in _PER_ROW
        if getattr(dataset, name) is not None
    }
    # NumPy cannot store text of Python objects without pickle.
    arrays = {k: a.astype(str) if a.dtype.kind == "O" else a for k, a in arrays.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if isinstance(dataset.values, pd.DataFrame):
            buffer = io.BytesIO()
            dataset.values.to_parquet(buffer, index=False)
            _write(folder / _TABLE, buffer.getvalue())
        else:
            arrays["values"] = dataset.values
        if arrays:
            buffer = io.BytesIO()
            np.savez_compressed(buffer, allow_pickle=False, **arrays)
            _write(folder / _ARRAYS, buffer.getvalue())
        facts: dict[str, Any] = {name: getattr(dataset, name) for name in _FACTS}
        facts |= {"schema": 1, "arrays": sorted(arrays), "fingerprint": dataset.fingerprint}
        text = json.dumps(facts, indent=1, ensure_ascii=False)
        _write(folder / DESCRIPTION, text.encode("utf-8"))
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written ({error.strerror or error}); choose another folder."
        ) from error
    return folder


def open_dataset(folder: str | Path) -> Dataset:
    """Read what :func:`save_dataset` wrote.

    Raises
    ------
    InputError
        If the folder is none of its kind, or its content has changed since.
    """
    folder = Path(folder)
    try:
        facts = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        arrays: dict[str, np.ndarray] = {}
        if facts["arrays"]:
            with np.load(folder / _ARRAYS, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        values: Any = arrays.pop("values", None)
        if values is None:
            values = pd.read_parquet(folder / _TABLE)
        fields: dict[str, Any] = {name: facts[name] for name in _FACTS}
        fields = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
        dataset = Dataset(**fields | arrays, values=values)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder} holds no data set that can be read ({error}).") from error
    if dataset.fingerprint != facts["fingerprint"]:
        raise InputError(f"{folder} has changed since the data set was saved; save it again.")
    return dataset


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(".partial-" + path.name)
    with open(partial, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
