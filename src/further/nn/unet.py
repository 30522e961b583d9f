r"""The U-Net: a convolutional encoder and decoder joined by skips at every resolution.

Going down, a level transforms the picture, keeps the result :math:`s_i` and halves the sides;
going up, it doubles the sides again and transforms the two together (Ronneberger et al. 2015),

.. math:: s_i = B_i(h_i, c), \quad h_{i+1} = \mathrm{down}(s_i), \qquad
          h'_i = B'_i([\mathrm{up}(h'_{i+1}), s_i], c),

with B a residual block whose second normalisation is scaled and shifted by the condition c
(Dhariwal and Nichol 2021). Sides that do not halve evenly are padded and cropped again.

Doubling is a transposed convolution, or a resizing to the nearest pixel and a convolution of 3 x 3
(Odena et al. 2016, "Deconvolution and checkerboard artifacts").
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from further.nn.convolution import MAX_MULTIPLIER, n_groups
from further.nn.mlp import ResidualMLP

Norm = Literal["group", "batch"]
Doubling = Literal["transposed", "resize"]
_NORMS: dict[Norm, Callable[[int], nn.Module]] = {
    "group": lambda channels: nn.GroupNorm(n_groups(channels), channels),
    "batch": nn.BatchNorm2d,
}
#: How sides are doubled: modules of channels in, channels out and whether there are biases.
DOUBLINGS: dict[Doubling, Callable[[int, int, bool], nn.Module]] = {
    "transposed": lambda n_in, n_out, bias: nn.ConvTranspose2d(n_in, n_out, 2, stride=2, bias=bias),
    "resize": lambda n_in, n_out, bias: nn.Sequential(
        nn.Upsample(scale_factor=2), nn.Conv2d(n_in, n_out, 3, padding=1, bias=bias)
    ),
}


class UNetBlock(nn.Module):
    """Two 3x3 convolutions around a skip, the second one conditioned; the channels may change.

    Parameters
    ----------
    n_in, n_out : int
        Channels in and out.
    condition : int
        Size of the condition vector; 0 for none.
    norm : {"group", "batch"}, default="group"
        See :class:`UNet`.
    """

    def __init__(self, n_in: int, n_out: int, condition: int, norm: Norm = "group") -> None:
        super().__init__()
        bias = _has_biases(norm)
        self.norm_in = _NORMS[norm](n_in)
        self.first = nn.Conv2d(n_in, n_out, 3, padding=1, bias=bias)
        self.norm = _NORMS[norm](n_out)
        self.second = nn.Conv2d(n_out, n_out, 3, padding=1, bias=bias)
        self.condition = nn.Linear(condition, 2 * n_out) if condition else None
        self.skip = nn.Conv2d(n_in, n_out, 1, bias=bias) if n_in != n_out else nn.Identity()
        # A block starts as its skip, so that a deep net starts as a shallow one.
        _zero(self.second)
        if self.condition is not None:
            _zero(self.condition)

    def forward(self, h: Tensor, c: Tensor | None = None) -> Tensor:
        """Transform ``h`` (n, n_in, height, width) given ``c`` (n, condition)."""
        inner = self.norm(self.first(F.silu(self.norm_in(h))))
        if self.condition is not None:
            scale, shift = self.condition(c)[:, :, None, None].chunk(2, dim=1)
            inner = inner * (1 + scale) + shift
        out: Tensor = self.skip(h) + self.second(F.silu(inner))
        return out


class _DenseBottleneck(nn.Module):
    """A residual perceptron over all positions and channels of a small grid at once.

    At the few positions of the lowest resolution it does what attention would, every place seeing
    every other, in a few large products.
    """

    def __init__(self, size: int, **layers: int) -> None:
        super().__init__()
        self.net = ResidualMLP(size, size, **layers)
        _zero(self.net.leave)

    def forward(self, h: Tensor, c: Tensor | None = None) -> Tensor:
        """Transform ``h`` (n, channels, height, width) given ``c`` (n, condition)."""
        out: Tensor = h + self.net(F.silu(h).flatten(1), c).view(h.shape)
        return out


class UNet(nn.Module):
    """Pictures to pictures of the same sides.

    Use it where the output is laid out as the input: noise to remove, a mask to draw. Without
    ``size`` it is fully convolutional and takes any sides; with it the lowest resolution is joined
    by a residual perceptron over all its places and the sides are fixed.

    Parameters
    ----------
    n_in, n_out : int
        Channels in and out.
    width : int, default=32
        Channels at full resolution; doubled a level, up to four times. Best a multiple of 16.
    levels : int, default=3
        How often the sides are halved.
    condition : int, default=0
        Size of the condition vector; 0 for none.
    size : tuple of int, optional
        ``(height, width)`` of the pictures, for a dense bottleneck.
    bottleneck_width, bottleneck_depth : int
        Hidden units and residual blocks of the dense bottleneck.
    norm : {"group", "batch"}, default="group"
        Normalised within each picture, or by the statistics of the training, so that what is said
        of a place depends on its surroundings alone.
    up : {"transposed", "resize"}, default="transposed"
        How sides are doubled: by a transposed convolution, or resized and convolved.

    References
    ----------
    Ronneberger, Fischer and Brox 2015, "U-Net: convolutional networks for biomedical image
    segmentation".
    Dhariwal and Nichol 2021, "Diffusion models beat GANs on image synthesis".

    Examples
    --------
    >>> import torch
    >>> net = UNet(3, 1, width=16, levels=2)
    >>> net(torch.zeros(2, 3, 13, 20)).shape
    torch.Size([2, 1, 13, 20])
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        width: int = 32,
        levels: int = 3,
        condition: int = 0,
        size: tuple[int, int] | None = None,
        bottleneck_width: int = 256,
        bottleneck_depth: int = 1,
        norm: Norm = "group",
        up: Doubling = "transposed",
    ) -> None:
        super().__init__()
        bias = _has_biases(norm)
        self.multiple = 2**levels
        sizes = [width * min(2**level, MAX_MULTIPLIER) for level in range(levels + 1)]
        steps = list(pairwise(sizes))
        self.enter = nn.Conv2d(n_in, width, 3, padding=1, bias=bias)
        self.encoder = nn.ModuleList(UNetBlock(a, a, condition, norm) for a in sizes[:-1])
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2, bias=bias) for a, b in steps)
        self.before = UNetBlock(sizes[-1], sizes[-1], condition, norm)
        self.bottleneck: _DenseBottleneck | None = None
        if size is not None:
            places = math.prod(-(-side // self.multiple) for side in size)
            self.bottleneck = _DenseBottleneck(
                sizes[-1] * places,
                width=bottleneck_width,
                depth=bottleneck_depth,
                condition=condition,
            )
        self.after = UNetBlock(sizes[-1], sizes[-1], condition, norm)
        self.up = nn.ModuleList(DOUBLINGS[up](b, a, bias) for a, b in steps)
        self.decoder = nn.ModuleList(UNetBlock(2 * a, a, condition, norm) for a in sizes[:-1])
        self.norm = _NORMS[norm](width)
        self.leave = nn.Conv2d(width, n_out, 3, padding=1)
        _zero(self.leave)

    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """Map ``x`` (n, n_in, height, width), given ``c``, to (n, n_out, height, width)."""
        height, width = x.shape[-2:]
        x = F.pad(x, (0, -width % self.multiple, 0, -height % self.multiple))
        h = self.enter(x)
        skips = []
        for block, down in zip(self.encoder, self.down, strict=True):
            skips.append(block(h, c))
            h = down(skips[-1])
        h = self.before(h, c)
        if self.bottleneck is not None:
            h = self.bottleneck(h, c)
        h = self.after(h, c)
        for block, up in zip(reversed(self.decoder), reversed(self.up), strict=True):
            h = block(torch.cat([up(h), skips.pop()], dim=1), c)
        out: Tensor = self.leave(F.silu(self.norm(h)))[..., :height, :width]
        return out


def _has_biases(norm: Norm) -> bool:
    """Whether convolutions have biases: batch normalisation takes away what they would add."""
    return norm != "batch"


def _zero(layer: nn.Linear | nn.Conv2d) -> None:
    """Set weights and bias of a layer to zero."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
