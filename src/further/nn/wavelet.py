r"""A reversible wavelet transform of pictures: whole numbers to whole numbers.

That of lossless JPEG 2000. A line of samples becomes a coarse half s and details d by lifting,

.. math:: d_i = x_{2i+1} - \lfloor (x_{2i} + x_{2i+2}) / 2 \rfloor, \qquad
          s_i = x_{2i} + \lfloor (d_{i-1} + d_i + 2) / 4 \rfloor,

rows first, then columns, then the coarse quarter again until its sides are at most 8; red, green
and blue become a lightness and two differences before. Each step can be undone exactly, so the
probability of the coefficients is that of the picture.

References
----------
Le Gall and Tabatabai 1988, "Sub-band coding of digital images using symmetric short kernel filters
and arithmetic coding techniques".
Calderbank, Daubechies, Sweldens and Yeo 1998, "Wavelet transforms that map integers to integers".
"""

from __future__ import annotations

import torch
from torch import Tensor

SMALLEST_SIDE = 8


def wavelet_transform(x: Tensor, whole: bool = True) -> Tensor:
    """Return the wavelet coefficients of pictures, coarse ones first.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
        Grey levels 0, 1, 2, ...
    whole : bool, default=True
        Whether coefficients are whole numbers; otherwise nothing is rounded, and the transform is
        linear.

    Returns
    -------
    Tensor of shape (n, channels * height * width)
        Coefficients.

    Examples
    --------
    >>> wavelet_transform(torch.full((1, 1, 9, 9), 7.0)).unique()
    tensor([0., 7.])
    """
    x = _split_colours(x, whole)
    details: list[Tensor] = []
    while max(x.shape[-2:]) > SMALLEST_SIDE and min(x.shape[-2:]) > 1:
        x, right = _split(x, whole)
        (x, below), (right, corner) = _split(x.mT, whole), _split(right.mT, whole)
        x = x.mT
        details = [below.flatten(1), right.flatten(1), corner.flatten(1), *details]
    return torch.cat([x.flatten(1), *details], dim=1)


def inverse_wavelet_transform(coefficients: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return the pictures with whole-numbered wavelet coefficients.

    Parameters
    ----------
    coefficients : Tensor of shape (n, channels * height * width)
        As :func:`wavelet_transform` returns them.
    shape : tuple of int
        ``(channels, height, width)``.

    Returns
    -------
    Tensor of shape (n, channels, height, width)
        Whole numbers, of arbitrary coefficients not only grey levels.

    Examples
    --------
    >>> x = torch.arange(200.0).view(1, 2, 10, 10)
    >>> bool((inverse_wavelet_transform(wavelet_transform(x), (2, 10, 10)) == x).all())
    True
    """
    channels, *sides = shape
    grids = [sides]
    while max(grids[-1]) > SMALLEST_SIDE and min(grids[-1]) > 1:
        grids.append([(side + 1) // 2 for side in grids[-1]])
    start = 0

    def take(height: int, width: int) -> Tensor:
        nonlocal start
        end = start + channels * height * width
        part = coefficients[:, start:end].reshape(-1, channels, height, width)
        start = end
        return part

    height, width = grids.pop()
    x = take(height, width)
    for tall, wide in reversed(grids):
        # The three were written transposed.
        below = take(width, tall - height)
        right, corner = take(wide - width, height), take(wide - width, tall - height)
        x = _join(_join(x.mT, below).mT, _join(right, corner).mT)
        height, width = tall, wide
    return _join_colours(x)


def _split(x: Tensor, whole: bool) -> tuple[Tensor, Tensor]:
    """Return the coarse half and the details of each line."""
    even, odd = x[..., ::2], x[..., 1::2]
    d = odd - _halved(even, odd.shape[-1], whole)
    return even + _quartered(d, even.shape[-1], whole), d


def _join(s: Tensor, d: Tensor) -> Tensor:
    """Undo :func:`_split` of whole numbers."""
    even = s - _quartered(d, s.shape[-1], True)
    odd = d + _halved(even, d.shape[-1], True)
    out = s.new_empty(*s.shape[:-1], s.shape[-1] + d.shape[-1])
    out[..., ::2], out[..., 1::2] = even, odd
    return out


def _halved(even: Tensor, n: int, whole: bool) -> Tensor:
    """Return half the sum of the two neighbours of each of n odd samples; the last one repeats."""
    total = even[..., :n] + torch.cat([even[..., 1:], even[..., -1:]], dim=-1)[..., :n]
    return torch.floor(total / 2) if whole else total / 2


def _quartered(d: Tensor, n: int, whole: bool) -> Tensor:
    """Return a quarter of the details on both sides of each of n even samples; the ends repeat."""
    before, after = torch.cat([d[..., :1], d], dim=-1), torch.cat([d, d[..., -1:]], dim=-1)
    total = before[..., :n] + after[..., :n]
    return torch.floor((total + 2) / 4) if whole else total / 4


def _split_colours(x: Tensor, whole: bool) -> Tensor:
    if x.shape[1] != 3:
        return x
    red, green, blue = x.unbind(1)
    light = (red + 2 * green + blue) / 4
    return torch.stack([light.floor() if whole else light, blue - green, red - green], dim=1)


def _join_colours(x: Tensor) -> Tensor:
    if x.shape[1] != 3:
        return x
    light, blue, red = x.unbind(1)
    green = light - torch.floor((blue + red) / 4)
    return torch.stack([red + green, green, blue + green], dim=1)
