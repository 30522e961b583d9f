"""How a CSV file is laid out: what stands above the table, its delimiter, its width, its names.

Found in the first rows; what no row may contradict, such as the number of fields, is checked on all
of them by :mod:`further.data.formats.csv_file`.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from further.data.formats.date_text import is_date
from further.data.formats.number_text import is_number
from further.data.preparation.columns import quoted
from further.data.preparation.missing_values import is_missing
from further.errors import InputError

DELIMITERS = (",", ";", "\t", "|")
#: Columns that are aligned by blanks have any number of them between two fields.
BLANKS = " "
HEAD_CHARACTERS = 100_000
HEAD_ROWS = 200
#: A title above the names has no more lines.
MOST_LINES_ABOVE = 20
#: So many numbers in a row that count up by one step are names, whatever stands below them.
COUNT_UP = 5
MOSTLY = 0.8
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_SEPARATOR = re.compile(r'"?sep=(?P<delimiter>[^"\n])"?\s*', re.IGNORECASE)

Row = tuple[int, list[str]]


class Layout:
    """How the rows of a file are read.

    Parameters
    ----------
    path : Path
        For messages.
    text : str
        The whole file, or its beginning.
    header : bool, optional
        Whether the first row holds the names; found out when None.

    Attributes
    ----------
    delimiter : str
        Between two fields; a blank stands for any number of blanks.
    lines_above : int
        How many lines stand above the table, that of the names not counted.
    first_line : int
        The line of the names, or of the first row.
    has_header : bool
        Whether the first row of the table holds the names.
    names : list of str
        Those that the header gives, "" for none; empty without a header.
    width : int
        Fields of most rows, which may be one more than there are names.
    notes : list of str
        What was recognised, in sentences.
    """

    def __init__(self, path: Path, text: str, *, header: bool | None = None) -> None:
        if not text.strip():
            raise InputError(f"{path} is empty; there is nothing to learn.")
        self.path = path
        self.notes: list[str] = []
        lines = text[:HEAD_CHARACTERS].split("\n")
        if len(text) > HEAD_CHARACTERS and len(lines) > 1:
            lines.pop()  # it may be cut
        self.lines_above = 0
        self.delimiter = self._named_delimiter(lines[0]) or ""
        comment = self._leave_out_comments(lines)
        self.delimiter = self.delimiter or _find_delimiter(lines[self.lines_above :])
        head = list(self.rows(io.StringIO("\n".join(lines)), strict=False))[:HEAD_ROWS]
        head = self._leave_out_title(head)
        if not head:
            raise InputError(f"{path} holds no values; there is nothing to learn.")
        self.first_line, first = head[0]
        rest = [row for _, row in head[1:]]
        self.width = Counter(map(len, rest or [first])).most_common(1)[0][0]
        self.names: list[str] = []
        found = holds_names(first, rest)
        self.has_header = found if header is None else header
        if comment is not None and header is not False and not found and len(comment) == self.width:
            self.has_header, self.names = False, comment
            self.notes.append("The names are those of the last line that begins with #.")
        elif self.has_header:
            self.names = [" ".join(name.split()) for name in first]
            if header is None:
                self._say_doubtful_names()
        else:
            self.notes.append(
                "The first line is no header, so the columns are numbered from column_1."
            )

    @property
    def lines_to_rows(self) -> int:
        """How many lines stand before the first row."""
        return self.first_line if self.has_header else self.lines_above

    def rows(self, lines: Iterable[str], *, strict: bool = True) -> Iterator[Row]:
        """Yield the rows that are not blank, with the number of their last line.

        Parameters
        ----------
        lines : iterable of str
            Of the whole file.
        strict : bool, default=True
            Whether a misplaced quotation mark is refused.

        Yields
        ------
        line, row
            Counted from 1, and the fields.
        """
        below = iter(lines)
        for _ in range(self.lines_above):
            next(below, None)
        if self.delimiter == BLANKS:
            below = (line.strip() + "\n" for line in below)
        reader = csv.reader(below, delimiter=self.delimiter, skipinitialspace=True, strict=strict)
        try:
            for row in reader:
                if row and (len(row) > 1 or row[0].strip()):
                    yield self.lines_above + reader.line_num, row
        except csv.Error as error:
            raise InputError(
                f"{self.path}, line {self.lines_above + reader.line_num}: "
                f"{str(error).rstrip('.')} (is a quotation mark open or misplaced?)."
            ) from error

    def _named_delimiter(self, line: str) -> str | None:
        found = _SEPARATOR.fullmatch(line)
        if found is None:
            return None
        self.lines_above = 1
        self.notes.append(f'The first line, "{line.strip()}", names the delimiter.')
        return found["delimiter"]

    def _leave_out_comments(self, lines: list[str]) -> list[str] | None:
        """Pass over lines that begin with #; return the fields of the last one."""
        comments = []
        for number, line in enumerate(lines[self.lines_above :], self.lines_above + 1):
            if line.lstrip().startswith("#"):
                comments.append(line.strip())
            elif line.strip():
                if comments:
                    self.lines_above = number - 1
                    several = len(comments) > 1
                    said = f"{len(comments)} lines begin" if several else "A line begins"
                    self.notes.append(f"{said} with # above the table: left out.")
                    delimiter = self.delimiter or _find_delimiter(lines[self.lines_above :])
                    last = comments[-1].lstrip("# \t")
                    if delimiter == BLANKS:
                        return last.split()
                    return [field.strip() for field in last.split(delimiter)]
                return None
        return None

    def _leave_out_title(self, head: list[Row]) -> list[Row]:
        """Pass over rows with far fewer fields than all that follow."""
        if len(head) < 3:
            return head
        width, times = Counter(len(row) for _, row in head).most_common(1)[0]
        above = next(i for i, (_, row) in enumerate(head) if len(row) >= width - 1)
        if not 0 < above <= MOST_LINES_ABOVE or width < 3 or times < MOSTLY * (len(head) - above):
            return head
        title = [" ".join(filter(None, map(str.strip, row))) for _, row in head[:above]]
        said = f"{above} lines stand" if above > 1 else "A line stands"
        self.notes.append(
            f"{said} above a table of {width} columns and {'are' if above > 1 else 'is'} left out: "
            f"{quoted(title, most=2)}."
        )
        self.lines_above = head[above - 1][0]
        return head[above:]

    def _say_doubtful_names(self) -> None:
        numbers = [name for name in self.names if is_number(name)]
        if numbers:
            self.notes.append(
                f"The first line holds numbers ({quoted(numbers, most=3)}) and was read as names, "
                "judging by what stands below; --no-header (header=False) makes it a row."
            )


