"""What a model may know about its data: shape, grey levels, the blocks of a table, classes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Literal


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
class TargetSpec:
    """What a model may know of the target.

    Attributes
    ----------
    kind : {"classes", "numbers", "boxes", "mask", "instances"}
        What belongs to a row.
    n_classes : int
        Number of classes; 0 for numbers.
    shape : tuple of int
        Of one row where it is more than a class: (numbers,), (most boxes, 4), (height, width) or
        (most instances, height, width).
    """

    kind: str
    n_classes: int = 0
    shape: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, record: dict[str, Any] | None) -> TargetSpec | None:
        """Return what :meth:`to_json` recorded."""
        if record is None:
            return None
        return cls(record["kind"], record["n_classes"], tuple(record["shape"]))

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return {"kind": self.kind, "n_classes": self.n_classes, "shape": list(self.shape)}


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
    target : TargetSpec or None
        What belongs to each row; None without a target.
    """

    shape: tuple[int, ...]
    levels: int | None = None
    blocks: tuple[Block, ...] = ()
    target: TargetSpec | None = None

    @property
    def n_classes(self) -> int:
        """Number of classes of a row; 0 without classes."""
        return self.target.n_classes if self.target and self.target.kind == "classes" else 0

    @property
    def is_image(self) -> bool:
        """Whether the data are pictures, ``(channels, height, width)``."""
        return len(self.shape) == 3

    @property
    def size(self) -> int:
        """Number of values in one row, the d of "bits per dimension"."""
        return prod(self.shape)
