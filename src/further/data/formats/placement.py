"""Where pictures of different sizes stand in an array of one size: at its upper left corner.

Pictures with objects are never cropped, as that would lose some: they are scaled to fit where a
size is asked for, and what lies right of them and below them is zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Size = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Placement:
    """The sizes of pictures before and after they were brought into one array.

    When to use: for pictures with boxes, masks or instances. When it fails: a very long picture
    makes all others small, or the array large.

    Attributes
    ----------
    size : (int, int)
        Width and height of the array.
    was, now : list of (int, int)
        Width and height of each picture in its file, and in the array.
    """

    size: Size
    was: list[Size]
    now: list[Size]

    @classmethod
    def of(cls, was: Sequence[Size], size: Size | None) -> Placement:
        """Return the placement of pictures.

        Parameters
        ----------
        was : sequence of (int, int)
            Width and height of each.
        size : (int, int) or None
            What they are scaled to fit into; None for that of the largest.

        Returns
        -------
        Placement
            Of all of them.
        """
        if size is None:
            largest = max(w for w, _ in was), max(h for _, h in was)
            return cls(largest, list(was), list(was))
        return cls(size, list(was), [fitting(one, size) for one in was])

    @property
    def sizes(self) -> NDArray[np.int64] | None:
        """Width and height of each picture in the array; None where they fill it."""
        if all(now == self.size for now in self.now):
            return None
        return np.array(self.now, dtype=np.int64)

    def corners(self, row: int, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return boxes where they stand in the array.

        Parameters
        ----------
        row : int
            The picture.
        boxes : array of shape (n, 4)
            Corners in pixels of its file.

        Returns
        -------
        array of shape (n, 4)
            Corners in pixels of the array.
        """
        scale = np.array(self.now[row]) / np.array(self.was[row])
        return boxes * np.tile(scale, 2)

    def padded(self, mask: NDArray[Any]) -> NDArray[Any]:
        """Return an array (height, width) of a picture with zeros right of it and below it."""
        height, width = mask.shape
        return np.pad(mask, ((0, self.size[1] - height), (0, self.size[0] - width)))


def fitting(was: Size, size: Size) -> Size:
    """Return the largest size of the same shape that fits into another.

    Parameters
    ----------
    was, size : (int, int)
        Width and height of the picture, and those that it has to fit into.

    Returns
    -------
    (int, int)
        Width and height, at least 1.

    Examples
    --------
    >>> fitting((640, 480), (320, 320)), fitting((10, 20), (40, 40))
    ((320, 240), (20, 40))
    """
    scale = min(size[0] / was[0], size[1] / was[1])
    width, height = (max(1, round(scale * side)) for side in was)
    return min(width, size[0]), min(height, size[1])


def scaled_mask(mask: NDArray[Any], size: Size) -> NDArray[Any]:
    """Return a mask (height, width) or (height, width, channels) of bytes or bools at a size.

    Parameters
    ----------
    mask : array
        Numbers of classes, colours, or what belongs to an object: values are never mixed.
    size : (int, int)
        Width and height.

    Returns
    -------
    array
        Each pixel has the value of the one that lies under its centre.
    """
    height, width = mask.shape[:2]
    if (width, height) == size:
        return mask
    columns = ((np.arange(size[0]) + 0.5) * width / size[0]).astype(np.int64)
    rows = ((np.arange(size[1]) + 0.5) * height / size[1]).astype(np.int64)
    return mask[rows[:, None], columns]
