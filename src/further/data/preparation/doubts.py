"""What the values of a table leave doubtful: sentinels, codes and identifiers among measurements.

Nothing is decided here. Where two readings are possible the table is taken as it is written, the
doubt is said with its counts, and so is the option that takes the other reading.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from further.data.preparation.column_text import column_kind, numbers_of, write_days
from further.data.preparation.columns import ROWS_TO_JUDGE, quoted, some_columns
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
    for name, column, numbers in _numeric(table):
        for value, count in _sentinels(numbers):
            text = write_days(value) if column_kind(column) == "M" else f"{value:.15g}"
            sentinels.setdefault(text, []).append(f'"{name}" ({count:,} rows)')
        if column_kind(column) != "M" and _may_be_identifier(numbers, len(column)):
            identifiers.append(name)
    told = [
        f"Recurs far from all other values: {value} in {some_columns(places)}. If it stands for a "
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
        f'"{name}" ({n} values)'
        for name, column, numbers in _numeric(table)
        if column_kind(column) != "M" and (n := _count_codes(numbers))
    ]
    if not codes:
        return []
    return [
        f"Few whole numbers, taken as measurements: {some_columns(codes)}. If they are names of "
        "categories, --categorical COLUMNS says so."
    ]


def _numeric(table: pd.DataFrame) -> Iterator[tuple[str, pd.Series, np.ndarray]]:
    """Give the columns of numbers and dates, with their values as numbers."""
    if len(table) < ROWS_TO_JUDGE:
        return
    for name, column in table.items():
        if column_kind(column) in "iufM":
            numbers = numbers_of(column)
            given = ~np.isnan(numbers)
            numbers = numbers if given.all() else numbers[given]
            if len(numbers) and numbers.min() < numbers.max():
                yield str(name), column, numbers


def _sentinels(numbers: np.ndarray) -> Iterator[tuple[float, int]]:
    """Give the lowest and highest value, and how often, where they may stand for a missing one."""
    for value in (numbers.min(), numbers.max()):
        count = int(np.count_nonzero(numbers == value))
        if count < RECURRING or count == len(numbers):
            continue
        rest = numbers[numbers != value]
        low, high = float(rest.min()), float(rest.max())
        gap = low - value if value < low else value - high
        nines = abs(value) in _NINES and (
            (value < 0 <= low and gap > 1) or (value > 0 and gap > abs(value) / 2)
        )
        if low < high and (gap > high - low or nines):
            # What recurs as often as all others do is a value like them.
            _, counts = np.unique(rest, return_counts=True)
            if count > 2 * np.median(counts):
                yield float(value), count


def _may_be_identifier(numbers: np.ndarray, n: int) -> bool:
    low, high = numbers.min(), numbers.max()
    if low < 0 or len(numbers) < NEARLY_ALL * n or high - low + 1 < NEARLY_ALL * n:
        return False
    alike = len(f"{low:.0f}") == len(f"{high:.0f}") >= LEAST_DIGITS
    if (numbers % 1).any() or not (alike or high - low + 1 == len(numbers)):
        return False
    return len(np.unique(numbers)) >= NEARLY_ALL * n


def _count_codes(numbers: np.ndarray) -> int:
    """Return how many values whole numbers have that may be codes, 0 for no codes."""
    low, high = numbers.min(), numbers.max()
    n = int(min(high - low, MOST_CODES)) + 1
    if low not in (0, 1) or not FEWEST_CODES <= n <= MOST_CODES or (numbers % 1).any():
        return 0
    counts = np.bincount((numbers - low).astype(np.int64), minlength=n)
    return n if counts.min() >= ROWS_A_CODE else 0
