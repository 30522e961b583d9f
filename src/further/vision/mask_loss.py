r"""Losses of a class for each pixel: cross-entropy, and one minus an overlap of sets.

With :math:`p_{ik}` the probability of class k at pixel i and :math:`t_{ik}` 1 where that is the
class, all sums over the pixels of a batch,

.. math:: \mathcal L_\mathrm{CE} = -\frac{\sum_i w_{k_i} \log p_{i k_i}}{\sum_i w_{k_i}}, \qquad
          T_k = \frac{\sum_i p_{ik} t_{ik}}{\sum_i p_{ik} t_{ik}
          + \alpha \sum_i p_{ik} (1 - t_{ik}) + \beta \sum_i (1 - p_{ik})\, t_{ik}},

where :math:`\alpha = \beta = 1/2` is the Dice coefficient (Milletari et al. 2016) and Tversky's
index weighs a missed pixel more than a false one, with :math:`\alpha = 0.3, \beta = 0.7` (Salehi et
al. 2017). Their loss is :math:`1 - \overline T`, a mean over the classes in the batch, however few
pixels each has; that of a rare class is never drowned. Its gradient is coarse where a class fills
a picture, so the sum of both is what usually trains best (Isensee et al. 2021, "nnU-Net").
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from further.vision.mask_windows import NOTHING

#: Names of losses and their parts.
LOSSES: dict[str, tuple[str, ...]] = {
    "cross_entropy": ("cross_entropy",),
    "dice": ("dice",),
    "tversky": ("tversky",),
    "cross_entropy+dice": ("cross_entropy", "dice"),
    "cross_entropy+tversky": ("cross_entropy", "tversky"),
}
#: Weights α and β of false and of missed pixels.
OVERLAPS = {"dice": (0.5, 0.5), "tversky": (0.3, 0.7)}


def mask_losses(
    logits: Tensor, mask: Tensor, loss: str, weights: Tensor | None = None
) -> dict[str, Tensor]:
    """Return the loss of predicted classes, and its parts where it has several.

    Parameters
    ----------
    logits : Tensor of shape (n, classes, height, width)
        What the network says.
    mask : Tensor of shape (n, height, width), uint8
        The classes; pixels of :data:`~further.vision.mask_windows.NOTHING` do not count.
    loss : str
        One of :data:`LOSSES`.
    weights : Tensor of shape (classes,), optional
        Of the classes, in the cross-entropy and in the mean of overlaps.

    Returns
    -------
    dict of Tensor
        Scalars, "loss" first.

    Examples
    --------
    >>> mask = torch.tensor([[[0, 1], [1, 255]]], dtype=torch.uint8)
    >>> sure = 20 * F.one_hot(torch.tensor([[[0, 1], [1, 0]]])).permute(0, 3, 1, 2).float()
    >>> round(float(mask_losses(sure, mask, "dice")["loss"]), 4)
    0.0
    """
    logits = logits.float()
    parts = {}
    for name in LOSSES[loss]:
        if name == "cross_entropy":
            parts[name] = _cross_entropy(logits, mask, weights)
        else:
            index, there = overlaps(logits.softmax(dim=1), mask, *OVERLAPS[name])
            share = there.float() if weights is None else there * weights
            parts[name] = 1 - (index * share).sum() / share.sum().clamp(min=1e-9)
    total = torch.stack(list(parts.values())).sum()
    return {"loss": total, **(parts if len(parts) > 1 else {})}


def _cross_entropy(logits: Tensor, mask: Tensor, weights: Tensor | None) -> Tensor:
    counts = mask != NOTHING
    each = F.cross_entropy(
        logits, mask.long(), weight=weights, ignore_index=NOTHING, reduction="sum"
    )
    if weights is None:
        return each / counts.sum().clamp(min=1)
    return each / weights[torch.where(counts, mask, 0).long()][counts].sum().clamp(min=1e-9)


def overlaps(
    p: Tensor, mask: Tensor, alpha: float = 0.5, beta: float = 0.5
) -> tuple[Tensor, Tensor]:
    """Return Tversky's index of each class over a batch, and whether the class is there.

    Parameters
    ----------
    p : Tensor of shape (n, classes, height, width)
        Probabilities, or zeros and ones.
    mask : Tensor of shape (n, height, width), uint8
        The classes; pixels of :data:`~further.vision.mask_windows.NOTHING` do not count.
    alpha, beta : float
        Weights of false and of missed pixels; the default is the Dice coefficient.

    Returns
    -------
    index : Tensor of shape (classes,)
        From 0 to 1.
    there : Tensor of shape (classes,), bool
        Whether a pixel is of the class.
    """
    classes = torch.arange(p.shape[1], device=p.device, dtype=torch.uint8)[:, None, None]
    truth = mask[:, None] == classes
    both = (p * truth).sum(dim=(0, 2, 3))
    said = (p * (mask != NOTHING)[:, None]).sum(dim=(0, 2, 3))
    is_there = truth.sum(dim=(0, 2, 3))
    whole = both + alpha * (said - both) + beta * (is_there - both)
    return both / whole.clamp(min=1e-6), is_there > 0
