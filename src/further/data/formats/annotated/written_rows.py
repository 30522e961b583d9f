"""The pictures of a data set as they are written: names, parts and files."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from further.data.dataset import Dataset
from further.data.formats.placement import Size
from further.data.splits import PARTS
from further.errors import InputError


class WrittenRows:
    """The rows of a data set, each with a name of its own.

    When to use: for writers of formats. When it fails: pictures of decimal numbers can be copied
    from their files, but not written anew.

    Parameters
    ----------
    dataset : Dataset
        Pictures.

    Attributes
    ----------
    names : list of str
        One for each row, that of its file where there is one.
    parts : array of shape (n,), or None
        The part of the split of each row.
    channels : int
        1 for grey, 3 for colour.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self.parts = dataset.official_split
        self.channels = int(dataset.values.shape[1])
        self._originals = originals(dataset)
        self.names = _names(dataset)

    def __len__(self) -> int:
        return len(self._dataset)

    def size(self, row: int) -> Size:
        """Return width and height of a picture, without what pads it."""
        if self._dataset.sizes is None:
            height, width = self._dataset.values.shape[2:]
        else:
            width, height = self._dataset.sizes[row]
        return int(width), int(height)

    def by_part(self) -> Iterator[tuple[str, list[int]]]:
        """Yield train, val and test where there are such rows, with these; "" is no split."""
        if self.parts is None:
            yield "", list(range(len(self)))
            return
        for part in PARTS:
            rows = np.flatnonzero(self.parts == part).tolist()
            if rows:
                yield "val" if part == "validation" else part, rows

    def save(self, row: int, folder: Path) -> Path:
        """Copy the file of a picture, or write the picture as PNG.

        Parameters
        ----------
        row, folder
            The picture, and where it is to lie under its name.

        Returns
        -------
        Path
            The new file.
        """
        folder.mkdir(parents=True, exist_ok=True)
        original = self._originals[row]
        if original is not None:
            path = folder / f"{self.names[row]}{original.suffix}"
            shutil.copyfile(original, path)
            return path
        path = folder / f"{self.names[row]}.png"
        _save_png(path, picture_of(self._dataset, row))
        return path


def picture_of(dataset: Dataset, row: int) -> NDArray[np.generic]:
    """Return a picture without what pads it.

    Parameters
    ----------
    dataset, row
        Pictures, and which of them.

    Returns
    -------
    array of shape (channels, height, width)
        As it stands in the values.
    """
    picture: NDArray[np.generic] = np.asarray(dataset.values[row])
    if dataset.sizes is not None:
        width, height = dataset.sizes[row]
        picture = picture[:, :height, :width]
    return picture


def originals(dataset: Dataset) -> list[Path | None]:
    """Return the file of each row where the row is the picture in it, as it is."""
    none: list[Path | None] = [None] * len(dataset)
    if dataset.files is None or "resize" in dataset.options:
        return none
    names = dataset.files.tolist()
    rows = Counter(names)  # pages of one file are rows of their own
    paths = [Path(dataset.source, name) if rows[name] == 1 else None for name in names]
    return [path if path is not None and path.is_file() else None for path in paths]


def _names(dataset: Dataset) -> list[str]:
    """Return the names of files without suffix, with their folders where that tells them apart."""
    if dataset.files is None:
        digits = len(str(len(dataset)))
        return [f"{i:0{digits}}" for i in range(1, len(dataset) + 1)]
    stems = [Path(name).stem for name in dataset.files]
    longer = [
        "_".join(Path(name).with_suffix("").parts[-3:]).strip("/\\") for name in dataset.files
    ]
    # Where a name is told from another by its case alone, not every disk does.
    names = _told_apart(stems, longer)
    while len({name.lower() for name in names}) < len(names):
        names = _told_apart(names, [f"{name}_{i}" for i, name in enumerate(names)])
    return names


def _told_apart(names: Sequence[str], others: Sequence[str]) -> list[str]:
    several = Counter(name.lower() for name in names)
    return [
        other if several[name.lower()] > 1 else name
        for name, other in zip(names, others, strict=True)
    ]


def _save_png(path: Path, picture: NDArray[np.generic]) -> None:
    from PIL import Image

    if picture.dtype != np.uint8:
        raise InputError(
            f"{path.name} would be written from decimal numbers, which PNG does not hold; give the "
            "folder of the files, without resize."
        )
    pixels = picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0)
    Image.fromarray(np.ascontiguousarray(pixels)).save(path)
