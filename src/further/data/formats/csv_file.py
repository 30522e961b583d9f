"""CSV files: delimiter, header, encoding and column types found by content, faults by line."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from further.errors import InputError

DELIMITERS = (",", ";", "\t", "|")
MISSING = ("", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "<NA>", "#N/A")
#: Missing where all else in the column is a number; elsewhere a category like any other.
MISSING_AMONG_NUMBERS = ("None", "none", "-", "--", ".", "#DIV/0!", "#VALUE!")
#: A column in which no more than this share is no number has faults, not categories.
FAULTS = 0.05
FEW_VALUES = 20
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_CLOCK = r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[-+]\d{2}:?\d{2})?"
_ISO_DATE = rf"\d{{4}}-\d{{1,2}}-\d{{1,2}}(?:{_CLOCK})?"
_DATES = (
    (_ISO_DATE, "ISO8601"),
    (r"\d{4}/\d{1,2}/\d{1,2}", "%Y/%m/%d"),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%m/%d/%Y"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y"),
)


def read_csv(
    path: Path, content: bytes, *, header: bool | None = None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the table of a CSV file with typed columns, and notes on what was recognised.

    Numbers with thousands separators stay text.

    Parameters
    ----------
    path : Path
        For messages.
    content : bytes
        The file, decompressed.
    header : bool, optional
        Whether the first line holds the names; found out when None.

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
    text, notes = _decode(path, content)
    lines = Lines(path, text)
    has_header = lines.has_header() if header is None else header
    if lines.count - has_header < 1:
        raise InputError(f"{path} has a header but no rows; there is nothing to learn.")
    if not has_header:
        notes.append("The first line is no header, so the columns are numbered from column_1.")
    names = lines.names(has_header)
    raw = pd.read_csv(
        io.StringIO(text),
        sep=lines.delimiter,
        header=0 if has_header else None,
        names=list(range(lines.width)),
        index_col=False,
        dtype=str,
        keep_default_na=False,
        na_filter=False,
        skipinitialspace=True,
    )
    columns = {}
    for i, name in enumerate(names):
        parser = _Column(lines, name, i, has_header)
        columns[name] = parser.parse(raw[i])
        notes += parser.notes
    shown = {"\t": "tab"}.get(lines.delimiter, lines.delimiter)
    first = f"{path.name}: CSV, delimiter {shown!r}, {len(raw)} rows of {lines.width} columns."
    return pd.DataFrame(columns), (first, *notes)


def _decode(path: Path, content: bytes) -> tuple[str, list[str]]:
    notes: list[str] = []
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16", errors="replace")
    else:
        refuse_binary(path, content)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
            notes.append("The text is not UTF-8 and was read as Windows-1252.")
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def refuse_binary(path: Path, content: bytes) -> None:
    """Refuse a file that is no text.

    Parameters
    ----------
    path : Path
        For the message.
    content : bytes
        The file, or its beginning.

    Raises
    ------
    InputError
        If it holds a zero byte.
    """
    if b"\0" in content:
        raise InputError(
            f"{path} is binary and of no format known here: give CSV, Parquet, NPZ, NPY, IDX "
            "or a folder of pictures."
        )


class Lines:
    """The rows of a file as text, all of one width, for what needs the number of a line.

    Each row has ``width`` fields, but for a header that lacks the name of row names, as R writes
    them; ``count`` rows in all, of which ``head`` holds the first 200.

    Parameters
    ----------
    path : Path
        For messages.
    text : str
        The whole file, or its beginning.
    """

    def __init__(self, path: Path, text: str) -> None:
        if not text.strip():
            raise InputError(f"{path} is empty; there is nothing to learn.")
        self.path, self.text, self.delimiter = path, text, _find_delimiter(text)
        self.count = self.width = 0
        self.head: list[list[str]] = []
        self.first_line = 1
        for line, row in self:
            self.count += 1
            if len(self.head) < 200:
                self.head.append(row)
            if self.count == 1:
                self.width, self.first_line = len(row), line
            elif self.count == 2 and len(row) == self.width + 1:
                self.width += 1
            elif len(row) != self.width:
                raise InputError(
                    f"{path}, line {line}: {len(row)} fields, but line {self.first_line} has "
                    f"{len(self.head[0])}; correct that line, or quote fields that hold a "
                    f"{self.delimiter!r}."
                )
        if not self.count:
            raise InputError(f"{path} holds no values; there is nothing to learn.")

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Yield line numbers (that of a row's last line) and rows that are not blank."""
        reader = csv.reader(
            io.StringIO(self.text), delimiter=self.delimiter, skipinitialspace=True, strict=True
        )
        try:
            for row in reader:
                if row and (len(row) > 1 or row[0].strip()):
                    yield reader.line_num, row
        except csv.Error as error:
            raise InputError(
                f"{self.path}, line {reader.line_num}: {str(error).rstrip('.')} (is a quotation "
                "mark open or misplaced?)."
            ) from error

    def has_header(self) -> bool:
        """Whether the first row holds names: no number, and little that recurs below."""
        first = [field.strip() for field in self.head[0]]
        if any(_is_number(field) for field in first):
            return False
        rest = self.head[1:]
        if not rest:
            return True
        offset = len(rest[0]) - len(first)
        below = [{row[i + offset].strip() for row in rest} for i in range(len(first))]
        if any(_mostly_numbers(column) for column in below):
            return True
        recurring = sum(field in column for field, column in zip(first, below, strict=True))
        return recurring * 2 < len(first) and len(set(first)) == len(first)

    def names(self, has_header: bool) -> list[str]:
        """Return the column names of the header, numbered where there are none."""
        numbered = [f"column_{i + 1}" for i in range(self.width)]
        if not has_header:
            return numbered
        first = [field.strip() for field in self.head[0]]
        given = [""] * (self.width - len(first)) + first
        names = [name or number for name, number in zip(given, numbered, strict=True)]
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            places = [str(i) for i, name in enumerate(names, 1) if name == twice[0]]
            raise InputError(
                f'{self.path}, line {self.first_line}: the column name "{twice[0]}" appears more '
                f"than once (columns {' and '.join(places)}); rename one."
            )
        return names


