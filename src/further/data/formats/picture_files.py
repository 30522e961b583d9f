"""Picture files with what belongs to each of them, and the parts of a split by their names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from further.data.formats.picture_pages import Page, pages_of, strict_decoding
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

    paths: list[Path] = field(default_factory=list)
    parts: list[str | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    groups: NDArray[np.intp] | None = None

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
    def target(self, size: tuple[int, int], resized: bool) -> tuple[Target | None, str, list[str]]:
        """Return what is marked in pictures of a size.

        Parameters
        ----------
        size : (int, int)
            Width and height of all pictures, to which what is marked is brought as they are.
        resized : bool
            Whether the pictures were cropped and resampled to it.

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
