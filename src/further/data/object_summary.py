"""What a data set of boxes, instances or masks consists of, in numbers."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.data.dataset import Dataset
from further.data.formats.annotated.written_rows import picture_of
from further.data.picture_selection import same_pictures
from further.data.target import Boxes, Instances, Mask

KIND_OF = {Boxes: "detection", Instances: "instances", Mask: "segmentation"}
#: Sizes and copies that are named.
MOST_NAMED = 20
#: To this side pictures are brought before near-duplicates are looked for.
THUMBNAIL = 32


def describe_objects(dataset: Dataset) -> dict[str, Any]:
    """Return the numbers of a data set of pictures in which something is marked.

    Parameters
    ----------
    dataset : Dataset
        With boxes, instances or masks.

    Returns
    -------
    dict
        ``kind``, ``pictures``, ``classes`` (pictures that show each), ``boxes`` (objects of each),
        ``pixels`` (the share of each in masks), ``sizes`` (pictures of each size), the number
        ``without_objects``, and ``duplicates``, the equal pictures on two sides of the split.
    """
    target = dataset.target
    boxes, pixels = {}, {}
    if isinstance(target, Boxes | Instances):
        n = len(target.names)
        rows = np.repeat(np.arange(len(dataset)), target.counts)
        pairs = np.unique(rows * n + target.codes)
        shown = np.bincount(pairs % n, minlength=n) if n else np.empty(0, np.int64)
        counts = np.bincount(target.codes, minlength=n)
        boxes = dict(zip(target.names, counts.tolist(), strict=True))
        without = int((target.counts == 0).sum())
    elif isinstance(target, Mask):
        per_row = _pixels(dataset, target)
        shown, without = (per_row > 0).sum(axis=0), 0
        shares = per_row.sum(axis=0) / per_row.sum()
        pixels = dict(zip(target.names, shares.round(6).tolist(), strict=True))
    else:
        raise TypeError(f"{dataset.name} has no boxes, instances or masks")
    return {
        "kind": KIND_OF[type(target)],
        "pictures": len(dataset),
        "classes": dict(zip(target.names, shown.tolist(), strict=True)),
        "boxes": boxes,
        "pixels": pixels,
        "sizes": _sizes(dataset),
        "without_objects": without,
        "duplicates": _duplicates(dataset),
    }


def _pixels(dataset: Dataset, target: Mask) -> NDArray[np.int64]:
    """Return the pixels of each class in each picture, without what pads it."""
    found = np.empty((len(dataset), len(target.names)), dtype=np.int64)
    for row, codes in enumerate(target.codes):
        height, width = picture_of(dataset, row).shape[1:]
        found[row] = np.bincount(codes[:height, :width].ravel(), minlength=len(target.names))
    return found


def _sizes(dataset: Dataset) -> dict[str, int]:
    height, width = dataset.values.shape[2:]
    if dataset.sizes is None:
        return {f"{width}x{height}": len(dataset)}
    found = Counter(f"{width}x{height}" for width, height in dataset.sizes.tolist())
    return dict(found.most_common(MOST_NAMED))


def _duplicates(dataset: Dataset) -> list[list[str]]:
    """Return pairs of equal pictures in different parts of the split that the data bring."""
    parts = dataset.official_split
    if parts is None:
        return []
    names = np.arange(len(dataset)).astype(str) if dataset.files is None else dataset.files
    same = same_pictures(dataset)
    pairs = [(first, row) for row, first in enumerate(same) if parts[first] != parts[row]]
    return [[str(names[one]), str(names[other])] for one, other in pairs]


def thumbnails(dataset: Dataset) -> Dataset:
    """Return pictures at a side of 32 pixels, for what needs no more than a glance.

    Parameters
    ----------
    dataset : Dataset
        Pictures; small ones stay as they are.

    Returns
    -------
    Dataset
        Without targets.
    """
    from PIL import Image

    if max(dataset.values.shape[2:]) <= 2 * THUMBNAIL:
        return dataclasses.replace(dataset, target=None)
    small = np.empty((len(dataset), dataset.values.shape[1], THUMBNAIL, THUMBNAIL), np.float32)
    for row in range(len(dataset)):
        for i, channel in enumerate(picture_of(dataset, row)):
            picture = Image.fromarray(np.asarray(channel, dtype=np.float32))
            small[row, i] = np.asarray(picture.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX))
    return dataclasses.replace(dataset, values=small, target=None, levels=None, sizes=None)
