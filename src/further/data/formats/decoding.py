"""Decoding pictures: upright, RGB, of one size, several at a time."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from further.data.formats.picture_pages import Page, pages_of, read_pages, size_of, strict_decoding
from further.data.formats.picture_range import Range
from further.data.formats.placement import Placement
from further.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm",
)  # fmt: skip
AT_A_TIME = 64


def is_picture(path: Path) -> bool:
    """Whether a file is meant as a picture, by its name."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def natural_order(name: str | Path) -> list[Any]:
    """Sort key that puts image-2 before image-10."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part.lower())
        for part in re.split(r"(\d+)", str(name))
        if part
    ]


def suggest_side(size: tuple[int, int]) -> int:
    """Return the largest of 16, 32 and 64 that does not enlarge the picture much."""
    return max((side for side in (16, 32, 64) if side <= min(size)), default=16)


class Decoder:
    """The decoded pictures of some files, in order, and what had to be done to them.

    Iterate over it once; ``grey``, ``levels`` and ``notes`` are right after that.

    Parameters
    ----------
    pages : sequence of Page
        At least one.
    resize : int or "WIDTHxHEIGHT", optional
        Crop to that shape around the centre and resample.
    placement : Placement, optional
        Where the pictures are to stand instead, of one file a page: they are scaled, not cropped,
        and padded with zeros.

    Attributes
    ----------
    size, grey, dtype
        Width and height of every picture, whether all are grey, and the type that holds them all:
        bytes, or float32 where a file stores more than bytes.
    """

    def __init__(
        self,
        pages: Sequence[Page],
        resize: int | str | None = None,
        placement: Placement | None = None,
    ) -> None:
        self._pages = pages
        self._asked = None if resize is None else parse_resize(resize)
        self._placed = {} if placement is None else dict(zip(pages, placement.now, strict=True))
        if placement is not None:
            self.size: tuple[int, int] = placement.size
        elif self._asked is not None:
            self.size = self._asked
        else:
            with strict_decoding():
                self.size = size_of(pages[0])
        self.dtype = np.dtype(np.float32 if any(page.deep for page in pages) else np.uint8)
        self.grey, self._fitted, self._transparent = True, 0, 0
        self._bilevel = self._asked is None and all(page.bilevel for page in pages)
        self._range = Range()

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Number of pictures, channels, height, width."""
        return len(self._pages), 3, self.size[1], self.size[0]

    @property
    def levels(self) -> int | None:
        """The number of grey levels; None for continuous values."""
        return self._range.levels

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Yield arrays (3, height, width)."""
        for _, pixels in self._decoded():
            yield np.broadcast_to(pixels, self.shape[1:])
        self._range.check()

    def _decoded(self) -> Iterator[tuple[Page, NDArray[Any]]]:
        # Decoders release Python's lock, so that threads do.
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            for together in _batched(self._pages):
                with strict_decoding():
                    chunk = list(pool.map(self._decode, together))
                for page, decoded in itertools.chain(*map(zip, together, chunk)):
                    self._transparent += decoded.transparent
                    self._fitted += decoded.fitted
                    pixels = decoded.pixels
                    self._range.add(page.path, pixels, decoded.stored)
                    self.grey &= len(pixels) == 1 or bool((pixels == pixels[:1]).all())
                    yield page, pixels

    def _decode(self, pages: Sequence[Page]) -> list[_Decoded]:
        pictures = read_pages(pages, self._asked)
        return [self._one(page, found) for page, found in zip(pages, pictures, strict=True)]

    def _one(self, page: Page, found: Image.Image | NDArray[Any]) -> _Decoded:
        size: tuple[int, int]
        if isinstance(found, np.ndarray):
            stored, size = found.dtype, (found.shape[1], found.shape[0])
        else:
            stored, size = np.dtype(np.uint8), found.size
        wanted = self._placed.get(page, self.size)
        if size != wanted and self._asked is None:
            raise InputError(
                f"{page.place} has {size[0]}x{size[1]} pixels but {self._pages[0].path.name} "
                f"has {self.size[0]}x{self.size[1]}; choose one size for all, such as "
                f"resize={suggest_side(self.size)} (crops around the centre and resamples)."
            )
        if isinstance(found, np.ndarray):
            on_white, transparent = _on_white(found)
            pixels = _fit_values(on_white, wanted)
        else:
            picture, transparent = _to_rgb(found, page)
            pixels = np.asarray(fit_picture(picture, wanted))
            if self._bilevel:
                pixels = pixels // np.uint8(255)
        pixels = np.ascontiguousarray(pixels.transpose(2, 0, 1))
        right, below = self.size[0] - wanted[0], self.size[1] - wanted[1]
        if right or below:
            pixels = np.pad(pixels, ((0, 0), (0, below), (0, right)))
        return _Decoded(pixels, stored, size != self.size, transparent)

    def read(self) -> NDArray[Any]:
        """Return all pictures ``(n, channels, height, width)``; one channel if all are grey."""
        values = np.empty(self.shape, dtype=self.dtype)
        for i, pixels in enumerate(self):
            values[i] = pixels
        if self.grey:
            values = values[:, :1]
        return values.astype(self.final_dtype, copy=False)

    @property
    def final_dtype(self) -> np.dtype[Any]:
        """The type of the pictures: bytes where there are grey levels."""
        return np.dtype(np.float32 if self.levels is None else np.uint8)

    @property
    def notes(self) -> list[str]:
        """What was done to the pictures, in sentences."""
        notes = []
        if self._fitted:
            width, height = self.size
            done = "cropped and resampled to"
            if self._placed and self._asked is None:
                done = "padded right and below with zeros to"
            elif self._placed:
                done = "scaled to fit, and padded right and below with zeros where needed, to"
            notes.append(f"{self._fitted} pictures were {done} {width}x{height} pixels.")
        if self._transparent:
            notes.append(
                f"{self._transparent} pictures have transparent parts, which were put on white."
            )
        return notes + self._range.notes


class _Decoded(NamedTuple):
    """A picture (channels, height, width), the type stored, and what was done to it."""

    pixels: NDArray[Any]
    stored: np.dtype[Any]
    fitted: bool
    transparent: bool


def _batched(pages: Sequence[Page]) -> Iterator[list[list[Page]]]:
    """Yield runs of pages of one file each, in all about as many as are decoded at a time."""
    for start in range(0, len(pages), AT_A_TIME):
        of_file = itertools.groupby(pages[start : start + AT_A_TIME], key=lambda page: page.path)
        yield [list(run) for _, run in of_file]


def open_picture(path: Path) -> Image.Image | NDArray[Any]:
    """Return the first picture of a file, decoded and upright, bytes or what is deeper.

    Raises
    ------
    InputError
        If it is no picture, damaged, or too large to be decoded safely.
    """
    with strict_decoding():
        return next(read_pages(pages_of(path)[:1]))


def fit_picture(picture: Image.Image, size: tuple[int, int], *, smooth: bool = True) -> Image.Image:
    """Return a picture cropped around its centre and resampled to (width, height).

    Parameters
    ----------
    picture : PIL.Image.Image
        Of any size.
    size : (int, int)
        Width and height.
    smooth : bool, default=True
        False keeps the values of pixels, as numbers of classes have to be.

    Returns
    -------
    PIL.Image.Image
        Of that size.
    """
    from PIL import Image, ImageOps

    if picture.size == size:
        return picture
    how = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
    return ImageOps.fit(picture, size, how)


def centre_crop(
    size: tuple[int, int], wanted: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of what :func:`fit_picture` leaves of a picture.

    Parameters
    ----------
    size, wanted : (int, int)
        Width and height of the picture, and those that it is brought to.

    Returns
    -------
    tuple of 4 floats
        In pixels of the picture.

    Examples
    --------
    >>> centre_crop((40, 20), (10, 10)), centre_crop((20, 20), (10, 5))
    ((10.0, 0.0, 30.0, 20.0), (0.0, 5.0, 20.0, 15.0))
    """
    scale = min(size[0] / wanted[0], size[1] / wanted[1])
    width, height = scale * wanted[0], scale * wanted[1]
    left, top = (size[0] - width) / 2, (size[1] - height) / 2
    return left, top, left + width, top + height


