"""The pages of a picture file, each with the values that it stores.

Pictures of bytes are Pillow's. Deeper ones are arrays of their own type: 16 and 32 bits a value,
signed or not, and floats. Pillow keeps the upper byte alone of 16-bit colours, so the lower one is
read once more; of TIFF it leaves some types unread, which tifffile reads.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from further.data.arrays import native
from further.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

#: What a sentence on a bad file offers where whole folders are read.
SKIPPING = ", or go on without it by skip_bad=True"
_ORIENTATION = 0x0112  # of EXIF; from 5 on the picture lies on its side
_EXIF_OF_PNG = ("exif", "Raw profile type exif")
_PHOTOMETRIC, _SUBFILE, _SAMPLE_FORMAT, _BITS = 262, 254, 339, 258  # tags of TIFF
_SIGNED = 2
#: A smaller copy of another page, or its transparency.
_NO_PAGE_OF_ITS_OWN = 1 | 4
_TIFF_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PLAIN_HEADS = (b"\xff\xd8\xff", b"BM")  # one picture of bytes in each
_ALL_PAGES = ("TIFF", "GIF", "PNG", "WEBP")  # in JPEG further pictures are previews of the first


class Page(NamedTuple):
    """A picture in a file.

    Attributes
    ----------
    path : Path
        The file.
    number : int
        From 0.
    several : str
        What the pictures of the file are called where there are several: pages or frames.
    deep : bool
        Whether its values are more than bytes.
    bilevel : bool
        Whether it is black and white, one bit a pixel.
    """

    path: Path
    number: int = 0
    several: str = ""
    deep: bool = False
    bilevel: bool = False

    @property
    def place(self) -> str:
        """The file, and the page where there are several."""
        page = f", {self.several[:-1]} {self.number + 1}," if self.several else ""
        return f"{self.path}{page}"


def pages_of(path: Path) -> list[Page]:
    """Return the pages of a file, without those that are a smaller copy of another.

    Raises
    ------
    InputError
        If it is no picture, or damaged.
    """
    from PIL import Image, UnidentifiedImageError

    with _readable(path):
        with open(path, "rb") as file:
            head = file.read(4)
        if head.startswith(_PLAIN_HEADS):
            return [Page(path)]
        try:
            with Image.open(path) as picture:
                n = getattr(picture, "n_frames", 1) if picture.format in _ALL_PAGES else 1
                first = Page(path, 0, "", _is_deep(picture), picture.mode == "1")
                if n == 1 or picture.format != "TIFF":
                    return [first._replace(number=i, several="frames" * (n > 1)) for i in range(n)]
                pages = list(_tiff_pages(path, picture, n))
        except UnidentifiedImageError:
            if not head.startswith(_TIFF_HEADS):
                raise
            pages = _tifffile_pages(path)
    several = "pages" if len(pages) > 1 else ""
    return [page._replace(several=several) for page in pages] or [Page(path)]


def read_pages(
    pages: Sequence[Page], size: tuple[int, int] | None = None
) -> Iterator[Image.Image | NDArray[Any]]:
    """Yield pages of one file, upright.

    Parameters
    ----------
    pages : sequence of Page
        Of the same file, in order.
    size : (int, int), optional
        To which they are going to be brought: a JPEG is decoded at half or less if that suffices.

    Yields
    ------
    PIL.Image.Image or array of shape (height, width, channels)
        Bytes, or what is deeper; an :class:`InputError` names what is damaged.
    """
    from PIL import Image, ImageOps

    path = pages[0].path
    with _readable(path):
        if _needs_tifffile(path):
            yield from _read_with_tifffile(pages)
            return
        with Image.open(path) as picture:
            if size is not None:
                picture.draft("RGB", (4 * max(size), 4 * max(size)))
            for page in pages:
                if page.several:
                    picture.seek(page.number)
                _refuse_bomb(*picture.size)
                if page.deep:
                    yield _deep_values(path, picture, page)
                else:
                    picture.load()
                    yield ImageOps.exif_transpose(picture)


def size_of(page: Page) -> tuple[int, int]:
    """Return width and height of a picture that stands upright; most are not decoded for it."""
    from PIL import Image

    with _readable(page.path):
        if _needs_tifffile(page.path):
            height, width = next(_read_with_tifffile([page])).shape[:2]
            return width, height
        with Image.open(page.path) as picture:
            if page.several:
                picture.seek(page.number)
            # A PNG without it would be decoded to find out.
            told = picture.format != "PNG" or picture.info.keys() & set(_EXIF_OF_PNG)
            turned = bool(told) and picture.getexif().get(_ORIENTATION, 1) >= 5
            width, height = picture.size
    return (height, width) if turned else (width, height)


@contextmanager
def strict_decoding() -> Iterator[None]:
    """Refuse what is too large to be decoded; say nothing of damaged tags that do not matter."""
    from PIL import Image

    # Filters are those of the whole process, so they are set where no other thread sets them.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn whatever is wrong with a picture into a sentence that names its file."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except InputError:
        raise
    except UnidentifiedImageError as error:
        what = "is empty" if path.stat().st_size == 0 else "is not a picture, despite its name"
        raise InputError(f"{path} {what}; replace or remove it{SKIPPING}.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"{path} is too large to be decoded safely; scale it down.") from error
    except Exception as error:  # a damaged file raises whatever its decoder raises
        if isinstance(error, MemoryError) or getattr(error, "errno", None):
            raise  # the disk or the machine, not the picture
        reason = (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__
        raise InputError(
            f"{path} cannot be decoded, it is truncated or damaged ({reason}); replace or remove "
            f"it{SKIPPING}."
        ) from error


def _tiff_pages(path: Path, picture: Any, n: int) -> Iterator[Page]:
    for number in range(n):
        picture.seek(number)
        if not picture.tag_v2.get(_SUBFILE, 0) & _NO_PAGE_OF_ITS_OWN:
            yield Page(path, number, "", _is_deep(picture), picture.mode == "1")


def _is_deep(picture: Any) -> bool:
    return picture.mode[0] in "IF" or _is_signed(picture) or _halved(picture)


def _is_signed(picture: Any) -> bool:
    tags = getattr(picture, "tag_v2", {})
    return bool(tags.get(_SAMPLE_FORMAT, (1,))[0] == _SIGNED)


def _halved(picture: Any) -> bool:
    """Whether Pillow would keep the upper byte alone of values of 16 bits."""
    return picture.mode[0] not in "IF" and any(";16" in _raw_mode(tile) for tile in picture.tile)


def _raw_mode(tile: Any) -> str:
    return str(tile[3] if isinstance(tile[3], str) else (tile[3] or ("",))[0])


def _deep_values(path: Path, picture: Any, page: Page) -> NDArray[Any]:
    """Return what a page stores, (height, width, channels)."""
    from PIL import ImageOps

    if _halved(picture):
        kinds = {_raw_mode(tile).split(";")[0] for tile in picture.tile}
        if not kinds <= {"LA", "RGB", "RGBA", "RGBX"}:
            _refuse(page, f"16 bits a value and the colours {kinds.pop()}")
        values = _both_bytes(path, picture, page)
    else:
        tags = getattr(picture, "tag_v2", {})
        picture.load()
        values = native(np.asarray(ImageOps.exif_transpose(picture)))
        if values.dtype == np.uint8:
            values = values.view(np.int8)
        elif values.dtype == np.int32 and tags.get(_BITS) == (32,) and not _is_signed(picture):
            values = values.view(np.uint32)
        elif values.dtype == np.int32 and tags.get(_BITS) == (16,):
            values = values.astype(np.int16)
        if tags.get(_PHOTOMETRIC) == 0:
            values = _inverted(values)
    return _checked(values, picture.info.get("transparency"), page)


def _both_bytes(path: Path, picture: Any, page: Page) -> NDArray[np.uint16]:
    from PIL import Image, ImageOps

    if any(_raw_mode(tile) == "LA;16B" for tile in picture.tile):
        # Four bytes a pixel, of which Pillow would keep two.
        picture.tile = [tile._replace(args="RGBA") for tile in picture.tile]
        both = np.asarray(ImageOps.exif_transpose(picture))
        return _joined(both[..., ::2], both[..., 1::2])
    with Image.open(path) as again:
        if page.several:
            again.seek(page.number)
        again.tile = [tile._replace(args=_lower_bytes(tile)) for tile in again.tile]
        upper, lower = (np.asarray(ImageOps.exif_transpose(half)) for half in (picture, again))
    return _joined(upper, lower)


def _joined(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> NDArray[np.uint16]:
    return np.bitwise_or(upper.astype(np.uint16) << 8, lower, dtype=np.uint16)


def _lower_bytes(tile: Any) -> Any:
    """Return what tells Pillow's decoder to take the other byte of each value."""
    whole = _raw_mode(tile)
    big = whole.endswith("B") or (whole.endswith("N") and not np.little_endian)
    mode = whole[:-1] + ("L" if big else "B")
    return mode if isinstance(tile[3], str) else (mode, *tile[3][1:])


