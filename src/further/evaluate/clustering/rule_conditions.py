r"""The conditions of a rule, in words and as a test of rows.

A path through a tree asks about a column more than once; what it asks comes to one condition a
column: a range :math:`l < x \le h` of numbers, or a category that the value is or is not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.data.preparation.column_text import (
    SECONDS_A_DAY,
    column_kind,
    decimals_of,
    json_value,
    numbers_of,
    write_days,
    write_in_line,
)

#: A threshold is written with as many significant digits, or more where fewer would move a row.
DIGITS = 3
MOST_DECIMALS = 12


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers or dates, of which thresholds are asked."""

    name: Annotated[str, "The column."]
    values: Annotated[NDArray[np.float64], "Shape (n,); NaN is missing, dates are in days."]
    decimals: Annotated[int | None, "How the source rounds."]
    is_date: Annotated[bool, "Whether the numbers are days."]

    @classmethod
    def of(cls, column: pd.Series) -> NumberColumn:
        """Read a column of a typed table."""
        values = numbers_of(column)
        return cls(str(column.name), values, decimals_of(values), column_kind(column) == "M")

    @property
    def has_missing(self) -> bool:
        """Whether a value is missing in any row."""
        return bool(np.isnan(self.values).any())

    def threshold(self, found: float) -> float:
        """Return a short number that parts the rows as this one does.

        For values of so many decimals the number rounded down to as many parts them alike, whether
        they were seen or not.
        """
        if not math.isfinite(found):
            return found
        if self.is_date:
            if self.decimals == 0:
                return math.floor(found)
            return math.floor(found * SECONDS_A_DAY) / SECONDS_A_DAY
        with np.errstate(invalid="ignore"):
            below = self.values[self.values <= found]
            above = self.values[self.values > found]
        low = float(below.max()) if len(below) else -math.inf
        high = float(above.min()) if len(above) else math.inf
        size = math.floor(math.log10(abs(found))) if found else 0
        first = max(0, DIGITS - 1 - size)
        last = MOST_DECIMALS if self.decimals is None else self.decimals
        for decimals in range(min(first, last), last + 1):
            # A value that lies on its own grid must not fall below it by a rounding error.
            short = math.floor(found * 10**decimals + 1e-9) / 10**decimals
            if low <= short < high:
                return short
        return found

    def write(self, threshold: float) -> str:
        """Return a threshold as text."""
        if not self.is_date:
            return f"{threshold:.15g}"
        if self.decimals == 0:
            return write_days(threshold)
        seconds = round(threshold * SECONDS_A_DAY)
        return str(np.datetime64(seconds, "s")).replace("T", " ")


@dataclass(frozen=True)
class Range:
    """Numbers above one limit and up to another."""

    column: Annotated[NumberColumn, "Where."]
    low: Annotated[float, "The value is above this; infinite for no limit."] = -math.inf
    high: Annotated[float, "The value is at most this; infinite for no limit."] = math.inf
    missing: Annotated[bool, "Whether a missing value passes."] = True

    def narrowed(self, *, left: bool, threshold: float, missing: bool) -> Range:
        """Return the part of the range on one side of another question.

        Parameters
        ----------
        left : bool
            Whether the side is that of values up to the threshold rather than above it.
        threshold : float
            Where the question divides the values.
        missing : bool
            Whether a missing value takes this side.

        Returns
        -------
        Range
            The part.
        """
        low = self.low if left else max(self.low, threshold)
        high = min(self.high, threshold) if left else self.high
        return Range(self.column, low, high, self.missing and missing)

    def on(self, column: pd.Series) -> Range:
        """Return the same condition of the same column in other rows."""
        return replace(self, column=replace(self.column, values=numbers_of(column)))

    def holds(self) -> NDArray[np.bool_]:
        """Return which rows pass."""
        values = self.column.values
        absent = np.isnan(values)
        inside = (values > self.low) & (values <= self.high)
        return (absent & self.missing) | (~absent & inside)

    def __str__(self) -> str:
        name, low, high = self.column.name, self.low, self.high
        optional = self.missing and self.column.has_missing
        if low == math.inf:
            return f"{name} is missing"
        if math.isinf(low) and math.isinf(high):
            return f"{name} is there" if not optional else f"{name} is anything"
        if math.isinf(low):
            text = f"{name} <= {self.column.write(high)}"
        elif math.isinf(high):
            text = f"{name} > {self.column.write(low)}"
        else:
            text = f"{self.column.write(low)} < {name} <= {self.column.write(high)}"
        return f"({text} or missing)" if optional else text


