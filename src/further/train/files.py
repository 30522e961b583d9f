"""Whole files or none: every file of a run is written beside its place and renamed into it.

A kill at any moment leaves the last whole state. What a kill leaves behind are files that begin
with ``.partial-``, which nothing reads and the next write of the same name replaces.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
from pathlib import Path
from typing import Any

from further.errors import RunError
from further.train.processes import is_first

PARTIAL = ".partial-"


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write a file atomically and durably.

    Parameters
    ----------
    path : str or Path
        Where the file is to stand; missing folders are made.
    content : bytes
        What it is to hold.

    Returns
    -------
    Path
        The path.

    Raises
    ------
    RunError
        If the disk is full or the folder cannot be written; what stood there before still stands.

    Notes
    -----
    Of the processes that ``torchrun`` starts only the first one writes.
    """
    path = Path(path)
    if not is_first():
        return path
    partial = path.with_name(PARTIAL + path.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise RunError(explain(path, error)) from error
    return path


def write_text(path: str | Path, content: str) -> Path:
    """Write a UTF-8 text file atomically; see :func:`write_bytes`.

    Parameters
    ----------
    path, content
        The file, and all that will be in it.

    Returns
    -------
    Path
        The file.
    """
    return write_bytes(path, content.encode("utf-8"))


def write_json(path: str | Path, content: Any) -> Path:
    """Write an object as indented JSON, NaN and infinity as null; see :func:`write_bytes`.

    Parameters
    ----------
    path, content
        The file, and what JSON can hold.

    Returns
    -------
    Path
        The file.
    """
    return write_text(path, json.dumps(finite(content), indent=1, ensure_ascii=False) + "\n")


def read_json(path: str | Path) -> dict[str, Any]:
    """Read the object in a JSON file of a run.

    Raises
    ------
    RunError
        If the file is missing or holds no JSON object.
    """
    path = Path(path)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(explain(path, error)) from error
    except ValueError as error:
        raise RunError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(record, dict):
        raise RunError(f"{path} is damaged: it holds no JSON object.")
    return record


def finite(value: Any) -> object:
    """Return the object with NumPy scalars as Python's and what is not finite as None."""
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if hasattr(value, "tolist"):
        return finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def explain(path: Path, error: OSError) -> str:
    """Return what an error of the file system means, and what to do, in one sentence.

    Parameters
    ----------
    path : Path
        The file that was to be written.
    error : OSError
        What went wrong.

    Returns
    -------
    str
        For the user.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk that holds {path.parent} is full; free some space and resume the run."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path.parent} cannot be written ({error.strerror}); choose another folder."
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return f"{path.parent} cannot be a folder, because a file is in its way; choose another."
    if error.errno == errno.ENOENT:
        return f"{path} does not exist."
    return f"{path}: {error.strerror or error}."
