"""What the values of a table leave doubtful: sentinels, codes and identifiers among measurements.

Nothing is decided here. Where two readings are possible the table is taken as it is written, the
doubt is said with its counts, and so is the option that takes the other reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Look:
    """What is doubtful about one column.

    Attributes
    ----------
    sentinels : tuple of (str, int)
        Values that may stand for a missing one, and in how many rows.
    is_identifier : bool
        Whether its numbers may only name the rows.
    codes : int
        How many values it has that may be names of categories, 0 for none.
    """

    sentinels: tuple[tuple[str, int], ...] = ()
    is_identifier: bool = False
    codes: int = 0


def look_at(column: pd.Series) -> Look:
    """Return what is doubtful about a typed column that a model would use."""
    kind = column_kind(column)
    if kind not in "iufM" or len(column) < ROWS_TO_JUDGE:
        return Look()
    numbers = numbers_of(column)
    given = ~np.isnan(numbers)
    numbers = numbers if given.all() else numbers[given]
    if not len(numbers) or numbers.min() == numbers.max():
        return Look()
    write = write_days if kind == "M" else "{:.15g}".format
    sentinels = tuple((write(value), count) for value, count in _sentinels(numbers))
    if kind == "M" or (np.floor(numbers) != numbers).any():
        return Look(sentinels)
    return Look(sentinels, _may_be_identifier(numbers, len(column)), _count_codes(numbers))


def doubts(looks: Mapping[str, Look]) -> tuple[list[str], list[str]]:
    """Say what is doubtful about the columns of a table.

    Parameters
    ----------
    looks : mapping of str to Look
        At each column.

    Returns
    -------
    doubts, notes
        Sentences, each with the option that decides otherwise: where two readings are possible, and
        which columns of few whole numbers were taken for measurements.

    Examples
    --------
    >>> age = pd.Series(np.r_[np.arange(20.0, 60.0), [-999.0] * 4])
    >>> for sentence in doubts({"age": look_at(age)})[0]:
    ...     print(sentence)
    Recurs far from all other values: -999 in "age" (4 rows). If it stands for a missing value, \
--missing-values -999 says so.
    """
    sentinels: dict[str, list[str]] = {}
    for name, look in looks.items():
        for value, count in look.sentinels:
            sentinels.setdefault(value, []).append(f'"{name}" ({count:,} rows)')
    identifiers = [name for name, look in looks.items() if look.is_identifier]
    codes = [f'"{name}" ({look.codes} values)' for name, look in looks.items() if look.codes]
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
    if not codes:
        return told, []
    return told, [
        f"Few whole numbers, taken as measurements: {some_columns(codes)}. If they are names of "
        "categories, --categorical COLUMNS says so."
    ]


def _sentinels(numbers: np.ndarray) -> Iterator[tuple[float, int]]:
    """Give the lowest and highest value, and how often, where they may stand for a missing one."""
    for value in (numbers.min(), numbers.max()):
        equal = numbers == value
        count = int(np.count_nonzero(equal))
        if count < RECURRING or count == len(numbers):
            continue
        rest = numbers[~equal]
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
    if not (alike or high - low + 1 == len(numbers)):
        return False
    return len(np.unique(numbers)) >= NEARLY_ALL * n


def _count_codes(numbers: np.ndarray) -> int:
    """Return how many values whole numbers have that may be codes, 0 for no codes."""
    low, high = numbers.min(), numbers.max()
    n = int(min(high - low, MOST_CODES)) + 1
    if low not in (0, 1) or not FEWEST_CODES <= n <= MOST_CODES:
        return 0
    counts = np.bincount((numbers - low).astype(np.int64), minlength=n)
    return n if counts.min() >= ROWS_A_CODE else 0
