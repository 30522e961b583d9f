"""Folders of pictures: a folder for each class, boxes or masks beside them, or nothing of these."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from further.data.dataset import Dataset
from further.data.formats.annotated.coco import read_coco
from further.data.formats.annotated.instance_masks import find_instances, find_label_images
from further.data.formats.annotated.masks import pair_masks
from further.data.formats.annotated.pascal_voc import read_voc
from further.data.formats.annotated.yolo_text import read_yolo
from further.data.formats.class_folders import ClassFolders, find_classes, without_hidden
from further.data.formats.decoding import (
    Decoder,
    is_picture,
    natural_order,
    parse_resize,
    suggest_side,
)
from further.data.formats.mapped import map_pictures
from further.data.formats.picture_files import PictureFiles
from further.data.formats.picture_pages import Page, size_of, strict_decoding
from further.data.formats.placement import Placement
from further.data.formats.skipping import Skipping, fault_of
from further.data.memory import GIB, refuse_too_large
from further.data.picture_array import PictureArray
from further.data.splits import PARTS
from further.data.target import Boxes, Instances, Mask, Target
from further.data.target_conversion import boxes_of, mask_of
from further.errors import InputError, unknown

ENCODED = 4  # bytes a value, beside those of the value as it is
ANNOTATIONS = ("boxes", "instances", "masks")


def load_pictures(
    folder: Path,
    files: Sequence[Path],
    *,
    resize: int | str | None = None,
    mapped: bool | str | Path = False,
    annotations: str | None = None,
    skip_bad: bool = False,
) -> Dataset:
    """Return the pictures below a folder, with what is marked in them.

    When to use: for PNG, JPEG and other files that Pillow reads: ``CLASS/PICTURES`` or
    ``PICTURES``, either below train, validation and test too; Pascal VOC, COCO and YOLO; a mask
    beside each picture, or a folder of masks for each. When it fails: crowds of COCO and what VOC
    says of parts of objects are not read.

    Parameters
    ----------
    folder : Path
        The folder.
    files : sequence of Path
        All files below it.
    resize, mapped, annotations, skip_bad
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
    if annotations is not None and annotations not in ANNOTATIONS:
        raise InputError(unknown("kind of annotations", annotations, ANNOTATIONS))
    files, hidden = without_hidden(folder, files)
    if hidden and not any(is_picture(file) for file in files):
        raise InputError(
            f"{folder} has no pictures but hidden ones; give the folder that has them."
        )
    skipping = Skipping(skip_bad)
    found = _find(folder, files, annotations, skipping)
    if skip_bad:
        _leave_out_bad(found, skipping)
    if found.marked:
        _leave_out_copies(folder, found, skipping)
    if not found.paths:
        raise InputError(f"{folder} has no picture that is not bad; nothing is left.")
    pages = found.pages()
    placement = _placement(pages, resize) if found.marked else None
    values, levels, notes = _read(folder, pages, resize, mapped, placement)
    n, channels, height, width = values.shape
    whole = placement or Placement((width, height), [], [])
    target, what, more = found.target(whole, skipping)
    target = _asked(target, annotations, folder)
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
        sizes=None if placement is None else placement.sizes,
        files=np.array([page.path.relative_to(folder).as_posix() for page in pages]),
        notes=(first, *hidden, *found.notes, *notes, *more, *skipping.notes),
        skipped=tuple(skipping.entries),
    )


def _find(
    folder: Path, files: Sequence[Path], annotations: str | None, skipping: Skipping
) -> PictureFiles:
    """Return the pictures with what is marked in them, by the first format that is there."""
    instances = find_instances(files)
    if instances is not None:
        return instances
    pictures = sorted((file for file in files if is_picture(file)), key=natural_order)
    for read in (read_voc, read_coco, read_yolo):
        objects = read(folder, files, pictures, skipping)
        if objects is not None:
            objects.annotations = "instances" if annotations == "masks" else annotations
            return objects
    pairs = pair_masks(folder, files)
    if pairs is not None:
        labels = find_label_images(pairs, annotations in ("instances", "boxes"))
        pairs = labels or (pairs if pairs.has_few_values() else None)
    if pairs is not None:
        pairs.check(skipping)
        return pairs
    return find_classes(folder, files)


