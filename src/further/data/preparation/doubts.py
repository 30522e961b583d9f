"""What the values of a table leave doubtful: sentinels, codes and identifiers among measurements.

Nothing is decided here. Where two readings are possible the table is taken as it is written, the
doubt is said with its counts, and so is the option that takes the other reading.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from further.data.preparation.column_text import column_kind, numbers_of, write_days
from further.data.preparation.columns import ROWS_TO_JUDGE, quoted
from further.data.preparation.identifiers import NEARLY_ALL

#: A value that stands for a missing one recurs at least so often.
RECURRING = 3
#: It lies further from the others than these lie from each other, or reads -9, -99, 999 and so on.
_NINES = tuple(float("9" * digits) for digits in range(1, 10))
#: Whole numbers with so few values may be codes.
FEWEST_CODES, MOST_CODES = 3, 10
ROWS_A_CODE = 3
#: Identifiers that measure nothing have as many digits in every row, and not fewer.
LEAST_DIGITS = 4


def doubts(table: pd.DataFrame) -> list[str]:
    """Say what is doubtful about the columns of a table.

    Parameters
    ----------
    table : DataFrame
        Typed columns that a model would use.

    Returns
    -------
    list of str
        Sentences, each with the option that decides otherwise.

    Examples
    --------
    >>> age = np.r_[np.arange(20.0, 60.0), [-999.0] * 4]
    >>> for sentence in doubts(pd.DataFrame({"age": age})):
    ...     print(sentence)
    Recurs far from all other values: -999 in "age" (4 rows). If it stands for a missing value, \
--missing-values -999 says so.
    """
    sentinels: dict[str, list[str]] = {}
    identifiers = []
    for name, column, distinct, counts in _numeric(table):
        for place in _sentinels(distinct, counts):
            value = distinct[place]
            text = write_days(value) if column_kind(column) == "M" else f"{value:.15g}"
            sentinels.setdefault(text, []).append(f'"{name}" ({counts[place]:,} rows)')
        if column_kind(column) != "M" and _may_be_identifier(distinct, len(column)):
            identifiers.append(name)
    told = [
        f"Recurs far from all other values: {value} in {_some(places)}. If it stands for a "
        f"missing value, --missing-values {value} says so."
        for value, places in sentinels.items()
    ]
    if identifiers:
        told.append(
            "Whole numbers of one length, another one in nearly every row: "
            f"{quoted(identifiers)}. If they only name the rows, --identifier COLUMNS leaves them "
            "out."
        )
    return told


def codes_note(table: pd.DataFrame) -> list[str]:
    """Say which columns of few whole numbers were taken for measurements.

    Parameters
    ----------
    table : DataFrame
        Typed columns that a model would use.

    Returns
    -------
    list of str
        One sentence, or none.
    """
    codes = [
        f'"{name}" ({len(distinct)} values)'
        for name, column, distinct, counts in _numeric(table)
        if column_kind(column) != "M" and _may_be_codes(distinct, counts)
    ]
    if not codes:
        return []
    return [
        f"Few whole numbers, taken as measurements: {_some(codes)}. If they are names of "
        "categories, --categorical COLUMNS says so."
    ]


def _numeric(table: pd.DataFrame) -> Iterator[tuple[str, pd.Series, np.ndarray, np.ndarray]]:
    """Give the columns of numbers and dates with their distinct values and how often these are."""
    if len(table) < ROWS_TO_JUDGE:
        return
    for name, column in table.items():
        if column_kind(column) in "iufM":
            numbers = numbers_of(column)
            distinct, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
            if len(distinct) > 2:
                yield str(name), column, distinct, counts


def _sentinels(distinct: np.ndarray, counts: np.ndarray) -> Iterator[int]:
    """Give the places of the lowest and highest value where they may stand for a missing one."""
    for place, rest in ((0, distinct[1:]), (len(distinct) - 1, distinct[:-1])):
        value = distinct[place]
        if counts[place] < RECURRING or counts[place] <= 2 * np.median(counts):
            continue
        gap = float(np.abs(rest - value).min())
        apart = gap > float(rest.max() - rest.min())
        nines = abs(value) in _NINES and (
            (value < 0 <= rest.min() and gap > 1) or (value > 0 and gap > abs(value) / 2)
        )
        if apart or nines:
            yield place


def _may_be_identifier(distinct: np.ndarray, n: int) -> bool:
    if len(distinct) < NEARLY_ALL * n or (distinct % 1).any() or distinct[0] < 0:
        return False
    low, high = (len(f"{value:.0f}") for value in (distinct[0], distinct[-1]))
    counts_up = bool((np.diff(distinct) == 1).all())
    return counts_up or low == high >= LEAST_DIGITS


def _may_be_codes(distinct: np.ndarray, counts: np.ndarray) -> bool:
    few = FEWEST_CODES <= len(distinct) <= MOST_CODES and counts.min() >= ROWS_A_CODE
    return few and bool((np.diff(distinct) == 1).all()) and distinct[0] in (0, 1)


def _some(places: list[str]) -> str:
    more = f" and {len(places) - 8} more columns" if len(places) > 8 else ""
    return ", ".join(places[:8]) + more
