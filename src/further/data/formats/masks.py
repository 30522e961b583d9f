"""Masks beside pictures: a mask of classes for each, or a folder of one mask per object."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.data.arrays import is_whole
from further.data.formats.decoding import fit_picture, is_picture, natural_order, open_picture
from further.data.formats.picture_files import PictureFiles, part_of
from further.data.target import Instances, Mask
from further.errors import InputError

#: What folders and files of masks are called.
_MASK = re.compile(r"mask|label|annot|^gt$|ground.?truth|segm", re.I)
_SUFFIX = re.compile(r"[_-](masks?|labels?|annot|gt|l|segm?(entation)?)$", re.I)
#: More values than this are a picture, not classes.
MOST_CLASSES = 64
PROBED = 5


@dataclass
class _MaskFiles(PictureFiles):
    """Pictures, each with a mask of classes."""

    masks: list[Path] = field(default_factory=list)

    def target(self, size: tuple[int, int], resized: bool) -> tuple[Mask, str, list[str]]:
        masks = [_fitted(path, size) for path in self.masks]
        colours = masks[0].ndim == 3
        if any((mask.ndim == 3) != colours for mask in masks):
            raise InputError(f"{self.masks[0].parent} has masks in colour and in grey; choose one.")
        values = [_packed(mask) if colours else mask for mask in masks]
        found = np.unique(np.concatenate([np.unique(mask) for mask in values]))
        if len(found) > 256:
            raise InputError(
                f"{self.masks[0].parent} has {len(found)} different values, but a mask has at most "
                "256 classes; save masks without smoothing, not as JPEG."
            )
        if colours:
            names = [",".join(str(value >> shift & 255) for shift in (16, 8, 0)) for value in found]
        else:
            names = [str(value) for value in found]
        codes = [np.searchsorted(found, mask).astype(np.uint8) for mask in values]
        mask = Mask(self.masks[0].parent.name, np.stack(codes), tuple(names))
        return mask, f", a mask of {len(names)} classes each", []


@dataclass
class _InstanceFiles(PictureFiles):
    """Pictures, each with one mask per object."""

    masks: list[list[Path]] = field(default_factory=list)

    def target(self, size: tuple[int, int], resized: bool) -> tuple[Instances, str, list[str]]:
        """Return the objects, those left out of which nothing is there."""
        rows = []
        for files in self.masks:
            masks = np.zeros((len(files), size[1], size[0]), dtype=bool)
            for i, file in enumerate(files):
                mask = _fitted(file, size)
                masks[i] = mask.any(axis=2) if mask.ndim == 3 else mask != 0
            rows.append(masks[masks.any(axis=(1, 2))])
        instances = Instances.pack(rows)
        return instances, f", {instances.counts.sum()} objects, each with a mask", []


def find_instances(files: Sequence[Path]) -> PictureFiles | None:
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
    return _InstanceFiles(
        paths=[own[place]["images"][0] for place in order],
        parts=[None] * len(order),
        masks=[sorted(own[place].get("masks", []), key=natural_order) for place in order],
    )


def find_masks(folder: Path, files: Sequence[Path]) -> PictureFiles | None:
    """Return pictures with a mask of the same name in a folder for masks, or None.

    A folder for masks says so by its name (masks, labels, trainannot, ...), has a mask for each
    picture of the folder beside it, and few different values.

    Parameters
    ----------
    folder, files
        The folder, and all files below it.

    Returns
    -------
    PictureFiles or None
        The pictures and their masks.
    """
    by_folder: dict[Path, dict[str, Path]] = {}
    for file in files:
        if is_picture(file):
            by_folder.setdefault(file.parent, {})[file.stem] = file
    found = _MaskFiles()
    for place in sorted(by_folder, key=natural_order):
        if place == folder or not _MASK.search(place.name):
            continue
        masks = {_SUFFIX.sub("", stem): file for stem, file in by_folder[place].items()}
        beside = [
            other
            for other in by_folder
            if other.parent == place.parent and other != place and not _MASK.search(other.name)
            and by_folder[other].keys() <= masks.keys()
        ]  # fmt: skip
        if len(beside) != 1 and len(beside) > 0:
            # train and trainannot stand beside val and valannot.
            beside = [other for other in beside if place.name.startswith(other.name)]
        if len(beside) != 1:
            return None
        part = part_of(beside[0].name, "" if beside[0].parent == folder else beside[0].parent.name)
        for stem in sorted(by_folder[beside[0]], key=natural_order):
            found.paths.append(by_folder[beside[0]][stem])
            found.masks.append(masks[stem])
            found.parts.append(part)
    if not found.paths:
        return None
    probes = [_packed(_pixels(path)) for path in found.masks[:PROBED]]
    few = len(np.unique(np.concatenate([probe.ravel() for probe in probes]))) <= MOST_CLASSES
    return found if few else None


def _pixels(path: Path) -> NDArray[Any]:
    """Return the values of a mask: numbers of classes where it has a palette, not colours."""
    picture = open_picture(path)
    if isinstance(picture, np.ndarray):
        if picture.shape[2] != 1 or not is_whole(picture):
            raise InputError(f"{path} is no mask: it does not hold whole numbers, one a pixel.")
        return picture[..., 0].astype(np.int32)
    if picture.mode in ("RGBA", "LA"):
        picture = picture.convert("RGB" if picture.mode == "RGBA" else "L")
    pixels = np.asarray(picture)
    grey = pixels.ndim == 3 and bool((pixels == pixels[..., :1]).all())
    return (pixels[..., 0] if grey else pixels).astype(np.uint8)


def _fitted(path: Path, size: tuple[int, int]) -> NDArray[Any]:
    from PIL import Image

    return np.asarray(fit_picture(Image.fromarray(_pixels(path)), size, smooth=False))


def _packed(mask: NDArray[Any]) -> NDArray[np.int64]:
    """Return one number a pixel; a colour is red, green and blue after each other."""
    if mask.ndim == 2:
        return mask.astype(np.int64)
    return mask.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
