"""What is done to pictures while a network trains, so that no epoch is like another.

Each is a function of a whole batch and the generator of the step.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

#: Largest shift, as a share of a picture's side.
SHIFT = 1 / 8


def mirrored(x: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures, half of them mirrored left to right.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
        Pictures.
    generator : torch.Generator
        Of the choice.

    Returns
    -------
    Tensor of shape (n, channels, height, width)
        Shaped likewise.
    """
    half = torch.rand(len(x), generator=generator, device=x.device) < 0.5
    return torch.where(half[:, None, None, None], x.flip(3), x)


def mixed(x: Tensor, t: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    r"""Return pictures, each mixed with another one, and targets likewise.

    .. math:: x = \lambda x_i + (1 - \lambda) x_j, \quad t = \lambda t_i + (1 - \lambda) t_j,
              \qquad \lambda \sim \mathrm{Beta}(1/2, 1/2)

    (Zhang et al. 2018, "mixup: beyond empirical risk minimization").

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
        Pictures, in random order.
    t : Tensor of shape (n, classes)
        Targets.
    generator : torch.Generator
        Of the shares.

    Returns
    -------
    tuple of two Tensor
        Shaped likewise.
    """
    u = torch.rand(len(x), generator=generator, device=x.device)
    other = torch.sin(math.pi / 2 * u).square()  # 1 - λ: the inverse of this distribution function
    return (
        torch.lerp(x, x.flip(0), other[:, None, None, None]),
        torch.lerp(t, t.flip(0), other[:, None]),
    )


def shifted(x: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures, each moved by up to an eighth of its sides, its edges repeated.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
        Pictures.
    generator : torch.Generator
        Of the shifts.

    Returns
    -------
    Tensor of shape (n, channels, height, width)
        Moved by whole pixels.
    """
    n, _, height, width = x.shape
    rows = _places(n, height, generator, x)
    columns = _places(n, width, generator, x)
    picture = torch.arange(n, device=x.device)[:, None, None]
    return x.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _places(n: int, side: int, generator: torch.Generator, like: Tensor) -> Tensor:
    """Return where the pixels (n, side) along one side come from."""
    most = int(side * SHIFT)
    by = torch.randint(-most, most + 1, (n, 1), generator=generator, device=like.device)
    return (torch.arange(side, device=like.device) + by).clamp(0, side - 1)
