"""Folders of pictures, with a folder for each class or without, of one size or resized to one."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from further.data.arrays import read_pictures
from further.data.dataset import Dataset
from further.data.memory import GIB, refuse_too_large
from further.data.target import Classes
from further.errors import InputError

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm",
)  # fmt: skip
#: Folders with these names are parts of a split, not classes.
PART_NAMES = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip
BYTES_A_VALUE = 5  # a byte as it is, four encoded


@dataclass(frozen=True)
class _File:
    path: Path
    part: str | None
    label: str | None


def is_picture(path: Path) -> bool:
    """Whether a file is meant as a picture, by its name."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def load_pictures(folder: Path, *, resize: int | str | None = None) -> Dataset:
    """Return the pictures below a folder; folders of one level are classes.

    When to use: for PNG, JPEG and other files that Pillow reads. When it fails: on masks and
    boxes beside pictures, which are taken for classes or ignored.

    Parameters
    ----------
    folder : Path
        ``PICTURES``, ``CLASS/PICTURES``, or either below train, validation and test.
    resize : int or "WIDTHxHEIGHT", optional
        Crop to that shape around the centre and resample; needed for pictures of different sizes.

    Returns
    -------
    Dataset
        uint8, one channel if all are grey and three otherwise.

    Raises
    ------
    InputError
        Names the file that is truncated or of another size than the first.
    """
    files, notes = _find(folder)
    size = None if resize is None else parse_resize(resize)
    values, picture_notes = _read_all(folder, files, size)
    values, levels, _ = read_pictures(values)
    classes = _classes_of(files)
    parts = [file.part for file in files]
    official = np.array(parts) if None not in parts else None
    channels, height, width = values.shape[1:]
    colour = "grey" if channels == 1 else "colour"
    first = f"{folder.name}: {len(files)} {colour} pictures of {width}x{height} pixels"
    first += f" in {len(classes.names)} classes." if classes else ", without classes."
    return Dataset(
        name=folder.name,
        kind="images",
        values=values,
        target=classes,
        levels=levels,
        official_split=official,
        notes=(first, *notes, *picture_notes),
    )


def parse_resize(resize: int | str) -> tuple[int, int]:
    """Return (width, height) of 32 or "24x32".

    Raises
    ------
    InputError
        For anything else.

    Examples
    --------
    >>> parse_resize(32), parse_resize("24x32")
    ((32, 32), (24, 32))
    """
    match = re.fullmatch(r"\s*(\d+)\s*(?:[xX×]\s*(\d+)\s*)?", str(resize))
    size = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if min(size) < 1 or max(size) > 4096:
        raise InputError(
            f'resize={resize!r} is no size; give a number of pixels such as 32, or "WIDTHxHEIGHT" '
            'such as "24x32".'
        )
    return size


