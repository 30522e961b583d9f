r"""Square windows of pictures and of their masks, changed at random while a network trains.

Pixel :math:`u` of a window, counted from its middle, shows what stands in the picture at

.. math:: x = c + Q\,(s\,R_\theta\,u + e(u)), \qquad \log s \sim U(-\log a, \log a),
          \quad \theta \sim U(-\theta_0, \theta_0),

with c a place drawn so that the window lies inside the picture, Q a mirror or a quarter turn where
they leave things what they are, and e a smooth elastic displacement, drawn on a coarse grid
(Simard et al. 2003; Ronneberger et al. 2015). The picture is interpolated and its mask is not.
Pictures stay bytes in memory: only the pixels of windows become numbers, all of a batch at once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from further.vision.augmentation import coloured

#: The class of a pixel that is none of the picture.
NOTHING = 255
#: Scales lie between 1/a and a; the largest angle, in radians.
SCALE, ANGLE = 1.25, math.radians(15)
#: Elastic displacements are drawn about so many pixels apart; their deviation is this share of it,
#: small enough that nothing folds.
ELASTIC_GRID, ELASTIC = 64, 1 / 16


class Masked(NamedTuple):
    """Windows of pictures and their masks.

    Attributes
    ----------
    x : Tensor of shape (n, channels, side, side)
        From 0 to 1.
    mask : Tensor of shape (n, side, side), uint8
        Classes; :data:`NOTHING` outside the picture.
    """

    x: Tensor
    mask: Tensor


def windows(
    x: Tensor,
    mask: Tensor,
    sides: Tensor,
    side: int,
    augmentation: str,
    generator: torch.Generator,
) -> Masked:
    """Return a square window of each picture, changed at random.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width), uint8
        Pictures, padded right and below.
    mask : Tensor of shape (n, height, width), uint8
        Their classes.
    sides : Tensor of shape (n, 2)
        Width and height of each picture without what pads it.
    side : int
        Of the windows.
    augmentation : {"shift", "mirror", "turn", "none"}
        Moved, scaled, turned a little and stretched, in another light; mirrored left to right
        besides; turned by quarters besides; or only moved.
    generator : torch.Generator
        Of the changes.

    Returns
    -------
    Masked
        Beyond its edges a picture goes on as it ends, and its mask is :data:`NOTHING`.
    """
    n = len(x)
    where = _displaced(n, side, augmentation, generator)
    room = (sides - side).clamp(min=0)[:, None]
    draw = torch.rand(n, 1, 2, generator=generator, device=x.device)
    start = torch.where(room > 0, (draw * (room + 1)).floor().clamp(max=room), 0)
    where = where + start + (side - 1) / 2
    pictures = _interpolated(x, where, sides).unflatten(2, (side, side)) / 255
    if augmentation != "none":
        pictures = coloured(pictures, generator)
    return Masked(pictures, _nearest(mask, where, sides).unflatten(1, (side, side)))


def _displaced(n: int, side: int, augmentation: str, generator: torch.Generator) -> Tensor:
    """Return what each pixel shows, (n, side * side, 2) as x and y from the middle."""
    device = generator.device
    along = torch.arange(side, device=device) - (side - 1) / 2
    y, x = torch.meshgrid(along, along, indexing="ij")
    places = torch.stack([x, y], dim=2).flatten(0, 1).expand(n, side * side, 2)
    if augmentation == "none":
        return places

    def uniform(high: float) -> Tensor:
        return (2 * torch.rand(n, generator=generator, device=device) - 1) * high

    def half() -> Tensor:
        return torch.rand(n, generator=generator, device=device) < 0.5

    angle, scale = uniform(ANGLE), torch.exp(uniform(math.log(SCALE)))
    sine, cosine = scale * angle.sin(), scale * angle.cos()
    turn = torch.stack([torch.stack([cosine, sine], 1), torch.stack([-sine, cosine], 1)], 1)
    coarse = max(2, side // ELASTIC_GRID)
    drawn = torch.randn(n, 2, coarse + 1, coarse + 1, generator=generator, device=device)
    drawn *= ELASTIC * side / coarse
    smooth = F.interpolate(drawn, size=side, mode="bicubic", align_corners=True)
    places = places @ turn + smooth.flatten(2).transpose(1, 2)
    if augmentation in ("mirror", "turn"):
        sign = torch.ones(n, 1, 2, device=device)
        sign[:, 0, 0] = torch.where(half(), -1.0, 1.0)
        if augmentation == "turn":
            sign[:, 0, 1] = torch.where(half(), -1.0, 1.0)
            places = torch.where(half()[:, None, None], places.flip(2), places)
        places = places * sign
    return places


def _interpolated(x: Tensor, where: Tensor, sides: Tensor) -> Tensor:
    """Return the values (n, channels, places) of pictures between their pixels."""
    corner = where.floor()
    share = (where - corner)[:, None]
    flat, width = x.flatten(2), x.shape[3]
    last = (sides - 1)[:, None]
    near = corner.long().clamp(min=0).minimum(last)
    far = (corner.long() + 1).clamp(min=0).minimum(last)

    def at(column: Tensor, row: Tensor) -> Tensor:
        index = (row * width + column)[:, None].expand(-1, x.shape[1], -1)
        return flat.gather(2, index).float()

    above = torch.lerp(at(near[..., 0], near[..., 1]), at(far[..., 0], near[..., 1]), share[..., 0])
    below = torch.lerp(at(near[..., 0], far[..., 1]), at(far[..., 0], far[..., 1]), share[..., 0])
    return torch.lerp(above, below, share[..., 1])


def _nearest(mask: Tensor, where: Tensor, sides: Tensor) -> Tensor:
    """Return the classes (n, places) of the nearest pixels."""
    place = where.round().long()
    there = ((place >= 0) & (place < sides[:, None])).all(dim=2)
    column, row = place.clamp(min=0).minimum((sides - 1)[:, None]).unbind(2)
    return torch.where(there, mask.flatten(1).gather(1, row * mask.shape[2] + column), NOTHING)
