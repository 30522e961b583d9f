"""Decoding pictures: upright, RGB, of one size, several at a time."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from further.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm",
)  # fmt: skip
AT_A_TIME = 64
_ORIENTATION = 0x0112  # of EXIF; from 5 on the picture lies on its side


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

    Iterate over it once; ``grey`` and ``notes`` are right after that.

    Parameters
    ----------
    paths : sequence of Path
        At least one.
    resize : int or "WIDTHxHEIGHT", optional
        Crop to that shape around the centre and resample.

    Attributes
    ----------
    size, grey
        Width and height of every picture, and whether all are grey.
    """

    def __init__(self, paths: Sequence[Path], resize: int | str | None = None) -> None:
        self._paths = paths
        self._asked = None if resize is None else _parse_resize(resize)
        self.size: tuple[int, int] = self._asked or open_picture(paths[0]).size
        self.grey, self._fitted, self._transparent = True, 0, 0

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Number of pictures, channels, height, width."""
        return len(self._paths), 3, self.size[1], self.size[0]

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """Yield arrays (3, height, width)."""
        # Decoders release Python's lock, so that threads do.
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            for start in range(0, len(self._paths), AT_A_TIME):
                with _strict():
                    chunk = list(pool.map(self._decode, self._paths[start : start + AT_A_TIME]))
                for pixels, was_fitted, transparent in chunk:
                    self._transparent += transparent
                    self._fitted += was_fitted
                    self.grey &= bool((pixels == pixels[:1]).all())
                    yield pixels

    def _decode(self, path: Path) -> tuple[NDArray[np.uint8], bool, bool]:
        picture = _open(path, self._asked)
        if picture.size != self.size and self._asked is None:
            raise InputError(
                f"{path} has {picture.width}x{picture.height} pixels but {self._paths[0].name} "
                f"has {self.size[0]}x{self.size[1]}; choose one size for all, such as "
                f"resize={suggest_side(self.size)} (crops around the centre and resamples)."
            )
        was_fitted = picture.size != self.size
        picture, transparent = _to_rgb(picture)
        pixels = np.asarray(fit_picture(picture, self.size))
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)), was_fitted, transparent

    def read(self) -> NDArray[np.uint8]:
        """Return all pictures ``(n, channels, height, width)``; one channel if all are grey."""
        values = np.empty(self.shape, dtype=np.uint8)
        for i, pixels in enumerate(self):
            values[i] = pixels
        return values[:, :1] if self.grey else values

    @property
    def notes(self) -> list[str]:
        """What was done to the pictures, in sentences."""
        notes = []
        if self._fitted:
            width, height = self.size
            notes.append(
                f"{self._fitted} pictures were cropped and resampled to {width}x{height} pixels."
            )
        if self._transparent:
            notes.append(
                f"{self._transparent} pictures have transparent parts, which were put on white."
            )
        return notes


def open_picture(path: Path) -> Image.Image:
    """Return the decoded picture, upright.

    Raises
    ------
    InputError
        If it is no picture, damaged, or too large to be decoded safely.
    """
    with _strict():
        return _open(path, None)


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


def size_of(path: Path) -> tuple[int, int]:
    """Return width and height of a picture that stands upright, without decoding it."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            turned = picture.getexif().get(_ORIENTATION, 1) >= 5
            width, height = picture.size
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path} is not a readable picture; replace or remove it.") from error
    return (height, width) if turned else (width, height)


def _parse_resize(resize: int | str) -> tuple[int, int]:
    """Return (width, height) of 32 or "24x32"."""
    match = re.fullmatch(r"\s*(\d+)\s*(?:[xX×]\s*(\d+)\s*)?", str(resize))
    size = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if min(size) < 1 or max(size) > 4096:
        raise InputError(
            f'resize={resize!r} is no size; give a number of pixels such as 32, or "WIDTHxHEIGHT" '
            'such as "24x32".'
        )
    return size


@contextmanager
def _strict() -> Iterator[None]:
    """Refuse what is too large to be decoded; say nothing of damaged tags that do not matter."""
    from PIL import Image

    # Filters are those of the whole process, so they are set where no other thread sets them.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _open(path: Path, size: tuple[int, int] | None) -> Any:
    """Return the decoded picture, upright; a JPEG is decoded at half or less if that suffices."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            if size is not None:
                picture.draft("RGB", (4 * max(size), 4 * max(size)))
            picture.load()
            return ImageOps.exif_transpose(picture)
    except UnidentifiedImageError as error:
        what = "is empty" if path.stat().st_size == 0 else "is not a picture, despite its name"
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
