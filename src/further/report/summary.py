"""What a command says of a run: a few lines and tables of text, beside what it writes as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class TextTable(NamedTuple):
    """Headings and cells of a table, and how many columns after the first hold numbers."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: int = 0


class Summary(NamedTuple):
    """What a command leaves on standard output: an object with ``--json``, else the blocks."""

    json: Any
    blocks: Sequence[str | TextTable]
