"""A file or folder that holds a history, looked at by each layout in turn and read once."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from further.errors import InputError
from further.trust.doctor.logged import Logged, number, numbers

#: Files beyond that are no learning curves, and would not be read within a second.
_MOST_BYTES = 200_000_000
#: Files of a folder that are looked at.
_MOST_FILES = 1000
#: What tools call the history in the folder of a run.
_KNOWN_FILES = (
    "trainer_state.json", "metrics.csv", "results.csv", "checkpoint-*/trainer_state.json",
    "history.csv", "history.json", "training.log", "progress.csv",
)  # fmt: skip
#: Lines by which a table is recognised.
_LOOKED_AT = 20


@dataclass(frozen=True)
class Layout:
    """A way in which a tool writes histories.

    Attributes
    ----------
    name : str
        What it is called, such as "a Keras CSVLogger file".
    recognises : callable
        Takes a source; says whether it has this layout.
    read : callable
        Takes a source; returns its rows.
    """

    name: str
    recognises: Callable[[Source], bool]
    read: Callable[[Source], Logged]


@dataclass(frozen=True)
class Table:
    """A delimited file.

    Attributes
    ----------
    header : list of str
        Names of the columns, without the blanks around them.
    cells : list of list of str
        The rows as text.
    has_names : bool
        Whether the file has a line of names.
    has_decimal_commas : bool
        Whether a comma in a cell stands for a point, since something else separates the cells.
    """

    header: list[str]
    cells: list[list[str]]
    has_names: bool
    has_decimal_commas: bool = False

    def rows(self) -> list[dict[str, float]]:
        """Return the rows of numbers by name."""
        cells = self.cells
        if self.has_decimal_commas:
            cells = [[cell.replace(",", ".") for cell in row] for row in cells]
        return [numbers(dict(zip(self.header, row, strict=False))) for row in cells]


class Source:
    """A file or folder.

    Parameters
    ----------
    path : str or Path
        Where it is.

    Raises
    ------
    InputError
        If there is nothing, or it is too large.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self.is_folder = self.path.is_dir()
            exists = self.path.exists()
            size = self.path.stat().st_size if exists else 0
        except (OSError, ValueError) as error:
            raise InputError(f'"{path}" cannot be read; give a file or a folder.') from error
        if not exists:
            raise InputError(f'"{path}" does not exist; give a run folder or a history file.')
        if not self.is_folder and size > _MOST_BYTES:
            raise InputError(
                f'"{path}" has {size / 1e6:,.0f} MB, too many for learning curves; '
                f"give a file of at most {_MOST_BYTES / 1e6:.0f} MB."
            )

    def inside(self) -> Source:
        """Return the history in a folder that a tool is known to write, or the source itself."""
        if not self.is_folder or (self.path / "run.json").is_file():
            return self
        for pattern in _KNOWN_FILES:
            # Of several checkpoints the last one written has the longest history.
            found = [file for file in self.path.glob(pattern) if file.is_file()]
            if found:
                return Source(max(found, key=lambda file: file.stat().st_mtime))
        return self

    def below(self, pattern: str) -> list[Path]:
        """Return the files of a name in a folder and a few levels below it, sorted."""
        levels = ("", "*/", "*/*/", "*/*/*/", "*/*/*/*/")
        found = (file for level in levels for file in self.path.glob(f"{level}{pattern}"))
        return sorted(file for file in islice(found, _MOST_FILES) if file.is_file())

    @cached_property
    def content(self) -> bytes:
        """The bytes of a file; of a folder none."""
        if self.is_folder:
            return b""
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise InputError(f'"{self.path}" cannot be read: {error.strerror}.') from error

    @cached_property
    def text(self) -> str:
        """The file as text; empty where it is none."""
        head = self.content[:4096]
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return self.content.decode("utf-16", errors="replace")
        if b"\0" in head:
            return ""
        return self.content.decode("utf-8-sig", errors="replace")

    @cached_property
    def json(self) -> Any:
        """What the file holds as JSON, bare NaN and Infinity included; None where it is none."""
        text = self.text.lstrip()
        if not text.startswith(("{", "[")):
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def table(self) -> Table | None:
        """What the file holds as a delimited table; None where it is none."""
        text = self.text.replace("\0", "")
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        if not lines or lines[0].lstrip().startswith(("{", "[")):
            return None
        delimiter = max(",;\t", key=lambda d: min(line.count(d) for line in lines[:_LOOKED_AT]))
        joined = "\n".join(lines)
        try:
            cells = list(
                csv.reader(io.StringIO(joined), delimiter=delimiter, skipinitialspace=True)
            )
        except csv.Error:
            return None
        first = [cell.strip() for cell in cells[0]]
        if all(number(cell.replace(",", ".")) is not None for cell in first):
            header = [f"column_{i + 1}" for i in range(len(first))]
            return Table(header, cells, has_names=False, has_decimal_commas=delimiter != ",")
        body = [row for row in cells[1:] if [cell.strip() for cell in row] != first]
        table = Table(first, body, has_names=True, has_decimal_commas=delimiter != ",")
        return table if _is_mostly_numbers(table) else None

    @property
    def read_table(self) -> Table:
        """The table of a file that is known to be one."""
        if self.table is None:
            raise InputError(f'"{self.path}" holds no rows yet.')
        return self.table

    def header(self) -> list[str]:
        """Return the names of a table's columns; none where the file is no table."""
        return self.table.header if self.table is not None and self.table.has_names else []

    def not_recognised(self) -> str:
        """Return the sentence for a source of no known layout."""
        if self.is_folder:
            return (
                f'"{self.path}" holds no history that is known: no run.json with history.csv, no '
                "TensorBoard event files, no MLflow metrics; give the file of the history."
            )
        if not self.content.strip():
            return f'"{self.path}" is empty.'
        columns = self.header() or (list(self.json)[:12] if isinstance(self.json, dict) else [])
        seen = f" with the columns {', '.join(map(str, columns[:12]))}" if columns else ""
        return (
            f'"{self.path}" is no history that is known{seen}; write a CSV file with a row an '
            "epoch and columns such as epoch, train_loss, val_loss."
        )


def _is_mostly_numbers(table: Table) -> bool:
    """Whether a file is a table: lines as long as the header, with numbers in them."""
    looked_at = table.cells[:_LOOKED_AT]
    if table.has_decimal_commas:
        looked_at = [[cell.replace(",", ".") for cell in row] for row in looked_at]
    if not looked_at:
        return len(table.header) > 1
    fitting = [row for row in looked_at if abs(len(row) - len(table.header)) <= 1]
    holding = [row for row in fitting if any(number(cell) is not None for cell in row)]
    return 2 * len(holding) > len(looked_at)
