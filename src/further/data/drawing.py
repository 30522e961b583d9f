"""Targets drawn on pictures: boxes and masks in colours, with classes and scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from further.data.arrays import MOST_LEVELS
from further.data.colours import COLOURS
from further.data.dataset import Dataset
from further.data.formats.annotated.written_rows import picture_of
from further.data.formats.placement import fitting, scaled_mask
from further.data.target import Boxes, Classes, Instances, Mask, Target
from further.data.target_conversion import boxes_of

if TYPE_CHECKING:
    from PIL import ImageDraw

#: The first of the palette is black, which is hard to see; masks have it for their first class.
_BRIGHT = COLOURS[1:]
OPACITY = 0.45
#: Of the shorter side of a picture.
LINE, TEXT = 1 / 200, 1 / 30
SMALLEST_TEXT, LARGEST_TEXT = 9, 28
#: Pictures of a contact sheet, those in a row of it, and the pixels of a side.
MOST_ON_A_SHEET, IN_A_ROW, SIDE, GAP = 24, 4, 320, 8


def draw(
    picture: NDArray[Any],
    target: Target | None = None,
    *,
    levels: int | None = MOST_LEVELS,
    scale: float = 1.0,
) -> NDArray[np.uint8]:
    """Return a picture with what is marked in it.

    When to use: to look at labels or predictions: each class has a colour, each instance too. When
    it fails: there are seven colours, which repeat.

    Parameters
    ----------
    picture : array of shape (channels, height, width)
        Grey or red, green and blue.
    target : Target, optional
        Of one row: boxes, instances, a mask or a class; scores stand beside the names.
    levels : int or None, default=256
        The number of grey levels; None for values that are continuous, shown from the lowest to
        the highest.
    scale : float, default=1.0
        By which the picture is enlarged first.

    Returns
    -------
    array of shape (height, width, 3), uint8
        The given picture stays as it is.

    Examples
    --------
    >>> box = Boxes("boxes", np.array([1]), np.array([0]), ("cell",), np.float32([[2, 2, 8, 8]]))
    >>> drawn = draw(np.zeros((1, 10, 10), dtype=np.uint8), box)
    >>> drawn.shape, drawn[2, 5].tolist()
    ((10, 10, 3), [230, 159, 0])
    """
    from PIL import Image, ImageDraw

    pixels = _bytes(picture, levels)
    size = round(scale * pixels.shape[1]), round(scale * pixels.shape[0])
    if size != pixels.shape[1::-1]:
        pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
    for mask, colour in _areas(target):
        here = mask[: picture.shape[1], : picture.shape[2]]
        pixels = _tinted(pixels, scaled_mask(here, size), colour)
    canvas = Image.fromarray(pixels)
    pen = ImageDraw.Draw(canvas)
    labels = _labels(target)
    width = max(1, round(LINE * max(size)))
    for corners, colour, _ in labels if isinstance(target, Boxes) else ():
        x, y, right, bottom = (scale * corners).tolist()
        right, bottom = max(x, right - 1), max(y, bottom - 1)
        pen.rectangle((x, y, right, bottom), outline=colour, width=width)
    for corners, colour, text in labels:
        _write(pen, text, (scale * corners[:2]).tolist(), colour, size)
    if isinstance(target, Classes):
        _write(pen, target.names[target.codes[0]], [0, 0], _BRIGHT[0], size)
    return np.asarray(canvas)


def _bytes(picture: NDArray[Any], levels: int | None) -> NDArray[np.uint8]:
    """Return red, green and blue (height, width, 3)."""
    values = np.asarray(picture).transpose(1, 2, 0)
    if values.dtype != np.uint8 or levels != MOST_LEVELS:
        low, high = 0.0, float((levels or 2) - 1)
        if levels is None:
            low, high = float(values.min()), float(values.max())
        values = 255 * (values - low) / max(high - low, 1e-12)
        values = values.round().clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(values, (*values.shape[:2], 3)))


def _areas(target: Target | None) -> Iterator[tuple[NDArray[np.bool_], tuple[int, int, int]]]:
    """Yield masks (height, width) and their colours; the first class of a mask has none."""
    if isinstance(target, Mask):
        for code in np.unique(target.codes[0]).tolist():
            if code:
                yield target.codes[0] == code, _BRIGHT[(code - 1) % len(_BRIGHT)]
    elif isinstance(target, Instances):
        for i, mask in enumerate(target.masks(0)):
            yield mask, _BRIGHT[i % len(_BRIGHT)]


def _tinted(
    pixels: NDArray[np.uint8], mask: NDArray[np.bool_], colour: tuple[int, int, int]
) -> NDArray[np.uint8]:
    found = pixels.copy()
    found[mask] = np.rint((1 - OPACITY) * pixels[mask] + OPACITY * np.array(colour))
    return found


def _labels(target: Target | None) -> list[tuple[NDArray[np.float32], tuple[int, int, int], str]]:
    """Return corners, colour and text of each object, the surest last, so that it lies on top.

    Instances of one class without scores need no text.
    """
    if isinstance(target, Boxes):
        corners, numbers = target.corners, target.codes
    elif isinstance(target, Instances) and (len(target.names) > 1 or target.scores is not None):
        corners, numbers = boxes_of(target).corners, np.arange(len(target.codes))
    else:
        return []
    names = [target.names[code] for code in target.codes]
    if target.scores is not None:
        names = [f"{name} {s:.2f}" for name, s in zip(names, target.scores, strict=True)]
    order = range(len(names)) if target.scores is None else np.argsort(target.scores).tolist()
    return [(corners[i], _BRIGHT[numbers[i] % len(_BRIGHT)], names[i]) for i in order]


def _write(
    pen: ImageDraw.ImageDraw,
    text: str,
    place: Sequence[float],
    colour: tuple[int, int, int],
    size: tuple[int, int],
) -> None:
    """Write dark text on the colour of its box, above the box where there is room."""
    from PIL import ImageFont

    height = round(min(max(TEXT * min(size), SMALLEST_TEXT), LARGEST_TEXT))
    font = ImageFont.load_default(height)
    # Within the picture: above the box if there is room.
    x = max(0, min(place[0], size[0] - pen.textlength(text, font)))
    y = place[1] - height - 2 if place[1] >= height + 2 else place[1]
    pen.rectangle(pen.textbbox((x, y), text, font), fill=colour)
    pen.text((x, y), text, (0, 0, 0), font)


def contact_sheet(dataset: Dataset, *, most: int = MOST_ON_A_SHEET) -> NDArray[np.uint8]:
    """Return pictures of a data set side by side, with what is marked in them.

    When to use: to see at a glance what was read. When it fails: of large sets it shows a few
    pictures, drawn at random with a fixed seed.

    Parameters
    ----------
    dataset : Dataset
        Pictures.
    most : int, default=24
        How many are shown.

    Returns
    -------
    array of shape (height, width, 3), uint8
        White between the pictures.

    Examples
    --------
    >>> from further.data import load
    >>> contact_sheet(load("digits"), most=6).shape
    (664, 1320, 3)
    """
    n = min(most, len(dataset))
    rows = np.sort(np.random.default_rng(0).permutation(len(dataset))[:n])
    drawn = [_thumbnail(dataset, row) for row in rows.tolist()]
    columns = min(IN_A_ROW, n)
    height, width = (max(picture.shape[i] for picture in drawn) + GAP for i in (0, 1))
    shape = (math.ceil(n / columns) * height + GAP, columns * width + GAP, 3)
    sheet = np.full(shape, 255, dtype=np.uint8)
    for i, picture in enumerate(drawn):
        top, left = GAP + i // columns * height, GAP + i % columns * width
        sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return sheet


def _thumbnail(dataset: Dataset, row: int) -> NDArray[np.uint8]:
    picture = picture_of(dataset, row)
    size = picture.shape[2], picture.shape[1]
    scale = fitting(size, (SIDE, SIDE))[0] / size[0]
    target = None if dataset.target is None else dataset.target.take(np.array([row]))
    return draw(picture, target, levels=dataset.levels, scale=scale)