def parse_resize(resize: int | str) -> tuple[int, int]:
    """Return (width, height) of 32 or "24x32"; an :class:`InputError` refuses what is no size."""
    match = re.fullmatch(r"\s*(\d+)\s*(?:[xX×]\s*(\d+)\s*)?", str(resize))
    size = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if min(size) < 1 or max(size) > 4096:
        raise InputError(
            f'resize={resize!r} is no size; give a number of pixels such as 32, or "WIDTHxHEIGHT" '
            'such as "24x32".'
        )
    return size


def _to_rgb(picture: Any, page: Page) -> tuple[Any, bool]:
    from PIL import Image

    try:
        if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
            picture = picture.convert("RGBA")
            if picture.getextrema()[3][0] < 255:
                white = Image.new("RGBA", picture.size, "white")
                return Image.alpha_composite(white, picture).convert("RGB"), True
        return picture.convert("RGB"), False
    except (ValueError, OSError) as error:
        raise InputError(
            f"{page.place} has the colours {picture.mode}, which are not read; save it as grey or "
            "as red, green and blue."
        ) from error


def _on_white(values: NDArray[Any]) -> tuple[NDArray[Any], bool]:
    """Return values (height, width, 1 or 3) of what may have its transparency as last channel."""
    if values.shape[2] in (1, 3):
        return values, False
    white = np.iinfo(values.dtype).max
    share = values[..., -1:] / white
    found = np.rint(values[..., :-1] * share + white * (1 - share)).astype(values.dtype)
    return found, bool((share < 1).any())


def _fit_values(values: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Crop and resample as :func:`fit_picture` does, staying within the range and the type."""
    from PIL import Image

    if values.shape[1::-1] == size:
        return values
    channels = np.moveaxis(values, 2, 0).astype(np.float32)
    fitted = [np.asarray(fit_picture(Image.fromarray(channel), size)) for channel in channels]
    found = np.stack(fitted, axis=2).clip(values.min(), values.max())
    return np.rint(found).astype(values.dtype) if values.dtype.kind in "iu" else found