def _leave_out_bad(found: PictureFiles, skipping: Skipping) -> None:
    """Leave out the rows that cannot be decoded."""

    def fault(row: int) -> str | None:
        try:
            found.verify(row)
        except InputError as error:
            return fault_of(error)
        return None

    with strict_decoding(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        faults = list(pool.map(fault, range(len(found.paths))))
    for row, what in enumerate(faults):
        if what is not None:
            skipping.refuse(f"{what}: the picture is left out{found.lost(row)}")
    found.keep([row for row, what in enumerate(faults) if what is None])


def _leave_out_copies(folder: Path, found: PictureFiles, skipping: Skipping) -> None:
    """Say which files stand in two parts of the split, and leave the bad out of the earlier one.

    Training comes before validation and validation before test, so that the held-out pictures stay.
    """
    order = {part: i for i, part in enumerate(PARTS)}
    places: dict[tuple[int, bytes], list[int]] = {}
    of_size = Counter(sizes := [path.stat().st_size for path in found.paths])
    for row, (path, size) in enumerate(zip(found.paths, sizes, strict=True)):
        if of_size[size] > 1:
            digest = hashlib.sha256(path.read_bytes()).digest()
            places.setdefault((size, digest), []).append(row)
    copies: list[tuple[int, int]] = []
    for rows in places.values():
        last = max(rows, key=lambda row: order.get(str(found.parts[row]), 0))
        copies += [(row, last) for row in rows if found.parts[row] != found.parts[last]]
    if not copies:
        return
    names = [found.paths[row].relative_to(folder).as_posix() for row in copies[0]]
    sentence = (
        f"{len(copies)} pictures stand in two parts of the split, such as {names[0]}, which is "
        f"{names[1]} too: what is measured on held-out pictures is too good"
    )
    if not skipping.skip:
        found.notes.append(f"{sentence}; skip_bad=True leaves them out of the earlier part.")
        return
    for row, last in copies:
        skipping.refuse(
            f"{found.paths[row]} is left out of {found.parts[row]}{found.lost(row)}: it stands in "
            f"{found.parts[last]} too"
        )
    found.keep([row for row in range(len(sizes)) if row not in dict(copies)])


def _placement(pages: Sequence[Page], resize: int | str | None) -> Placement:
    with strict_decoding():
        was = [size_of(page) for page in pages]
    return Placement.of(was, None if resize is None else parse_resize(resize))


def _asked(target: Target | None, annotations: str | None, folder: Path) -> Target | None:
    """Return the target in the form that was asked for."""
    kinds: dict[str, type[Target]] = {"boxes": Boxes, "instances": Instances, "masks": Mask}
    if annotations is None or isinstance(target, kinds[annotations]):
        return target
    if isinstance(target, Instances):
        return boxes_of(target) if annotations == "boxes" else mask_of(target)
    has = "none" if target is None else target.kind
    raise InputError(
        f"annotations={annotations!r}: {folder} has {has}, of which {annotations} cannot be made; "
        "leave it out."
    )


def _read(
    folder: Path,
    pages: Sequence[Page],
    resize: int | str | None,
    mapped: bool | str | Path,
    placement: Placement | None,
) -> tuple[np.ndarray | PictureArray, int | None, list[str]]:
    """Return some pictures, their grey levels, and notes on what was done to them."""
    if mapped:
        return map_pictures(folder, pages, resize, mapped, placement)
    decoder = Decoder(pages, resize, placement)
    (width, height), side = decoder.size, suggest_side(decoder.size)
    a_pixel = 3 * (decoder.dtype.itemsize + ENCODED)
    refuse_too_large(
        f"{folder}: {len(pages)} pictures of {width}x{height} pixels",
        len(pages) * width * height * a_pixel,
        f"choose resize={side}, which takes {len(pages) * side**2 * a_pixel / GIB:.2g} GiB, or "
        "mapped=True, which leaves them on the disk",
    )
    return decoder.read(), decoder.levels, decoder.notes