def natural_order(name: str) -> list[Any]:
    """Sort key that puts image-2 before image-10."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part.lower())
        for part in re.split(r"(\d+)", name)
        if part
    ]


def _find(folder: Path) -> tuple[list[_File], list[str]]:
    """Return the pictures with their part and class, and notes on what was passed over."""
    notes: list[str] = []
    folder_of_parts = _children(folder)
    if len(folder_of_parts) == 1 and not _pictures(folder):
        # A wrapper such as flowers/train/CLASS is no class.
        notes.append(f'All pictures lie in "{folder_of_parts[0].name}".')
        files, more = _find(folder_of_parts[0])
        return files, notes + more
    found = {PART_NAMES.get(child.name.lower()): child for child in folder_of_parts}
    if "train" in found and len(found) > 1 and not _pictures(folder):
        files = []
        for part, child in found.items():
            if part is None:
                others = [c.name for c in folder_of_parts if c.name.lower() not in PART_NAMES]
                notes.append(f"Not part of the split, so passed over: {', '.join(others)}.")
                continue
            files += [_File(f.path, part, f.label) for f in _classes(child)]
        parts = [part for part in found if part]
        if len(parts) > 1:
            notes.append(f"The folders give the split: {', '.join(parts)}.")
            return files, notes
        notes.clear()
    files = _classes(folder)
    if not files:
        raise InputError(
            f"{folder} has no pictures; supported are {', '.join(s[1:] for s in SUFFIXES)}."
        )
    loose = [file for file in files if file.label is None]
    if loose and len(loose) < len(files):
        raise InputError(
            f"{folder} has {len(loose)} pictures beside its class folders ({loose[0].path.name}); "
            "move each into the folder of its class."
        )
    return files, notes


def _classes(folder: Path) -> list[_File]:
    files = [_File(path, None, None) for path in _pictures(folder)]
    for child in _children(folder):
        below = sorted((p for p in child.rglob("*") if is_picture(p)), key=_by_name)
        files += [_File(path, None, child.name) for path in below]
    return files


def _pictures(folder: Path) -> list[Path]:
    return sorted((p for p in folder.iterdir() if is_picture(p) and p.is_file()), key=_by_name)


def _children(folder: Path) -> list[Path]:
    """Return the folders below that hold pictures somewhere."""
    children = [p for p in folder.iterdir() if p.is_dir() and not p.name.startswith((".", "__"))]
    holding = [c for c in children if any(is_picture(p) for p in c.rglob("*"))]
    return sorted(holding, key=_by_name)


def _by_name(path: Path) -> list[Any]:
    return natural_order(str(path))


def _classes_of(files: Sequence[_File]) -> Classes | None:
    labels = [file.label for file in files]
    names = sorted({label for label in labels if label is not None}, key=natural_order)
    if len(names) < 2 or None in labels:
        return None
    place = {name: i for i, name in enumerate(names)}
    codes = np.array([place[str(label)] for label in labels], dtype=np.int64)
    return Classes("folder", codes, tuple(names))


def _read_all(
    folder: Path, files: Sequence[_File], size: tuple[int, int] | None
) -> tuple[np.ndarray, list[str]]:
    """Return ``(n, height, width, channels)`` bytes."""
    first = _open(files[0].path)
    wanted = size or first.size
    _refuse_too_much(folder, len(files), wanted)
    width, height = wanted
    values = np.empty((len(files), height, width, 3), dtype=np.uint8)
    transparent = resized = 0
    for i, file in enumerate(files):
        picture = _open(file.path, size)
        if picture.size != wanted and size is None:
            raise InputError(
                f"{file.path} has {picture.width}x{picture.height} pixels but "
                f"{files[0].path.name} has {first.width}x{first.height}; choose one size for all, "
                f"such as resize={_suggest(first.size)} (crops around the centre and resamples)."
            )
        picture, was_transparent = _to_rgb(picture)
        transparent += was_transparent
        if picture.size != wanted:
            picture = _fit(picture, wanted)
            resized += 1
        values[i] = np.asarray(picture)
    notes = []
    if resized:
        notes.append(f"{resized} pictures were cropped and resampled to {width}x{height} pixels.")
    if transparent:
        notes.append(f"{transparent} pictures have transparent parts, which were put on white.")
    grey = (values[..., 0] == values[..., 1]).all() and (values[..., 0] == values[..., 2]).all()
    return (values[..., :1] if grey else values), notes


def _open(path: Path, size: tuple[int, int] | None = None) -> Any:
    """Return the decoded picture, upright; a JPEG is decoded at half or less if that suffices."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged tags that do not matter
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                if size is not None:
                    picture.draft("RGB", (4 * max(size), 4 * max(size)))
                picture.load()
                return ImageOps.exif_transpose(picture)
    except UnidentifiedImageError as error:
        what = "is empty" if path.stat().st_size == 0 else "is no picture, whatever its name says"
        raise InputError(f"{path} {what}; replace or remove it.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"{path} is too large to be decoded safely; scale it down.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise InputError(
            f"{path} cannot be decoded, it is truncated or damaged ({reason}); replace or remove "
            "it."
        ) from error


def _to_rgb(picture: Any) -> tuple[Any, bool]:
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits a pixel
        deep = np.asarray(picture).astype(np.float64).clip(0, 65535)
        picture = Image.fromarray((deep / 257).round().astype("uint8"))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        if picture.getextrema()[3][0] < 255:
            white = Image.new("RGBA", picture.size, "white")
            return Image.alpha_composite(white, picture).convert("RGB"), True
    return picture.convert("RGB"), False


def _fit(picture: Any, size: tuple[int, int]) -> Any:
    from PIL import Image, ImageOps

    return ImageOps.fit(picture, size, Image.Resampling.LANCZOS)


def _suggest(size: tuple[int, int]) -> int:
    """Return the largest of 16, 32 and 64 that does not enlarge the picture much."""
    return max((side for side in (16, 32, 64) if side <= min(size)), default=16)


def _refuse_too_much(folder: Path, n: int, size: tuple[int, int]) -> None:
    smaller = _suggest(size)
    a_pixel = 3 * BYTES_A_VALUE
    refuse_too_large(
        f"{folder}: {n} pictures of {size[0]}x{size[1]} pixels",
        n * size[0] * size[1] * a_pixel,
        f"choose resize={smaller}, which takes {n * smaller**2 * a_pixel / GIB:.2g} GiB",
    )
