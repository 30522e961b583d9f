r"""Pictures larger than memory, seen in tiles that overlap and fade into each other.

The tiles' predictions :math:`f_j` are averaged with smooth weights that fall towards the edges of
tiles, where a network has seen only half of the surroundings,

.. math:: f(x) = \frac{\sum_j w(x - o_j)\, f_j(x - o_j)}{\sum_j w(x - o_j)}, \qquad
          w(u) = \prod_{a \in \{x, y\}} \sin^2\Bigl(\pi \frac{u_a + 1/2}{s}\Bigr),

with :math:`o_j` the corner of tile j and s its side. Where tiles meet an edge of the picture the
weight does not fall.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def tile_starts(length: int, tile: int, step: int, multiple: int) -> list[int]:
    """Return where tiles start along one side, so that they cover it.

    Parameters
    ----------
    length : int
        Of the side.
    tile, step : int
        Side of a tile, and how far apart they start; multiples of ``multiple``.
    multiple : int
        All starts are multiples of it, as the grids of a network are.

    Returns
    -------
    list of int
        Ascending; the last tile may reach beyond the side by less than ``multiple``.

    Examples
    --------
    >>> tile_starts(1000, 512, 384, 32)
    [0, 384, 512]
    """
    last = max(0, -(-(length - tile) // multiple) * multiple)
    return [*range(0, last, step), last]


def tiled(
    net: Callable[[Tensor], Tensor], x: Tensor, *, tile: int, overlap: int, multiple: int
) -> Tensor:
    """Return what a network says of pictures, seen tile by tile.

    Parameters
    ----------
    net : callable
        Maps (n, channels, height, width) to (n, outputs, height, width).
    x : Tensor of shape (n, channels, height, width)
        Pictures.
    tile : int
        Side of a tile; smaller pictures are seen whole.
    overlap : int
        By how many pixels neighbours overlap at least.
    multiple : int
        Tiles start at multiples of it.

    Returns
    -------
    Tensor of shape (n, outputs, height, width)
        As of the whole pictures, but for what a network sees farther than ``overlap`` away.
    """
    height, width = x.shape[2:]
    if max(height, width) <= tile:
        return net(x)
    step = max(multiple, (tile - overlap) // multiple * multiple)
    rows, columns = (tile_starts(side, tile, step, multiple) for side in (height, width))
    total, weights = torch.zeros(()), torch.zeros(())
    for row in rows:
        for column in columns:
            part = x[:, :, row : row + tile, column : column + tile]
            said = net(part)
            down = _weights(part.shape[2], row == 0, row == rows[-1], x.device)
            along = _weights(part.shape[3], column == 0, column == columns[-1], x.device)
            weight = down[:, None] * along
            if not total.ndim:
                total = said.new_zeros(len(x), said.shape[1], height, width)
                weights = said.new_zeros(height, width)
            total[:, :, row : row + tile, column : column + tile] += said * weight
            weights[row : row + tile, column : column + tile] += weight
    return total / weights


def _weights(side: int, first: bool, last: bool, device: torch.device) -> Tensor:
    """Return the weights along one side, which fall only towards other tiles."""
    at = (torch.arange(side, device=device) + 0.5) / side
    weights = torch.sin(torch.pi * at) ** 2
    weights[: side // 2] = 1.0 if first else weights[: side // 2]
    weights[side // 2 :] = 1.0 if last else weights[side // 2 :]
    return weights
