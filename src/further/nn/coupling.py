r"""Coupling layers: half of the values are transformed by what a network says about the others.

With the values split into :math:`z_a` and :math:`z_b` and a condition c,

.. math:: z_b \leftarrow g(z_b; \theta(z_a, c)), \quad z_a \leftarrow z_a,

which is inverted as fast as it is computed, whatever the network θ is; the log-determinant is
that of g, elementwise (Dinh et al. 2017). Here g is the monotonic rational-quadratic spline
of Durkan et al. (2019), the identity outside of [-B, B].

References
----------
Dinh, Sohl-Dickstein and Bengio 2017, "Density estimation using Real NVP".
Durkan et al. 2019, "Neural spline flows".
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from zuko.transforms import MonotonicRQSTransform

from further.nn.mlp import ResidualMLP

BOUND = 4.0
# Factor on the last layer's first weights, so that a layer starts near the identity.
START = 0.1
SEED_OF_HALVES = 7


class _Conditioner(ResidualMLP):
    """A residual perceptron with dropout of a share of its hidden units before the last layer."""

    def __init__(self, n_in: int, n_out: int, *, dropout: float, **sizes: int) -> None:
        super().__init__(max(1, n_in), n_out, **sizes)
        self.dropout = dropout
        with torch.no_grad():
            self.leave.weight.mul_(START)
            self.leave.bias.zero_()

    def forward(
        self, x: Tensor, c: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Map ``x`` (n, n_in), given ``c`` (n, condition), to (n, n_out)."""
        if x.shape[1] == 0:  # a single value has no other to look at
            x = x.new_zeros(len(x), 1)
        h = self.enter(x)
        for block in self.blocks:
            h = block(h, c)
        h = F.silu(self.norm(h))
        if self.training and self.dropout:
            # Comparing uniform numbers is several times faster than bernoulli_ is.
            drawn = torch.rand(h.shape, generator=generator, device=h.device)
            kept = drawn >= self.dropout
            h = h * kept / (1 - self.dropout)
        out: Tensor = self.leave(h)
        return out


class _SplineCoupling(nn.Module):
    """A coupling layer of vectors: the values ``kept`` (size,) bool are looked at and stay."""

    kept: Tensor
    moved: Tensor

    def __init__(self, kept: Tensor, *, bins: int, **conditioner: Any) -> None:
        super().__init__()
        self.bins = bins
        self.register_buffer("kept", kept.nonzero()[:, 0], persistent=False)
        self.register_buffer("moved", (~kept).nonzero()[:, 0], persistent=False)
        n_out = len(self.moved) * (3 * bins - 1)
        self.conditioner = _Conditioner(len(self.kept), n_out, **conditioner)

    def forward(
        self, z: Tensor, c: Tensor | None, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the transformed ``z`` (n, size) and the log-determinant (n,)."""
        spline = self._spline(z, c, generator)
        moved, log_slope = spline.call_and_ladj(z[:, self.moved])
        return z.index_copy(1, self.moved, moved), log_slope.sum(1)

    def inverse(self, z: Tensor, c: Tensor | None) -> Tensor:
        """Return the ``z`` (n, size) that :meth:`forward` was given with the same condition."""
        spline = self._spline(z, c, None)
        return z.index_copy(1, self.moved, spline.inv(z[:, self.moved]))

    def _spline(
        self, z: Tensor, c: Tensor | None, generator: torch.Generator | None
    ) -> MonotonicRQSTransform:
        theta = self.conditioner(z[:, self.kept], c, generator).float()
        theta = theta.unflatten(1, (-1, 3 * self.bins - 1))  # (n, moved, parameters of a spline)
        widths, heights, slopes = theta.split([self.bins, self.bins, self.bins - 1], dim=2)
        return MonotonicRQSTransform(widths, heights, slopes, bound=BOUND)


class CouplingFlow(nn.Module):
    """Spline couplings of vectors, or of small pictures as vectors.

    Parameters
    ----------
    shape : tuple of int
        ``(features,)``, or ``(channels, height, width)``, of which the halves are neighbours.
    transforms : int
        Number of coupling layers.
    bins : int
        Pieces of a spline.
    width, depth : int
        Hidden units and residual blocks of the perceptrons.
    condition : int
        Size of the condition vector; 0 for none.
    dropout : float
        Share of the hidden units that are left out in training.
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
        self.layers = nn.ModuleList(
            _SplineCoupling(
                _halves(shape, index), bins=bins, width=width, depth=depth, condition=condition,
                dropout=dropout,
            )
            for index in range(transforms)
        )  # fmt: skip

    def forward(
        self, z: Tensor, c: Tensor | None, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the noise (n, size) that ``z`` (n, size) comes from and the log-determinant."""
        total = z.new_zeros(len(z))
        for layer in self.layers:
            z, log_det = layer(z, c, generator)
            total = total + log_det
        return z, total

    def inverse(self, z: Tensor, c: Tensor | None) -> Tensor:
        """Undo :meth:`forward`.

        Parameters
        ----------
        z : Tensor of shape (n, size)
            Noise.
        c : Tensor of shape (n, condition) or None
            The condition.

        Returns
        -------
        Tensor of shape (n, size)
            Data.
        """
        for layer in reversed(self.layers):
            z = layer.inverse(z, c)  # type: ignore[operator]
        return z


def _halves(shape: tuple[int, ...], index: int) -> Tensor:
    """Return which values the coupling layer of that index keeps, bool (size,).

    Layers come in pairs that keep what the other moves. Pictures take turns among a chessboard,
    every other column, every other row, and a chessboard of 2x2 squares; vectors are halved at
    random, always in the same way.
    """
    if len(shape) == 1:
        size = shape[0]
        draw = torch.Generator().manual_seed(SEED_OF_HALVES + index // 2)
        order = torch.randperm(size, generator=draw)
        kept = torch.zeros(size, dtype=torch.bool)
        kept[order[: size // 2]] = True
    else:
        channels, height, width = shape
        row, column = torch.arange(height)[:, None], torch.arange(width)[None, :]
        patterns = (row + column, column + 0 * row, row + 0 * column, row // 2 + column // 2)
        even = patterns[index // 2 % len(patterns)] % 2 == 0
        kept = even.expand(channels, height, width).flatten()
    # A single value is moved by every layer.
    return kept if index % 2 == 0 or kept.numel() == 1 else ~kept
