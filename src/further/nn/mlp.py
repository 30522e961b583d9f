r"""The residual multilayer perceptron that every model of vectors and tables uses.

With a condition c (class, time, or both, already embedded) a block is

.. math:: h \leftarrow h + W_2\, \mathrm{SiLU}(W_1\, \mathrm{LayerNorm}(h) + V c).

The last layer of a block starts at zero, so that a deep net starts as a shallow one
(Goyal et al. 2017, "Accurate, large minibatch SGD").
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class _ResidualBlock(nn.Module):
    """One pre-normalised residual block, conditioned by an addition to its hidden layer."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)
        self.condition = nn.Linear(condition, width, bias=False) if condition else None
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, h: Tensor, c: Tensor | None) -> Tensor:
        """Transform ``h`` (n, width) given ``c`` (n, condition)."""
        inner = self.first(self.norm(h))
        if self.condition is not None:
            inner = inner + self.condition(c)
        out: Tensor = h + self.second(F.silu(inner))
        return out


class ResidualMLP(nn.Module):
    """A linear map in, ``depth`` residual blocks, normalisation, a linear map out.

    Parameters
    ----------
    n_in, n_out : int
        Sizes of input and output vectors.
    width : int
        Size of the hidden vectors.
    depth : int
        Number of residual blocks.
    condition : int, default=0
        Size of the condition vector; 0 for none.
    """

    def __init__(
        self, n_in: int, n_out: int, *, width: int, depth: int, condition: int = 0
    ) -> None:
        super().__init__()
        self.enter = nn.Linear(n_in, width)
        self.blocks = nn.ModuleList(_ResidualBlock(width, condition) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, n_out)

    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """Map ``x`` (n, n_in), given ``c`` (n, condition), to (n, n_out)."""
        h = self.enter(x)
        for block in self.blocks:
            h = block(h, c)
        out: Tensor = self.leave(F.silu(self.norm(h)))
        return out
