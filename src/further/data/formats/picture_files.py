"""Picture files with what belongs to each of them, and the parts of a split by their names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from further.data.formats.picture_pages import Page, pages_of, read_pages, strict_decoding
from further.data.formats.placement import Placement
from further.data.formats.skipping import Skipping
from further.data.target import Target

#: Folders with these names are parts of a split, not classes.
_PARTS = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip


@dataclass
class PictureFiles(ABC):
    """Pictures with what is marked in them, as the files say.

    Attributes
    ----------
    paths : list of Path
        The pictures, in the order of the rows.
    parts : list of str or None
        The part of the split of each picture.
    notes : list of str
        On how they were found, in sentences.
    groups : array of int or None
        Rows of one group stay on one side of a split.
    """

    #: Whether places in the pictures are marked, so that these are padded and never cropped.
    marked: ClassVar[bool] = True
    #: The fields with an entry a row.
    a_row: ClassVar[tuple[str, ...]] = ("paths", "parts")

    paths: list[Path] = field(default_factory=list)
    parts: list[str | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    groups: NDArray[np.intp] | None = None

    def keep(self, rows: Sequence[int]) -> None:
        """Leave out all rows but some."""
        for name in self.a_row:
            entries = getattr(self, name)
            setattr(self, name, [entries[row] for row in rows])

    def verify(self, row: int) -> None:
        """Decode what a row consists of; an :class:`InputError` says what is wrong with it."""
        path = self.paths[row]
        for _ in read_pages(pages_of(path)):
            pass

    def lost(self, row: int) -> str:
        """Return what is lost with a row that is left out, the end of a sentence."""
        return ""

    def pages(self) -> list[Page]:
        """Return the pictures that the rows are.

        What is marked in a file belongs to its first picture, so the others are left out.

        Returns
        -------
        list of Page
            One a row.
        """
        found = stored_pages(self.paths)
        more = sum(len(pages) - 1 for pages in found)
        if more:
            self.notes.append(
                f"{more} further pages or frames of files are left out: what is marked belongs to "
                "the first."
            )
        return [pages[0] for pages in found]

    @abstractmethod
    def target(
        self, placement: Placement, skipping: Skipping
    ) -> tuple[Target | None, str, list[str]]:
        """Return what is marked in the pictures.

        Parameters
        ----------
        placement : Placement
            Where the pictures stand, to which what is marked is brought as they are.
        skipping : Skipping
            Takes the objects that are bad.

        Returns
        -------
        target, what, notes
            The target, the end of a sentence that begins with the pictures, and further sentences.

        Raises
        ------
        InputError
            For files that do not fit together.
        """


def stored_pages(paths: Sequence[Path]) -> list[list[Page]]:
    """Return the pages of each file."""
    with strict_decoding():
        return [pages_of(path) for path in paths]


def part_of(*words: str) -> str | None:
    """Return the part of a split that the first such word is called after, or None."""
    return next((_PARTS[word.lower()] for word in words if word.lower() in _PARTS), None)
