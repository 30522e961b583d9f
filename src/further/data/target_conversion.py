"""Targets of one kind from those of another that know more: boxes and masks from instances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from further.data.target import Boxes, Instances, Mask
from further.errors import InputError

#: The class of what belongs to no object.
BACKGROUND = "background"


def boxes_of(instances: Instances) -> Boxes:
    """Return the smallest boxes around instances.

    When to use: to train or judge a detector on masks. When it fails: boxes of objects that touch
    overlap.

    Parameters
    ----------
    instances : Instances
        A mask for each object.

    Returns
    -------
    Boxes
        In the same order, with the same classes and scores.

    Examples
    --------
    >>> mask = np.zeros((1, 4, 6), dtype=bool)
    >>> mask[0, 1:3, 2:5] = True
    >>> boxes_of(Instances.pack([mask])).corners.tolist()
    [[2.0, 1.0, 5.0, 3.0]]
    """
    packed = instances.packed
    rows: NDArray[np.bool_] = np.asarray(packed.any(axis=2))
    bits = np.bitwise_or.reduce(packed, axis=1)
    columns = np.unpackbits(bits, axis=1, count=instances.width).astype(bool)
    ends = [_first_and_last(columns), _first_and_last(rows)]
    corners = np.stack([ends[0][0], ends[1][0], ends[0][1], ends[1][1]], axis=1)
    return Boxes(
        instances.name,
        instances.counts,
        instances.codes,
        instances.names,
        corners.astype(np.float32),
        instances.scores,
    )


def _first_and_last(there: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where the first true value of each row begins and where the last one ends."""
    first = there.argmax(axis=1)
    last = there.shape[1] - there[:, ::-1].argmax(axis=1)
    return first, np.where(there.any(axis=1), last, first)


def mask_of(instances: Instances) -> Mask:
    """Return the class of each pixel from instances, with a first class for the background.

    When to use: to train or judge a segmentation on masks of objects. When it fails: objects that
    touch are one area, and where two overlap the later one counts.

    Parameters
    ----------
    instances : Instances
        A mask for each object.

    Returns
    -------
    Mask
        Of the same size; an :class:`~further.errors.InputError` refuses more than 255 classes.

    Examples
    --------
    >>> mask = np.zeros((1, 2, 3), dtype=bool)
    >>> mask[0, 1, 1:] = True
    >>> mask_of(Instances.pack([mask])).codes.tolist()
    [[[0, 0, 0], [0, 1, 1]]]
    """
    if len(instances.names) > 255:
        raise InputError(
            f"{instances.name} has {len(instances.names)} classes, but a mask has at most 256 with "
            "the background; choose some of them."
        )
    shape = (len(instances.counts), instances.packed.shape[1], instances.width)
    codes = np.zeros(shape, dtype=np.uint8)
    for row in range(len(codes)):
        classes = instances.codes[instances.of_row(row)]
        for code, mask in zip(classes.tolist(), instances.masks(row), strict=True):
            codes[row][mask] = code + 1
    return Mask(instances.name, codes, (BACKGROUND, *instances.names))
