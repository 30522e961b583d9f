r"""What is done to pictures and their boxes while a detector trains: no epoch is like another.

Each picture of a batch is seen through a square window of its own: scaled, moved, and mirrored or
turned by quarters where that leaves objects what they are, so that boxes stay boxes,

.. math:: x' = s\,Q\,(x - c) + m, \qquad \log s \sim U(-\log a, \log a),

with Q a quarter turn or a mirror, c the middle of what the window shows and m its own. Then
brightness, contrast and colour change a little. All of it is one pass over the whole batch. In a
mosaic four such windows of half the side, of as many pictures, make one (Bochkovskiy et al. 2020,
"YOLOv4: optimal speed and accuracy of object detection").
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from further.vision.boxes import areas

#: Scales lie between 1/a and a; sides may differ by this factor besides.
SCALE, STRETCH = 1.6, 1.15
#: Of a box that the window cuts, the share of its area that has to be left.
LEAST_LEFT = 0.25
#: Largest change of brightness and contrast, and of each colour.
LIGHT, COLOUR = 0.25, 0.1
AUGMENTATIONS = ("shift", "mirror", "turn", "none")


def has_sides(names: Iterable[str]) -> bool:
    """Whether classes are other ones in a mirror: letters, digits, what is called left or right.

    Parameters
    ----------
    names : iterable of str
        Of the classes.

    Returns
    -------
    bool
        A guess by their names.

    Examples
    --------
    >>> has_sides(["3", "7"]), has_sides(["turn left"]), has_sides(["cat", "copyright"])
    (True, True, False)
    """
    words = [re.split(r"[\W_]+", name.lower()) for name in names]
    return any(
        len(word) == 1 or word in ("left", "right") for parts in words for word in parts if word
    )


class Boxed(NamedTuple):
    """Pictures and their boxes.

    Attributes
    ----------
    x : Tensor of shape (n, channels, height, width)
        From 0 to 1.
    boxes : Tensor of shape (n, m, 4)
        Padded.
    classes : Tensor of shape (n, m), int64
        -1 where nothing is.
    labels : Tensor of shape (n, height, width) or None
        Of each pixel, one more than the number of the box whose object it belongs to; 0 for none.
    """

    x: Tensor
    boxes: Tensor
    classes: Tensor
    labels: Tensor | None = None


def windows(
    x: Tensor,
    boxes: Tensor,
    classes: Tensor,
    side: int,
    augmentation: str,
    generator: torch.Generator,
    labels: Tensor | None = None,
) -> Boxed:
    """Return a square window of each picture, changed at random.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width), uint8 or float
        Pictures; bytes, or from 0 to 1.
    boxes, classes : Tensor
        As in :class:`Boxed`, in pixels.
    side : int
        Of the windows.
    augmentation : {"shift", "mirror", "turn"}
        Moved and scaled; mirrored left to right besides; turned by quarters besides.
    generator : torch.Generator
        Of the changes.
    labels : Tensor, optional
        As in :class:`Boxed`.

    Returns
    -------
    Boxed
        Boxes are cut where the window ends, and left out where little of them is in it.
    """
    n, _, height, width = x.shape
    device = x.device

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(n, *shape, generator=generator, device=device)

    # Columns of the linear map from window to picture, both in pixels from their middles.
    scale = torch.exp(uniform(-math.log(SCALE), math.log(SCALE)))
    stretch = torch.exp(uniform(-math.log(STRETCH), math.log(STRETCH)) / 2)
    signs = torch.ones(n, 2, device=device)
    swap = torch.zeros(n, dtype=torch.bool, device=device)
    if augmentation in ("mirror", "turn"):
        signs[:, 0] = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    if augmentation == "turn":
        signs[:, 1] = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
        swap = uniform(0, 1) < 0.5
    step = signs / torch.stack([scale * stretch, scale / stretch], dim=1)  # picture pixels a pixel
    shown = side * step.abs()
    size = torch.tensor([width, height], device=device, dtype=torch.float32)
    size = torch.where(swap[:, None], size.flip(0), size)
    room = (size - shown) / 2
    middle = uniform(-1, 1, 2) * room.abs()  # of the window, from the middle of the picture
    # window (u) to picture: y = step * u + middle, then the axes swap.
    theta = torch.zeros(n, 2, 3, device=device)
    along = torch.stack([step[:, 0], middle[:, 0]], dim=1)  # factor and offset, first axis
    down = torch.stack([step[:, 1], middle[:, 1]], dim=1)
    first = torch.where(swap[:, None], down, along)
    second = torch.where(swap[:, None], along, down)
    row = torch.arange(n, device=device)
    theta[row, 0, swap.long()] = first[:, 0] * side / width
    theta[row, 1, 1 - swap.long()] = second[:, 0] * side / height
    theta[:, 0, 2], theta[:, 1, 2] = 2 * first[:, 1] / width, 2 * second[:, 1] / height
    grid = F.affine_grid(theta, [n, 1, side, side], align_corners=False)
    pictures = as_float(x)
    pictures = F.grid_sample(pictures, grid, align_corners=False, padding_mode="zeros")
    # And back: u = (y - middle) / step.
    half = torch.tensor([width, height], device=device) / 2
    moved = boxes.unflatten(2, (2, 2)) - half
    moved = torch.where(swap[:, None, None, None], moved.flip(3), moved)
    moved = (moved - middle[:, None, None]) / step[:, None, None] + side / 2
    whole = torch.cat([moved.amin(dim=2), moved.amax(dim=2)], dim=2)
    cut = whole.clamp(0, side)
    left = areas(cut) > LEAST_LEFT * areas(whole)
    if labels is not None:
        there = labels[:, None].float()
        labels = F.grid_sample(there, grid, mode="nearest", align_corners=False)[:, 0]
    return Boxed(coloured(pictures, generator), cut, torch.where(left, classes, -1), labels)


def mosaic(
    x: Tensor,
    boxes: Tensor,
    classes: Tensor,
    side: int,
    augmentation: str,
    generator: torch.Generator,
    labels: Tensor | None = None,
) -> Boxed:
    """Return squares of four windows each, of as many pictures.

    Parameters
    ----------
    x, boxes, classes, side, augmentation, generator, labels
        See :func:`windows`.

    Returns
    -------
    Boxed
        Of each picture a window stands above on the left, beside those of the three that follow in
        the batch. Objects are as large as in whole windows.
    """
    half, n_boxes = side // 2, boxes.shape[1]
    parts = []
    for place in range(4):
        order = torch.arange(len(x), device=x.device).roll(-place)
        part = windows(
            x[order], boxes[order], classes[order], half, augmentation, generator,
            None if labels is None else labels[order],
        )  # fmt: skip
        corner = half * torch.tensor([place % 2, place // 2] * 2, device=x.device)
        parts.append(part._replace(boxes=part.boxes + corner))
    if labels is not None:
        numbered = [
            torch.where(part.labels > 0, part.labels + place * n_boxes, 0)
            for place, part in enumerate(parts)
            if part.labels is not None
        ]
        labels = _square(numbered)
    return Boxed(
        _square([part.x for part in parts]),
        torch.cat([part.boxes for part in parts], dim=1),
        torch.cat([part.classes for part in parts], dim=1),
        labels,
    )


def _square(parts: list[Tensor]) -> Tensor:
    """Return one picture of four: two above, two below."""
    return torch.cat([torch.cat(parts[:2], dim=-1), torch.cat(parts[2:], dim=-1)], dim=-2)


def coloured(x: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures in another light each.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
        From 0 to 1.
    generator : torch.Generator
        Of brightness, contrast and colour.

    Returns
    -------
    Tensor of shape (n, channels, height, width)
        From 0 to 1.
    """
    n, channels = x.shape[:2]

    def change(by: float, *shape: int) -> Tensor:
        u = torch.rand(n, *shape, 1, 1, generator=generator, device=x.device)
        return (2 * u - 1) * by

    gain = 1 + change(LIGHT, 1) + change(COLOUR, channels)
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    # In one pass: a contrast around the mean, and a brightness.
    return (x * gain + (mean * (1 - gain) + change(LIGHT / 2, 1))).clamp_(0, 1)


def as_float(x: Tensor) -> Tensor:
    """Return pictures as numbers from 0 to 1.

    Parameters
    ----------
    x : Tensor
        Such numbers, or bytes.

    Returns
    -------
    Tensor
        float32 of the same shape.
    """
    return x.float().div_(255) if x.dtype == torch.uint8 else x
