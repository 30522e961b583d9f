"""A U-Net whose encoder is a backbone: its features, from coarse to fine, doubled and joined."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from further.nn.convolution import MAX_MULTIPLIER
from further.nn.unet import DOUBLINGS, Doubling, UNetBlock
from further.vision.backbone import Backbone


class BackboneUNet(nn.Module):
    """Pictures from 0 to 1 to the logits of their pixels.

    Parameters
    ----------
    backbone : Backbone
        The encoder. Classes of the pixels of its finest cells leave as channels.
    n_out : int
        Classes.
    width : int
        Channels of the decoder at the finest cells; doubled at each halving, up to four times.
    up : {"transposed", "resize"}
        See :class:`~further.nn.unet.UNet`.
    """

    def __init__(self, backbone: Backbone, n_out: int, width: int, up: Doubling) -> None:
        super().__init__()
        self.backbone = backbone
        self.cell, self.multiple = backbone.strides[0], backbone.strides[-1]
        skips = backbone.channels
        sizes = [width * min(2**level, MAX_MULTIPLIER) for level in range(len(skips))]
        self.enter = UNetBlock(skips[-1], sizes[-1], 0, "batch")
        self.up = nn.ModuleList(DOUBLINGS[up](b, a, False) for a, b in pairwise(sizes))
        self.decoder = nn.ModuleList(
            UNetBlock(size + skip, size, 0, "batch")
            for size, skip in zip(sizes[:-1], skips[:-1], strict=True)
        )
        self.norm = nn.BatchNorm2d(sizes[0])
        self.leave = nn.Conv2d(sizes[0], n_out * self.cell**2, 3, padding=1)
        nn.init.zeros_(self.leave.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels, height, width) to (n, classes, height, width)."""
        height, width = x.shape[2:]
        x = padded(x, self.multiple)
        *skips, h = self.backbone(x)
        h = self.enter(h)
        for block, up in zip(reversed(self.decoder), reversed(self.up), strict=True):
            skip = skips.pop()
            h = block(torch.cat([_fitted(up(h), skip.shape[2:]), skip], dim=1))
        logits = F.pixel_shuffle(self.leave(F.silu(self.norm(h))), self.cell)
        return _fitted(logits, x.shape[2:])[..., :height, :width]


def padded(x: Tensor, multiple: int) -> Tensor:
    """Return pictures that go on right and below as they end, up to a multiple of pixels.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
        The pictures.
    multiple : int
        Of which both sides are to be multiples.

    Returns
    -------
    Tensor
        As large, or larger by less than ``multiple``.
    """
    right, below = -x.shape[3] % multiple, -x.shape[2] % multiple
    return F.pad(x, (0, right, 0, below), mode="replicate") if right or below else x


def _fitted(h: Tensor, sides: torch.Size) -> Tensor:
    """Return features of these sides: those of a backbone without padding lack some at the edge."""
    return h if h.shape[2:] == sides else F.interpolate(h, size=sides, mode="nearest")
