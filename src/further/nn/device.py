"""Where a network is."""

from __future__ import annotations

import torch
from torch import nn


def device_of(net: nn.Module) -> torch.device:
    """Return the device of a network's parameters."""
    return next(net.parameters()).device
