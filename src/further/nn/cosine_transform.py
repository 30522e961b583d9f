"""The orthonormal discrete cosine transform as a matrix."""

from __future__ import annotations

import torch
from scipy.fft import dct
from torch import Tensor


def cosine_basis(side: int) -> Tensor:
    """Return the transform of ``side`` values, lowest frequency first.

    Parameters
    ----------
    side : int
        How many.

    Returns
    -------
    Tensor of shape (side, side)
        Orthonormal rows of rising frequency; the first is constant.

    Examples
    --------
    >>> cosine_basis(4)[0]
    tensor([0.5000, 0.5000, 0.5000, 0.5000])
    """
    return torch.from_numpy(dct(torch.eye(side).numpy(), axis=0, norm="ortho"))
