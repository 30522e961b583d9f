r"""Boxes as four numbers, how far two of them overlap, and the suppression of duplicates.

A box is x and y of its upper left and of its lower right corner. Of two boxes A and B the
intersection over union, and the complete one (Zheng et al. 2020, "Distance-IoU loss"), are

.. math:: \mathrm{IoU} = \frac{|A \cap B|}{|A \cup B|}, \qquad
          \mathrm{CIoU} = \mathrm{IoU} - \frac{d^2}{c^2} - \alpha v, \qquad
          v = \frac{4}{\pi^2} \Bigl(\arctan\frac{w_B}{h_B} - \arctan\frac{w_A}{h_A}\Bigr)^2,
          \quad \alpha = \frac{v}{1 - \mathrm{IoU} + v},

with d the distance of the centres and c the diagonal of the smallest box around both: a box that
does not touch the right one still learns where to go.

Non-maximum suppression goes through the boxes of one class from the highest score down and keeps
one unless it overlaps a kept one by more than a share.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_TINY = 1e-7


def areas(boxes: Tensor) -> Tensor:
    """Return the areas of boxes.

    Parameters
    ----------
    boxes : Tensor of shape (..., 4)
        Of any number.

    Returns
    -------
    Tensor
        0 where a side is negative.
    """
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(dim=-1)


def intersections(a: Tensor, b: Tensor) -> Tensor:
    """Return the areas that boxes share with others.

    Parameters
    ----------
    a, b : Tensor of shape (..., 4)
        Broadcast against each other.

    Returns
    -------
    Tensor
        0 where they do not touch.
    """
    low = torch.maximum(a[..., :2], b[..., :2])
    high = torch.minimum(a[..., 2:], b[..., 2:])
    return (high - low).clamp(min=0).prod(dim=-1)


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Return the intersection over union of boxes (..., 4), broadcast against each other.

    Parameters
    ----------
    a, b : Tensor of shape (..., 4)
        Boxes; ``iou(a[:, None], b[None])`` compares all pairs.

    Returns
    -------
    Tensor
        From 0 to 1.

    Examples
    --------
    >>> iou(torch.tensor([0.0, 0, 2, 2]), torch.tensor([1.0, 0, 3, 2]))
    tensor(0.3333)
    """
    shared = intersections(a, b)
    return shared / (areas(a) + areas(b) - shared + _TINY)


def complete_iou(a: Tensor, b: Tensor) -> Tensor:
    """Return the complete IoU of boxes (..., 4) with those that they should be.

    Parameters
    ----------
    a, b : Tensor of shape (..., 4)
        Predicted and true boxes.

    Returns
    -------
    Tensor
        At most 1; below 0 for boxes that are far apart.
    """
    overlap = iou(a, b)
    low, high = torch.minimum(a[..., :2], b[..., :2]), torch.maximum(a[..., 2:], b[..., 2:])
    diagonal = (high - low).square().sum(dim=-1) + _TINY
    distance = ((a[..., :2] + a[..., 2:]) - (b[..., :2] + b[..., 2:])).square().sum(dim=-1) / 4
    sides_a, sides_b = a[..., 2:] - a[..., :2], b[..., 2:] - b[..., :2]
    angle_a = torch.atan(sides_a[..., 0] / (sides_a[..., 1] + _TINY))
    angle_b = torch.atan(sides_b[..., 0] / (sides_b[..., 1] + _TINY))
    v = 4 / math.pi**2 * (angle_b - angle_a).square()
    with torch.no_grad():
        alpha = v / (1 - overlap + v + _TINY)
    return overlap - distance / diagonal - alpha * v


def suppress(boxes: Tensor, scores: Tensor, classes: Tensor, overlap: float) -> Tensor:
    """Return which boxes non-maximum suppression keeps, class by class.

    Parameters
    ----------
    boxes : Tensor of shape (n, m, 4)
        Those of n pictures.
    scores : Tensor of shape (n, m)
        Sorted from high to low in each picture.
    classes : Tensor of shape (n, m)
        The class of each; boxes of different ones do not suppress each other.
    overlap : float
        The IoU with a kept box above which a box is a duplicate.

    Returns
    -------
    Tensor of bool, shape (n, m)
        True for what stays. What is suppressed suppresses nothing itself.

    Examples
    --------
    >>> two = torch.tensor([[[0.0, 0, 10, 10], [1, 0, 11, 10], [30, 0, 40, 10]]])
    >>> suppress(two, torch.tensor([[0.9, 0.8, 0.7]]), torch.zeros(1, 3), 0.5)
    tensor([[ True, False,  True]])
    """
    higher = torch.ones(boxes.shape[1], boxes.shape[1], device=boxes.device).triu(1).bool()
    rivals = iou(boxes[:, :, None], boxes[:, None]) > overlap
    rivals &= (classes[:, :, None] == classes[:, None]) & higher
    # Who is beaten depends on who stays: repeated until nothing changes, which is the greedy answer
    # after as many rounds as the longest chain of boxes that beat each other.
    keep = scores > 0
    while True:
        beaten = (rivals & keep[:, :, None]).any(dim=1)
        after = (scores > 0) & ~beaten
        if torch.equal(after, keep):
            return keep
        keep = after
