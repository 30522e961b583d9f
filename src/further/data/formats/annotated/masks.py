"""Masks of classes beside pictures, by numbers or by colours."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from further.data.arrays import is_whole
from further.data.colours import COLOURS
from further.data.formats.annotated.class_names import names_beside
from further.data.formats.annotated.written_rows import WrittenRows
from further.data.formats.decoding import is_picture, natural_order, open_picture
from further.data.formats.picture_files import PictureFiles, part_of
from further.data.formats.placement import Placement, scaled_mask
from further.data.formats.skipping import Skipping
from further.data.target import Mask
from further.errors import InputError

#: What folders and files of masks are called.
_MASK = re.compile(r"mask|label|annot|^gt$|ground.?truth|segm", re.I)
_SUFFIX = re.compile(r"[_-](masks?|labels?|annot|gt|l|segm?(entation)?)$", re.I)
MOST_VALUES = 256
#: More values than this are a picture, or objects, not classes.
MOST_CLASSES = 64
PROBED = 5


@dataclass
class MaskFiles(PictureFiles):
    """Pictures, each with a mask beside it.

    Attributes
    ----------
    masks : list of Path
        That of each picture.
    names : list of str
        The classes, by their numbers or in the order of their values; may be empty.
    named_by : Path or None
        The file that names them.
    without, loose : list of Path
        Pictures without a mask, and masks without a picture.
    """

    a_row: ClassVar[tuple[str, ...]] = ("paths", "parts", "masks")

    masks: list[Path] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    named_by: Path | None = None
    without: list[Path] = field(default_factory=list)
    loose: list[Path] = field(default_factory=list)

    def check(self, skipping: Skipping) -> None:
        """Refuse, or leave out, what is not a picture with its mask."""
        for path in self.without:
            skipping.refuse(f"{path} has no mask of its name", "add it")
        for path in self.loose:
            skipping.refuse(f"{path} is the mask of a picture that is not there", "remove it")

    def probes(self) -> list[NDArray[Any]]:
        """Return the first masks that can be read."""
        found = []
        for path in self.masks[:PROBED]:
            with contextlib.suppress(InputError):
                found.append(pixels_of(path))
        return found

    def has_few_values(self) -> bool:
        """Whether the masks hold classes: few different values."""
        values = [np.unique(packed_colours(probe)) for probe in self.probes()]
        return not values or len(np.unique(np.concatenate(values))) <= MOST_CLASSES

    def verify(self, row: int) -> None:
        """Decode a picture and its mask."""
        super().verify(row)
        was = open_picture(self.paths[row])
        size = was.shape[1::-1] if isinstance(was, np.ndarray) else was.size
        self._same_size(row, pixels_of(self.masks[row]), (size[0], size[1]))

    def placed(self, row: int, placement: Placement) -> NDArray[Any]:
        """Return the mask of a picture as large as that is in its place.

        Parameters
        ----------
        row, placement
            The picture, and where it stands.

        Returns
        -------
        array of shape (height, width) or (height, width, 3)
            Without what pads it; an :class:`InputError` refuses a mask of another size.
        """
        pixels = pixels_of(self.masks[row])
        self._same_size(row, pixels, placement.was[row])
        return scaled_mask(pixels, placement.now[row])

    def _same_size(self, row: int, pixels: NDArray[Any], size: tuple[int, int]) -> None:
        if pixels.shape[1::-1] != size:
            raise InputError(
                f"{self.masks[row]} has {pixels.shape[1]}x{pixels.shape[0]} pixels, but "
                f"{self.paths[row].name} has {size[0]}x{size[1]}; give a mask of the same size."
            )

    def target(self, placement: Placement, skipping: Skipping) -> tuple[Mask, str, list[str]]:
        """Return the class of each pixel; what pads a picture has the first class."""
        masks = [self.placed(row, placement) for row in range(len(self.masks))]
        colours = masks[0].ndim == 3
        if any((mask.ndim == 3) != colours for mask in masks):
            raise InputError(f"{self.masks[0].parent} has masks in colour and in grey; choose one.")
        values = [packed_colours(mask) for mask in masks]
        found = np.unique(np.concatenate([np.unique(mask) for mask in values]))
        if len(found) > MOST_VALUES:
            raise InputError(
                f"{self.masks[0].parent} has {len(found)} different values, but a mask has at most "
                f"{MOST_VALUES} classes; save masks without smoothing, not as JPEG."
            )
        found, names, notes = self._named(found, colours)
        codes = [placement.padded(np.searchsorted(found, mask).astype(np.uint8)) for mask in values]
        mask = Mask(self.masks[0].parent.name, np.stack(codes), tuple(names))
        return mask, f", a mask of {len(names)} classes each", notes

    def _named(
        self, found: NDArray[np.int64], colours: bool
    ) -> tuple[NDArray[np.int64], list[str], list[str]]:
        """Return the values that are classes, in their order, with their names."""
        if colours:
            plain = [",".join(str(value >> s & 255) for s in (16, 8, 0)) for value in found]
        else:
            plain = [str(value) for value in found]
        if not self.named_by:
            return found, plain, []
        n, by = len(self.names), f"{self.named_by.name} names {len(self.names)} classes"
        split = [re.fullmatch(r"(\d+)[\s,]+(\d+)[\s,]+(\d+)[\s,]+(.*)", one) for one in self.names]
        if colours and all(split):
            of = {",".join(m.groups()[:3]): m[4] for m in split if m}
            unknown = [one for one in plain if one not in of]
            return found, [of.get(one, one) for one in plain], _unnamed(by, unknown)
        if n == 2 and len(found) == 2 and found[1] > 1:
            return found, list(self.names), [f"{by}, in the order of the values in the masks."]
        if not colours and found[found < n].size:
            # Classes that no picture shows are classes too; 255 is often what is not labelled.
            others = found[found >= n]
            if len(others) * 2 <= len(found):
                every = np.concatenate([np.arange(n), others])
                names = [*self.names, *map(str, others)]
                return every, names, _unnamed(by, names[n:])
        return found, plain, [f"{by}, but the masks have {len(found)} values: these are the names."]


def _unnamed(by: str, values: Sequence[str]) -> list[str]:
    if not values:
        return [f"{by}."]
    return [f"{by}; the values {', '.join(values)} of the masks are classes without a name."]


def pair_masks(folder: Path, files: Sequence[Path]) -> MaskFiles | None:
    """Return pictures with a mask of the same name in a folder for masks, or None.

    A folder for masks says so by its name (masks, labels, trainannot, ...) and has a mask for most
    pictures of the folder beside it.

    Parameters
    ----------
    folder, files
        The folder, and all files below it.

    Returns
    -------
    MaskFiles or None
        The pictures and their masks, whatever these hold.
    """
    by_folder: dict[Path, dict[str, Path]] = {}
    for file in files:
        if is_picture(file):
            by_folder.setdefault(file.parent, {})[file.stem] = file
    found = MaskFiles()
    paired = set[Path]()
    for place in sorted(by_folder, key=natural_order):
        if place == folder or not _MASK.search(place.name):
            continue
        masks = {_SUFFIX.sub("", stem): file for stem, file in by_folder[place].items()}
        beside = [
            other
            for other in by_folder
            if other.parent == place.parent and other != place and not _MASK.search(other.name)
            and 2 * len(by_folder[other].keys() & masks.keys()) > len(by_folder[other])
        ]  # fmt: skip
        if len(beside) > 1:
            # train and trainannot stand beside val and valannot.
            beside = [other for other in beside if place.name.startswith(other.name)]
        if len(beside) != 1 or beside[0] in paired:
            return None
        paired.add(beside[0])
        pictures = by_folder[beside[0]]
        part = part_of(beside[0].name, "" if beside[0].parent == folder else beside[0].parent.name)
        for stem in sorted(pictures.keys() & masks.keys(), key=natural_order):
            found.paths.append(pictures[stem])
            found.masks.append(masks[stem])
            found.parts.append(part)
        found.without += [pictures[stem] for stem in pictures if stem not in masks]
        found.loose += [file for stem, file in masks.items() if stem not in pictures]
    found.names, found.named_by = names_beside(folder, files)
    return found if found.paths else None


def pixels_of(path: Path) -> NDArray[Any]:
    """Return the values of a mask: numbers of classes where it has a palette, not colours.

    Parameters
    ----------
    path : Path
        Of a picture.

    Returns
    -------
    array of shape (height, width) or (height, width, 3)
        Whole numbers; an :class:`InputError` names a file that is damaged or holds others.
    """
    picture = open_picture(path)
    if isinstance(picture, np.ndarray):
        if picture.shape[2] != 1 or not is_whole(picture):
            raise InputError(f"{path} is no mask: it does not hold whole numbers, one a pixel.")
        return picture[..., 0].astype(np.int64)
    if picture.mode in ("RGBA", "LA"):
        picture = picture.convert("RGB" if picture.mode == "RGBA" else "L")
    pixels = np.asarray(picture)
    grey = pixels.ndim == 3 and bool((pixels == pixels[..., :1]).all())
    return (pixels[..., 0] if grey else pixels).astype(np.uint8)


def packed_colours(mask: NDArray[Any]) -> NDArray[np.int64]:
    """Return one number a pixel; a colour is red, green and blue after each other."""
    if mask.ndim == 2:
        return mask.astype(np.int64)
    return mask.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])


def write_masks(rows: WrittenRows, target: Mask, folder: Path) -> None:
    """Write pictures, and masks of class numbers with a palette, and the names of the classes.

    Parameters
    ----------
    rows, target, folder
        The pictures, what is marked in them, and an empty folder.
    """
    from PIL import Image

    palette = [value for colour in (COLOURS * MOST_VALUES)[:MOST_VALUES] for value in colour]
    for part, numbers in rows.by_part():
        place = folder / part
        (place / "masks").mkdir(parents=True)
        for row in numbers:
            rows.save(row, place / "images")
            width, height = rows.size(row)
            picture = Image.fromarray(target.codes[row, :height, :width])
            picture.putpalette(palette)
            picture.save(place / "masks" / f"{rows.names[row]}.png")
    (folder / "classes.txt").write_text("\n".join([*target.names, ""]), encoding="utf-8")
