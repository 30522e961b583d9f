"""What a command says of a run: a few lines and tables of text, beside what it writes as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TextTable:
    """A table of text.

    Attributes
    ----------
    head : sequence of str
        Headings.
    rows : sequence of sequence of str
        Cells.
    numbers : int
        How many columns after the first hold numbers.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: int = 0


@dataclass(frozen=True)
class Summary:
    """What a command leaves on standard output.

    Attributes
    ----------
    json : object
        With ``--json``.
    blocks : sequence of str or TextTable
        Without.
    """

    json: Any
    blocks: Sequence[str | TextTable]
