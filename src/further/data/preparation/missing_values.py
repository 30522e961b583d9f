"""Which texts and numbers stand for a value that is missing.

Some are missing in every column, whatever else it holds. Others are words like any other among
words, but missing among numbers, dates, and true and false.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from further.data.preparation.column_text import column_kind
from further.data.preparation.columns import some_columns

#: Missing in every column.
MISSING = (
    "", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "<NA>", "#N/A",
)  # fmt: skip
#: Missing among numbers and dates, in any case; elsewhere words like any other.
MISSING_AMONG_NUMBERS = (
    *(text.lower() for text in MISSING), "none", "nil", "na.", "n.a.", "n. a.", "n.a", "#na",
    "missing", "unknown", "undefined", "nan.", "n/d", "nd", "n.d.", "not available",
    "not applicable", "no data", "no value", "-", "--", "---", ".", "..", "...", "*",
    "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "-nan", "1.#qnan", "1.#ind",
    "-1.#ind", "<null>", "(null)", "pd.na", "nat",
)  # fmt: skip
_AMONG_NUMBERS = frozenset(MISSING_AMONG_NUMBERS)


def is_missing(text: str) -> bool:
    """Whether a text stands for no value among numbers."""
    return text.strip().lower() in _AMONG_NUMBERS


@dataclass(frozen=True)
class MissingValues:
    """What a user says stands for a missing value.

    Attributes
    ----------
    everywhere : tuple of str
        In all columns.
    by_column : mapping of str to tuple of str
        In one column.
    """

    everywhere: tuple[str, ...] = ()
    by_column: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, asked: Any) -> MissingValues:
        """Return what is asked for.

        Parameters
        ----------
        asked : None, value, sequence of values, or mapping of columns to these
            Values as numbers or texts; a text such as ``"income=-999"`` names the column too.

        Returns
        -------
        MissingValues
            The values as texts.

        Examples
        --------
        >>> MissingValues.of([-999, "income=-1"])
        MissingValues(everywhere=('-999',), by_column={'income': ('-1',)})
        """
        if asked is None:
            return cls()
        if isinstance(asked, Mapping):
            return cls(by_column={str(name): _texts(values) for name, values in asked.items()})
        everywhere: list[str] = []
        by_column: dict[str, tuple[str, ...]] = {}
        for text in _texts(asked):
            name, sign, value = text.rpartition("=")
            if sign:
                by_column[name.strip()] = (*by_column.get(name.strip(), ()), value.strip())
            else:
                # Several values may be one text, as a command line has them.
                everywhere += [value.strip() for value in text.split(",")]
        return cls(tuple(everywhere), by_column)

    def of_column(self, name: str) -> tuple[str, ...]:
        """Return what is missing in a column of that name."""
        return (*self.everywhere, *self.by_column.get(name, ()))

    def mask(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """Return a typed table with these values missing, and a sentence for each of them."""
        counts: dict[str, list[str]] = {}
        columns = {}
        for name, column in frame.items():
            for value in self.of_column(str(name)):
                found = _equal(column, value)
                if found.any():
                    n = int(found.sum())
                    rows = "1 row" if n == 1 else f"{n:,} rows"
                    counts.setdefault(value, []).append(f'"{name}" ({rows})')
                    whole = column_kind(column) in "iu"
                    column = (column.astype("Int64") if whole else column).mask(found)
            columns[name] = column
        notes = tuple(
            f"Missing, as asked: {value} in {some_columns(names)}."
            for value, names in counts.items()
        )
        return pd.DataFrame(columns), notes


def _texts(values: Any) -> tuple[str, ...]:
    several = isinstance(values, Sequence | set | frozenset) and not isinstance(values, str)
    return tuple(str(value).strip() for value in (values if several else [values]))


def _equal(column: pd.Series, text: str) -> pd.Series:
    """Return which cells are a value: numbers by size, others by how they are written."""
    kind = column_kind(column)
    if kind in "iuf":
        try:
            return (column == float(text)).fillna(False).astype(bool)
        except ValueError:
            return pd.Series(False, index=column.index)
    if kind == "M":
        moment = pd.to_datetime(text, errors="coerce")
        return (column == moment).fillna(False) if pd.notna(moment) else column.isna() & False
    return (column.astype(object).map(str) == text) & column.notna()