class _Column:
    """One column of text, to be given its type."""

    def __init__(self, lines: Lines, name: str, index: int, has_header: bool) -> None:
        self.lines, self.name, self.index, self.has_header = lines, name, index, has_header
        self.notes: list[str] = []

    def parse(self, raw: pd.Series) -> pd.Series:
        """Return numbers, booleans, dates or text, missing where there is nothing."""
        # Work on the distinct texts: a table of a million rows has few of them in most columns.
        codes, distinct = pd.factorize(raw)
        texts = pd.Series(np.asarray(distinct, dtype=object), dtype=object).map(str.strip)
        values = self._typed(texts)
        result = values.take(codes).set_axis(raw.index)
        result.name = self.name
        if result.dtype == "Int64" and not result.isna().any():
            return result.astype("int64")
        if result.dtype == "boolean" and not result.isna().any():
            return result.astype("bool")
        return result

    def _typed(self, texts: pd.Series) -> pd.Series:
        missing = texts.isin(MISSING)
        if missing.all():
            return pd.Series(np.full(len(texts), np.nan))
        present = texts[~missing]
        lower = present.str.lower()
        if lower.isin(["true", "false"]).all():
            return (texts.str.lower() == "true").astype("boolean").mask(missing)
        numbers = self._numbers(texts, missing)
        if numbers is not None:
            return numbers
        dates = self._dates(present)
        if dates is not None:
            return dates.reindex(texts.index)
        return texts.mask(missing, np.nan).infer_objects()

    def _numbers(self, texts: pd.Series, missing: pd.Series) -> pd.Series | None:
        missing = missing | texts.isin(MISSING_AMONG_NUMBERS)
        present = texts[~missing]
        if len(present) == 0:
            return None
        semicolons = self.lines.delimiter == ";"
        if semicolons and present.str.fullmatch(r"[-+]?\d*,?\d+").mean() > 1 - FAULTS:
            present = present.str.replace(",", ".", regex=False)
        if present.str.fullmatch(r"0\d+").any():
            return None  # codes such as 00501, which lose their zeros as numbers
        numbers = pd.to_numeric(present, errors="coerce")
        wrong = numbers.isna()
        if wrong.any():
            if wrong.mean() > FAULTS or len(present) <= FEW_VALUES:
                return None
            self._refuse(present[wrong].iloc[0], "is not a number, as the rest of the column is")
        infinite = np.isinf(numbers.to_numpy(dtype=np.float64))
        if infinite.any():
            self._refuse(present[infinite].iloc[0], "is infinite")
        if present.str.fullmatch(r"[-+]?\d{1,18}").all():
            return numbers.astype("Int64").reindex(texts.index)
        return numbers.astype("float64").reindex(texts.index)

    def _dates(self, present: pd.Series) -> pd.Series | None:
        for pattern, form in _DATES:
            if not present.str.fullmatch(pattern).all():
                continue
            try:
                dates = pd.to_datetime(present, format=form, errors="coerce")
            except ValueError:  # time zones that differ from row to row
                return None
            if dates.isna().any() or dates.dtype.kind != "M":
                continue
            if form != "ISO8601":
                self.notes.append(f'"{self.name}" holds dates, read as {form}.')
            return dates
        return None

    def _refuse(self, text: str, why: str) -> None:
        for i, (line, row) in enumerate(self.lines):
            if i >= self.has_header and row[self.index].strip() == text:
                raise InputError(
                    f'{self.lines.path}, line {line}, column "{self.name}": "{text}" {why}; '
                    "correct it, or leave it empty."
                )


def _find_delimiter(text: str) -> str:
    """Return the delimiter that gives most of the first lines the same number of fields."""
    head = [line for line in text[:100_000].split("\n") if line.strip()][:100]
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        rows = list(csv.reader(head, delimiter=delimiter, skipinitialspace=True))
        fields, times = Counter(len(row) for row in rows).most_common(1)[0]
        score = (times / len(rows), fields)
        if fields > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _is_number(field: str) -> bool:
    return _NUMBER.fullmatch(field) is not None


def _mostly_numbers(column: set[str]) -> bool:
    present = [field for field in column if field not in MISSING]
    return bool(present) and sum(map(_is_number, present)) >= 0.8 * len(present)
