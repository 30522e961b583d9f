"""Objects that files mark in pictures, by boxes or outlines: what VOC, COCO and YOLO share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from further.data.formats.annotated.instance_masks import refuse_instances
from further.data.formats.annotated.outlines import Outline
from further.data.formats.decoding import natural_order
from further.data.formats.picture_files import PictureFiles
from further.data.formats.placement import Placement, Size
from further.data.formats.skipping import Skipping
from further.data.target import Boxes, Instances

#: Of a box that ends outside the picture, the share of its area that has to lie within.
LEAST_LEFT = 0.1
#: Pixels by which a box may end outside the picture without being called cut.
ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class Marked:
    """An object of a picture.

    Attributes
    ----------
    name : str
        Its class.
    corners : (float, float, float, float)
        x and y of the upper left and of the lower right corner, in pixels.
    place : str
        The file, and the line or number in it.
    outline : Outline or None
        Where more than the box is known.
    score : float or None
        How sure a model is of it.
    """

    name: str
    corners: tuple[float, float, float, float]
    place: str
    outline: Outline | None = None
    score: float | None = None


@dataclass
class ObjectFiles(PictureFiles):
    """Pictures with the objects that are marked in them.

    Attributes
    ----------
    how : str
        The format.
    objects : list of list of Marked
        Those of each picture.
    stated : list of (int, int) or None
        Width and height of each picture as the annotation has them.
    names : list of str
        The classes in their own order; those of the objects, sorted, where the format has none.
    annotations : {"boxes", "instances"} or None
        What is asked for; None for instances if every object has an outline.
    """

    a_row: ClassVar[tuple[str, ...]] = ("paths", "parts", "objects", "stated")

    how: str = ""
    objects: list[list[Marked]] = field(default_factory=list)
    stated: list[Size | None] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    annotations: str | None = None

    def add(
        self, path: Path, objects: list[Marked], part: str | None, stated: Size | None = None
    ) -> None:
        """Add a picture.

        Parameters
        ----------
        path, objects, part, stated
            Its file, what is marked in it, its part of the split and its size in the annotation.
        """
        self.paths.append(path)
        self.objects.append(objects)
        self.parts.append(part)
        self.stated.append(stated)

    def lost(self, row: int) -> str:
        """Return what is lost with a row that is left out, the end of a sentence."""
        return f" with its {len(self.objects[row])} objects"

    def target(
        self, placement: Placement, skipping: Skipping
    ) -> tuple[Boxes | Instances, str, list[str]]:
        """Return the instances where there are outlines, otherwise the boxes."""
        every = [one for row in self.objects for one in row]
        outlined = sum(one.outline is not None for one in every)
        notes = self._other_sizes(placement)
        instances = self.annotations == "instances" or (
            self.annotations is None and outlined == len(every) > 0
        )
        if instances:
            return *self._instances(placement, skipping), notes
        if outlined and self.annotations is None:
            notes.append(
                f"{outlined} of {len(every)} objects have an outline, so that of these too only "
                "the box is read."
            )
        boxes, what, more = self._boxes(placement, skipping)
        return boxes, what, notes + more

    def _other_sizes(self, placement: Placement) -> list[str]:
        others = [
            (path, stated, was)
            for path, stated, was in zip(self.paths, self.stated, placement.was, strict=True)
            if stated is not None and 0 not in stated and stated != was
        ]
        if not others:
            return []
        path, stated, was = others[0]
        return [
            f"{len(others)} pictures are of another size than their annotation says, such as "
            f"{path.name}, which has {was[0]}x{was[1]} pixels and not {stated[0]}x{stated[1]}; "
            "what is marked is taken as it is, in pixels of the picture."
        ]

    def _classes(self) -> tuple[tuple[str, ...], dict[str, int]]:
        found = {one.name for row in self.objects for one in row}
        names = self.names or sorted(found, key=natural_order)
        return tuple(names), {name: i for i, name in enumerate(names)}

    def _boxes(self, placement: Placement, skipping: Skipping) -> tuple[Boxes, str, list[str]]:
        """Return the boxes, cut where the picture ends, without those that are hardly there."""
        kept: list[list[Marked]] = []
        corners, n_cut = [np.empty((0, 4))], 0
        for row, objects in enumerate(self.objects):
            given = np.array([one.corners for one in objects], dtype=np.float64).reshape(-1, 4)
            cut = np.clip(given, 0, [*placement.was[row], *placement.was[row]])
            there = _area(cut) > LEAST_LEFT * _area(given)
            n_cut += int((np.abs(cut - given)[there] > ROUNDING).any(axis=1).sum())
            for one, keep, area in zip(objects, there, _area(given), strict=True):
                if not keep:
                    why = "lies outside the picture" if area > 0 else "has no area"
                    skipping.add(f"{one.place}: the box of {one.name} {why}.")
            kept.append([one for one, keep in zip(objects, there, strict=True) if keep])
            corners.append(placement.corners(row, cut[there]))
        lost = sum(map(len, self.objects)) - sum(map(len, kept))
        notes = []
        if lost:
            notes.append(
                f"{lost} boxes are left out: they have no area, or a tenth of it or less lies in "
                "the picture."
            )
        if n_cut:
            notes.append(f"{n_cut} boxes end outside the picture, and are cut where it ends.")
        names, code = self._classes()
        boxes = Boxes(
            self.how,
            np.array([len(row) for row in kept], dtype=np.int64),
            np.array([code[one.name] for row in kept for one in row], dtype=np.int64),
            names,
            np.concatenate(corners).astype(np.float32),
            _scores(one for row in kept for one in row),
        )
        return boxes, f", {len(boxes.codes)} boxes of {len(names)} classes ({self.how})", notes

    def _instances(self, placement: Placement, skipping: Skipping) -> tuple[Instances, str]:
        width, height = placement.size
        refuse_instances(sum(map(len, self.objects)), placement)
        kept: list[list[Marked]] = []
        packed = [np.empty((0, height, -(-width // 8)), dtype=np.uint8)]
        for row, objects in enumerate(self.objects):
            kept.append([])
            for one in objects:
                mask = self._mask(one, row, placement, skipping)
                if mask is not None:
                    kept[-1].append(one)
                    packed.append(np.packbits(placement.padded(mask), axis=1)[None])
        names, code = self._classes()
        instances = Instances(
            self.how,
            np.array([len(row) for row in kept], dtype=np.int64),
            np.array([code[one.name] for row in kept for one in row], dtype=np.int64),
            names,
            np.concatenate(packed),
            width,
            _scores(one for row in kept for one in row),
        )
        n_kept, k = len(instances.codes), len(names)
        return instances, f", {n_kept} objects of {k} classes, each with a mask ({self.how})"

    def _mask(
        self, one: Marked, row: int, placement: Placement, skipping: Skipping
    ) -> NDArray[np.bool_] | None:
        """Return the mask of an object, or None if it is left out."""
        if one.outline is None:
            fault = f"{one.place}: {one.name} has a box but no outline"
            skipping.refuse(fault, 'add it, or choose annotations="boxes"')
            return None
        was = placement.was[row]
        if (size := getattr(one.outline, "size", was)) != was:
            skipping.refuse(
                f"{one.place}: the mask of {one.name} has {size[0]}x{size[1]} pixels, but "
                f"{self.paths[row].name} has {was[0]}x{was[1]}"
            )
            return None
        try:
            mask = one.outline.mask(was, placement.now[row])
        except ValueError as error:
            skipping.refuse(f"{one.place}: the mask of {one.name} is damaged: {error}")
            return None
        if not mask.any():
            skipping.add(f"{one.place}: the mask of {one.name} covers no pixel of the picture.")
            return None
        return mask


def _scores(objects: Iterable[Marked]) -> NDArray[np.float32] | None:
    """Return the scores where all objects have one."""
    scores = [one.score for one in objects]
    known = [score for score in scores if score is not None]
    return np.array(known, dtype=np.float32) if known and len(known) == len(scores) else None


def _area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)


def rounded_number(value: float, digits: int = 6) -> float | int:
    """Return a number as it is to be written: whole where it is whole.

    Parameters
    ----------
    value : float
        Such as a corner in pixels.
    digits : int, default=6
        After the decimal point.

    Returns
    -------
    float or int
        Rounded.

    Examples
    --------
    >>> rounded_number(12.0), rounded_number(0.1 + 0.2)
    (12, 0.3)
    """
    found = round(float(value), digits)
    return int(found) if found == int(found) else found
