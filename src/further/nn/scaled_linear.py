r"""A fully connected layer in the neural tangent parametrisation, dense or sparse.

.. math:: y = \frac{1}{\sqrt{k}}\, (W \odot M)\, x + b, \qquad W_{ij} \sim N(0, 1),

where k is the number of connections of a unit, on average (all inputs of a dense layer), and M a
mask of zeros and ones. The factor stands in the forward pass and not in the first weights, so that
one learning rate suits layers of any width (Jacot et al. 2018, "Neural tangent kernel").
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ScaledLinear(nn.Module):
    """A linear layer whose weights have unit variance.

    Parameters
    ----------
    n_in, n_out : int
        Sizes of input and output vectors.
    mask : Tensor of shape (n_out, n_in), optional
        Which connections there are; all by default.
    zero : bool, default=False
        Whether it starts at zero, as a last layer does.
    """

    mask: Tensor | None

    def __init__(
        self, n_in: int, n_out: int, *, mask: Tensor | None = None, zero: bool = False
    ) -> None:
        super().__init__()
        first = torch.zeros if zero else torch.randn
        self.weight = nn.Parameter(first(n_out, n_in))
        self.bias = nn.Parameter(first(n_out))
        connections = n_in if mask is None else max(1.0, float(mask.sum()) / n_out)
        self.factor = connections**-0.5
        self.register_buffer("mask", mask)

    @property
    def n_parameters(self) -> int:
        """Number of weights that are connections, and of biases."""
        connections = self.weight.numel() if self.mask is None else int(self.mask.sum())
        return connections + self.bias.numel()

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x`` (n, n_in) to (n, n_out)."""
        weight = self.weight if self.mask is None else self.weight * self.mask
        # One fused product; scaling x would be cheaper in the first layer only.
        return torch.addmm(self.bias, x, weight.t(), alpha=self.factor)


class Scale(nn.Module):
    """A factor for each input, which is learnt faster than the weights: a soft choice of columns.

    Parameters
    ----------
    width : int
        Number of inputs.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, width) for (n, width)."""
        return x * self.factor


def random_mask(n_in: int, n_out: int, density: float, generator: torch.Generator) -> Tensor:
    """Return a mask with a share of all connections, in which each unit has one at least.

    Parameters
    ----------
    n_in, n_out : int
        Sizes of input and output vectors.
    density : float
        The share, in (0, 1].
    generator : torch.Generator
        Of the choice.

    Returns
    -------
    Tensor of shape (n_out, n_in)
        Zeros and ones; the same number of ones in each row.
    """
    per_unit = max(1, round(density * n_in))
    chosen = torch.rand(n_out, n_in, generator=generator).topk(per_unit, dim=1).indices
    return torch.zeros(n_out, n_in).scatter_(1, chosen, 1.0)
