"""Outlines of objects: polygons and run lengths to masks, and masks to one polygon.

A pixel belongs to a polygon when a ray from its centre crosses the outline an odd number of times.
A seam that is walked there and back is crossed twice, so that an object of several parts, or with
holes, is one closed line too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from further.data.formats.annotated.run_length import decode_runs
from further.data.formats.placement import Size, scaled_mask

#: Pixels from the picture beyond which the products below could overflow.
FARTHEST = 1e7


class Outline(ABC):
    """What belongs to an object, pixel by pixel; the base of all outlines."""

    @abstractmethod
    def mask(self, was: Size, now: Size) -> NDArray[np.bool_]:
        """Return the mask in a picture that was brought from a size to another.

        Parameters
        ----------
        was, now : (int, int)
            Width and height.

        Returns
        -------
        array of shape (height, width), bool
            A ValueError says what is wrong with the outline.
        """


@dataclass(frozen=True, eq=False)
class Polygons(Outline):
    """An object as the union of polygons.

    When to use: for outlines that are lists of points. When it fails: what is thinner than a pixel
    may meet no centre of one.

    Attributes
    ----------
    parts : tuple of array of shape (points, 2)
        x and y in pixels from the upper left corner of the picture.
    """

    parts: tuple[NDArray[np.float64], ...]

    def mask(self, was: Size, now: Size) -> NDArray[np.bool_]:
        """Return the mask in a picture that was brought from a size to another."""
        scale = np.array(now) / np.array(was)
        found = np.zeros((now[1], now[0]), dtype=bool)
        for part in self.parts:
            found |= fill_polygon(part * scale, now)
        return found


@dataclass(frozen=True, eq=False)
class Runs(Outline):
    """An object as the run lengths of its mask.

    When to use: for masks of COCO. When it fails: they fit pictures of one size alone.

    Attributes
    ----------
    counts : tuple of int
        See :mod:`further.data.formats.annotated.run_length`.
    size : (int, int)
        Width and height of the mask.
    """

    counts: tuple[int, ...]
    size: tuple[int, int]

    def mask(self, was: Size, now: Size) -> NDArray[np.bool_]:
        """Return the mask in a picture that was brought from a size to another."""
        return scaled_mask(decode_runs(self.counts, self.size), now)


def fill_polygon(points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels whose centres lie within a polygon.

    Parameters
    ----------
    points : array of shape (n, 2)
        x and y; the last is joined to the first.
    size : (int, int)
        Width and height of the picture.

    Returns
    -------
    array of shape (height, width), bool
        The mask.

    Examples
    --------
    >>> fill_polygon(np.array([[0, 0], [2, 0], [2, 1], [0, 1]]), (3, 2)).astype(int).tolist()
    [[1, 1, 0], [0, 0, 0]]
    """
    width, height = size
    points = np.clip(points, -FARTHEST, FARTHEST)
    following = np.roll(points, -1, axis=0)
    # From top to bottom, so that a seam is at the same place both ways.
    down = (points[:, 1] <= following[:, 1])[:, None]
    upper, lower = np.where(down, points, following), np.where(down, following, points)
    crossings = np.zeros((height, width + 1), dtype=np.int64)
    # The rows whose centres lie between the two ends.
    first = np.ceil(np.clip(upper[:, 1], 0, height) - 0.5).astype(np.int64).clip(0)
    last = np.ceil(np.clip(lower[:, 1], 0, height) - 0.5).astype(np.int64).clip(0)
    counts = last - first
    edge = np.repeat(np.arange(len(points)), counts)
    row = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts - first, counts)
    (x, y), (x_end, y_end) = upper[edge].T, lower[edge].T
    cut = x + (row + 0.5 - y) / (y_end - y) * (x_end - x)
    column = np.ceil(np.clip(cut, 0, width) - 0.5).astype(np.int64).clip(0)
    np.add.at(crossings, (row, column), 1)
    return np.cumsum(crossings[:, :width], axis=1) % 2 == 1


def outline_of(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return one closed line around all parts of a mask, and around its holes.

    Parameters
    ----------
    mask : array of shape (height, width), bool
        With at least one pixel.

    Returns
    -------
    array of shape (points, 2)
        x and y; :func:`fill_polygon` makes the mask of it again.
    """
    from skimage.measure import find_contours

    padded = np.pad(mask, 1).astype(np.float64)
    # Rows and columns of centres, to x and y of corners.
    lines = [line[:-1, ::-1] - 0.5 for line in find_contours(padded, 0.5)]
    lines.sort(key=len, reverse=True)
    return _joined([_corners(line) for line in lines])


def _corners(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a closed line without the points that lie straight between two others."""
    step = np.roll(line, -1, axis=0) - line
    before = np.roll(step, 1, axis=0)
    return line[(step[:, 0] * before[:, 1] != step[:, 1] * before[:, 0])]


def _joined(lines: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return closed lines as one: each further one is walked from the start of the first."""
    start = lines[0][:1]
    parts = [lines[0]]
    for line in lines[1:]:
        parts += [start, line, line[:1]]
    return np.concatenate(parts)