def _needs_tifffile(path: Path) -> bool:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path):
            return False
    except UnidentifiedImageError:
        with open(path, "rb") as file:
            return file.read(4) in _TIFF_HEADS


def _tifffile_pages(path: Path) -> list[Page]:
    pages, offsets = [], set[int]()
    with _tifffile(path) as file:
        for number, page in enumerate(file.pages):
            if page.offset in offsets:
                raise ValueError("its pages go round in a circle")
            offsets.add(page.offset)
            if not int(page.subfiletype) & _NO_PAGE_OF_ITS_OWN:
                pages.append(Page(path, number, deep=True))
    return pages


def _read_with_tifffile(pages: Sequence[Page]) -> Iterator[NDArray[Any]]:
    with _tifffile(pages[0].path) as file:
        for page in pages:
            stored = file.pages[page.number]
            _refuse_bomb(int(stored.imagewidth), int(stored.imagelength))
            values = stored.asarray()
            values = values.astype(values.dtype.newbyteorder("="), copy=False)
            if stored.axes == "SYX":
                values = np.moveaxis(values, 0, -1)
            known = stored.axes in ("YX", "SYX", "YXS") and int(stored.photometric) <= 2
            channels = 1 if values.ndim == 2 else values.shape[-1]
            if not known or channels not in (1, 3) or values.dtype.kind not in "iuf":
                _refuse(page, f"{channels} channels of the type {values.dtype}")
            if int(stored.photometric) == 0:
                values = _inverted(values)
            yield _checked(values, None, page)


