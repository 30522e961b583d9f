"""Convolutional encoder and decoder for pictures from 8x8 to 64x64 and beyond.

A level halves the picture and doubles the channels, until a side is at most 4 or 5: 8x8 takes one
level, 28x28 three, 64x64 four. Sides that are no multiple of the stride are padded by the encoder
and cropped by the decoder.
"""

from __future__ import annotations

import itertools

import torch.nn.functional as F
from torch import Tensor, nn

MAX_MULTIPLIER = 4


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


class _ConvolutionBlock(nn.Module):
    """Two 3x3 convolutions around a skip connection, conditioned by a shift of the channels."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(max(1, channels // 16), channels)
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.condition = nn.Linear(condition, channels, bias=False) if condition else None
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, h: Tensor, c: Tensor | None) -> Tensor:
        """Transform ``h`` (n, channels, height, width) given ``c`` (n, condition)."""
        inner = self.first(F.silu(self.norm(h)))
        if self.condition is not None:
            inner = inner + self.condition(c)[:, :, None, None]
        out: Tensor = h + self.second(F.silu(inner))
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
        Channels at full resolution; doubled a level, up to four times.
    """

    def __init__(self, shape: tuple[int, ...], n_out: int, *, width: int) -> None:
        super().__init__()
        channels, self.height, self.width = shape
        levels = n_levels(self.height, self.width)
        self.padded = padded_sides(self.height, self.width, levels)
        sizes = [width * min(2**i, MAX_MULTIPLIER) for i in range(levels + 1)]
        self.enter = nn.Conv2d(channels, sizes[0], 3, padding=1)
        self.blocks = nn.ModuleList(_ConvolutionBlock(s, 0) for s in sizes[1:])
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in itertools.pairwise(sizes)
        )
        flat = sizes[-1] * (self.padded[0] >> levels) * (self.padded[1] >> levels)
        self.leave = nn.Linear(flat, n_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` (n, channels, height, width) to (n, n_out)."""
        x = F.pad(x, (0, self.padded[1] - self.width, 0, self.padded[0] - self.height))
        h = self.enter(x)
        for down, block in zip(self.down, self.blocks, strict=True):
            h = block(down(h), None)
        out: Tensor = self.leave(F.silu(h).flatten(1))
        return out


class ConvolutionDecoder(nn.Module):
    """Vectors to pictures; the mirror image of :class:`ConvolutionEncoder`.

    Parameters
    ----------
    n_in : int
        Size of the vectors.
    shape : tuple of int
        ``(channels, height, width)`` of the pictures.
    width : int
        Channels at full resolution.
    condition : int, default=0
        Size of the condition vector; 0 for none.
    """

    def __init__(
        self, n_in: int, shape: tuple[int, ...], *, width: int, condition: int = 0
    ) -> None:
        super().__init__()
        channels, self.height, self.width = shape
        levels = n_levels(self.height, self.width)
        padded = padded_sides(self.height, self.width, levels)
        sizes = [width * min(2**i, MAX_MULTIPLIER) for i in range(levels, -1, -1)]
        self.start = (sizes[0], padded[0] >> levels, padded[1] >> levels)
        self.enter = nn.Linear(n_in, sizes[0] * self.start[1] * self.start[2])
        self.blocks = nn.ModuleList(_ConvolutionBlock(s, condition) for s in sizes[:-1])
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 4, stride=2, padding=1) for a, b in itertools.pairwise(sizes)
        )
        self.leave = nn.Conv2d(sizes[-1], channels, 3, padding=1)

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Map ``z`` (n, n_in) to pictures (n, channels, height, width)."""
        h = self.enter(z).unflatten(1, self.start)
        for block, up in zip(self.blocks, self.up, strict=True):
            h = up(block(h, c))
        out: Tensor = self.leave(F.silu(h))[..., : self.height, : self.width]
        return out
