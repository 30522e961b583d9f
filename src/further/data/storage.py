"""The parts of a data set in a folder: NPZ or Parquet beside JSON; no pickle."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from further.errors import InputError

DESCRIPTION = "dataset.json"
#: Before the names of the target's arrays.
TARGET = "target."
_ARRAYS = "arrays.npz"


def write_parts(
    folder: Path,
    facts: dict[str, Any],
    arrays: dict[str, np.ndarray],
    tables: dict[str, pd.DataFrame],
) -> Path:
    """Write a data set to a folder; the description comes last, so half a folder is none.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    facts, arrays, tables : dict
        By name; the facts are plain JSON.

    Returns
    -------
    Path
        The folder; an :class:`InputError` says why it cannot be written.
    """
    # NumPy cannot store text of Python objects without pickle.
    arrays = {k: a.astype(str) if a.dtype.kind == "O" else a for k, a in arrays.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            buffer = io.BytesIO()
            table.to_parquet(buffer, index=False)
            _write(folder / f"{name}.parquet", buffer.getvalue())
        if arrays:
            buffer = io.BytesIO()
            np.savez_compressed(buffer, allow_pickle=False, **arrays)
            _write(folder / _ARRAYS, buffer.getvalue())
        facts = {"schema": 1, "arrays": sorted(arrays), "tables": sorted(tables), **facts}
        text = json.dumps(facts, indent=1, ensure_ascii=False)
        _write(folder / DESCRIPTION, text.encode("utf-8"))
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written ({error.strerror or error}); choose another folder."
        ) from error
    return folder


def read_parts(
    folder: Path,
) -> tuple[dict[str, Any], dict[str, np.ndarray], dict[str, pd.DataFrame]]:
    """Return the facts, the arrays and the tables that :func:`write_parts` wrote."""
    facts = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    arrays: dict[str, np.ndarray] = {}
    if facts.pop("arrays"):
        with np.load(folder / _ARRAYS, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in facts.pop("tables")}
    del facts["schema"]
    return facts, arrays, tables


@contextmanager
def refuse_unreadable(folder: str | Path) -> Iterator[None]:
    """Turn whatever is wrong with the parts of a folder into an :class:`InputError`."""
    damaged = (OSError, EOFError, zipfile.BadZipFile, zlib.error)
    try:
        yield
    except (*damaged, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{folder} holds no data set that can be read ({error}).") from error


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(".partial-" + path.name)
    with open(partial, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