@dataclass(frozen=True)
class Choice:
    """A category that the value is, or some that it is not."""

    column: Annotated[pd.Series, "Where."]
    value: Annotated[Any, "What it is."] = None
    excluded: Annotated[tuple[Any, ...], "What it is not, where nothing says what it is."] = ()

    def narrowed(self, value: Any, *, equal: bool) -> Choice:
        """Return the choice that is left once the value is said to be this one, or not to be it.

        Parameters
        ----------
        value : object
            A category.
        equal : bool
            Whether the value is this one.

        Returns
        -------
        Choice
            What is left.
        """
        if equal:
            return Choice(self.column, value)
        if self.value is not None:
            return self
        present = [json_value(known) for known in self.column.dropna().unique()]
        excluded = (*self.excluded, value)
        left = [known for known in present if known not in excluded]
        if len(left) == 1 and not self.column.isna().any():
            return Choice(self.column, left[0])
        return Choice(self.column, None, excluded)

    def on(self, column: pd.Series) -> Choice:
        """Return the same condition of the same column in other rows."""
        return replace(self, column=column)

    def holds(self) -> NDArray[np.bool_]:
        """Return which rows pass."""
        if self.value is not None:
            return _equals(self.column, self.value)
        passed = np.ones(len(self.column), dtype=bool)
        for value in self.excluded:
            passed &= ~_equals(self.column, value)
        return passed

    def __str__(self) -> str:
        name = self.column.name
        if self.value is not None:
            return f"{name} is {write_in_line(self.value)}"
        if len(self.excluded) == self.column.nunique():
            return f"{name} is missing"
        return f"{name} is not {' or '.join(map(write_in_line, self.excluded))}"


@dataclass(frozen=True)
class Missing:
    """A value that is not there, of any kind of column."""

    column: Annotated[pd.Series, "Where."]

    def on(self, column: pd.Series) -> Missing:
        """Return the same condition of the same column in other rows."""
        return replace(self, column=column)

    def holds(self) -> NDArray[np.bool_]:
        """Return which rows pass."""
        return self.column.isna().to_numpy(dtype=bool)

    def __str__(self) -> str:
        return f"{self.column.name} is missing"


def rule_text(paths: Sequence[Sequence[Range | Choice]]) -> str:
    """Write alternatives of conditions that hold together.

    Examples
    --------
    >>> size = NumberColumn.of(pd.Series([1, 2, 9], name="size"))
    >>> colour = Choice(pd.Series(["red", "blue", "red"], name="colour"), "red")
    >>> rule_text([[Range(size, high=2), colour], [Range(size, low=2)]])
    '(size <= 2 and colour is red) or size > 2'
    """
    written = [" and ".join(str(condition) for condition in path) for path in paths]
    if len(written) == 1:
        return written[0] or "every row"
    several = [len(path) > 1 for path in paths]
    return " or ".join(
        f"({text})" if many else text for text, many in zip(written, several, strict=True)
    )


def _equals(column: pd.Series, value: Any) -> NDArray[np.bool_]:
    # Compared once for each distinct value; a million rows have few.
    codes, distinct = pd.factorize(column)
    same = np.array([*(json_value(known) == value for known in distinct), False], dtype=bool)
    return same[codes]
