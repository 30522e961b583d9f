"""The held-out pictures of a page: each stands in it once, whoever shows it, or a part of it.

What is drawn over a picture are lines of SVG, so that a box stays sharp in a crop, on a phone and
on paper. Whatever a number opens is a row of the store (:mod:`further.report.rows`): a part of a
picture with what is there and what was predicted.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from further.compare.vision.held_out import HeldOutPictures
from further.report.markup import Markup, join, tag
from further.report.rows import row_store
from further.report.vision.marks import Corners, Mark, overlay, view_box

#: The longer side of a picture in the page, and what all of them may take, in pixels and bytes.
LONGEST, BUDGET = 640, 4_000_000
QUALITY = 78
#: How much is shown around an object, as a share of its size, and how large a crop is at least.
AROUND, LEAST_CROP = 0.5, 24


class View(NamedTuple):
    """A part of a picture, with what is drawn over it."""

    picture: int
    crop: Corners
    marks: Sequence[Mark]


@dataclass
class PictureBook:
    """The pictures of a page, and the rows that its numbers open."""

    held: Annotated[HeldOutPictures, "What the run keeps."]
    used: Annotated[dict[int, None], "Places of the pictures that are shown."] = field(
        default_factory=dict
    )
    rows: Annotated[list[tuple[list[Any], str]], "Views and words of each row."] = field(
        default_factory=list
    )
    places: Annotated[dict[Hashable, int], "Rows that there are already, by key."] = field(
        default_factory=dict
    )

    def has(self, picture: int) -> bool:
        """Return whether the run keeps a picture."""
        return picture in self.held.pictures

    def name(self, picture: int) -> str:
        """Return what a picture is called: its file, without folders if it can be, or its row."""
        file = self.held.files[picture]
        if not file:
            return f"picture {self.held.rows[picture]}"
        return Path(file).name if self._names_differ else file

    @cached_property
    def _names_differ(self) -> bool:
        files = self.held.files
        return len({Path(file).name for file in files}) == len(files)

    def whole(self, picture: int) -> Corners:
        """Return the corners of a picture."""
        width, height = self.held.sizes[picture]
        return 0.0, 0.0, float(width), float(height)

    def around(self, picture: int, boxes: Sequence[NDArray[Any]]) -> Corners:
        """Return the corners of a part of a picture that holds boxes and some of what is around.

        Parameters
        ----------
        picture : int
            Its place among the held-out ones.
        boxes : sequence of array of shape (4,)
            Corners of what is to be seen.

        Returns
        -------
        tuple of 4 float
            Inside the picture.
        """
        corners = np.array(boxes, dtype=np.float64)
        low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
        side = max(float((high - low).max()) * (1 + AROUND), LEAST_CROP)
        size = self.held.sizes[picture].astype(np.float64)
        sides = np.minimum(side, size)
        start = np.clip((low + high - sides) / 2, 0, size - sides)
        return float(start[0]), float(start[1]), *map(float, start + sides)  # type: ignore[return-value]

    def row(self, key: Hashable, views: Sequence[View], told: str) -> int:
        """Return the place in the store of some views; they are put there if they are new.

        Parameters
        ----------
        key : hashable
            The same key stands for the same views.
        views : sequence of View
            What is shown side by side.
        told : str
            What stands below them.

        Returns
        -------
        int
            The place.
        """
        if key not in self.places:
            described = []
            for picture, crop, marks in views:
                self.used[picture] = None
                x0, y0, x1, y1 = (round(value, 1) for value in crop)
                described.append(
                    [picture, [x0, y0, round(x1 - x0, 1), round(y1 - y0, 1)], [*map(list, marks)]]
                )
            self.places[key] = len(self.rows)
            self.rows.append((described, told))
        return self.places[key]

    def drawn(self, picture: int, marks: Sequence[Mark], told: str) -> Markup:
        """Draw a whole picture with marks over it.

        Parameters
        ----------
        picture : int
            Its place among the held-out ones.
        marks : sequence of Mark
            What lies over it.
        told : str
            The drawing in words.

        Returns
        -------
        Markup
            A ``div`` element.
        """
        self.used[picture] = None
        crop = self.whole(picture)
        shown = tag(
            "svg",
            tag("use", href=f"#picture-{picture}"),
            viewBox=view_box(crop),
            class_="shown",
            role="img",
            aria_label=told,
        )
        return tag("div", shown, overlay(marks, crop, max(crop[2:]) / 22), class_="scene")

    def store(self, told: str) -> Markup | None:
        """Write the pictures and rows of the page, once all of it has been described."""
        if not self.used:
            return None
        encoded, longest = self._encoded()
        images = [
            tag(
                "image",
                id=f"picture-{picture}",
                href=f"data:image/webp;base64,{base64.b64encode(content).decode('ascii')}",
                width=int(self.held.sizes[picture][0]),
                height=int(self.held.sizes[picture][1]),
                preserveAspectRatio="none",
            )
            for picture, content in encoded.items()
        ]
        pictures = tag(
            "svg", tag("defs", *images), width=0, height=0, class_="pictures", aria_hidden="true"
        )  # fmt: skip
        smaller = (
            f" Pictures are shown at most {longest} pixels wide or high."
            if longest < self.held.sizes.max()
            else ""
        )
        return join((row_store(("pictures", "what"), self.rows, told + smaller), pictures))

    def _encoded(self) -> tuple[dict[int, bytes], int]:
        """Return the pictures as files small enough together, and their longest side."""
        longest = LONGEST
        while True:
            found = {picture: self._file(picture, longest) for picture in sorted(self.used)}
            total = sum(map(len, found.values()))
            if total <= BUDGET or longest <= 96:
                return found, longest
            longest = int(longest * min(0.9, math.sqrt(BUDGET / total)))

    def _file(self, picture: int, longest: int) -> bytes:
        from PIL import Image

        with Image.open(self.held.pictures[picture]) as image:
            smaller = image.convert("RGB")
        if max(smaller.size) > longest:
            smaller.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        smaller.save(file, "WEBP", quality=QUALITY)
        return file.getvalue()
