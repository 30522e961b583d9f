"""Pictures in the page: sheets of samples beside real ones, pairs and strips, inlined as PNG."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from pathlib import Path

from further.report.markup import Markup, tag

# Bytes of PNG that one page may carry: base64 adds a third, charts and libraries half a megabyte.
_BUDGET = 900_000
_SHEET_ROWS = 8


@dataclass
class Album:
    """The pictures of a page, kept together within a size that an e-mail can carry."""

    paths: list[Path]
    shown: float = field(init=False)

    def __post_init__(self) -> None:
        total = sum(path.stat().st_size for path in self.paths if path.is_file())
        self.shown = min(1.0, _BUDGET / total) if total else 1.0

    def picture(
        self, path: Path, *, alt: str, rows: int = 1, columns: int = 1, class_: str = "sheet"
    ) -> Markup | None:
        """Inline a picture made of tiles; ``None`` where it does not exist or is no picture.

        Parameters
        ----------
        path : Path
            The PNG file.
        alt : str
            What it shows, in words.
        rows, columns : int, default=1
            How many tiles it has; rows at the bottom are cut off when the page would grow too big.
        class_ : str, default="sheet"
            Class of the element.

        Returns
        -------
        Markup or None
            An ``img`` element.
        """
        if not path.is_file():
            return None
        content, width, height = self._read(path, rows)
        if not content:
            return None
        uri = "data:image/png;base64," + base64.b64encode(content).decode("ascii")
        # Whole multiples keep every pixel of a small picture a square of the same size.
        return tag(
            "img",
            src=uri,
            alt=alt,
            width=width,
            height=height,
            class_=f"{class_} pixelated" if width / columns <= 64 else class_,
            decoding="async",
        )

    def _read(self, path: Path, rows: int) -> tuple[bytes, int, int]:
        from PIL import Image, UnidentifiedImageError

        content = path.read_bytes()
        try:
            with Image.open(io.BytesIO(content)) as image:
                width, height = image.size
                kept = max(2, int(rows * self.shown)) if rows > 2 else rows
                if kept < rows:
                    height = height // rows * kept
                    file = io.BytesIO()
                    image.crop((0, 0, width, height)).save(file, "PNG", optimize=True)
                    content = file.getvalue()
        except (UnidentifiedImageError, OSError):
            return b"", 0, 0
        return content, width, height
