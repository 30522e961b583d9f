"""Where a network is, and what is done there in full precision or at random."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

#: Below the resolution of a uniform number, so that no logarithm is infinite.
_SMALLEST = 1e-9


def device_of(net: nn.Module) -> torch.device:
    """Return the device of a network's parameters."""
    return next(net.parameters()).device


def full_precision(device: torch.device) -> AbstractContextManager[None]:
    """Return a context in which products of matrices are not cut to bfloat16 or float16."""
    if torch.amp.is_autocast_available(device.type):
        return torch.autocast(device.type, enabled=False)
    return nullcontext()


def exponential_like(x: Tensor, generator: torch.Generator | None) -> Tensor:
    """Return independent draws of the standard exponential distribution in the shape of ``x``.

    Parameters
    ----------
    x : Tensor
        Gives shape, dtype and device.
    generator : torch.Generator or None
        Source of the draws; torch's own for None.

    Returns
    -------
    Tensor
        Values of at least 1e-9, so that each has a logarithm.
    """
    uniform = torch.rand(x.shape, generator=generator, device=x.device, dtype=x.dtype)
    return -torch.log1p(-uniform).clamp_max(-_SMALLEST)
