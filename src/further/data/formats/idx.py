"""IDX files, the format of MNIST: a magic number, big-endian sizes, then the values.

The third byte of the magic number is the type of the values, the fourth the number of dimensions.
"""

from __future__ import annotations

import gzip
import math
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from further.data.arrays import native, read_classes, read_pictures
from further.data.dataset import Dataset, as_dataset
from further.data.formats.decoding import natural_order
from further.errors import InputError

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP = b"\x1f\x8b"


def is_idx(head: bytes) -> bool:
    """Whether the first bytes of a file, decompressed, are those of IDX."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in _TYPES and 1 <= head[3] <= 6


def read_content(path: Path) -> bytes:
    """Return the content of a file, decompressed if it is gzip.

    Raises
    ------
    InputError
        If it is damaged.
    """
    content = path.read_bytes()
    if content[:2] != GZIP:
        return content
    with _decompressing(path):
        return gzip.decompress(content)


@contextmanager
def _decompressing(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            f"{path} cannot be decompressed ({str(error).rstrip('.')}); fetch it again."
        ) from error


def load_idx(path: Path, files: Sequence[Path]) -> Dataset:
    """Return pictures and labels of IDX files.

    Labels of more than one dimension, as in QMNIST, are refused.

    Parameters
    ----------
    path : Path
        A file of pictures or of labels, whose counterpart is looked for beside it, or a folder.
    files : sequence of Path
        The IDX files there: the file's own folder, or that folder.

    Returns
    -------
    Dataset
        With the official split where there are a training and a test file (train, t10k, test).

    Raises
    ------
    InputError
        For a file that is damaged, and for labels without pictures.
    """
    if path.is_file():
        # The file that was asked for is never the one of two that are alike which is passed over.
        files = [path, *(file for file in files if file != path)]
    pairs = _pair(files)
    if path.is_file():
        pairs = {key: pair for key, pair in pairs.items() if path in pair}
    parts = {key: _part(key) for key in pairs}
    values, labels, official = [], [], []
    notes: list[str] = []
    for key, (pictures, label_file) in sorted(pairs.items(), key=lambda p: natural_order(p[0])):
        if pictures is None:
            raise InputError(
                f"{label_file} holds labels, but there are no pictures beside it; put the file "
                "that has them (…-images-…) into the same folder."
            )
        array = _read_idx(pictures)
        values.append(array)
        official += [parts[key]] * len(array)
        if label_file is None:
            notes.append(f"{pictures.name}: no labels file beside it.")
        else:
            codes = _read_idx(label_file)
            if codes.shape != (len(array),):
                raise InputError(
                    f"{label_file} has labels of the shape {codes.shape}, but {pictures.name} has "
                    f"{len(array)} pictures; give one label for each."
                )
            labels.append(codes)
            notes.append(f"{pictures.name} with the labels of {label_file.name}.")
    shapes = {array.shape[1:] for array in values}
    if len(shapes) > 1:
        raise InputError(f"{path} has IDX files of different shapes, {shapes}; name one file.")
    array = np.concatenate(values)
    y = np.concatenate(labels) if len(labels) == len(values) else None
    name = path.name if path.is_dir() else re.sub(r"[.-]idx.*$", "", path.name)
    if array.ndim == 1:
        raise InputError(f"{path} holds one number a row, which are labels without pictures.")
    if array.ndim == 2:
        return as_dataset(array, y, name=name)
    read, levels, found = read_pictures(array)
    classes, why = (None, ()) if y is None else read_classes(y, len(read), "label", "the labels")
    notes += why
    is_split = {"train", "test"} <= set(parts.values())
    if is_split:
        notes.append("The files give the split into training and test rows.")
    return Dataset(
        name=name,
        kind="images",
        values=read,
        target=classes,
        levels=levels,
        official_split=np.array(official) if is_split else None,
        notes=(f"{name}: IDX, {found[0]}", *notes),
    )


def _read_idx(path: Path) -> np.ndarray:
    """Return the array of an IDX file, with or without gzip."""
    content = read_content(path)
    if not is_idx(content):
        raise InputError(f"{path} is no IDX file: it does not begin with an IDX magic number.")
    dtype = np.dtype(_TYPES[content[2]])
    start = 4 + 4 * content[3]
    sides = content[4:start]
    shape = tuple(int(side) for side in np.frombuffer(sides[: len(sides) // 4 * 4], dtype=">u4"))
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected or len(shape) != content[3]:
        state = "truncated" if len(content) < expected else "longer than it says"
        raise InputError(
            f"{path} is {state}: its header announces {expected} bytes for the shape {shape}, but "
            f"there are {len(content)}; fetch it again."
        )
    return native(np.frombuffer(content, dtype, offset=start).reshape(shape))


def _pair(files: Sequence[Path]) -> dict[str, tuple[Path | None, Path | None]]:
    """Return pictures and labels by what their names have in common."""
    pairs: dict[str, tuple[Path | None, Path | None]] = {}
    for path in files:
        is_labels = _dimensions(path) == 1
        key = re.sub(r"images?|labels?|idx\d|ubyte|\.gz$", "", path.name.lower())
        key = re.sub(r"[-_.]+", "-", key).strip("-")
        pictures, labels = pairs.get(key, (None, None))
        # The same file compressed and not: either will do.
        pairs[key] = (pictures, labels or path) if is_labels else (pictures or path, labels)
    return pairs


def _dimensions(path: Path) -> int:
    with open(path, "rb") as file:
        head = file.read(4)
    if head[:2] == GZIP:
        with _decompressing(path), gzip.open(path) as file:
            head = file.read(4)
    return head[3] if len(head) == 4 else 0


def _part(key: str) -> str:
    words = set(key.split("-"))
    if words & {"t10k", "test"}:
        return "test"
    return "validation" if words & {"val", "valid", "validation"} else "train"
