r"""A flow of pictures: squeeze them, mix their channels, couple half of these with the others.

The squeeze turns blocks of pixels into channels, until a side is at most 8 (28x28 pixels become 7x7
places of 16 channels). A step mixes the channels by an invertible matrix W (a 1x1 convolution,
log-determinant :math:`hw \log |\det W|`; Kingma and Dhariwal 2018) and moves half of them by an
affine coupling,

.. math:: z_b \leftarrow e^{\lambda(z_a, c)} z_b + \mu(z_a, c).

At one coarse resolution a coupling sees most of the picture, and its convolutions are products of
matrices that are large enough for a processor; the same steps at several resolutions (Dinh et al.
2017) took twice the time and left samples without a global shape.
Sides that are no multiple of the block are padded with noise that does not depend on the picture,
which turns the density into a lower bound (Huang et al. 2020).

References
----------
Dinh, Sohl-Dickstein and Bengio 2017, "Density estimation using Real NVP".
Kingma and Dhariwal 2018, "Glow: generative flow with invertible 1x1 convolutions".
Huang, Dinh and Courville 2020, "Augmented normalizing flows".
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from further.nn.convolution import n_levels, padded_sides
from further.nn.device import full_precision

# Scales of a coupling stay within exp(±LOG_SCALE), which keeps the inverse accurate.
LOG_SCALE = 2.0
# Pictures are squeezed until the longer side is at most this.
SMALLEST_SIDE = 8


class _PictureConditioner(nn.Module):
    """A 3x3, residual 1x1 and a 3x3 convolution, with dropout of channels before the last."""

    def __init__(
        self, n_in: int, n_out: int, *, width: int, depth: int, condition: int, dropout: float
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.enter = nn.Conv2d(n_in, width, 3, padding=1)
        self.condition = nn.Linear(condition, width, bias=False) if condition else None
        self.blocks = nn.ModuleList(nn.Conv2d(width, width, 1) for _ in range(depth))
        self.leave = nn.Conv2d(width, n_out, 3, padding=1)
        nn.init.normal_(self.leave.weight, std=1e-3)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, c: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """Map ``x`` (n, n_in, height, width), given ``c`` (n, condition), to n_out channels."""
        h = self.enter(x)
        if self.condition is not None:
            h = h + self.condition(c)[:, :, None, None]
        for block in self.blocks:
            h = h + block(F.silu(h))
        h = F.silu(h)
        if self.training and self.dropout:
            drawn = torch.rand(*h.shape[:2], 1, 1, generator=generator, device=h.device)
            kept = drawn >= self.dropout
            h = h * kept / (1 - self.dropout)
        out: Tensor = self.leave(h).float()
        return out


class _ChannelMixing(nn.Module):
    """An invertible matrix between the channels of each pixel, at first a random rotation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.linalg.qr(torch.randn(channels, channels))[0])

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mixed ``z`` (n, channels, height, width) and the log-determinant (n,)."""
        log_det = z.shape[2] * z.shape[3] * torch.linalg.slogdet(self.matrix)[1]
        return _mix(z, self.matrix), log_det.expand(len(z))

    def inverse(self, z: Tensor) -> Tensor:
        """Undo :meth:`forward`."""
        # In double precision, since the inverse passes through many of these.
        return _mix(z, torch.linalg.inv(self.matrix.double()).float())


class _AffineCoupling(nn.Module):
    """A coupling of the channels of pictures: the first half is looked at, the second is moved."""

    def __init__(self, channels: int, **conditioner: Any) -> None:
        super().__init__()
        self.kept = channels // 2
        n_out = 2 * (channels - self.kept)
        self.conditioner = _PictureConditioner(self.kept, n_out, **conditioner)

    def forward(
        self, z: Tensor, c: Tensor | None, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        """Return the transformed ``z`` and the log-determinant (n,)."""
        kept, moved = z[:, : self.kept], z[:, self.kept :]
        shift, log_scale = self._affine(kept, c, generator)
        moved = moved * log_scale.exp() + shift
        return torch.cat([kept, moved], dim=1), log_scale.flatten(1).sum(1)

    def inverse(self, z: Tensor, c: Tensor | None) -> Tensor:
        """Return the ``z`` that :meth:`forward` was given with the same condition."""
        kept, moved = z[:, : self.kept], z[:, self.kept :]
        shift, log_scale = self._affine(kept, c, None)
        return torch.cat([kept, (moved - shift) * torch.exp(-log_scale)], dim=1)

    def _affine(
        self, kept: Tensor, c: Tensor | None, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        shift, log_scale = self.conditioner(kept, c, generator).chunk(2, dim=1)
        return shift, LOG_SCALE * torch.tanh(log_scale / LOG_SCALE)


class PictureFlow(nn.Module):
    """Couplings of the channels of squeezed pictures.

    Parameters
    ----------
    shape : tuple of int
        ``(channels, height, width)``.
    steps : int
        Mixings and couplings.
    width, depth : int
        Hidden channels and residual blocks of the convolutions in the couplings.
    condition : int
        Size of the condition vector; 0 for none.
    dropout : float
        Share of the hidden channels that are left out in training.

    Attributes
    ----------
    size : int
        Number of noise values of a picture, those of the padding included.
    padded : bool
        Whether the sides are padded, and the log-density a lower bound.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        steps: int,
        width: int,
        depth: int,
        condition: int,
        dropout: float,
    ) -> None:
        super().__init__()
        channels, self.height, self.width = shape
        levels = max(1, n_levels(self.height, self.width, SMALLEST_SIDE))
        self.block = 2**levels
        self.sides = padded_sides(self.height, self.width, levels)
        self.channels, self.size = channels, channels * math.prod(self.sides)
        self.padded = self.sides != (self.height, self.width)
        squeezed = channels * self.block**2
        self.grid = (squeezed, self.sides[0] // self.block, self.sides[1] // self.block)
        self.mixings = nn.ModuleList(_ChannelMixing(squeezed) for _ in range(steps))
        self.couplings = nn.ModuleList(
            _AffineCoupling(
                squeezed, width=width, depth=depth, condition=condition, dropout=dropout
            )
            for _ in range(steps)
        )

    def forward(
        self, z: Tensor, c: Tensor | None, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the noise (n, self.size) that ``z`` (n, channels * height * width) comes from.

        And the log-determinant (n,), less the log-density of the padding.
        """
        z = z.unflatten(1, (self.channels, self.height, self.width))
        z, total = self._pad(z, generator)
        z = F.pixel_unshuffle(z, self.block)
        for mixing, coupling in zip(self.mixings, self.couplings, strict=True):
            z, mixed = mixing(z)
            z, coupled = coupling(z, c, generator)
            total = total + mixed + coupled
        return z.flatten(1), total

    def inverse(self, noise: Tensor, c: Tensor | None) -> Tensor:
        """Return ``z`` (n, channels * height * width), the padding cut off.

        Parameters
        ----------
        noise : Tensor of shape (n, padded size)
            From the normal distribution.
        c : Tensor of shape (n, condition) or None
            The condition.

        Returns
        -------
        Tensor of shape (n, channels * height * width)
            Data.
        """
        z = noise.unflatten(1, self.grid)
        for mixing, coupling in zip(reversed(self.mixings), reversed(self.couplings), strict=True):
            z = mixing.inverse(coupling.inverse(z, c))  # type: ignore[operator]
        z = F.pixel_shuffle(z, self.block)
        return z[..., : self.height, : self.width].flatten(1)

    def _pad(self, z: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        total = z.new_zeros(len(z))
        if not self.padded:
            return z, total
        shape = len(z), self.channels, *self.sides
        outside = torch.randn(shape, generator=generator, device=z.device)
        mask = torch.ones_like(outside, dtype=torch.bool)
        mask[..., : self.height, : self.width] = False
        noise = outside * mask
        # log N(noise; 0, I) is taken off: what is left bounds the density of the picture.
        added = self.channels * (math.prod(self.sides) - self.height * self.width)
        constant = 0.5 * math.log(2 * math.pi) * added
        total = total + 0.5 * noise.square().flatten(1).sum(1) + constant
        z = F.pad(z, (0, self.sides[1] - self.width, 0, self.sides[0] - self.height))
        return z + noise, total


def _mix(z: Tensor, matrix: Tensor) -> Tensor:
    # Products of matrices are cut to bfloat16 where the loop trains so; a likelihood is not.
    with full_precision(z.device):
        return F.conv2d(z.float(), matrix.float()[:, :, None, None])
