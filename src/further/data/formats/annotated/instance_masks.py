"""A mask for each object: a folder of them for each picture, or a picture of object numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from further.data.formats.annotated.masks import MaskFiles, packed_colours, pixels_of
from further.data.formats.annotated.written_rows import WrittenRows
from further.data.formats.decoding import is_picture, natural_order
from further.data.formats.picture_files import PictureFiles, part_of
from further.data.formats.placement import Placement, scaled_mask
from further.data.formats.skipping import Skipping, fault_of
from further.data.memory import refuse_too_large
from further.data.target import Instances
from further.errors import InputError

#: In a picture of object numbers, the share of pixels that equal the one to their right.
SMOOTH = 0.7


@dataclass
class InstanceFiles(PictureFiles):
    """Pictures, each with a folder of one mask per object.

    Attributes
    ----------
    masks : list of list of Path
        Those of each picture.
    """

    a_row: ClassVar[tuple[str, ...]] = ("paths", "parts", "masks")

    masks: list[list[Path]] = field(default_factory=list)

    def lost(self, row: int) -> str:
        """Return what is lost with a row that is left out, the end of a sentence."""
        return f" with its {len(self.masks[row])} objects"

    def target(self, placement: Placement, skipping: Skipping) -> tuple[Instances, str, list[str]]:
        """Return the objects, without those of which nothing is there."""
        refuse_instances(sum(map(len, self.masks)), placement)
        rows = [
            [mask for file in files if (mask := _mask(file, row, placement, skipping)) is not None]
            for row, files in enumerate(self.masks)
        ]
        without = sum(not files for files in self.masks)
        notes = [f"{without} pictures have no mask, so no object."] if without else []
        instances = packed_instances(rows, placement)
        return instances, f", {len(instances.codes)} objects, each with a mask", notes


def _mask(
    file: Path, row: int, placement: Placement, skipping: Skipping
) -> NDArray[np.bool_] | None:
    try:
        pixels = pixels_of(file)
    except InputError as error:
        skipping.refuse(fault_of(error), "replace or remove it")
        return None
    mask: NDArray[np.bool_] = packed_colours(pixels) != 0
    width, height = placement.was[row]
    if mask.shape != (height, width):
        skipping.refuse(
            f"{file} has {mask.shape[1]}x{mask.shape[0]} pixels, but its picture {width}x{height}"
        )
        return None
    small = scaled_mask(mask, placement.now[row])
    if not small.any():
        skipping.add(f"{file} covers no pixel of the picture.")
        return None
    return small


@dataclass
class LabelImages(MaskFiles):
    """Pictures, each with a picture of object numbers beside it; zero is no object."""

    def target(  # type: ignore[override]
        self, placement: Placement, skipping: Skipping
    ) -> tuple[Instances, str, list[str]]:
        """Return an object for each number of a picture but zero."""
        labels = [self.placed(row, placement) for row in range(len(self.masks))]
        if any(label.ndim == 3 for label in labels):
            raise InputError(
                f"{self.masks[0].parent} has masks in colour, and objects have numbers; save them "
                "as grey or with 16 bits."
            )
        numbers = [[n for n in np.unique(label).tolist() if n != 0] for label in labels]
        refuse_instances(sum(map(len, numbers)), placement)
        rows = [[label == n for n in of] for label, of in zip(labels, numbers, strict=True)]
        instances = packed_instances(rows, placement)
        n = len(instances.codes)
        return instances, f", {n} objects by their numbers in the masks", []


def refuse_instances(n: int, placement: Placement) -> None:
    """Refuse masks that would not fit into memory.

    Parameters
    ----------
    n : int
        The number of objects.
    placement : Placement
        Where their pictures stand.
    """
    width, height = placement.size
    refuse_too_large(
        f"{n} masks of {width}x{height} pixels",
        n * height * -(-width // 8),
        'choose a smaller resize, or annotations="boxes"',
    )


def packed_instances(
    rows: Sequence[Sequence[NDArray[np.bool_]]], placement: Placement
) -> Instances:
    """Return the masks of objects as instances of one class.

    Parameters
    ----------
    rows : sequence of sequence of array of shape (height, width)
        The objects of each picture, as large as it is there.
    placement : Placement
        Where the pictures stand.

    Returns
    -------
    Instances
        Padded as the pictures are.
    """
    width, height = placement.size
    packed = [np.empty((0, height, -(-width // 8)), dtype=np.uint8)]
    packed += [np.packbits(placement.padded(mask), axis=1)[None] for row in rows for mask in row]
    counts = np.array([len(row) for row in rows], dtype=np.int64)
    codes = np.zeros(int(counts.sum()), dtype=np.int64)
    return Instances("masks", counts, codes, ("object",), np.concatenate(packed), width)


def find_instances(files: Sequence[Path]) -> InstanceFiles | None:
    """Return pictures in folders of their own, PICTURE/images/FILE beside PICTURE/masks/FILES."""
    own: dict[Path, dict[str, list[Path]]] = {}
    for file in files:
        if is_picture(file) and file.parent.name in ("images", "masks"):
            own.setdefault(file.parent.parent, {}).setdefault(file.parent.name, []).append(file)
    n_masks = sum(len(found.get("masks", ())) for found in own.values())
    if any(len(found.get("images", ())) != 1 for found in own.values()):
        return None
    if n_masks == 0 or len(own) == n_masks == 1 or all(part_of(place.name) for place in own):
        return None  # pictures, or a split of them, beside their masks of classes
    order = sorted(own, key=natural_order)
    return InstanceFiles(
        paths=[own[place]["images"][0] for place in order],
        parts=[part_of(place.parent.name) for place in order],
        masks=[sorted(own[place].get("masks", []), key=natural_order) for place in order],
    )


def find_label_images(pairs: MaskFiles, forced: bool) -> LabelImages | None:
    """Return pairs of pictures and masks as pictures of object numbers, or None.

    Parameters
    ----------
    pairs : MaskFiles
        Pictures with a mask of the same name.
    forced : bool
        Whether instances were asked for, however few the numbers are.

    Returns
    -------
    LabelImages or None
        None where the values of the masks are no numbers of objects.
    """
    if not forced and (pairs.has_few_values() or not all(map(_is_smooth, pairs.probes()))):
        return None
    return LabelImages(**vars(pairs))


def _is_smooth(label: NDArray[Any]) -> bool:
    """Whether it is made of areas of one number."""
    return label.ndim == 2 and float((label[:, 1:] == label[:, :-1]).mean()) >= SMOOTH


def write_instances(rows: WrittenRows, target: Instances, folder: Path) -> None:
    """Write a folder for each picture, with the picture and a mask for each object.

    Parameters
    ----------
    rows, target, folder
        The pictures, what is marked in them, and an empty folder.
    """
    from PIL import Image

    for part, numbers in rows.by_part():
        for row in numbers:
            place = folder / part / rows.names[row]
            rows.save(row, place / "images")
            (place / "masks").mkdir()
            width, height = rows.size(row)
            for number, mask in enumerate(target.masks(row), 1):
                pixels = mask[:height, :width].astype(np.uint8) * 255
                Image.fromarray(pixels).save(place / "masks" / f"{number:04}.png")
