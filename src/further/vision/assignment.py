r"""Which predictions learn from which box: task-aligned assignment.

A prediction is a candidate for a box if the centre of its cell lies inside it; how well it suits is

.. math:: t = s^\alpha \, \mathrm{IoU}^\beta, \qquad \hat t = t \, \frac{\max \mathrm{IoU}}{\max t}

with the score s that it gives to the box's class. The k best candidates of a box learn from it; one
that suits several boxes takes that which it overlaps most. What a prediction learns to score is
:math:`\hat t`, scaled so that the best candidate of a box learns its overlap (Feng et al. 2021,
"TOOD: task-aligned one-stage object detection").
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from further.vision.boxes import iou

ALPHA, BETA, CANDIDATES = 0.5, 6.0, 10
#: A box smaller than a cell may hold no centre; it is taken to be so many cells wide.
LEAST_CELLS = 1.5


class Assignment(NamedTuple):
    """What each prediction learns.

    Attributes
    ----------
    scores : Tensor of shape (n, p, classes)
        Targets of the scores, 0 for all classes where a prediction shows nothing.
    boxes : Tensor of shape (n, p, 4)
        The box that a prediction learns from; anything where it learns from none.
    learns : Tensor of bool, shape (n, p)
        Whether it learns from one.
    """

    scores: Tensor
    boxes: Tensor
    learns: Tensor


def assign(
    scores: Tensor,
    boxes: Tensor,
    centres: Tensor,
    cells: Tensor,
    true_boxes: Tensor,
    true_classes: Tensor,
    candidates: int = CANDIDATES,
) -> Assignment:
    """Return what each prediction learns.

    Parameters
    ----------
    scores : Tensor of shape (n, p, classes)
        Predicted, from 0 to 1.
    boxes : Tensor of shape (n, p, 4)
        Predicted.
    centres, cells : Tensor of shape (p, 2)
        Centre, width and height of the cell of each prediction.
    true_boxes : Tensor of shape (n, m, 4)
        Padded.
    true_classes : Tensor of shape (n, m), int64
        -1 where nothing is.
    candidates : int
        Predictions that learn from one box at most.

    Returns
    -------
    Assignment
        Without gradients.
    """
    n, p, _n_classes = scores.shape
    there = true_classes >= 0
    codes = true_classes.clamp(min=0)
    middle = (true_boxes[..., :2] + true_boxes[..., 2:])[:, :, None] / 2  # (n, m, 1, 2)
    half = (true_boxes[..., 2:] - true_boxes[..., :2])[:, :, None] / 2
    half = torch.maximum(half, cells * LEAST_CELLS / 2)
    inside = ((centres - middle).abs() < half).all(dim=-1) & there[:, :, None]  # (n, m, p)
    overlap = iou(true_boxes[:, :, None], boxes[:, None]) * inside
    of_class = scores.gather(2, codes[:, None].expand(n, p, -1)).transpose(1, 2)  # (n, m, p)
    suits = of_class.pow(ALPHA) * overlap.pow(BETA) * inside
    # Before anything is learnt all suit alike; then the nearest are taken.
    distance = ((centres - middle) / half).square().sum(dim=-1)
    ranked = suits + inside * 1e-9 / (1 + distance)
    k = min(candidates, p)
    best = torch.zeros_like(inside).scatter_(2, ranked.topk(k, dim=2).indices, True) & inside
    # One that suits several boxes takes that which it overlaps most.
    overlap_of_best = torch.where(best, overlap + 1e-9, torch.zeros_like(overlap))
    which = overlap_of_best.argmax(dim=1)  # (n, p)
    chosen = torch.zeros_like(best).scatter_(1, which[:, None], True) & best
    learns = chosen.any(dim=1)
    suits = suits * chosen
    highest = suits.amax(dim=2, keepdim=True)
    target = (suits * (overlap * chosen).amax(dim=2, keepdim=True) / (highest + 1e-9)).amax(dim=1)
    row = torch.arange(n, device=scores.device)[:, None]
    one_hot = torch.zeros_like(scores).scatter_(2, codes[row, which][..., None], 1.0)
    return Assignment(one_hot * (target * learns)[..., None], true_boxes[row, which], learns)
