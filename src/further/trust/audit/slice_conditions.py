r"""The conditions of which slices are made: columns of a table, cut into parts.

A number (or a date) is cut at its deciles :math:`q_1 < \ldots < q_9`, rounded to as few digits as
move no more than one in a hundred rows, or between all its values where there are ten or fewer; the
conditions are :math:`x \le q_i` and :math:`x > q_i`. A word is each of its 30 most frequent values.
That a value is missing is a condition of its own. Two conditions on one number make a range,
:math:`q_i < x \le q_j`.

The parts of a column are numbered in order, so that every condition is a range of codes, and counts
of rows and of errors by condition are differences of cumulated counts by code.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.data.preparation.column_text import (
    column_kind,
    decimals_of,
    is_quantity,
    json_value,
    numbers_of,
)
from further.data.preparation.columns import (
    is_constant,
    quoted,
    some_columns,
    typed_table,
    why_useless,
)
from further.evaluate.clustering.rule_conditions import Choice, Missing, NumberColumn, Range

#: A number is cut into so many parts, each with about as many rows.
PARTS = 10
#: A cut is rounded to as few digits as move no more than this part of the rows across it.
MOST_MOVED = 0.01
#: Values of a column of words that are asked about, the most frequent ones.
VALUES_ASKED = 30

Condition = Range | Choice | Missing


@dataclass(frozen=True, eq=False)
class Part:
    """A condition on one column, as a range of codes and in words."""

    first: Annotated[int, "The lowest code that passes."]
    end: Annotated[int, "The code after the highest that passes."]
    condition: Annotated[Condition, "In words, without rows."]

    @property
    def column(self) -> str:
        """The name of the column."""
        return str(self.condition.column.name)

    @property
    def side(self) -> int:
        """Which end of the numbers is kept: -1 the lower, 1 the upper; 0 for what has no order."""
        if not isinstance(self.condition, Range):
            return 0
        return -1 if math.isinf(self.condition.low) else 1


@dataclass(frozen=True, eq=False)
class CutColumn:
    """A column as codes, with the conditions that can be asked of it."""

    name: Annotated[str, "The column."]
    codes: Annotated[NDArray[np.uint8], "Shape (n,): the part of each row."]
    size: Annotated[int, "How many codes there are."]
    parts: Annotated[tuple[Part, ...], "The conditions."]

    def holds(self, part: Part) -> NDArray[np.bool_]:
        """Return which rows pass."""
        return (self.codes >= part.first) & (self.codes < part.end)


def cut_table(attributes: pd.DataFrame) -> tuple[list[CutColumn], list[str]]:
    """Cut the columns of a table, and say what was left out and why.

    Parameters
    ----------
    attributes : DataFrame of shape (n, d)
        Numbers, words, booleans and dates; missing values allowed.

    Returns
    -------
    columns, notes
        The columns of which something can be asked, and sentences on the others.
    """
    table = typed_table(attributes, name="attributes")
    useless = {
        name: why_useless(table[name], first=i == 0, several=table.shape[1] > 1)
        for i, name in enumerate(table.columns.astype(str))
    }
    used = [name for name, reason in useless.items() if not reason]
    constant = [name for name in used if is_constant(table[name])]
    left = [name for name in used if name not in constant]
    words = [name for name in left if not is_quantity(table[name])]
    columns = [_words(table[name]) if name in words else _numbers(table[name]) for name in left]
    notes = [f'"{name}" was left out: {reason}.' for name, reason in useless.items() if reason]
    if constant:
        notes.append(f"The same value in every row: {quoted(constant)}.")
    many = {name: table[name].nunique() for name in words}
    asked = [f'"{name}" ({k:,} values)' for name, k in many.items() if k > VALUES_ASKED]
    if asked:
        notes.append(f"Only the {VALUES_ASKED} most frequent values: {some_columns(asked)}.")
    if len(words) < len(left):
        notes.append(f"Numbers and dates were cut into at most {PARTS} parts, at quantiles.")
    return columns, notes


def merged(parts: Sequence[Part]) -> tuple[Condition, ...]:
    """Return conditions that hold together, one a column: two limits of a number are a range.

    Parameters
    ----------
    parts : sequence of Part
        In any order.

    Returns
    -------
    tuple of Range, Choice or Missing
        In the order in which the columns first appear.
    """
    found: dict[str, Condition] = {}
    for part in parts:
        new, old = part.condition, found.get(part.column)
        if isinstance(old, Range) and isinstance(new, Range):
            new = replace(old, low=max(old.low, new.low), high=min(old.high, new.high))
        found[part.column] = new
    return tuple(found.values())


def _numbers(column: pd.Series) -> CutColumn:
    # How a source rounds its numbers takes a sort of them, and is asked of dates alone.
    is_date = column_kind(column) == "M"
    whole = numbers_of(column)
    number = NumberColumn(str(column.name), whole, decimals_of(whole) if is_date else None, is_date)
    values, missing = number.values, np.isnan(number.values)
    cuts = _cuts(number, np.sort(values[~missing]))
    k = len(cuts) + 1
    codes = np.searchsorted(cuts, values, side="left")
    codes[missing] = k
    bare = Range(replace(number, values=values[:0]), missing=False)
    parts = [Part(0, i, replace(bare, high=cut)) for i, cut in enumerate(cuts, 1)]
    parts += [Part(i, k, replace(bare, low=cut)) for i, cut in enumerate(cuts, 1)]
    return _cut_column(column, codes, k, parts, bool(missing.any()))


def _cuts(number: NumberColumn, ordered: NDArray[np.float64]) -> list[float]:
    """Return where sorted numbers are cut, the last of them being above the last cut."""
    distinct = ordered[np.append(True, np.diff(ordered) > 0)]
    few = len(distinct) <= PARTS
    shares = np.arange(1, PARTS) / PARTS
    at = distinct[:-1] if few else np.quantile(ordered, shares, method="inverted_cdf")
    if number.is_date:
        found = [number.threshold(float(cut)) for cut in at]
    else:
        found = [_rounded(float(cut), ordered, 0.0 if few else MOST_MOVED) for cut in at]
    return sorted({cut for cut in found if ordered[0] <= cut < ordered[-1]})


def _rounded(cut: float, ordered: NDArray[np.float64], most_moved: float) -> float:
    """Return the number of the fewest digits that parts nearly the same rows."""
    below = np.searchsorted(ordered, cut, side="right")
    for digits in range(1, 17):
        short = float(f"{cut:.{digits}g}")
        moved = abs(np.searchsorted(ordered, short, side="right") - below)
        if moved <= most_moved * len(ordered):
            return short
    return cut


def _words(column: pd.Series) -> CutColumn:
    codes, values = pd.factorize(column)
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    asked = np.argsort(-counts, kind="stable")[:VALUES_ASKED]
    k = len(asked) + 1
    # The last place is for rows without a value, whose code is -1.
    place = np.full(len(values) + 1, k - 1)
    place[asked] = np.arange(k - 1)
    place[-1] = k
    bare = column.iloc[:0]
    parts = [Part(i, i + 1, Choice(bare, json_value(values[at]))) for i, at in enumerate(asked)]
    return _cut_column(column, place[codes], k, parts, bool((codes < 0).any()))


def _cut_column(
    column: pd.Series, codes: NDArray[np.intp], k: int, parts: list[Part], has_missing: bool
) -> CutColumn:
    """Return the column with codes 0 to k - 1, and k for what is missing."""
    if has_missing:
        parts = [*parts, Part(k, k + 1, Missing(column.iloc[:0]))]
    return CutColumn(str(column.name), codes.astype(np.uint8), k + 1, tuple(parts))
