"""Picture files with what belongs to each of them, and the parts of a split by their names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path

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
    """

    paths: list[Path] = field(default_factory=list)
    parts: list[str | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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


def part_of(*words: str) -> str | None:
    """Return the part of a split that the first such word is called after, or None."""
    return next((_PARTS[word.lower()] for word in words if word.lower() in _PARTS), None)
