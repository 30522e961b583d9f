r"""Embeddings of a class and of a continuous time.

A time t is embedded by the sinusoids of Vaswani et al. (2017),

.. math:: e_{2i}(t) = \sin(\omega_i t), \quad e_{2i+1}(t) = \cos(\omega_i t),
          \quad \omega_i = 10000^{-2i/d}.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class ClassEmbedding(nn.Module):
    """A learned vector a class, with one more for "no class given".

    Parameters
    ----------
    n_classes : int
        Number of classes; for data without any there is nothing to embed.
    dim : int
        Length of the vector.

    Attributes
    ----------
    dim : int
        That length; 0 without classes.
    """

    def __init__(self, n_classes: int, dim: int) -> None:
        super().__init__()
        self.n_classes, self.dim = n_classes, dim if n_classes else 0
        # The last row stands for "no class", as classifier-free guidance needs it.
        self.table = nn.Embedding(n_classes + 1, dim) if n_classes else None

    def forward(self, y: Tensor | None, n: int) -> Tensor | None:
        """Embed ``y`` (n,) int64, or n times "no class" when it is None.

        Returns (n, dim), or None without classes.
        """
        if self.table is None:
            return None
        if y is None:
            device = self.table.weight.device
            y = torch.full((n,), self.n_classes, dtype=torch.int64, device=device)
        embedded: Tensor = self.table(y)
        return embedded


class TimeEmbedding(nn.Module):
    """Sinusoids of a time in [0, 1].

    Parameters
    ----------
    dim : int
        Length of the vector; even.
    scale : float, default=1000
        The time is multiplied by it first, so that [0, 1] spans the usual number of steps.
    """

    frequencies: Tensor

    def __init__(self, dim: int, scale: float = 1000.0) -> None:
        super().__init__()
        half = dim // 2
        frequencies = scale * torch.exp(-math.log(10000.0) * torch.arange(half) / half)
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(self, t: Tensor) -> Tensor:
        """Embed ``t`` (n,) float; returns (n, dim)."""
        angles = t[:, None] * self.frequencies  # (n, dim / 2)
        return torch.cat([angles.sin(), angles.cos()], dim=1)
