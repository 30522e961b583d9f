r"""A periodic embedding of each number of a row, with the number itself beside it.

.. math:: e_j(x_j) = \left(x_j,\; W_j \cos(2 \pi f_j x_j + b_j) + c_j\right),
          \qquad f_j \sim N(0, \sigma^2),

so that the network finds steps and bumps in a single column soon, which it learns slowly from the
number alone (Gorishniy et al. 2022, "On embeddings for numerical features in tabular deep
learning"; with biases and the number itself, Holzmüller et al. 2024).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class PeriodicEmbedding(nn.Module):
    """The embedding of each of the columns, learnt.

    Parameters
    ----------
    n_columns : int
        Numbers in a row.
    frequencies : int, default=16
        Cosines a number.
    width : int, default=4
        Numbers that stand for one, itself among them.
    deviation : float, default=0.1
        σ, of the first frequencies.
    """

    def __init__(
        self, n_columns: int, *, frequencies: int = 16, width: int = 4, deviation: float = 0.1
    ) -> None:
        super().__init__()
        self.frequency = nn.Parameter(deviation * torch.randn(n_columns, frequencies))
        self.phase = nn.Parameter(math.pi * (2 * torch.rand(n_columns, frequencies) - 1))
        bound = frequencies**-0.5
        self.weight = nn.Parameter(bound * (2 * torch.rand(n_columns, frequencies, width - 1) - 1))
        self.bias = nn.Parameter(bound * (2 * torch.rand(n_columns, 1, width - 1) - 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, columns * width) for (n, columns)."""
        columns = x.t()[:, :, None]  # (columns, n, 1)
        waves = torch.cos(2 * math.pi * columns * self.frequency[:, None] + self.phase[:, None])
        mixed = torch.baddbmm(self.bias, waves, self.weight)  # (columns, n, width - 1)
        return torch.cat([columns, mixed], dim=2).transpose(0, 1).flatten(1)