def holds_names(first: list[str], rest: list[list[str]]) -> bool:
    """Whether the first row of a table holds the names of its columns.

    Words above columns of numbers do, and words that do not recur below. So do whole numbers that
    count up, as years do, if the columns below hold other values.

    Parameters
    ----------
    first : list of str
        The row.
    rest : list of list of str
        Rows below; without one, the first row is taken for names.

    Returns
    -------
    bool
        Whether they are names.

    Examples
    --------
    >>> holds_names(["land", "2010", "2011"], [["a", "1.5", "2.5"], ["b", "3.5", "2.0"]])
    True
    >>> holds_names(["5.1", "3.5", "setosa"], [["4.9", "3.0", "setosa"]])
    False
    """
    first = [field.strip() for field in first]
    if not rest:
        return not any(map(is_number, first))
    # Rows may be one field longer, by a name of the row or by a delimiter at their end.
    widths = Counter(map(len, rest))
    surplus = widths.most_common(1)[0][0] - len(first)
    named_rows = surplus == 1 and any(row[-1].strip() for row in rest if len(row) == len(first) + 1)
    offset = 1 if named_rows else 0
    below = [
        [row[i + offset].strip() for row in rest if i + offset < len(row)]
        for i in range(len(first))
    ]
    kinds = [_kind_of_column(column) for column in below]
    values, words, recurring, new = [], 0, 0, 0
    for i, field in enumerate(first):
        if is_missing(field):
            continue
        kind = _kind(field)
        if kind == "number" or kind == kinds[i] != "word":
            values.append(i)
        elif kinds[i] != "word":
            words += 1
        elif field in below[i]:
            recurring += 1
        else:
            new += 1
    distinct = len(set(first)) == len(first)
    if not values:
        return words > 0 or (recurring * 2 < len(first) and distinct)
    if recurring or not distinct or not all(first[i].isdecimal() for i in values):
        return False
    numbers = [int(first[i]) for i in values]
    steps = {later - earlier for earlier, later in itertools.pairwise(numbers)}
    if len(steps) == 1 and min(steps) > 0 and len(numbers) >= COUNT_UP:
        return True
    apart = all(_lies_apart(first[i], below[i]) for i in values)
    count_up = bool(steps) and min(steps) > 0
    return apart and (words > 0 or count_up or (new > 0 and len(numbers) > 2))