@contextmanager
def _tifffile(path: Path) -> Iterator[Any]:
    import tifffile

    # What it would print about a damaged file is said by the error that follows.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    with tifffile.TiffFile(path) as file:
        yield file


def _refuse_bomb(width: int, height: int) -> None:
    from PIL import Image

    if width * height > (Image.MAX_IMAGE_PIXELS or np.inf):
        raise Image.DecompressionBombError


def _inverted(values: NDArray[Any]) -> NDArray[Any]:
    """Return pictures in which 0 is white as those in which it is black."""
    unsigned = values.dtype.kind == "u"
    return np.asarray(np.iinfo(values.dtype).max - values) if unsigned else values


def _checked(values: NDArray[Any], key: Any, page: Page) -> NDArray[Any]:
    """Return numbers (height, width, channels), with transparency in the last channel of 2 or 4.

    ``key`` is the value, or the colour, that stands for what is transparent.
    """
    values = values[..., None] if values.ndim == 2 else values
    if values.dtype.kind == "f":
        places = np.argwhere(~np.isfinite(values))
        if len(places):
            row, column, channel = places[0]
            what = "NaN" if np.isnan(values[row, column, channel]) else "infinity"
            raise InputError(
                f"{page.place} has {what} in pixel row {row}, column {column} ({len(places)} such "
                "values in all); replace them by numbers, or leave the picture out."
            )
    elif isinstance(key, int | tuple) and values.shape[-1] in (1, 3):
        seen = (values != np.array(key)).any(axis=-1, keepdims=True)
        alpha = np.where(seen, np.iinfo(values.dtype).max, 0).astype(values.dtype)
        values = np.concatenate([values, alpha], axis=-1)
    return values


def _refuse(page: Page, what: str) -> NoReturn:
    raise InputError(
        f"{page.place} has {what}, which is not read; save it as grey or as red, green and blue, "
        "without transparency."
    )
