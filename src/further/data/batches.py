"""A table larger than memory, as batches of rows that can be iterated over again and again."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from further.data.batch_sources import Source, open_sources
from further.data.preparation.columns import nearest
from further.errors import InputError

Floats = NDArray[np.floating[Any]]

#: With fewer row groups than this for each process, batches are shared instead.
PARTS_A_PROCESS = 4
_DTYPES = ("float32", "float64")


class Batches:
    """Rows of numbers from a CSV or Parquet file, a folder of them, or an array, batch by batch.

    When to use: to cluster what does not fit into memory; iterate as often as needed. When it
    fails: values must be numbers without gaps, since what to fill a gap with needs the whole
    column; a file that changes between passes gives whatever it then holds.

    Parameters
    ----------
    source : path, ndarray or DataFrame
        A CSV file (gzip or not), a Parquet file, a folder of either with the same columns, whose
        files are read in the order of their names; or rows in memory.
    columns : sequence of str or "numeric", optional
        Which columns to read; "numeric" takes those that hold numbers. By default all of them,
        which then must be numbers.
    rows : int
        Rows of a batch, 1 or more; the last one may have fewer.
    dtype : {"float32", "float64"}
        Of the batches.

    Attributes
    ----------
    source, rows, dtype
        As they were given.
    feature_names, left_out : tuple of str
        The columns that are read, and those that are not.
    n_features : int
        How many are read.

    Raises
    ------
    InputError
        If the file cannot be read, a column is unknown or holds text, or, on the way, a value is
        missing, infinite or no number: with file, row (from 1, without the header) and column.

    Examples
    --------
    >>> batches = Batches(np.arange(10.0).reshape(5, 2), rows=2)
    >>> [len(batch) for batch in batches], batches.count(), batches.n_features
    ([2, 2, 1], 5, 2)
    >>> batches.sample(2, random_state=0).shape
    (2, 2)
    """

    def __init__(
        self,
        source: str | Path | Floats | pd.DataFrame,
        *,
        columns: Sequence[str] | str | None = None,
        rows: int = 65536,
        dtype: str = "float32",
    ) -> None:
        if rows < 1:
            raise InputError(f"Batches: rows={rows}, but a batch has at least 1 row.")
        if str(np.dtype(dtype)) not in _DTYPES:
            raise InputError(f'Batches: dtype="{dtype}"; choose "float32" or "float64".')
        self.source, self.rows, self.dtype = source, int(rows), np.dtype(dtype)
        self._sources = open_sources(source)
        self.feature_names = self._choose(columns)
        self.n_features = len(self.feature_names)
        every = self._sources[0].columns
        self.left_out = tuple(name for name in every if name not in self.feature_names)
        self._count: int | None = None
        self._rank, self._world = 0, 1
        self._center, self._spread = np.zeros(self.n_features), np.ones(self.n_features)

    def _choose(self, columns: Sequence[str] | str | None) -> tuple[str, ...]:
        first = self._sources[0]
        there = first.columns
        if columns == "numeric":
            chosen = [name for name, is_number in there.items() if is_number]
            if not chosen:
                raise InputError(f"{first.place} has no column of numbers; there is no distance.")
        else:
            chosen = list(there) if columns is None else list(columns)
        for name in chosen:
            if name not in there:
                raise InputError(
                    f'{first.place} has no column "{name}"{nearest(name, list(there))}; it has '
                    f"{', '.join(list(there)[:20])}."
                )
        for source in self._sources:
            for name in chosen:
                if not source.columns.get(name, False):
                    what = "holds no numbers" if name in source.columns else "is not there"
                    raise InputError(
                        f'{source.place}: the column "{name}" {what}; name the columns of numbers '
                        'with columns, or give columns="numeric".'
                    )
        return tuple(chosen)

    @property
    def is_named(self) -> bool:
        """Whether the columns have names of their own, not only numbers."""
        return self.feature_names != tuple(map(str, range(self.n_features)))

    def __iter__(self) -> Iterator[Floats]:
        """Yield arrays (rows, d), C-contiguous, in the order of the table."""
        units = [(source, part) for source in self._sources for part in range(source.parts())]
        if len(units) >= PARTS_A_PROCESS * self._world:
            yield from self._even(units[self._rank :: self._world])
            return
        # Too few parts to share them evenly: all are read, and every so many batches kept.
        for i, batch in enumerate(self._even(units)):
            if i % self._world == self._rank:
                yield batch

    def _even(self, units: list[tuple[Source, int]]) -> Iterator[Floats]:
        """Yield batches of equal size from blocks of any size."""
        waiting: list[Floats] = []
        n_waiting = 0
        for block in self._blocks(units):
            while len(block):
                part, block = block[: self.rows - n_waiting], block[self.rows - n_waiting :]
                waiting.append(part)
                n_waiting += len(part)
                if n_waiting == self.rows:
                    yield self._joined(waiting)
                    waiting, n_waiting = [], 0
        if waiting:
            yield self._joined(waiting)

    def _joined(self, parts: list[Floats]) -> Floats:
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if self._center.any() or (self._spread != 1).any():
            whole = (whole.astype(np.float64) - self._center) / self._spread
        return np.ascontiguousarray(whole, dtype=self.dtype)

    def _blocks(self, units: list[tuple[Source, int]]) -> Iterator[Floats]:
        for source in dict.fromkeys(source for source, _ in units):
            parts = [part for of, part in units if of is source]
            yield from source.read(self.feature_names, self.rows, parts)

    def share(self, rank: int, world: int) -> Batches:
        """Return the batches that one of several processes goes through.

        Parameters
        ----------
        rank, world : int
            The number of the process, from 0, and how many there are.

        Returns
        -------
        Batches
            Row groups of Parquet files where there are many, else every ``world``-th batch: all
            shares together are the table, each row once.
        """
        part = copy.copy(self)
        part._rank, part._world = rank, world
        return part

    def scaled(self, center: Floats, spread: Floats) -> Batches:
        """Return the same batches with (x - center) / spread for each column.

        Parameters
        ----------
        center, spread : array of shape (d,)
            In the units of the columns; computed in float64.

        Returns
        -------
        Batches
            The same rows, scaled as they are read.
        """
        part = copy.copy(self)
        part._center = np.asarray(center, dtype=np.float64)
        part._spread = np.asarray(spread, dtype=np.float64)
        return part

    def count(self) -> int:
        """Return the number of rows of the table; text is read through once to know it."""
        if self._count is None:
            counts = [source.count() for source in self._sources]
            known = [count for count in counts if count is not None]
            if len(known) == len(counts):
                self._count = sum(known)
            else:
                self._count = sum(len(batch) for batch in self.share(0, 1))
        return self._count

    def sample(self, n: int, random_state: Any = None) -> Floats:
        """Return rows drawn without replacement, in the order of the table.

        Parameters
        ----------
        n : int
            How many; all rows where there are no more.
        random_state : int, RandomState or None
            Seed; the same one draws the same rows whatever the size of the batches.

        Returns
        -------
        ndarray of shape (min(n, count), d)
            Of the type of the batches.
        """
        total = self.count()
        if n >= total:
            chosen = np.arange(total)
        else:
            seed = random_state
            if not isinstance(seed, int | np.integer):
                seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
            rng = np.random.default_rng(seed)
            chosen = np.sort(rng.choice(total, n, replace=False, shuffle=False))
        rows = np.empty((len(chosen), self.n_features), dtype=self.dtype)
        start = 0
        for batch in self.share(0, 1):
            first, last = np.searchsorted(chosen, [start, start + len(batch)])
            rows[first:last] = batch[chosen[first:last] - start]
            start += len(batch)
        return rows
