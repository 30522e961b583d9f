"""Folders of pictures: a folder for each class, boxes or masks beside them, or nothing of these."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from further.data.dataset import Dataset
from further.data.formats.boxes import find_boxes
from further.data.formats.class_folders import ClassFolders, find_classes, without_hidden
from further.data.formats.decoding import Decoder, is_picture, suggest_side
from further.data.formats.mapped import map_pictures
from further.data.formats.masks import find_instances, find_masks
from further.data.formats.picture_files import PictureFiles
from further.data.formats.picture_pages import Page
from further.data.memory import GIB, refuse_too_large
from further.data.picture_array import PictureArray
from further.errors import InputError

ENCODED = 4  # bytes a value, beside those of the value as it is


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
        uint8, one channel if all are grey and three otherwise; float32 where they store more than
        bytes. Pages of one file are rows of one group.

    Raises
    ------
    InputError
        Names the file that is damaged, of another size than the first, or does not fit the others.
    """
    files, hidden = without_hidden(folder, files)
    if hidden and not any(is_picture(file) for file in files):
        raise InputError(
            f"{folder} has no pictures but hidden ones; give the folder that has them."
        )
    found: PictureFiles = (
        find_instances(files)
        or find_boxes(folder, files)
        or find_masks(folder, files)
        or find_classes(folder, files)
    )
    values, levels, notes = _read(folder, found.pages(), resize, mapped)
    n, channels, height, width = values.shape
    target, what, more = found.target((width, height), resize is not None)
    official = None
    if None not in found.parts and len(set(found.parts)) > 1:
        official = np.array(found.parts)
        if not isinstance(found, ClassFolders):
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
        groups=found.groups,
        notes=(first, *hidden, *found.notes, *notes, *more),
    )


def _read(
    folder: Path, pages: Sequence[Page], resize: int | str | None, mapped: bool | str | Path
) -> tuple[np.ndarray | PictureArray, int | None, list[str]]:
    """Return some pictures, their grey levels, and notes on what was done to them."""
    if mapped:
        return map_pictures(folder, pages, resize, mapped)
    decoder = Decoder(pages, resize)
    (width, height), side = decoder.size, suggest_side(decoder.size)
    a_pixel = 3 * (decoder.dtype.itemsize + ENCODED)
    refuse_too_large(
        f"{folder}: {len(pages)} pictures of {width}x{height} pixels",
        len(pages) * width * height * a_pixel,
        f"choose resize={side}, which takes {len(pages) * side**2 * a_pixel / GIB:.2g} GiB, or "
        "mapped=True, which leaves them on the disk",
    )
    return decoder.read(), decoder.levels, decoder.notes
