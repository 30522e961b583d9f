"""Pictures with boxes or masks beside them, in whatever format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from further.data.dataset import Dataset
from further.data.formats.boxes import BoxFiles, find_boxes
from further.data.formats.masks import InstanceFiles, MaskFiles, find_instances, find_masks
from further.data.formats.pictures import describe_pictures, read_files
from further.data.target import Target


def load_annotated(
    folder: Path,
    files: Sequence[Path],
    *,
    resize: int | str | None = None,
    mapped: bool | str | Path = False,
) -> Dataset | None:
    """Return pictures with what is marked in them, or None where nothing is.

    When to use: for Pascal VOC, COCO and YOLO boxes, for a mask beside each picture, and for a
    folder of masks for each picture. When it fails: on outlines, of which only the box is read.

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
    Dataset or None
        With boxes, a mask or instances as target.

    Raises
    ------
    InputError
        For files that are damaged or do not fit together.
    """
    found: BoxFiles | InstanceFiles | MaskFiles | None
    found = find_instances(folder, files) or find_boxes(folder, files) or find_masks(folder, files)
    if found is None:
        return None
    values, levels, notes = read_files(folder, found.paths, resize, mapped)
    size = values.shape[3], values.shape[2]
    target: Target
    parts: list[str | None] = [None]
    if isinstance(found, BoxFiles):
        target, parts = found.target(size, resize is not None), found.parts
        what = f"{target.counts.sum()} boxes of {len(target.names)} classes ({found.how})"
        notes += found.notes
    elif isinstance(found, MaskFiles):
        target, parts = found.target(size), found.parts
        what = f"a mask of {len(target.names)} classes each"
    else:
        target = found.target(size)
        what = f"{target.counts.sum()} objects, each with a mask"
    official = np.array(parts) if None not in parts and len(set(parts)) > 1 else None
    if official is not None:
        notes.append("The data come with their own split.")
    return Dataset(
        name=folder.name,
        kind="images",
        values=values,
        target=target,
        levels=levels,
        official_split=official,
        notes=(f"{describe_pictures(folder, values.shape)}, {what}.", *notes),
    )
