"""Where batches come from: CSV and Parquet files through Arrow, a part in memory at a time; arrays.

What is no number is refused with the file, the column and the row.
"""

from __future__ import annotations

import io
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv, parquet

from further.data.arrays import not_finite
from further.data.formats.csv_file import divide, name_columns, refuse_binary
from further.data.formats.csv_layout import BLANKS, Layout
from further.data.preparation.missing_values import MISSING
from further.errors import InputError

Floats = NDArray[np.floating[Any]]

HEAD_BYTES = 2**18
CSV_BLOCK_BYTES = 2**22
REMEDY = "fill it in, or leave out the row or the column"


class Source(ABC):
    """What can be read part by part, again and again.

    Attributes
    ----------
    place : str
        The file, for messages.
    columns : dict of str to bool
        Every column, and whether it holds numbers: integers, decimals, floats, truth values.
    """

    place: str
    columns: dict[str, bool]

    def count(self) -> int | None:
        """Return the rows where that is known without reading them."""
        return None

    def parts(self) -> int:
        """Return into how many parts it can be read apart."""
        return 1

    @abstractmethod
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


def open_sources(source: Any) -> list[Source]:
    """Return a source for each file of a path, or one for rows in memory.

    Raises
    ------
    InputError
        For what is no table of numbers, cannot be read, or is not there.
    """
    if isinstance(source, pd.DataFrame):
        return [_ArraySource(source)]
    if not isinstance(source, str | Path):
        table = np.asarray(source)
        if table.ndim != 2 or table.dtype.kind not in "biuf":
            raise InputError(
                f"Batches: an array of shape {table.shape} and type {table.dtype}; give rows of "
                "numbers, shape (n, d)."
            )
        return [_ArraySource(table)]
    path = Path(source).expanduser()
    if not path.exists():
        raise InputError(f'There is no file or folder "{source}".')
    files = [path]
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.is_file() and p.name[0] not in "._")
    if not files:
        raise InputError(f"{path} holds no files; give CSV or Parquet.")
    return [_open_file(file) for file in files]


def _open_file(path: Path) -> Source:
    try:
        with open(path, "rb") as file:
            head = file.read(4)
        return _ParquetSource(path) if head == b"PAR1" else _CsvSource(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


class _ArraySource(Source):
    """Rows in memory: an array (n, d), whose columns are named by their numbers, or a DataFrame."""

    def __init__(self, table: Floats | pd.DataFrame) -> None:
        self.place = "X"
        self._table = table
        self._names = [str(name) for name in getattr(table, "columns", range(table.shape[1]))]
        kinds = [True] * len(self._names)
        if isinstance(table, pd.DataFrame):
            kinds = [pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]
        self.columns = dict(zip(self._names, kinds, strict=True))

    def count(self) -> int | None:
        return len(self._table)

    def read(self, names: Sequence[str], rows: int, parts: Sequence[int]) -> Iterator[Floats]:
        chosen = [self._names.index(name) for name in names]
        for start in range(0, len(self._table), rows):
            block = self._table[start : start + rows]
            if isinstance(block, pd.DataFrame):
                block = block.iloc[:, chosen].to_numpy(dtype=np.float64, na_value=np.nan)
            elif list(names) != self._names:
                block = block[:, chosen]
            _refuse_what_is_not_finite(block, names, self.place, start)
            yield block


class _ParquetSource(Source):
    """A Parquet file, of which the columns that are not asked for are not read.

    A part for each row group, which is the least that is read at once.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.place = path, str(path)
        with self._open() as file:
            self.columns = {column.name: _is_number(column.type) for column in file.schema_arrow}
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

    def count(self) -> int | None:
        return int(self._starts[-1])

    def parts(self) -> int:
        return len(self._starts) - 1

    def read(self, names: Sequence[str], rows: int, parts: Sequence[int]) -> Iterator[Floats]:
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


class _CsvSource(Source):
    """A CSV file, gzip or not, which can only be read from its beginning.

    Delimiter, header and types are those of the beginning. Numbers with decimal commas or
    thousands separators are text here; Parquet is read ten times as fast.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.place = path, str(path)
        with pa.input_stream(str(path)) as stream:
            head = stream.read(HEAD_BYTES)
        refuse_binary(path, head)
        head = head.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if len(head) == HEAD_BYTES:  # the last line is cut
            head = head[: head.rfind(b"\n") + 1]
        try:
            self._layout = Layout(path, head.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path} is not UTF-8, which is read only where the whole file fits into memory; "
                "write it as UTF-8, or as Parquet."
            ) from error
        if self._layout.delimiter == BLANKS:
            raise InputError(
                f"{path} has columns that are aligned by blanks, which are read only where the "
                "whole file fits into memory; write it with a delimiter, or as Parquet."
            )
        columns, _ = divide(head, self._layout)
        names, kept, _ = name_columns(self._layout, columns)
        surplus = [f"column_{i + 1}" for i in range(len(kept), len(columns))]
        self._names = [*names, *surplus]
        convert = csv.ConvertOptions(null_values=list(MISSING))
        try:
            sample = io.BytesIO(head)
            found = csv.read_csv(sample, **self._options(), convert_options=convert)
        except pa.ArrowInvalid as error:
            raise InputError(f"{path} cannot be read as CSV: {_first_line(error)}.") from error
        types = {column.name: column.type for column in found.schema if column.name in names}
        self.columns = {n: _is_number(kind) or pa.types.is_null(kind) for n, kind in types.items()}
        self._kinds = {
            name: kind if pa.types.is_boolean(kind) else pa.float64()
            for name, kind in types.items()
        }

    def _options(self) -> dict[str, Any]:
        return {
            "read_options": csv.ReadOptions(
                column_names=self._names,
                skip_rows=self._layout.lines_to_rows,
                block_size=CSV_BLOCK_BYTES,
                use_threads=False,
            ),
            "parse_options": csv.ParseOptions(
                delimiter=self._layout.delimiter, newlines_in_values=True
            ),
        }

    def read(self, names: Sequence[str], rows: int, parts: Sequence[int]) -> Iterator[Floats]:
        row = 0
        try:
            for block in self._blocks({name: self._kinds[name] for name in names}):
                yield _numbers(block, names, self.place, row)
                row += block.num_rows
        except pa.ArrowInvalid as error:
            found = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", str(error))
            if found:
                line, expected, fields = found.groups()
                raise InputError(
                    f"{self.path}, line {line}: {fields} fields, but there are {expected} columns; "
                    f"correct that line, or quote fields that hold a {self._layout.delimiter!r}."
                ) from error
            self._refuse_text(names)
            raise InputError(
                f"{self.path}, row {row + 1} and after: {_first_line(error)}."
            ) from error

    def _blocks(self, kinds: dict[str, Any]) -> Iterator[Any]:
        with csv.open_csv(
            str(self.path),
            **self._options(),
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
    _refuse_what_is_not_finite(table, names, place, first)
    return table


def _refuse_what_is_not_finite(block: Floats, names: Sequence[str], place: str, first: int) -> None:
    """Refuse missing and infinite values by their place, rows counted from 1 without the header."""
    wrong = not_finite(block)
    if len(wrong):
        row, column = wrong[0]
        what = "missing" if np.isnan(block[row, column]) else "infinite"
        raise InputError(
            f'{place}, row {first + row + 1}, column "{names[column]}": the value is {what}; '
            f"{REMEDY}."
        )


def _is_number(kind: Any) -> bool:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
    return any(test(kind) for test in tests)


def _is_float(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return value.strip().lower() in ("true", "false")
    return True


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0].rstrip(".")
