r"""How far a predicted object and a true one overlap: intersection over union.

.. math:: \mathrm{IoU}(A, B) = \frac{|A \cap B|}{|A \cup B|}
          = \frac{|A \cap B|}{|A| + |B| - |A \cap B|},

the areas of boxes, or the pixels of masks. Masks stay packed, eight pixels a byte: the pixels of an
intersection are the bits of a bytewise *and*, looked at only within the bounds of the true object.

References
----------
Jaccard 1912, "The distribution of the flora in the alpine zone".
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from further.data.target import Boxes, Instances
from further.errors import InputError

Floats = NDArray[np.floating[Any]]
#: Objects of pictures, true or predicted.
Objects: TypeAlias = Boxes | Instances


def overlaps(truth: Objects, predicted: Objects) -> list[Floats]:
    """Return the IoU of every predicted object with every true one, picture by picture.

    When to use: as the first step of every figure about objects; classes are not looked at. When it
    fails: the objects have to be of one kind and from pictures of one size.

    Parameters
    ----------
    truth, predicted : Boxes or Instances
        Of the same pictures, in the same order, with the same classes.

    Returns
    -------
    list of array of shape (predicted, true)
        One array a picture; an object without area overlaps nothing.

    Raises
    ------
    InputError
        If the two are not of the same pictures, kind or classes.

    Examples
    --------
    >>> import numpy as np
    >>> def boxes(*corners):
    ...     codes = np.zeros(len(corners), dtype=np.int64)
    ...     return Boxes("boxes", np.array([len(corners)]), codes, ("cell",), np.array(corners))
    >>> overlaps(boxes([0, 0, 4, 4]), boxes([0, 0, 4, 2], [9, 9, 10, 10]))[0].tolist()
    [[0.5], [0.0]]
    """
    _check_alike(truth, predicted)
    of_truth, of_predicted = areas(truth), areas(predicted)
    found = []
    for row in range(len(truth.counts)):
        own, other = predicted.of_row(row), truth.of_row(row)
        if isinstance(truth, Boxes) and isinstance(predicted, Boxes):
            shared = _shared_area(predicted.corners[own], truth.corners[other])
        else:
            assert isinstance(truth, Instances)
            assert isinstance(predicted, Instances)
            shared = _shared_pixels(predicted.packed[own], truth.packed[other])
        union = of_predicted[own, None] + of_truth[other] - shared
        found.append(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))
    return found


def areas(objects: Objects) -> Floats:
    """Return the area of each object in pixels.

    Parameters
    ----------
    objects : Boxes or Instances
        Of any number of pictures.

    Returns
    -------
    array of shape (total,)
        Of a box its width times its height, of a mask its pixels.
    """
    if isinstance(objects, Boxes):
        corners = objects.corners.astype(np.float64)
        return np.maximum(corners[:, 2:] - corners[:, :2], 0.0).prod(axis=1)
    pixels = np.bitwise_count(objects.packed).sum(axis=(1, 2), dtype=np.int64)
    return pixels.astype(np.float64)


def _shared_area(a: NDArray[Any], b: NDArray[Any]) -> Floats:
    a, b = a.astype(np.float64)[:, None], b.astype(np.float64)
    sides = np.minimum(a[..., 2:], b[:, 2:]) - np.maximum(a[..., :2], b[:, :2])
    shared: Floats = np.maximum(sides, 0.0).prod(axis=2)
    return shared


def _shared_pixels(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Floats:
    shared = np.zeros((len(a), len(b)))
    for j, mask in enumerate(b):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if len(rows):
            window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            both = a[:, *window] & mask[window]
            shared[:, j] = np.bitwise_count(both).sum(axis=(1, 2), dtype=np.int64)
    return shared


def _check_alike(truth: Objects, predicted: Objects) -> None:
    if type(truth) is not type(predicted):
        raise InputError(
            f"The truth is {truth.kind} and the prediction {predicted.kind}; give the same of both."
        )
    if len(truth.counts) != len(predicted.counts):
        raise InputError(
            f"The truth is of {len(truth.counts)} pictures and the prediction of "
            f"{len(predicted.counts)}; give both of the same pictures, in the same order."
        )
    if truth.names != predicted.names:
        raise InputError(
            f"The classes of the truth are {', '.join(truth.names)} and those of the prediction "
            f"{', '.join(predicted.names)}; give both with the same classes in the same order."
        )
    if (
        isinstance(truth, Instances)
        and isinstance(predicted, Instances)
        and (truth.packed.shape[1:], truth.width) != (predicted.packed.shape[1:], predicted.width)
    ):
        raise InputError(
            f"The true masks have {truth.width}x{truth.packed.shape[1]} pixels and the predicted "
            f"ones {predicted.width}x{predicted.packed.shape[1]}; bring both to one size."
        )