def _lies_apart(field: str, column: list[str]) -> bool:
    """Whether a whole number is beyond all of a column, or whole where these are not."""
    given = [value for value in column if not is_missing(value)]
    numbers = []
    for value in given:
        try:
            numbers.append(float(value.replace(",", ".")))
        except ValueError:
            return True
    if not numbers:
        return True
    beyond = not min(numbers) <= float(field) <= max(numbers)
    return beyond or sum(number % 1 != 0 for number in numbers) > MOSTLY * len(numbers)


def _kind(field: str) -> str:
    return "number" if is_number(field) else "date" if is_date(field) else "word"


def _kind_of_column(column: list[str]) -> str:
    kinds = Counter(_kind(field) for field in set(column) if not is_missing(field))
    if not kinds:
        return "word"
    kind, times = kinds.most_common(1)[0]
    return kind if times >= MOSTLY * kinds.total() else "word"


def _find_delimiter(lines: list[str]) -> str:
    """Return the delimiter that gives most of the first lines the same number of fields."""
    head = [line for line in lines if line.strip()][:100]
    found = [(_score(head, delimiter), delimiter) for delimiter in DELIMITERS]
    scores = [(score, delimiter) for score, delimiter in found if score[1] > 1]
    (_, fields), best = max(scores, key=lambda pair: pair[0], default=((0.0, 1), ","))
    if best == "," and _is_decimal_comma(head, scores):
        others = [pair for pair in scores if pair[1] != ","]
        return max(others, key=lambda pair: pair[0])[1]
    stripped = [line.strip() for line in head]
    # Above row names, as R writes them, a header has a field less.
    if fields == 1 and max(_score(stripped, BLANKS), _score(stripped[1:], BLANKS)) >= (1.0, 2):
        rows = [line.split() for line in head]
        # Words of a text are no columns.
        if len(rows) > 1 and all(any(map(is_number, row)) for row in rows[1:]):
            return BLANKS
    return best


def _score(head: list[str], delimiter: str) -> tuple[float, int]:
    rows = list(csv.reader(head, delimiter=delimiter, skipinitialspace=True))
    fields, times = Counter(len(row) for row in rows).most_common(1)[0] if rows else (1, 0)
    return times / max(len(rows), 1), fields


def _is_decimal_comma(head: list[str], scores: list[tuple[tuple[float, int], str]]) -> bool:
    """Whether each comma stands within a number between other delimiters that divide all lines."""
    for (share, _), delimiter in scores:
        if delimiter != "," and share == 1.0:
            fields = [
                field.strip()
                for row in csv.reader(head, delimiter=delimiter, skipinitialspace=True)
                for field in row
                if "," in field
            ]
            return bool(fields) and all(map(_DECIMAL_COMMA.fullmatch, fields))
    return False
