"""Pictures in the page: sheets of small pictures, their tiles set apart, inlined.

They are PNG, exact to the pixel, unless all of them together would make the page too big to send:
then they are WebP of high quality, and the page says where the exact ones are.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from further.report.markup import Markup, tag

if TYPE_CHECKING:
    from PIL.Image import Image

# Bytes of PNG that one page may carry: base64 adds a third, charts and libraries half a megabyte.
_BUDGET = 900_000
_WIDEST = 440
_QUALITY = 85
# What WebP of that quality saves at the least on photographs.
_SAVED = 5


@dataclass
class Album:
    """The pictures of a page, kept together within a size that an e-mail can carry."""

    paths: Annotated[list[Path], "Every file that the page may show."]
    shape: Annotated[object, "Channels, height, width of one; square where unknown."] = None
    compressed: Annotated[
        bool, "Whether they are WebP, since as PNG they would be too large together."
    ] = field(init=False)
    shown: Annotated[
        float, "The share of each sheet that is shown, below 1 where even WebP would be too large."
    ] = field(init=False)

    def __post_init__(self) -> None:
        total = sum(path.stat().st_size for path in self.paths if path.is_file())
        self.compressed = total > _BUDGET
        self.shown = min(1.0, _SAVED * _BUDGET / total) if total else 1.0

    def picture(
        self, path: Path, *, alt: str, columns: int, width: int = 213, sheet: str | None = None
    ) -> Markup | None:
        """Inline a sheet of small pictures; ``None`` where it does not exist or is no picture.

        Parameters
        ----------
        path : Path
            The PNG file: pictures side by side without padding.
        alt : str
            What it shows, in words.
        columns : int
            How many stand in a row. Of more than two rows the last are left out when the page
            would grow too big.
        width : int, default=213
            The width to come near to, in CSS pixels: a whole multiple of the picture's own, so
            that every pixel of a small picture is a square of the same size.
        sheet : str, optional
            Its name for :mod:`further.report.rows`, where tiles of it are opened.

        Returns
        -------
        Markup or None
            An ``img`` element.
        """
        from PIL import Image, UnidentifiedImageError

        if not path.is_file():
            return None
        try:
            with Image.open(path) as image:
                whole, tile = self._set_apart(image, columns)
        except (UnidentifiedImageError, OSError):
            return None
        file = io.BytesIO()
        if self.compressed:
            whole.convert("RGBA").save(file, "WEBP", quality=_QUALITY)
        else:
            whole.save(file, "PNG", optimize=True)
        kind = "webp" if self.compressed else "png"
        uri = f"data:image/{kind};base64," + base64.b64encode(file.getvalue()).decode("ascii")
        zoom = max(1, round(width / whole.width))
        drawn = min(whole.width * zoom, max(width, _WIDEST))
        return tag(
            "img",
            src=uri,
            alt=alt,
            width=drawn,
            height=round(whole.height * drawn / whole.width),
            class_="sheet pixelated" if zoom > 1 else "sheet",
            decoding="async",
            data_sheet=sheet,
            data_tile=None if sheet is None else ",".join(map(str, tile)),
        )

    def _set_apart(self, image: Image, columns: int) -> tuple[Image, tuple[int, int, int]]:
        """Put a transparent gap between the small pictures, which the sheet holds edge to edge.

        Told is also how wide and how high a small picture is, and the gap.
        """
        from PIL import Image as Images

        high = wide = max(1, image.width // columns)
        if isinstance(self.shape, Sequence) and len(self.shape) == 3:
            height, width = self.shape[1:]
            fits = isinstance(height, int) and height > 0 and image.height % height == 0
            if fits and width == wide:
                high = height
        rows = max(1, image.height // high)
        kept = max(2, int(rows * self.shown)) if rows > 2 else rows
        gap = max(1, wide // 10)
        whole = image.convert("LA" if image.mode in ("1", "L", "LA", "I;16") else "RGBA")
        size = (columns * (wide + gap) - gap, kept * (high + gap) - gap)
        sheet = Images.new(whole.mode, size, (0,) * len(whole.getbands()))
        for row in range(kept):
            for column in range(columns):
                left, top = column * wide, row * high
                piece = whole.crop((left, top, left + wide, top + high))
                sheet.paste(piece, (column * (wide + gap), row * (high + gap)))
        return sheet, (wide, high, gap)
