r"""A flow of pictures from coarse to fine: first block means, then the details given these.

Blocks of pixels (4x4 for 28x28, so that at most 8x8 are left) are turned by an orthonormal cosine
transform into a mean and details; its determinant is 1. The picture of means m takes the spline
couplings of small pictures, which see all of it at once; the details d are standardised by what a
convolutional network says of the means around them, and coupled with each other,

.. math:: p(x) = p(m)\, p(d \mid m), \qquad
          d \leftarrow e^{\lambda(d_a, m, c)} d_b + \mu(d_a, m, c).

The shape is so learnt where it is cheap to learn, and a convolution is left with what is local.
Sides that are no multiple of a block are padded with the pixels at the edge, which bounds the
likelihood from below.

References
----------
Yu, Derpanis and Brubaker 2020, "Wavelet flow: fast training of high resolution normalizing flows".
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from further.nn.convolution import n_levels, padded_sides
from further.nn.cosine_transform import cosine_basis
from further.nn.coupling import CouplingFlow
from further.nn.normal_scores import HALF_LOG_TWO_PI

# Scales of a coupling stay within exp(±LOG_SCALE): between the noise of a black area and an edge.
LOG_SCALE = 5.0
# Blocks grow until the longer side of the picture of their means is at most this.
SMALLEST_SIDE = 8
# Standard deviations of coefficients are at least this, of pictures in [0, 1].
SMALLEST_SCALE = 1e-3
# Units of the perceptrons for each channel of the convolutions.
UNITS_A_CHANNEL = 6
# Noise of continuous pixels that are added: one of so many grey levels.
PADDING_LEVELS = 256
# Couplings of details with each other.
DETAIL_COUPLINGS = 3


class Blocks:
    """How a picture is divided.

    Parameters
    ----------
    shape : tuple of int
        ``(channels, height, width)``.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.channels, self.height, self.width = shape
        levels = max(1, n_levels(self.height, self.width, SMALLEST_SIDE))
        self.side = 2**levels
        self.sides = padded_sides(self.height, self.width, levels)
        self.grid = (self.sides[0] // self.side, self.sides[1] // self.side)
        self.coarse = (self.channels, *self.grid)
        self.fine = (self.channels * (self.side**2 - 1), *self.grid)
        self.size = self.channels * math.prod(self.sides)
        self.padded = self.sides != (self.height, self.width)


class BlockScores(nn.Module):
    """Standard scores of block means and details of pictures in [0, 1].

    Parameters
    ----------
    shape : tuple of int
        ``(channels, height, width)``.
    levels : int or None
        Number of grey levels, which are dequantised uniformly; None for continuous values.
    """

    basis: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(self, shape: tuple[int, ...], levels: int | None) -> None:
        super().__init__()
        self.blocks, self.levels = Blocks(shape), levels
        one = cosine_basis(self.blocks.side)
        self.register_buffer("basis", torch.kron(one, one), persistent=False)
        self.register_buffer("mean", torch.zeros(self.blocks.size))
        self.register_buffer("scale", torch.ones(self.blocks.size))

    @torch.no_grad()
    def fit(self, x: Tensor) -> None:
        """Take mean and standard deviation of each coefficient of the rows ``x`` (n, size)."""
        v = self._continuous(x, torch.Generator(x.device).manual_seed(0))
        coefficients = self._transform(v)
        self.mean.copy_(coefficients.mean(0))
        self.scale.copy_(coefficients.std(0, correction=0).clamp_min(SMALLEST_SCALE))

    def forward(self, x: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Return z (n, padded size) and s (n,) of x (n, size); see the module of normal scores."""
        z = (self._transform(self._continuous(x, generator)) - self.mean) / self.scale
        constant = z.shape[1] * HALF_LOG_TWO_PI + self.scale.log().sum()
        added = z.shape[1] - x.shape[1]
        noise = added * math.log(PADDING_LEVELS)
        if self.levels is not None:
            noise = z.shape[1] * math.log(self.levels)
        constant = constant + noise
        return z, -0.5 * z.square().sum(1) - constant

    def inverse(self, z: Tensor) -> Tensor:
        """Return x (n, size) in [0, 1], on the grey levels."""
        blocks = self.blocks
        n, values = len(z), z * self.scale + self.mean
        coarse, fine = values.split([math.prod(blocks.coarse), math.prod(blocks.fine)], dim=1)
        means = coarse.view(n, blocks.channels, 1, *blocks.grid)
        details = fine.view(n, blocks.channels, -1, *blocks.grid)
        pixels = torch.einsum("ncihw,ij->ncjhw", torch.cat([means, details], dim=2), self.basis)
        v = F.pixel_shuffle(pixels.flatten(1, 2), blocks.side)
        v = v[..., : blocks.height, : blocks.width].flatten(1)
        if self.levels is None:
            return v.clamp(0, 1)
        return (v * self.levels).floor().clamp(0, self.levels - 1) / (self.levels - 1)

    def _continuous(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        """Return padded pictures (n, channels, height, width) with continuous values."""
        blocks = self.blocks
        picture = x.unflatten(1, (blocks.channels, blocks.height, blocks.width))
        missing = (blocks.sides[1] - blocks.width, blocks.sides[0] - blocks.height)
        # What is added follows from the picture, so the probability of both is no more than its.
        v = F.pad(picture, (0, missing[0], 0, missing[1]), mode="replicate")
        if self.levels is None and not blocks.padded:
            return v
        u = torch.rand(v.shape, generator=generator, device=v.device)
        if self.levels is not None:
            return ((v * (self.levels - 1)).round() + u) / self.levels
        u[..., : blocks.height, : blocks.width] = 0
        return v + u / PADDING_LEVELS

    def _transform(self, v: Tensor) -> Tensor:
        """Return the coefficients (n, padded size), means before details."""
        places = F.pixel_unshuffle(v, self.blocks.side)
        pixels = places.unflatten(1, (self.blocks.channels, -1))
        coefficients = torch.einsum("ncjhw,ij->ncihw", pixels, self.basis)
        means, details = coefficients[:, :, :1], coefficients[:, :, 1:]
        return torch.cat([means.flatten(1), details.flatten(1)], dim=1)


class _DetailCoupling(nn.Module):
    """Move details by what convolutions say of the means, the class and the ``kept`` others."""

    def __init__(
        self, kept: int, moved: int, means: int, *, width: int, depth: int, condition: int,
        dropout: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.kept, self.dropout = kept, dropout
        self.enter = nn.Conv2d(kept + means, width, 3, padding=1)
        self.condition = nn.Linear(condition, width, bias=False) if condition else None
        self.blocks = nn.ModuleList(nn.Conv2d(width, width, 1) for _ in range(depth))
        self.leave = nn.Conv2d(width, 2 * moved, 3, padding=1)
        nn.init.normal_(self.leave.weight, std=1e-3)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def forward(
        self, z: Tensor, m: Tensor, c: Tensor | None, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        """Return the transformed ``z`` and the log-determinant (n,)."""
        kept, moved = z[:, : self.kept], z[:, self.kept :]
        shift, log_scale = self._affine(kept, m, c, generator)
        moved = moved * log_scale.exp() + shift
        return torch.cat([kept, moved], dim=1), log_scale.flatten(1).sum(1)

    def inverse(self, z: Tensor, m: Tensor, c: Tensor | None) -> Tensor:
        """Return the ``z`` that :meth:`forward` was given with the same means and condition."""
        kept, moved = z[:, : self.kept], z[:, self.kept :]
        shift, log_scale = self._affine(kept, m, c, None)
        return torch.cat([kept, (moved - shift) * torch.exp(-log_scale)], dim=1)

    def _affine(
        self, kept: Tensor, m: Tensor, c: Tensor | None, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        h = self.enter(torch.cat([kept, m], dim=1))
        if self.condition is not None:
            h = h + self.condition(c)[:, :, None, None]
        for block in self.blocks:
            h = h + block(F.silu(h))
        h = F.silu(h)
        if self.training and self.dropout:
            drawn = torch.rand(*h.shape[:2], 1, 1, generator=generator, device=h.device)
            h = h * (drawn >= self.dropout) / (1 - self.dropout)
        shift, log_scale = self.leave(h).float().chunk(2, dim=1)
        return shift, LOG_SCALE * torch.tanh(log_scale / LOG_SCALE)


class CoarseToFineFlow(nn.Module):
    """Spline couplings of block means, and convolutional couplings of details given these.

    Parameters
    ----------
    shape : tuple of int
        ``(channels, height, width)``.
    transforms, bins : int
        Coupling layers of the means, and pieces of a spline.
    width : int
        Hidden units of their perceptrons; the convolutions have a channel for 6 units.
    depth : int
        Residual blocks of both.
    condition : int
        Size of the condition vector; 0 for none.
    dropout : float
        Share of the hidden units and channels that are left out in training.

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
        transforms: int,
        bins: int,
        width: int,
        depth: int,
        condition: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.blocks = blocks = Blocks(shape)
        self.size, self.padded = blocks.size, blocks.padded
        sizes = {"depth": depth, "condition": condition}
        self.means = CouplingFlow(
            blocks.coarse, transforms=transforms, bins=bins, width=width, dropout=dropout, **sizes
        )
        fine, kept = blocks.fine[0], [0, *[blocks.fine[0] // 2] * DETAIL_COUPLINGS]
        self.details = nn.ModuleList(
            _DetailCoupling(
                k, fine - k, blocks.channels, width=max(8, width // UNITS_A_CHANNEL),
                dropout=dropout, **sizes,
            )
            for k in kept
        )  # fmt: skip

    def forward(
        self, z: Tensor, c: Tensor | None, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the noise (n, size) that ``z`` (n, size) comes from and the log-determinant."""
        m, d = self._split(z)
        noise, total = self.means(m.flatten(1), c, generator)
        for coupling in self.details:
            d, log_det = coupling(d, m, c, generator)
            # The next one keeps what this one moved.
            d, total = d.flip(1), total + log_det
        return torch.cat([noise, d.flatten(1)], dim=1), total

    def inverse(self, noise: Tensor, c: Tensor | None) -> Tensor:
        """Undo :meth:`forward`.

        Parameters
        ----------
        noise : Tensor of shape (n, size)
            From the normal distribution.
        c : Tensor of shape (n, condition) or None
            The condition.

        Returns
        -------
        Tensor of shape (n, size)
            Scores of block means and details.
        """
        coarse, d = self._split(noise)
        m = self.means.inverse(coarse.flatten(1), c).view_as(coarse)
        for coupling in reversed(self.details):
            d = coupling.inverse(d.flip(1), m, c)  # type: ignore[operator]
        return torch.cat([m.flatten(1), d.flatten(1)], dim=1)

    def _split(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return means (n, channels, height, width) and details on the same grid."""
        coarse, fine = z.split([math.prod(self.blocks.coarse), math.prod(self.blocks.fine)], dim=1)
        return coarse.unflatten(1, self.blocks.coarse), fine.unflatten(1, self.blocks.fine)
