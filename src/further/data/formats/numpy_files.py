"""NumPy's NPY and NPZ files, read without pickle."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np

from further.data.dataset import Dataset, as_dataset
from further.data.formats.picture_files import part_of
from further.errors import InputError

VALUE_NAMES = ("x", "data", "images", "image", "features", "values", "arr_0")
LABEL_NAMES = ("y", "labels", "label", "target", "targets", "classes", "arr_1")


def load_npy(path: Path) -> Dataset:
    """Return the array of an NPY file, with labels from y.npy or labels.npy beside it."""
    array = _read(path)
    beside = [path.with_name(f"{name}.npy") for name in LABEL_NAMES]
    labels = next((file for file in beside if file.is_file() and file != path), None)
    if labels is None or path.stem.lower() not in VALUE_NAMES:
        return _named(as_dataset(array, name=path.stem), f"{path.name}: NPY, no labels.")
    y = _read(labels)
    _same_length(path, array, y, labels.name)
    note = f"{path.name}: NPY, with the labels of {labels.name}."
    return _named(as_dataset(array, y, name=path.stem), note)


def load_npz(path: Path) -> Dataset:
    """Return the arrays of an NPZ file.

    When to use: for values and labels under their customary names: ``X, y``, ``images, labels``,
    ``x_train, y_train, x_test, y_test``, ``train_images, train_labels, test_images, ...``.
    When it fails: other names are refused with the list of those that the file has.

    Raises
    ------
    InputError
        For a damaged file, Python objects, and names that do not say what is what.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception as error:  # a damaged file raises whatever zipfile, zlib and ast raise
        raise InputError(_why(path, error)) from error
    named: dict[str | None, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        part, what = _meaning(name)
        if what is not None:
            named.setdefault(part, {})[what] = array
    by_part = {part: pair for part, pair in named.items() if "values" in pair}
    if not by_part and len(arrays) == 1:
        by_part = {None: {"values": next(iter(arrays.values()))}}
    if not by_part:
        raise InputError(
            f"{path} has the arrays {', '.join(arrays)}, and none is called X, data or images; "
            "name them so, and the labels y or labels."
        )
    for part, pair in by_part.items():
        if "labels" in pair:
            _same_length(path, pair["values"], pair["labels"], f"labels of {part or 'the file'}")
    shapes = {pair["values"].shape[1:] for pair in by_part.values()}
    if len(shapes) > 1:
        raise InputError(f"{path} has values of different shapes, {shapes}; they must agree.")
    values = np.concatenate([pair["values"] for pair in by_part.values()])
    labelled = all("labels" in pair for pair in by_part.values())
    y = np.concatenate([pair["labels"] for pair in by_part.values()]) if labelled else None
    dataset = as_dataset(values, y, name=path.stem)
    dataset = _named(dataset, f"{path.name}: NPZ with {', '.join(arrays)}.")
    parts = [part for part in by_part if part is not None]
    if len(parts) == len(by_part) and "train" in parts and len(parts) > 1:
        official = np.concatenate([[part] * len(by_part[part]["values"]) for part in parts])
        note = f"The names give the split: {', '.join(parts)}."
        return dataclasses.replace(dataset, official_split=official, notes=(*dataset.notes, note))
    return dataset


def _meaning(name: str) -> tuple[str | None, str | None]:
    """Return the part and the role of an array by its name: "x_train" is ("train", "values")."""
    words = re.split(r"[_\-. ]+", name.lower())
    part = part_of(*reversed(words))
    rest = "_".join(word for word in words if part_of(word) is None)
    if rest in VALUE_NAMES:
        return part, "values"
    return part, "labels" if rest in LABEL_NAMES else None


def _read(path: Path) -> np.ndarray:
    try:
        array: np.ndarray = np.load(path, allow_pickle=False)
    except Exception as error:  # a damaged header raises whatever ast and tokenize raise
        raise InputError(_why(path, error)) from error
    return array


def _why(path: Path, error: Exception) -> str:
    if "allow_pickle" in str(error):
        return (
            f"{path} holds Python objects, which could run code when read; save it again as plain "
            "numbers, for example with array.astype(float)."
        )
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return f"{path} cannot be read, it is truncated or damaged ({reason})."


def _same_length(path: Path, values: np.ndarray, y: np.ndarray, name: str) -> None:
    if values.ndim and y.ndim and len(values) != len(y):
        raise InputError(
            f"{path}: {name} has {len(y)} entries but there are {len(values)} rows; give one label "
            "for each row."
        )


def _named(dataset: Dataset, note: str) -> Dataset:
    return dataclasses.replace(dataset, notes=(note, *dataset.notes))
