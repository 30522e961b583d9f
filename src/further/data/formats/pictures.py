"""Folders of pictures, with a folder for each class or without, of one size or resized to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from further.data.arrays import read_pictures
from further.data.dataset import Dataset
from further.data.formats.decoding import (
    SUFFIXES,
    Decoder,
    by_name,
    is_picture,
    natural_order,
    suggest_side,
)
from further.data.formats.mapped import map_pictures
from further.data.memory import GIB, refuse_too_large
from further.data.picture_array import PictureArray
from further.data.target import Classes
from further.errors import InputError

#: Folders with these names are parts of a split, not classes.
PART_NAMES = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip
BYTES_A_VALUE = 5  # a byte as it is, four encoded


@dataclass(frozen=True)
class _File:
    path: Path
    part: str | None
    label: str | None


def load_pictures(
    folder: Path, *, resize: int | str | None = None, mapped: bool | str | Path = False
) -> Dataset:
    """Return the pictures below a folder; folders of one level are classes.

    When to use: for PNG, JPEG and other files that Pillow reads. When it fails: on masks and
    boxes beside pictures, which are taken for classes or ignored.

    Parameters
    ----------
    folder : Path
        ``PICTURES``, ``CLASS/PICTURES``, or either below train, validation and test.
    resize : int or "WIDTHxHEIGHT", optional
        Crop to that shape around the centre and resample; needed for pictures of different sizes.
    mapped : bool or path, default=False
        As in :func:`further.data.load`.

    Returns
    -------
    Dataset
        uint8, one channel if all are grey and three otherwise.

    Raises
    ------
    InputError
        Names the file that is truncated or of another size than the first.
    """
    files, notes = _find(folder)
    values, levels, picture_notes = read_files(
        folder, [file.path for file in files], resize, mapped
    )
    classes = _classes_of(files)
    parts = [file.part for file in files]
    first = describe_pictures(folder, values.shape)
    first += f" in {len(classes.names)} classes." if classes else ", without classes."
    return Dataset(
        name=folder.name,
        kind="images",
        values=values,
        target=classes,
        levels=levels,
        official_split=np.array(parts) if None not in parts else None,
        notes=(first, *notes, *picture_notes),
    )


def read_files(
    folder: Path,
    paths: Sequence[Path],
    resize: int | str | None = None,
    mapped: bool | str | Path = False,
) -> tuple[np.ndarray | PictureArray, int | None, list[str]]:
    """Return the pictures of some files, their grey levels, and notes on what was done to them.

    Parameters
    ----------
    folder : Path
        Where they come from.
    paths : sequence of Path
        In the order of the rows.
    resize, mapped
        As in :func:`load_pictures`.

    Returns
    -------
    values, levels, notes
        Pictures ``(n, channels, height, width)``, their number of grey levels, and sentences.
    """
    if mapped:
        return map_pictures(folder, paths, resize, None if mapped is True else Path(mapped))
    decoder = Decoder(paths, resize)
    _refuse_too_much(folder, len(paths), decoder.size)
    values, levels, _ = read_pictures(decoder.read())
    return values, levels, decoder.notes


def part_of(name: str) -> str | None:
    """Return the part of a split that a folder or a file is called after, or None."""
    return PART_NAMES.get(name.lower())


def describe_pictures(folder: Path, shape: tuple[int, ...]) -> str:
    """Return how many pictures of what size there are, as the beginning of a sentence.

    Parameters
    ----------
    folder : Path
        Where they come from.
    shape : tuple of int
        ``(n, channels, height, width)``.

    Returns
    -------
    str
        Without a full stop.
    """
    n, channels, height, width = shape
    colour = "grey" if channels == 1 else "colour"
    return f"{folder.name}: {n} {colour} pictures of {width}x{height} pixels"


def _find(folder: Path) -> tuple[list[_File], list[str]]:
    """Return the pictures with their part and class, and notes on what was passed over."""
    notes: list[str] = []
    folder_of_parts = _children(folder)
    if len(folder_of_parts) == 1 and not _pictures(folder):
        # A wrapper such as flowers/train/CLASS is no class.
        notes.append(f'All pictures lie in "{folder_of_parts[0].name}".')
        files, more = _find(folder_of_parts[0])
        return files, notes + more
    found = {PART_NAMES.get(child.name.lower()): child for child in folder_of_parts}
    if "train" in found and len(found) > 1 and not _pictures(folder):
        files = []
        for part, child in found.items():
            if part is None:
                others = [c.name for c in folder_of_parts if c.name.lower() not in PART_NAMES]
                notes.append(f"Not part of the split, so ignored: {', '.join(others)}.")
                continue
            files += [_File(f.path, part, f.label) for f in _classes(child)]
        parts = [part for part in found if part]
        if len(parts) > 1:
            notes.append(f"The folders give the split: {', '.join(parts)}.")
            return files, notes
        notes.clear()
    files = _classes(folder)
    if not files:
        raise InputError(
            f"{folder} has no pictures; supported are {', '.join(s[1:] for s in SUFFIXES)}."
        )
    loose = [file for file in files if file.label is None]
    if loose and len(loose) < len(files):
        raise InputError(
            f"{folder} has {len(loose)} pictures beside its class folders ({loose[0].path.name}); "
            "move each into the folder of its class."
        )
    return files, notes


def _classes(folder: Path) -> list[_File]:
    files = [_File(path, None, None) for path in _pictures(folder)]
    for child in _children(folder):
        below = sorted((p for p in child.rglob("*") if is_picture(p)), key=by_name)
        files += [_File(path, None, child.name) for path in below]
    return files


def _pictures(folder: Path) -> list[Path]:
    return sorted((p for p in folder.iterdir() if is_picture(p) and p.is_file()), key=by_name)


def _children(folder: Path) -> list[Path]:
    """Return the folders below that hold pictures somewhere."""
    children = [p for p in folder.iterdir() if p.is_dir() and not p.name.startswith((".", "__"))]
    holding = [c for c in children if any(is_picture(p) for p in c.rglob("*"))]
    return sorted(holding, key=by_name)


def _classes_of(files: Sequence[_File]) -> Classes | None:
    labels = [file.label for file in files]
    names = sorted({label for label in labels if label is not None}, key=natural_order)
    if len(names) < 2 or None in labels:
        return None
    place = {name: i for i, name in enumerate(names)}
    codes = np.array([place[str(label)] for label in labels], dtype=np.int64)
    return Classes("folder", codes, tuple(names))


def _refuse_too_much(folder: Path, n: int, size: tuple[int, int]) -> None:
    smaller = suggest_side(size)
    a_pixel = 3 * BYTES_A_VALUE
    refuse_too_large(
        f"{folder}: {n} pictures of {size[0]}x{size[1]} pixels",
        n * size[0] * size[1] * a_pixel,
        f"choose resize={smaller}, which takes {n * smaller**2 * a_pixel / GIB:.2g} GiB, or "
        "mapped=True, which leaves them on the disk",
    )
