"""What a model may know about its data: shape, grey levels, the blocks of a table, classes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal


@dataclass(frozen=True)
class Block:
    """A column of a table in its encoded form.

    Attributes
    ----------
    name : str
        The column's name in the source; a missing-value indicator adds " is missing".
    start, stop : int
        The encoded columns ``start:stop``; a numeric block has one, a categorical one per category.
    kind : {"numeric", "categorical"}
        Standard scores, or a one-hot vector.
    """

    name: str
    start: int
    stop: int
    kind: Literal["numeric", "categorical"]


@dataclass(frozen=True)
class Spec:
    """Shape and kind of the encoded data, from which a model builds its network.

    Attributes
    ----------
    shape : tuple of int
        ``(features,)`` for a table, ``(channels, height, width)`` for pictures.
    levels : int or None
        Pictures of the integers ``0 .. levels - 1``, scaled to [0, 1]; None when continuous.
    blocks : tuple of Block
        The columns of a table; empty for pictures.
    n_classes : int
        Number of classes to condition on; 0 means unconditional.
    """

    shape: tuple[int, ...]
    levels: int | None = None
    blocks: tuple[Block, ...] = ()
    n_classes: int = 0

    @property
    def is_image(self) -> bool:
        """Whether the data are pictures, ``(channels, height, width)``."""
        return len(self.shape) == 3

    @property
    def size(self) -> int:
        """Number of values in one row, the d of "bits per dimension"."""
        return prod(self.shape)
