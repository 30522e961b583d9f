"""Folders of pictures: a folder for each class, boxes or masks beside them, or nothing of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from further.data.arrays import read_pictures
from further.data.dataset import Dataset
from further.data.formats.boxes import find_boxes
from further.data.formats.decoding import (
    SUFFIXES,
    Decoder,
    is_picture,
    natural_order,
    suggest_side,
)
from further.data.formats.mapped import map_pictures
from further.data.formats.masks import find_instances, find_masks
from further.data.formats.picture_files import PictureFiles, part_of
from further.data.memory import GIB, refuse_too_large
from further.data.picture_array import PictureArray
from further.data.target import Classes
from further.errors import InputError

BYTES_A_VALUE = 5  # a byte as it is, four encoded


def load_pictures(
    folder: Path,
    files: Sequence[Path],
    *,
    resize: int | str | None = None,
    mapped: bool | str | Path = False,
) -> Dataset:
    """Return the pictures below a folder, with what is marked in them.

    When to use: for PNG, JPEG and other files that Pillow reads: ``CLASS/PICTURES`` or
    ``PICTURES``, either below train, validation and test too; Pascal VOC, COCO and YOLO boxes; a
    mask beside each picture, or a folder of masks for each. When it fails: on outlines, of which
    only the box is read.

    Parameters
    ----------
    folder : Path
        The folder.
    files : sequence of Path
        All files below it.
    resize, mapped
        As in :func:`further.data.load`; boxes and masks are brought to the same size.

    Returns
    -------
    Dataset
        uint8, one channel if all are grey and three otherwise.

    Raises
    ------
    InputError
        Names the file that is damaged, of another size than the first, or does not fit the others.
    """
    found: PictureFiles = (
        find_instances(files)
        or find_boxes(folder, files)
        or find_masks(folder, files)
        or _find_classes(folder)
    )
    values, levels, notes = _read(folder, found.paths, resize, mapped)
    n, channels, height, width = values.shape
    target, what, more = found.target((width, height), resize is not None)
    official = None
    if None not in found.parts and len(set(found.parts)) > 1:
        official = np.array(found.parts)
        if not isinstance(found, _ClassFolders):
            more.append("The data come with their own split.")
    colour = "grey" if channels == 1 else "colour"
    first = f"{folder.name}: {n} {colour} pictures of {width}x{height} pixels{what}."
    return Dataset(
        name=folder.name,
        kind="images",
        values=values,
        target=target,
        levels=levels,
        official_split=official,
        notes=(first, *found.notes, *notes, *more),
    )


def _read(
    folder: Path, paths: Sequence[Path], resize: int | str | None, mapped: bool | str | Path
) -> tuple[np.ndarray | PictureArray, int | None, list[str]]:
    """Return the pictures of some files, their grey levels, and notes on what was done to them."""
    if mapped:
        return map_pictures(folder, paths, resize, mapped)
    decoder = Decoder(paths, resize)
    (width, height), side, a_pixel = decoder.size, suggest_side(decoder.size), 3 * BYTES_A_VALUE
    refuse_too_large(
        f"{folder}: {len(paths)} pictures of {width}x{height} pixels",
        len(paths) * width * height * a_pixel,
        f"choose resize={side}, which takes {len(paths) * side**2 * a_pixel / GIB:.2g} GiB, or "
        "mapped=True, which leaves them on the disk",
    )
    values, levels, _ = read_pictures(decoder.read())
    return values, levels, decoder.notes


@dataclass
class _ClassFolders(PictureFiles):
    """Pictures whose class is the name of the folder that they lie in."""

    labels: list[str | None] = field(default_factory=list)

    def add(self, folder: Path, part: str | None) -> None:
        """Add the pictures of a folder, and those below it with their class."""
        places: list[tuple[str | None, list[Path]]] = [(None, _pictures(folder))]
        for child in _children(folder):
            below = sorted((p for p in child.rglob("*") if is_picture(p)), key=natural_order)
            places.append((child.name, below))
        for label, paths in places:
            self.paths += paths
            self.labels += [label] * len(paths)
            self.parts += [part] * len(paths)

    def target(self, size: tuple[int, int], resized: bool) -> tuple[Classes | None, str, list[str]]:
        names = sorted({label for label in self.labels if label is not None}, key=natural_order)
        if len(names) < 2 or None in self.labels:
            return None, ", without classes", []
        place = {name: i for i, name in enumerate(names)}
        codes = np.array([place[str(label)] for label in self.labels], dtype=np.int64)
        return Classes("folder", codes, tuple(names)), f" in {len(names)} classes", []


def _find_classes(folder: Path) -> _ClassFolders:
    """Return the pictures of a folder, with notes on what was passed over."""
    children, pictures = _children(folder), _pictures(folder)
    if len(children) == 1 and not pictures:
        # A wrapper such as flowers/train/CLASS is no class.
        found = _find_classes(children[0])
        found.notes.insert(0, f'All pictures lie in "{children[0].name}".')
        return found
    found = _ClassFolders()
    parts = {child: part_of(child.name) for child in children}
    named = list(dict.fromkeys(part for part in parts.values() if part))
    if "train" in named and len(named) > 1 and not pictures:
        for child, part in parts.items():
            if part:
                found.add(child, part)
        others = [child.name for child, part in parts.items() if part is None]
        if others:
            found.notes.append(f"Not part of the split, so ignored: {', '.join(others)}.")
        found.notes.append(f"The folders give the split: {', '.join(named)}.")
        return found
    found.add(folder, None)
    if not found.paths:
        raise InputError(
            f"{folder} has no pictures; supported are {', '.join(s[1:] for s in SUFFIXES)}."
        )
    if pictures and len(pictures) < len(found.paths):
        raise InputError(
            f"{folder} has {len(pictures)} pictures beside its class folders ({pictures[0].name}); "
            "move each into the folder of its class."
        )
    return found


def _pictures(folder: Path) -> list[Path]:
    return sorted((p for p in folder.iterdir() if is_picture(p) and p.is_file()), key=natural_order)


def _children(folder: Path) -> list[Path]:
    """Return the folders below that hold pictures somewhere."""
    children = [p for p in folder.iterdir() if p.is_dir() and not p.name.startswith((".", "__"))]
    holding = [c for c in children if any(is_picture(p) for p in c.rglob("*"))]
    return sorted(holding, key=natural_order)
