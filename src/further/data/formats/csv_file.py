"""CSV files: layout, encoding and column types found by content, faults by line.

Arrow divides the lines of a file whose rows are all of one width; any other file is divided row by
row, which takes longer and tells which line is wrong.
"""

from __future__ import annotations

import io
import mmap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from further.data.formats.csv_layout import BLANKS, HEAD_CHARACTERS, Layout, Row
from further.data.formats.text_column import Found, TextColumn, has_grouped_points
from further.data.preparation.columns import for_each, some_columns
from further.data.preparation.missing_values import MissingValues
from further.errors import InputError

_NO_VALUES = MissingValues()
#: A file in memory, or mapped into it.
Content = bytes | mmap.mmap


def read_csv(
    path: Path,
    content: Content,
    *,
    header: bool | None = None,
    missing: MissingValues = _NO_VALUES,
    declared: Mapping[str, str] | None = None,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the table of a CSV file with typed columns, and notes on what was recognised.

    Parameters
    ----------
    path : Path
        For messages.
    content : bytes or mmap
        The file, decompressed.
    header : bool, optional
        Whether the first line holds the names; found out when None.
    missing : MissingValues, optional
        What stands for a missing value, besides what is customary.
    declared : mapping of str to {"numeric", "categorical", "identifier"}, optional
        What the user says that a column is.

    Returns
    -------
    frame, notes
        int64, Int64 (with missing values), float64, bool, boolean, datetime64 or str columns, and
        sentences.

    Raises
    ------
    InputError
        With line and column: rows of unequal length, an unclosed quote, infinity, a word among
        numbers; and for an empty file.
    """
    content, notes = _decode(path, content)
    head = content[: 4 * HEAD_CHARACTERS].decode("utf-8", errors="ignore")
    layout = Layout(path, head, header=header)
    columns, divided = divide(content, layout)
    notes += divided
    if not columns or not len(columns[0]):
        raise InputError(f"{path} has a header but no rows; there is nothing to learn.")
    names, columns, named = name_columns(layout, columns)
    notes += [*layout.notes, *named]
    declared = declared or {}
    texts = [
        TextColumn(
            column,
            partial(_refuse, content, layout, name, place),
            missing.of_column(name),
            declared.get(name),
        )
        for place, (name, column) in enumerate(zip(names, columns, strict=True))
    ]
    found = _read_columns(texts)
    frame = pd.DataFrame(
        {name: column.values for name, column in zip(names, found, strict=True)}, copy=False
    )
    shown = {"\t": "tab", BLANKS: "blanks"}.get(layout.delimiter, layout.delimiter)
    first = f"{path.name}: CSV, delimiter {shown!r}, {len(frame)} rows of {len(names)} columns."
    return frame, (first, *notes, *_told(names, found))


def refuse_binary(path: Path, content: Content) -> None:
    """Refuse a file that is no text.

    Parameters
    ----------
    path : Path
        For the message.
    content : bytes or mmap
        The file, or its beginning.

    Raises
    ------
    InputError
        If it holds a zero byte.
    """
    if content.find(b"\0") >= 0:
        raise InputError(
            f"{path} is binary and of no format known here: give CSV, Parquet, NPZ, NPY, IDX "
            "or a folder of pictures."
        )


def divide(content: Content, layout: Layout) -> tuple[list[pa.ChunkedArray], list[str]]:
    """Return the fields of all rows by columns.

    Parameters
    ----------
    content : bytes or mmap
        The file as valid UTF-8, with line feeds at the ends of lines.
    layout : Layout
        Of the file.

    Returns
    -------
    columns, notes
        Texts as they are written, and what was mended.

    Raises
    ------
    InputError
        With the line: rows of unequal length, a misplaced quotation mark.
    """
    columns = _divide_lines(content, layout)
    return _divide_rows(content, layout) if columns is None else (columns, [])


def name_columns(
    layout: Layout, columns: Sequence[pa.ChunkedArray]
) -> tuple[list[str], list[pa.ChunkedArray], list[str]]:
    """Return names for the columns of a file, without empty ones at the end that have no name.

    Parameters
    ----------
    layout : Layout
        Of the file.
    columns : sequence of arrays of str
        As many as most rows have fields.

    Returns
    -------
    names, columns, notes
        Numbered where there is no name.

    Raises
    ------
    InputError
        If rows have more fields than there are names and no reason for it, or a name appears twice.
    """
    columns, given, notes = list(columns), list(layout.names), []
    while given and not given[-1] and len(given) > len(columns):
        given.pop()
    width = len(columns)
    if given:
        while len(columns) > 1 and (len(columns) > len(given) or not given[-1]):
            if pc.any(pc.not_equal(pc.utf8_trim_whitespace(columns[-1]), "")).as_py():
                break
            columns.pop()
            del given[len(columns) :]
    if len(columns) < width:
        ends = _counted(width - len(columns), "a delimiter", "delimiters")
        notes.append(f"Rows end in {ends} with nothing behind: no column.")
    numbered = [f"column_{i + 1}" for i in range(len(columns))]
    if given and len(given) != len(columns):
        if len(columns) != len(given) + 1 or len(pc.unique(columns[0])) < len(columns[0]):
            raise InputError(
                f"{layout.path}, line {layout.first_line}: {len(given)} names, but the rows have "
                f"{len(columns)} fields; name every column, or quote fields that hold a "
                f"{layout.delimiter!r}."
            )
        given.insert(0, "")
        notes.append("The first field of each row has no name and differs in all: row names.")
    names = [name or number for name, number in zip(given or numbered, numbered, strict=True)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        places = [str(i) for i, name in enumerate(names, 1) if name == twice[0]]
        raise InputError(
            f'{layout.path}, line {layout.first_line}: the column name "{twice[0]}" appears more '
            f"than once (columns {' and '.join(places)}); rename one."
        )
    return names, columns, notes


def _decode(path: Path, content: Content) -> tuple[Content, list[str]]:
    """Return the text as UTF-8 with plain line ends."""
    notes: list[str] = []
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        content = str(content, "utf-16", errors="replace").encode()
    has_zero, has_return, beyond_ascii = _signs_of(content)
    if has_zero:
        refuse_binary(path, content)
    if beyond_ascii:
        try:
            str(content, "utf-8")
        except UnicodeDecodeError:
            content = str(content, "cp1252", errors="replace").encode()
            notes.append("The text is not UTF-8 and was read as Windows-1252.")
    if has_return:
        content = bytes(content).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if content[:3] == b"\xef\xbb\xbf":
        content = content[3:]
    return content, notes


def _signs_of(content: Content) -> tuple[bool, bool, bool]:
    """Return whether there are zero bytes, carriage returns, and bytes that are not ASCII."""

    def look_at(block: np.ndarray) -> tuple[bool, bool, bool]:
        low, high = block.min(initial=255), block.max(initial=0)
        return bool(low == 0), bool((block == ord("\r")).any()), bool(high >= 128)

    found = for_each(look_at, _blocks(content))
    zero, returned, beyond = (any(signs) for signs in zip(*found, strict=True))
    return zero, returned, beyond


def _places(text: Content | memoryview, sign: str) -> list[np.ndarray]:
    """Return where a sign stands in the text, block by block."""
    blocks = _blocks(text)
    starts = np.cumsum([0, *map(len, blocks)])[:-1]
    found = for_each(lambda block: np.flatnonzero(block == ord(sign)), blocks)
    return [places + start for places, start in zip(found, starts, strict=True)]


def _blocks(text: Content | memoryview) -> list[np.ndarray]:
    """Return the text in pieces that fit into the cache of a processor."""
    signs = np.frombuffer(text, dtype=np.uint8)
    return np.array_split(signs, 1 + len(signs) // 2**20)


def _divide_lines(content: Content, layout: Layout) -> list[pa.ChunkedArray] | None:
    """Return the columns, or None where not every row has the same number of fields."""
    start = 0
    for _ in range(layout.lines_to_rows):
        start = content.find(b"\n", start) + 1
        if not start:
            return None
    is_quoted = content.find(b'"', start) >= 0
    text = memoryview(content)[start:]
    if layout.delimiter == BLANKS or (is_quoted and not _quotes_match(text, layout)):
        return None
    columns = _parse(text, layout, is_quoted=is_quoted, over_lines=False)
    # Where values go over several lines, blocks must not be cut at the end of any line.
    if is_quoted and (columns is None or len(columns[0]) < sum(map(len, _places(text, "\n")))):
        columns = _parse(text, layout, is_quoted=True, over_lines=True)
    return columns


def _parse(
    text: memoryview, layout: Layout, *, is_quoted: bool, over_lines: bool
) -> list[pa.ChunkedArray] | None:
    names = [str(i) for i in range(layout.width)]
    odd: list[Any] = []

    def refuse(row: Any) -> str:
        odd.append(row)
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text),
            arrow_csv.ReadOptions(column_names=names, block_size=2**22),
            arrow_csv.ParseOptions(
                delimiter=layout.delimiter,
                quote_char='"' if is_quoted else False,
                newlines_in_values=over_lines,
                invalid_row_handler=refuse,
            ),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,  # the caller has
            ),
        )
    except pa.ArrowInvalid:
        return None
    return None if odd else table.columns


def _quotes_match(text: memoryview, layout: Layout) -> bool:
    """Whether each quotation mark opens or closes a field, or is one of two within it."""
    signs = np.frombuffer(text, dtype=np.uint8)
    marks = np.concatenate(_places(text, '"'))
    if len(marks) % 2:
        return False
    around = np.full(256, fill_value=False)
    around[[ord(layout.delimiter), ord("\n"), ord('"')]] = True
    opening, closing = marks[::2], marks[1::2]
    before = around[signs[np.maximum(opening - 1, 0)]] | (opening == 0)
    after = around[signs[np.minimum(closing + 1, len(signs) - 1)]] | (closing == len(signs) - 1)
    return bool(before.all() and after.all())


def _divide_rows(content: Content, layout: Layout) -> tuple[list[pa.ChunkedArray], list[str]]:
    """Return the columns, row by row, and notes on rows that were mended or left out."""
    divided, ended, comments = [], 0, 0
    names = len(layout.names) or layout.width
    for line, row in _rows(content, layout):
        width = len(row)
        while layout.width < len(row) and not row[-1].strip():
            row.pop()
        ended += len(row) < width
        if len(row) == names == layout.width - 1:
            row.append("")  # the others end in a delimiter
        if len(row) != layout.width:
            if row[0].lstrip().startswith("#"):
                comments += 1
                continue
            raise InputError(
                f"{layout.path}, line {line}: {width} fields, but line {layout.first_line} "
                f"has {names}; correct that line, or quote fields that hold a "
                f"{layout.delimiter!r}."
            )
        divided.append(row)
    notes = []
    if ended:
        notes.append(f"{_counted(ended, 'A row ends', 'rows end')} in a delimiter, unlike others.")
    if comments:
        notes.append(
            f"{_counted(comments, 'A line', 'lines')} within the table with # in front: left out."
        )
    return [pa.chunked_array([column], pa.string()) for column in zip(*divided, strict=True)], notes


def _rows(content: Content, layout: Layout) -> Iterator[Row]:
    """Return the rows below the names, with the numbers of their lines."""
    rows = layout.rows(io.StringIO(str(content, "utf-8")))
    if layout.has_header:
        next(rows, None)
    return rows


def _read_columns(columns: Sequence[TextColumn]) -> list[Found]:
    """Give each column its type; what its own values leave open the other columns decide."""
    found = for_each(TextColumn.read, columns)
    if any(column.decimal == "," for column in found):
        # Beside decimal commas, 1.234 is more than a thousand unless there are points like 1.5.
        found = [
            replace(one, decimal=None, left_open="decimal")
            if one.decimal == "." and has_grouped_points(column.texts)
            else one
            for one, column in zip(found, columns, strict=True)
        ]
    decided = {
        "decimal": _only({one.decimal for one in found}),
        "order": _only({one.order for one in found}),
    }
    for i, one in enumerate(found):
        if one.left_open is not None and decided[one.left_open] is not None:
            columns[i].decimal, columns[i].order = decided["decimal"], decided["order"]
            found[i] = columns[i].read()
    return found


def _only(values: set[str | None]) -> str | None:
    """Return the one value that columns agree on."""
    values = values - {None}
    return values.pop() if len(values) == 1 else None


def _told(names: Sequence[str], found: Sequence[Found]) -> list[str]:
    """Return a sentence for each heading, with the columns of which it is true."""
    by_heading: dict[str, list[str]] = {}
    for name, column in zip(names, found, strict=True):
        for heading, detail in column.told:
            one_line = " ".join(detail.split())
            by_heading.setdefault(heading, []).append(f'"{name}" ({one_line})')
    return [f"{heading}: {some_columns(items)}." for heading, items in by_heading.items()]


def _refuse(
    content: Content, layout: Layout, name: str, place: int, text: str, why: str
) -> NoReturn:
    """Raise the error for a text, with the line where it stands first."""
    rows = _rows(content, layout)
    line = next(line for line, row in rows if len(row) > place and row[place].strip() == text)
    shown = " ".join(text.split())
    raise InputError(
        f'{layout.path}, line {line}, column "{name}": "{shown}" {why}; correct it, leave it '
        "empty, or name it with --missing-values."
    )


def _counted(count: int, one: str, many: str) -> str:
    return one if count == 1 else f"{count:,} {many}"
