"""Where batches come from: CSV and Parquet files through Arrow, a part in memory at a time; arrays.

A source says which columns it has and yields blocks of them; what is no number is refused with the
file, the column and the row.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv, parquet

from further.data.formats.csv_file import MISSING, Lines, find_delimiter
from further.errors import InputError

Floats = NDArray[np.floating[Any]]

HEAD_BYTES = 2**18
CSV_BLOCK_BYTES = 2**22
REMEDY = "fill it in, or leave out the row or the column"


@dataclass(frozen=True)
class Column:
    """A column of a source: its name, and whether it holds numbers.

    Attributes
    ----------
    name : str
        As in the file.
    is_number : bool
        Integers, decimals, floats and truth values.
    """

    name: str
    is_number: bool


class Source(Protocol):
    """What can be read part by part, again and again."""

    place: str

    def columns(self) -> list[Column]:
        """Return all columns."""

    def count(self) -> int | None:
        """Return the rows where that is known without reading them."""

    def parts(self) -> int:
        """Return into how many parts it can be read apart."""

    def read(self, names: Sequence[str], rows: int, parts: Sequence[int]) -> Iterator[Floats]:
        """Yield blocks (m, d) of about so many rows, in order, of these columns and parts.

        Parameters
        ----------
        names : sequence of str
            The columns.
        rows : int
            About how many in a block.
        parts : sequence of int
            Which parts, of :meth:`parts`.
        """


class ArraySource(Source):
    """Rows in memory.

    When to use: to share them among processes. When it fails: never, but memory holds them.

    Parameters
    ----------
    table : ndarray of shape (n, d) or DataFrame
        The columns of an array are named by their numbers.
    """

    def __init__(self, table: Floats | pd.DataFrame) -> None:
        self.place = "X"
        self._table = table
        self._names = [str(name) for name in getattr(table, "columns", range(table.shape[1]))]

    def columns(self) -> list[Column]:
        """Return a column a feature."""
        if isinstance(self._table, pd.DataFrame):
            kinds = [pd.api.types.is_numeric_dtype(kind) for kind in self._table.dtypes]
        else:
            kinds = [True] * len(self._names)
        return [Column(name, kind) for name, kind in zip(self._names, kinds, strict=True)]

    def count(self) -> int | None:
        """Return the number of rows."""
        return len(self._table)

    def parts(self) -> int:
        """Return 1: rows are shared as batches are."""
        return 1

    def read(self, names: Sequence[str], rows: int, parts: Sequence[int]) -> Iterator[Floats]:
        """Yield slices."""
        chosen = [self._names.index(name) for name in names]
        for start in range(0, len(self._table), rows):
            block = self._table[start : start + rows]
            if isinstance(block, pd.DataFrame):
                block = block.iloc[:, chosen].to_numpy(dtype=np.float64, na_value=np.nan)
            elif list(names) != self._names:
                block = block[:, chosen]
            refuse_what_is_not_finite(block, names, self.place, start)
            yield block


class ParquetSource(Source):
    """A Parquet file, a part for each of its row groups.

    When to use: for tables beyond memory: columns that are not asked for are not read. When it
    fails: a row group is the least that is read at once, so that one of a gigabyte takes it.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.place = path, str(path)
        with self._open() as file:
            self._schema = file.schema_arrow
            self._starts = np.cumsum(
                [0] + [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
            )

    def _open(self) -> Any:
        try:
            return parquet.ParquetFile(self.path, pre_buffer=False)
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(
                f"{self.path} cannot be read as Parquet ({_first_line(error)}); write it again."
            ) from error

    def columns(self) -> list[Column]:
        """Return the columns of the schema."""
        return [Column(field.name, _is_number(field.type)) for field in self._schema]

    def count(self) -> int | None:
        """Return the rows that the file says it has."""
        return int(self._starts[-1])

    def parts(self) -> int:
        """Return the number of row groups."""
        return len(self._starts) - 1

    def read(self, names: Sequence[str], rows: int, parts: Sequence[int]) -> Iterator[Floats]:
        """Yield the rows of some row groups."""
        with self._open() as file:
            for part in parts:
                row = int(self._starts[part])
                try:
                    blocks = file.iter_batches(
                        rows, row_groups=[part], columns=list(names), use_threads=False
                    )
                    for block in blocks:
                        yield _numbers(block, names, self.place, row)
                        row += block.num_rows
                except (pa.ArrowInvalid, OSError) as error:
                    raise InputError(
                        f"{self.path}, row {row + 1} and after: cannot be read "
                        f"({_first_line(error)}); write the file again."
                    ) from error


class CsvSource(Source):
    """A CSV file, which can only be read from its beginning.

    When to use: for text beyond memory; Parquet is read ten times as fast. When it fails: numbers
    with decimal commas or thousands separators are text here.

    Parameters
    ----------
    path : Path
        The file, gzip or not. Delimiter and header are found in its beginning.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.place = path, str(path)
        with pa.input_stream(str(path)) as stream:
            head = stream.read(HEAD_BYTES)
        text = head.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
        if len(head) == HEAD_BYTES:  # the last line is cut
            text = text[: text.rfind("\n") + 1]
        if not text.strip():
            raise InputError(f"{path} is empty; there is nothing to learn.")
        self.find_delimiter = find_delimiter(text)
        lines = Lines(path, text, self.find_delimiter)
        width, _ = lines.check()
        self._has_header = lines.has_header()
        self._names = [f"column_{i + 1}" for i in range(width)]
        if self._has_header:
            lines.refuse_duplicates(lines.head[0])
            named = lines.names(width, len(lines.head[0]) < width)
            self._names = [name or self._names[i] for i, name in enumerate(named)]
        self._columns = self._types(text)

    def _types(self, text: str) -> list[Column]:
        table = csv.read_csv(
            io.BytesIO(text.encode()),
            read_options=self._read_options(),
            parse_options=csv.ParseOptions(delimiter=self.find_delimiter, newlines_in_values=True),
            convert_options=csv.ConvertOptions(null_values=list(MISSING)),
        )
        self._kinds = {
            field.name: pa.bool_() if pa.types.is_boolean(field.type) else pa.float64()
            for field in table.schema
        }
        return [
            Column(field.name, _is_number(field.type) or pa.types.is_null(field.type))
            for field in table.schema
        ]

    def _read_options(self) -> Any:
        return csv.ReadOptions(
            column_names=self._names,
            skip_rows=int(self._has_header),
            block_size=CSV_BLOCK_BYTES,
            use_threads=False,
        )

    def columns(self) -> list[Column]:
        """Return the columns, whose types are those of the file's beginning."""
        return self._columns

    def count(self) -> int | None:
        """Return None: the rows have to be counted."""
        return None

    def parts(self) -> int:
        """Return 1."""
        return 1

    def read(self, names: Sequence[str], rows: int, parts: Sequence[int]) -> Iterator[Floats]:
        """Yield blocks of text turned into numbers."""
        row = 0
        try:
            for block in self._blocks({name: self._kinds[name] for name in names}):
                yield _numbers(block, names, self.place, row)
                row += block.num_rows
        except pa.ArrowInvalid as error:
            self._refuse_line(error)
            self._refuse_text(names)
            raise InputError(
                f"{self.path}, row {row + 1} and after: {_first_line(error)}."
            ) from error

    def _refuse_line(self, error: Exception) -> None:
        found = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", str(error))
        if found:
            line, expected, fields = found.groups()
            raise InputError(
                f"{self.path}, line {line}: {fields} fields, but there are {expected} columns; "
                f"correct that line, or quote fields that hold a {self.find_delimiter!r}."
            ) from error

    def _blocks(self, kinds: dict[str, Any]) -> Iterator[Any]:
        with csv.open_csv(
            str(self.path),
            read_options=self._read_options(),
            parse_options=csv.ParseOptions(delimiter=self.find_delimiter, newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                include_columns=list(kinds),
                column_types=kinds,
                null_values=list(MISSING),
                strings_can_be_null=True,
            ),
        ) as reader:
            yield from reader

    def _refuse_text(self, names: Sequence[str]) -> None:
        """Read again as text, to say which field is no number."""
        row = 0
        for block in self._blocks(dict.fromkeys(names, pa.string())):
            for name, column in zip(names, block.columns, strict=True):
                for i, value in enumerate(column.to_pylist()):
                    if value is not None and not _is_float(value):
                        raise InputError(
                            f'{self.path}, row {row + i + 1}, column "{name}": "{value}" is not a '
                            f"number; correct it, leave it out, or choose other columns."
                        )
            row += block.num_rows


def _numbers(block: Any, names: Sequence[str], place: str, first: int) -> Floats:
    """Return a record batch as an array, refusing what is missing or infinite."""
    table = np.empty((block.num_rows, len(names)))
    for j, name in enumerate(names):
        column = block.column(name)
        if column.null_count:
            row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
            raise InputError(
                f'{place}, row {first + row + 1}, column "{name}": the value is missing; {REMEDY}.'
            )
        table[:, j] = column.to_numpy(zero_copy_only=False)
    refuse_what_is_not_finite(table, names, place, first)
    return table


def refuse_what_is_not_finite(block: Floats, names: Sequence[str], place: str, first: int) -> None:
    """Refuse missing and infinite values.

    Parameters
    ----------
    block : array of shape (m, d)
        Rows that follow each other.
    names : sequence of str
        The d columns.
    place : str
        The file, for the message.
    first : int
        The number of the first row, from 0.

    Raises
    ------
    InputError
        With the place, counting rows from 1, the header not among them.
    """
    # A sum is not finite if one of its terms is not: no array of truth values for the common case.
    with np.errstate(over="ignore", invalid="ignore"):
        if math.isfinite(float(block.sum(dtype=np.float64))):
            return
    wrong = np.argwhere(~np.isfinite(block))
    if len(wrong):
        row, column = wrong[0]
        what = "missing" if np.isnan(block[row, column]) else "infinite"
        raise InputError(
            f'{place}, row {first + row + 1}, column "{names[column]}": the value is {what}; '
            f"{REMEDY}."
        )


def _is_number(kind: Any) -> bool:
    types = pa.types
    return bool(
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_decimal(kind)
        or types.is_boolean(kind)
    )


def _is_float(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return value.strip().lower() in ("true", "false")
    return True


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0].rstrip(".")
