r"""Activations of hidden layers, by the names that people type.

With ``parametric``, each unit i mixes its input with what the activation makes of it,

.. math:: a_i(x) = (1 - \alpha_i)\, x + \alpha_i\, \sigma(x),

starting at :math:`\alpha_i = 1` (Holzmüller et al. 2024).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "leaky_relu": nn.LeakyReLU,
    "linear": nn.Identity,
    "mish": nn.Mish,
    "relu": nn.ReLU,
    "selu": nn.SELU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}


class ParametricActivation(nn.Module):
    """An activation of which each unit learns how much it takes.

    Parameters
    ----------
    name : str
        One of :data:`ACTIVATIONS`.
    width : int
        Number of units.
    """

    def __init__(self, name: str, width: int) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[name]()
        self.share = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, width) for (n, width)."""
        # Under autocast x may be bfloat16, and lerp takes one type only.
        return torch.lerp(x, self.activation(x), self.share.to(x.dtype))
