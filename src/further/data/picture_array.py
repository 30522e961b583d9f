"""Pictures in an NPY file, of which only the rows that are asked for come into memory.

Rows are read, not mapped: what a process has touched of a map counts as its memory, so that a map
of all pictures would take as much as an array.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 2**24


class PictureArray:
    """Pictures ``(n, channels, height, width)`` in a file, read row by row.

    When to use: for more pictures than fit into memory; it takes the place of the array in
    :attr:`Dataset.values <further.data.dataset.Dataset.values>`. When it fails: on a disk that is
    slow to seek, random rows are read at the speed of the disk until the system has them cached.

    Parameters
    ----------
    path : Path
        An NPY file.
    rows : array of shape (n,), optional
        The rows of the file that these are, in this order; by default all of them.

    Attributes
    ----------
    shape, dtype
        Of the rows that these are.
    """

    def __init__(self, path: Path | _RowFile, rows: NDArray[np.intp] | None = None) -> None:
        self._file = path if isinstance(path, _RowFile) else _RowFile(Path(path))
        self._rows = np.arange(self._file.n) if rows is None else rows
        self.dtype = self._file.dtype
        self.shape: tuple[int, ...] = (len(self._rows), *self._file.shape)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Return the pictures of some rows as an array in memory."""
        rows = self._rows[index]
        found = self._file.read(np.atleast_1d(rows))
        return found if np.ndim(rows) else found[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return all rows as an array in memory."""
        return np.asarray(self[:], dtype=dtype)

    def take(self, rows: NDArray[Any]) -> PictureArray:
        """Return some rows, in this order; nothing is read."""
        return PictureArray(self._file, self._rows[rows])

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the rows in order, a few megabytes at a time."""
        step = max(1, BLOCK_BYTES // self._file.row_bytes)
        for start in range(0, len(self), step):
            yield self[start : start + step]

    def __reduce__(self) -> tuple[Any, ...]:
        return PictureArray, (self._file.path, self._rows)


class _RowFile:
    """The rows of an NPY file that is kept open."""

    def __init__(self, path: Path) -> None:
        whole = np.load(path, mmap_mode="r", allow_pickle=False)
        self.path, self.dtype, self.n, self.shape = path, whole.dtype, len(whole), whole.shape[1:]
        self.row_bytes = max(1, whole.nbytes // max(1, len(whole)))
        self._start = int(whole.offset)
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed with the object
        self._lock = threading.Lock()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def read(self, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Return rows; those that follow each other in the file are read at once."""
        found = np.empty((len(rows), *self.shape), dtype=self.dtype)
        view = found.reshape(-1).view(np.uint8).data
        firsts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
        bounds = [*(firsts * self.row_bytes).tolist(), found.nbytes]
        offsets = (self._start + rows[firsts] * self.row_bytes).tolist()
        for i, offset in enumerate(offsets):
            self._read_into(view[bounds[i] : bounds[i + 1]], offset)
        return found

    def _read_into(self, view: memoryview, offset: int) -> None:
        while len(view):
            if hasattr(os, "preadv"):
                n = os.preadv(self._file.fileno(), [view], offset)
            else:
                with self._lock:
                    self._file.seek(offset)
                    n = self._file.readinto(view) or 0
            if not n:
                raise OSError(f"{self.path} is shorter than it says")
            view, offset = view[n:], offset + n


def write_pictures(
    path: Path, shape: tuple[int, ...], pictures: Iterable[NDArray[Any]], dtype: Any = np.uint8
) -> PictureArray:
    """Write pictures one after the other into a file, whole or not at all.

    Parameters
    ----------
    path : Path
        The NPY file.
    shape : tuple of int
        ``(n, channels, height, width)``.
    pictures : iterable of array (channels, height, width)
        As many as the shape says.
    dtype : dtype, default=uint8
        Of the values in the file.

    Returns
    -------
    PictureArray
        All rows of the file.
    """
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    try:
        with open(partial, "wb") as file:
            header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            for picture in pictures:
                file.write(np.ascontiguousarray(picture, dtype=dtype).data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return PictureArray(path)
