"""Convolutional encoder and decoder for pictures from 8x8 to 64x64 and beyond.

Strided convolutions halve the picture until a side is at most 8 (28x28 twice, to 7x7; 64x64 three
times), where one block of 3x3 convolutions and a residual perceptron over all positions do the
thinking; the decoder goes back by sub-pixel convolutions (Shi et al. 2016). Nothing but the last
convolution works at full resolution, where a processor spends most and learns least: on 28x28
pictures that is a thirtieth of the operations of a network of equal blocks at every resolution,
and at equal operations its samples are far better.

Sides that are no multiple of the stride are padded by the encoder and cropped by the decoder.

References
----------
Shi et al. 2016, "Real-time single image and video super-resolution using an efficient sub-pixel
convolutional neural network".
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from further.nn.mlp import ResidualMLP

# Units of the perceptron for each channel of the first convolution.
UNITS_A_CHANNEL = 16
# Halvings end where the longer side is at most this.
SMALLEST_SIDE = 8
# Of the channels of a U-Net, which double at each halving.
MAX_MULTIPLIER = 4
# Channels normalised together.
GROUP = 16


def n_levels(height: int, width: int, smallest: int = 4) -> int:
    """Return how often a picture is halved before its longer side is at most ``smallest``.

    Parameters
    ----------
    height, width : int
        Sides of the picture in pixels.
    smallest : int
        Pixels.

    Returns
    -------
    int
        Levels.
    """
    levels, side = 0, max(height, width)
    while side > smallest:
        side, levels = (side + 1) // 2, levels + 1
    return levels


def padded_sides(height: int, width: int, levels: int) -> tuple[int, int]:
    """Return the sides padded to a multiple of two to the number of levels.

    Parameters
    ----------
    height, width : int
        Sides of the picture in pixels.
    levels : int
        How often they are halved.

    Returns
    -------
    height, width : int
        Sides in pixels, padded.
    """
    multiple = 2**levels
    return -(-height // multiple) * multiple, -(-width // multiple) * multiple


def n_groups(channels: int) -> int:
    """Return the number of groups, of about 16 channels each, that divides the channels."""
    groups = max(1, channels // GROUP)
    while channels % groups:
        groups -= 1
    return groups


class _ConvolutionBlock(nn.Module):
    """Two 3x3 convolutions around a skip connection."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(n_groups(channels), channels)
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, h: Tensor) -> Tensor:
        """Transform ``h`` (n, channels, height, width)."""
        out: Tensor = h + self.second(F.silu(self.first(F.silu(self.norm(h)))))
        return out


class ConvolutionEncoder(nn.Module):
    """Pictures to vectors.

    Parameters
    ----------
    shape : tuple of int
        ``(channels, height, width)`` of the pictures.
    n_out : int
        Size of the vectors.
    width : int
        Hidden units of the perceptron; the first convolution has a channel for 16 of them, the
        others twice as many.
    depth : int
        Residual blocks of the perceptron.
    """

    def __init__(self, shape: tuple[int, ...], n_out: int, *, width: int, depth: int) -> None:
        super().__init__()
        _, self.height, self.width = shape
        sizes, self.padded, (channels, *grid) = _resolutions(shape, width)
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1)
            for a, b in itertools.pairwise([shape[0], *sizes])
        )
        self.block = _ConvolutionBlock(channels)
        flat = channels * grid[0] * grid[1]
        self.perceptron = ResidualMLP(flat, n_out, width=width, depth=depth)
        # What it adds to starts alone.
        nn.init.zeros_(self.perceptron.leave.weight)
        nn.init.zeros_(self.perceptron.leave.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` (n, channels, height, width) to (n, n_out)."""
        h = F.pad(x, (0, self.padded[1] - self.width, 0, self.padded[0] - self.height))
        h = h.contiguous(memory_format=torch.channels_last)
        for index, down in enumerate(self.down):
            h = down(h if index == 0 else F.silu(h))
        out: Tensor = self.perceptron(F.silu(self.block(h)).flatten(1))
        return out


class ConvolutionDecoder(nn.Module):
    """Vectors to pictures; the mirror image of :class:`ConvolutionEncoder`.

    Parameters
    ----------
    n_in : int
        Size of the vectors.
    shape : tuple of int
        ``(channels, height, width)`` of the pictures.
    width, depth : int
        See :class:`ConvolutionEncoder`.
    condition : int, default=0
        Size of the condition vector; 0 for none.
    """

    def __init__(
        self, n_in: int, shape: tuple[int, ...], *, width: int, depth: int, condition: int = 0
    ) -> None:
        super().__init__()
        _, self.height, self.width = shape
        sizes, _, self.start = _resolutions(shape, width)
        channels, *grid = self.start
        flat = channels * grid[0] * grid[1]
        self.perceptron = ResidualMLP(n_in, flat, width=width, depth=depth, condition=condition)
        self.block = _ConvolutionBlock(channels)
        ups = [*sizes[::-1], max(1, sizes[0] // 2)]
        self.up = nn.ModuleList(
            nn.Conv2d(a, 4 * b, 3, padding=1) for a, b in itertools.pairwise(ups)
        )
        self.leave = nn.Conv2d(ups[-1], shape[0], 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Map ``z`` (n, n_in), given ``c`` (n, condition), to (n, channels, height, width)."""
        h = self.perceptron(z, c).unflatten(1, self.start)
        h = self.block(h.contiguous(memory_format=torch.channels_last))
        for up in self.up:
            h = F.pixel_shuffle(up(F.silu(h)), 2)
        out: Tensor = self.leave(F.silu(h))[..., : self.height, : self.width]
        return out


def _resolutions(
    shape: tuple[int, ...], width: int
) -> tuple[list[int], tuple[int, int], tuple[int, int, int]]:
    """Return the channels after each halving, the padded sides, and the smallest grid's shape."""
    _, height, columns = shape
    levels = max(1, n_levels(height, columns, SMALLEST_SIDE))
    padded = padded_sides(height, columns, levels)
    first = max(1, width // UNITS_A_CHANNEL)
    sizes = [first if level == 0 else 2 * first for level in range(levels)]
    return sizes, padded, (sizes[-1], padded[0] >> levels, padded[1] >> levels)
