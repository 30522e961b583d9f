"""Masks that a model predicts in held-out pictures, beside the true ones, in colours of classes."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from further.data.colours import COLOURS
from further.evaluate.vision.segmentation import MaskPredictions
from further.report.markup import Markup, join, tag
from further.report.vision.marks import Mark, region_path
from further.report.vision.picture_book import PictureBook, View

#: The longer side of a mask in the page, and of a region that is drawn over a picture, in pixels.
LONGEST, COARSE = 320, 120


@dataclass(frozen=True, eq=False)
class PredictedMasks:
    """What one model says of the pixels of held-out pictures."""

    name: Annotated[str, "The model."]
    p: Annotated[MaskPredictions, "What it predicts beside what is there."]
    book: Annotated[PictureBook, "The pictures of the page."]

    @property
    def names(self) -> tuple[str, ...]:
        """The classes."""
        return self.p.truth.names

    def open_pixels(self, true: int, said: int, most: int) -> list[int]:
        """Return the rows of the pictures with most pixels of a class that were taken for one.

        Parameters
        ----------
        true, said : int
            The classes.
        most : int
            How many pictures to open.

        Returns
        -------
        list of int
            Places in the store of the page.
        """
        counts = self.p.counts[:, true, said]
        order = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i]]
        rows = []
        for picture in [i for i in order if self.book.has(i)][:most]:
            there, predicted = self.p.picture(picture)
            told = f"{counts[picture]:,} of {there.size:,} pixels · {self.book.name(picture)}"
            kind = "right" if true == said else "spurious"
            region = (there == true) & (predicted == said)
            rows.append(self._row((self.name, true, said, picture), picture, kind, region, told))
        return rows

    def wrong_pixels(self, picture: int) -> list[Mark]:
        """Return the region of a picture where another class was predicted than is there."""
        there, predicted = self.p.picture(picture)
        return [_region("spurious", there != predicted)]

    def _row(
        self, key: Any, picture: int, kind: str, region: NDArray[np.bool_], told: str
    ) -> int:  # fmt: skip
        view = View(picture, self.book.whole(picture), [_region(kind, region)])
        return self.book.row(key, [view], told)

    def drawn(self, picture: int, *, predicted: bool, told: str) -> Markup:
        """Draw the mask of a picture in the colours of its classes.

        Parameters
        ----------
        picture : int
            Its place among the held-out ones.
        predicted : bool
            Whether what was predicted is drawn, or what is there.
        told : str
            The mask in words.

        Returns
        -------
        Markup
            An ``img`` element.
        """
        codes = self.p.picture(picture)[int(predicted)]
        return tag(
            "img",
            src="data:image/png;base64," + base64.b64encode(self._png(codes)).decode("ascii"),
            alt=told,
            width=codes.shape[1],
            height=codes.shape[0],
            class_="mask",
            decoding="async",
        )

    def _png(self, codes: NDArray[np.uint8]) -> bytes:
        from PIL import Image

        image = Image.fromarray(np.ascontiguousarray(codes))
        if max(image.size) > LONGEST:
            image.thumbnail((LONGEST, LONGEST), Image.Resampling.NEAREST)
        image.putpalette([part for k in range(len(self.names)) for part in _colour(k)])
        file = io.BytesIO()
        image.save(file, "PNG", optimize=True)
        return file.getvalue()

    def legend(self, pictures: Sequence[int]) -> Markup:
        """Explain the colours of the classes that occur in some pictures."""
        pairs = [self.p.picture(picture) for picture in pictures]
        codes = sorted({int(code) for pair in pairs for mask in pair for code in np.unique(mask)})
        signs = [
            tag(
                "span",
                tag("span", class_="colour", style="background: rgb({} {} {})".format(*_colour(k))),
                self.names[k],
            )
            for k in codes
        ]
        return tag("p", join(signs, " "), class_="legend")


def _colour(code: int) -> tuple[int, ...]:
    """Return the colour of a class; of more classes than colours the later ones are paler."""
    times, place = divmod(code, len(COLOURS))
    return tuple(round(255 - (255 - part) / (1 + times)) for part in COLOURS[place])


def _region(kind: str, region: NDArray[np.bool_]) -> Mark:
    """Return a region as a mark, as coarse as a page needs it."""
    factor = -(-max(region.shape) // COARSE)
    rows, columns = (-(-side // factor) * factor for side in region.shape)
    padded = np.zeros((rows, columns), dtype=bool)
    padded[: region.shape[0], : region.shape[1]] = region
    coarse = padded.reshape(rows // factor, factor, columns // factor, factor).mean(axis=(1, 3))
    return Mark(f"region {kind}", region_path(coarse >= 0.5 if factor > 1 else region, factor))
