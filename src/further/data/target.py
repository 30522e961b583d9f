"""Targets: what belongs to each row and is to be predicted, or conditioned on.

A target is an object that knows its rows: it is taken, saved, fingerprinted and encoded with them.
Boxes and instances differ in number from row to row; they are kept one after the other, with their
count a row, and padded only when they are encoded.
"""

from __future__ import annotations

import dataclasses
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.data.spec import TargetSpec
from further.errors import InputError

#: In padded rows, the class of what is not there.
NO_CLASS = -1


@dataclass(frozen=True, eq=False)
class Target(ABC):
    """One entry a row; the base of all targets.

    When to use: derive from it for a further kind of target: its arrays and facts are its fields.
    When it fails: an array that has no entry a row needs a :meth:`take` of its own.

    Attributes
    ----------
    name : str
        Of the column, the folder or the format that it comes from.
    """

    kind: ClassVar[str]

    name: str

    def __len__(self) -> int:
        return len(next(iter(self.arrays().values())))

    @property
    @abstractmethod
    def spec(self) -> TargetSpec:
        """What a model may know of it."""

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the entries of these rows, in this order."""
        return dataclasses.replace(self, **{k: a[rows] for k, a in self.arrays().items()})

    def seen_as(self, kind: str) -> Target | None:
        """Return what it says as a target of another kind; None where it does not say that.

        Parameters
        ----------
        kind : str
            A key of :data:`TARGETS`.

        Returns
        -------
        Target or None
            Of instances also boxes and a mask; of others only themselves.
        """
        return self if kind == self.kind else None

    @abstractmethod
    def encode(self) -> dict[str, NDArray[Any]]:
        """Return named arrays with the rows first, as they stand in a batch."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the fields that are arrays, by name."""
        return {k: v for k, v in self._fields().items() if isinstance(v, np.ndarray)}

    def facts(self) -> dict[str, Any]:
        """Return kind and the other fields, as plain JSON."""
        plain = {k: v for k, v in self._fields().items() if not isinstance(v, np.ndarray)}
        return {"kind": self.kind, **plain}

    def _fields(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def fingerprint(self) -> bytes:
        """Return the bytes that stand for it in the fingerprint of its data set."""
        parts = [json.dumps(self.facts(), sort_keys=True).encode()]
        for name, array in self.arrays().items():
            parts.append(f"{name}{array.dtype.str}{array.shape}".encode())
            parts.append(np.ascontiguousarray(array).tobytes())
        return b"|".join(parts)


@dataclass(frozen=True, eq=False)
class Classes(Target):
    """A class a row.

    Attributes
    ----------
    codes : array of shape (n,), int64
        Positions in ``names``.
    names : tuple of str
        The classes.
    dtype : str or None
        The type of the column in its source; None where the source has no such column.
    """

    kind: ClassVar[str] = "classes"

    codes: NDArray[np.int64]
    names: tuple[str, ...]
    dtype: str | None = None

    @property
    def spec(self) -> TargetSpec:
        """The number of classes."""
        return TargetSpec("classes", len(self.names))

    @property
    def values(self) -> NDArray[Any]:
        """The name of each row's class."""
        return np.asarray(self.names, dtype=object)[self.codes]

    def counts(self) -> NDArray[np.int64]:
        """Return the number of rows of each class."""
        return np.bincount(self.codes, minlength=len(self.names))

    def column(self) -> pd.Series:
        """Return the classes as a column of the type that it has in the source."""
        dtype, names = str(self.dtype), pd.Series(self.names, dtype="str")
        if dtype.startswith("bool"):
            typed: pd.Series = names == "True"
        elif dtype.lower().startswith(("int", "uint", "float")):
            typed = pd.Series(pd.to_numeric(names), dtype=dtype)
        else:
            typed = names
        return typed.iloc[self.codes].reset_index(drop=True).rename(self.name)

    def encode(self) -> dict[str, NDArray[Any]]:
        """Return ``y``, int64 (n,)."""
        return {"y": self.codes}


@dataclass(frozen=True, eq=False)
class Numbers(Target):
    """One number a row, or several.

    Attributes
    ----------
    values : array of shape (n, k), float64
        In the units of the source.
    names : tuple of str
        The k columns.
    """

    kind: ClassVar[str] = "numbers"

    values: NDArray[np.float64]
    names: tuple[str, ...]

    @property
    def spec(self) -> TargetSpec:
        """The number of columns."""
        return TargetSpec("numbers", shape=(len(self.names),))

    def encode(self) -> dict[str, NDArray[Any]]:
        """Return ``y``, float32 (n, k), in the units of the source."""
        return {"y": self.values.astype(np.float32)}


@dataclass(frozen=True, eq=False)
class _Several(Target):
    """Objects that differ in number from row to row, with their classes.

    Attributes
    ----------
    counts : array of shape (n,), int64
        Objects of each picture; those of a picture stand together, in the order of pictures.
    codes : array of shape (total,), int64
        The class of each object, a position in ``names``.
    names : tuple of str
        The classes.
    """

    counts: NDArray[np.int64]
    codes: NDArray[np.int64]
    names: tuple[str, ...]

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the objects of these rows, in this order."""
        ends = np.cumsum(self.counts)
        rows = np.arange(len(self.counts))[rows]
        counts = self.counts[rows]
        # Within each row the positions go on by one from where its objects start.
        starts = np.repeat((ends - self.counts)[rows] - (np.cumsum(counts) - counts), counts)
        objects = starts + np.arange(len(starts))
        taken: dict[str, Any] = {k: a[objects] for k, a in self.arrays().items() if k != "counts"}
        return dataclasses.replace(self, **taken, counts=counts)

    def of_row(self, row: int) -> slice:
        """Return where the objects of one row stand."""
        stop = int(self.counts[: row + 1].sum())
        return slice(stop - int(self.counts[row]), stop)

    @property
    def most(self) -> int:
        """The number of objects of the row that has most."""
        return int(self.counts.max(initial=0))

    def _padded(self, array: NDArray[Any], fill: int = 0) -> NDArray[Any]:
        """Return ``(n, most, ...)`` from one entry an object."""
        there = np.arange(self.most) < self.counts[:, None]
        out = np.full((len(self.counts), self.most, *array.shape[1:]), fill, dtype=array.dtype)
        out[there] = array
        return out


@dataclass(frozen=True, eq=False)
class Boxes(_Several):
    """Boxes around the objects of pictures, with their classes.

    Attributes
    ----------
    corners : array of shape (total, 4), float32
        x and y of the upper left corner, then of the lower right one, in pixels from the upper
        left corner of the picture.
    scores : array of shape (total,), float32, or None
        How sure a detector is of each, from 0 to 1; None for boxes that people have drawn.
    """

    kind: ClassVar[str] = "boxes"

    corners: NDArray[np.float32]
    scores: NDArray[np.float32] | None = None

    @property
    def spec(self) -> TargetSpec:
        """The number of classes, and (most boxes of a picture, 4)."""
        return TargetSpec("boxes", len(self.names), (self.most, 4))

    def encode(self) -> dict[str, NDArray[Any]]:
        """Return ``boxes`` (n, most, 4), ``box_classes`` (n, most) and ``n_boxes`` (n,).

        What is not there has zeros for corners and the class -1.
        """
        return {
            "boxes": self._padded(self.corners),
            "box_classes": self._padded(self.codes, NO_CLASS),
            "n_boxes": self.counts,
        }


@dataclass(frozen=True, eq=False)
class Mask(Target):
    """A class for each pixel.

    Attributes
    ----------
    codes : array of shape (n, height, width), uint8
        Positions in ``names``.
    names : tuple of str
        The classes, at most 256.
    """

    kind: ClassVar[str] = "mask"

    codes: NDArray[np.uint8]
    names: tuple[str, ...]

    @property
    def spec(self) -> TargetSpec:
        """The number of classes, height and width."""
        return TargetSpec("mask", len(self.names), self.codes.shape[1:])

    def encode(self) -> dict[str, NDArray[Any]]:
        """Return ``mask``, int64 (n, height, width)."""
        return {"mask": self.codes.astype(np.int64)}


@dataclass(frozen=True, eq=False)
class Instances(_Several):
    """A mask for each object of a picture.

    Attributes
    ----------
    packed : array of shape (total, height, ceil(width / 8)), uint8
        The masks, eight pixels a byte; see :meth:`masks`.
    width : int
        Of the pictures.
    scores : array of shape (total,), float32, or None
        How sure a model is of each, from 0 to 1; None for masks that people have drawn.
    """

    kind: ClassVar[str] = "instances"

    packed: NDArray[np.uint8]
    width: int
    scores: NDArray[np.float32] | None = None

    @classmethod
    def pack(cls, masks: Sequence[NDArray[np.bool_]]) -> Self:
        """Return objects of one class from masks (objects, height, width), one array a picture."""
        counts = np.array([len(mask) for mask in masks], dtype=np.int64)
        every = np.concatenate(masks)
        codes = np.zeros(len(every), dtype=np.int64)
        packed = np.packbits(every, axis=2)
        return cls("masks", counts, codes, ("object",), packed, every.shape[2])

    def masks(self, row: int | None = None) -> NDArray[np.bool_]:
        """Return the masks (objects, height, width) of one picture, or of all."""
        packed = self.packed if row is None else self.packed[self.of_row(row)]
        return np.unpackbits(packed, axis=2, count=self.width).astype(bool)

    def seen_as(self, kind: str) -> Target | None:
        """Return the instances, the boxes around them, or the class of each pixel."""
        simpler = {"boxes": self.as_boxes, "mask": self.as_mask}
        return simpler[kind]() if kind in simpler else super().seen_as(kind)

    def as_boxes(self) -> Boxes:
        """Return the smallest boxes around the masks, with the same classes and scores."""
        masks = self.masks()
        across, down = np.asarray(masks.any(axis=1)), np.asarray(masks.any(axis=2))
        width, height = across.shape[1], down.shape[1]
        corners = [
            across.argmax(axis=1), down.argmax(axis=1),
            width - across[:, ::-1].argmax(axis=1), height - down[:, ::-1].argmax(axis=1),
        ]  # fmt: skip
        boxes = np.stack(corners, axis=1).astype(np.float32)
        return Boxes(self.name, self.counts, self.codes, self.names, boxes, self.scores)

    def as_mask(self) -> Mask:
        """Return the class of each pixel, "background" where no object is; later ones on top."""
        codes = np.zeros((len(self.counts), self.packed.shape[1], self.width), dtype=np.uint8)
        for row, picture in enumerate(codes):
            for mask, code in zip(self.masks(row), self.codes[self.of_row(row)], strict=True):
                picture[mask] = code + 1
        return Mask(self.name, codes, ("background", *self.names))

    @property
    def spec(self) -> TargetSpec:
        """The number of classes, and (most objects of a picture, height, width)."""
        shape = (self.most, self.packed.shape[1], self.width)
        return TargetSpec("instances", len(self.names), shape)

    def encode(self) -> dict[str, NDArray[Any]]:
        """Return ``instances`` (n, most, height, width), bool, with classes and counts.

        ``instance_classes`` (n, most) is -1 where nothing is; ``n_instances`` is (n,).
        """
        return {
            "instances": self._padded(self.masks()),
            "instance_classes": self._padded(self.codes, NO_CLASS),
            "n_instances": self.counts,
        }


TARGETS: dict[str, type[Target]] = {
    cls.kind: cls for cls in (Classes, Numbers, Boxes, Mask, Instances)
}


def restore_target(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Target:
    """Return the target that :meth:`Target.facts` and :meth:`Target.arrays` described.

    Parameters
    ----------
    facts, arrays : mapping
        By name of field.

    Returns
    -------
    Target
        As it was; an :class:`InputError` refuses an unknown kind.
    """
    if facts["kind"] not in TARGETS:
        raise InputError(
            f"A target of the kind {facts['kind']!r} is unknown; it is {', '.join(TARGETS)}."
        )
    plain: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in facts.items() if k != "kind"
    }
    return TARGETS[facts["kind"]](**plain | dict(arrays))
