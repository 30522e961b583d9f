"""Columns of a table: their types, and which say nothing that a model can use."""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import pandas as pd

from further.data.preparation.column_text import is_clock, to_numbers
from further.data.preparation.identifiers import NEARLY_ALL, names_rows
from further.errors import InputError

#: Fewer rows do not show whether every value is different for a reason.
ROWS_TO_JUDGE = 20
#: So many show whether a long column has few distinct values.
SOME_ROWS = 1000
Item = TypeVar("Item")
Result = TypeVar("Result")


def for_each(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Apply a function to several columns or blocks, as many at a time as there are cores.

    Parameters
    ----------
    function : callable
        Whose time goes into NumPy, pandas and Arrow, which let others run meanwhile.
    items : iterable
        What it is applied to.

    Returns
    -------
    list
        In the order of the items.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, items))


def typed_table(frame: pd.DataFrame, *, name: str) -> pd.DataFrame:
    """Return the columns with proper types and text names; nothing is left out.

    Parameters
    ----------
    frame : DataFrame
        Numbers, booleans, categories, dates, text, with missing values.
    name : str
        The file or the data set, for messages.

    Returns
    -------
    DataFrame
        All columns, rows numbered from 0.

    Raises
    ------
    InputError
        For no rows, duplicated names, infinity, nested values and types a model cannot learn.
    """
    frame = _named(frame, name)
    return pd.DataFrame(
        {column: _typed(frame.iloc[:, i], name) for i, column in enumerate(frame.columns)},
        copy=False,
    )


def nearest(wrong: str, known: list[str]) -> str:
    """Return " (did you mean ...?)" for a misspelt name, or nothing.

    Parameters
    ----------
    wrong, known
        The name that was given, and those that there are.

    Returns
    -------
    str
        To be put behind the name.
    """
    lower = {name.lower(): name for name in known}
    match = difflib.get_close_matches(wrong.lower(), list(lower), n=1, cutoff=0.6)
    return f' (did you mean "{lower[match[0]]}"?)' if match else ""


def why_useless(
    column: pd.Series, *, first: bool, several: bool, declared: str | None = None
) -> str | None:
    """Return why no model can use a typed column, or None.

    Parameters
    ----------
    column : Series
        From :func:`typed_table`.
    first : bool
        Whether it is the first of its table, where row numbers commonly stand.
    several : bool
        Whether the table has other columns.
    declared : {"numeric", "categorical", "identifier"} or None
        What the user says that it is.

    Returns
    -------
    str or None
        To be put behind the name of the column.
    """
    if declared == "identifier":
        return "an identifier, as asked"
    present = column.dropna()
    n = len(present)
    if n == 0:
        return "no value in any row"
    if declared is not None or isinstance(column.dtype, pd.CategoricalDtype):
        return None
    name = str(column.name)
    named = names_rows(name)
    if column.dtype.kind in "iuf":
        numbered = name.strip().lower().startswith(("unnamed:", "column_")) or first
        if not several or n < 3 or not (named or (numbered and column.dtype.kind != "f")):
            return None
        numbers = present.to_numpy(dtype=np.float64)
        if numbers[0] in (0, 1) and n == len(column) and (np.diff(numbers) == 1).all():
            return "numbers the rows"
        if not named or (numbers % 1).any():
            return None
        distinct = present.nunique()
        nearly = "" if distinct == n else "nearly "
        return (
            f"an identifier: a number of its own in {nearly}every row"
            if distinct >= NEARLY_ALL * n
            else None
        )
    if column.dtype.kind != "O" or n < ROWS_TO_JUDGE:
        return None
    if n > SOME_ROWS:
        rows = np.random.default_rng(0).choice(n, SOME_ROWS, replace=False)
        # Were more than a fifth of all values distinct, so would be more than a tenth of a sample.
        if present.iloc[rows].nunique() < SOME_ROWS / 10:
            return None
    distinct = present.nunique()
    if distinct <= n / 5 or is_clock(present):
        return None
    if distinct == n or (named and distinct > n / 2):
        return "a different text in every row: an identifier or free text"
    # A seeded sample, since the first rows of a sorted file are all of one kind.
    some = present.sample(min(SOME_ROWS, n), random_state=0)
    words = some.str.count(r"\s+").mean() + 1
    if distinct > n / 2 or words > 6:
        return "free text or names: almost no two rows share a value"
    return None


def is_constant(column: pd.Series) -> bool:
    """Whether all rows hold the same, missing values being one more value."""
    n = len(column)
    some = column.iloc[np.linspace(0, n - 1, min(n, SOME_ROWS), dtype=int)]
    if some.nunique() > 1:
        return False  # without a count of all values
    return int(column.nunique(dropna=False)) == 1


def quoted(names: list[str], most: int = 8) -> str:
    """Return names in quotation marks, the first few of many.

    Parameters
    ----------
    names : list of str
        In order.
    most : int, default=8
        How many are named.

    Returns
    -------
    str
        With how many more there are.
    """
    shown = ", ".join(f'"{name}"' for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def some_columns(items: list[str], most: int = 8) -> str:
    """Return what is said of columns, one by one, the first few of many.

    Parameters
    ----------
    items : list of str
        Names with what is particular to each.
    most : int, default=8
        How many are listed.

    Returns
    -------
    str
        With how many more columns there are.
    """
    more = f" and {len(items) - most} more columns" if len(items) > most else ""
    return ", ".join(items[:most]) + more


def _named(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    if len(frame) == 0 or frame.shape[1] == 0:
        raise InputError(
            f"{name} has {len(frame)} rows and {frame.shape[1]} columns; there is nothing to learn."
        )
    result = frame.reset_index(drop=True)
    names = ["" if column is None else str(column).strip() for column in frame.columns]
    result.columns = [column or f"column_{i + 1}" for i, column in enumerate(names)]
    twice = [column for column, count in Counter(result.columns).items() if count > 1]
    if twice:
        places = [str(i + 1) for i, column in enumerate(result.columns) if column == twice[0]]
        raise InputError(
            f'{name} has the column name "{twice[0]}" more than once (columns '
            f"{' and '.join(places)}); rename one."
        )
    return result


def _typed(column: pd.Series, name: str) -> pd.Series:
    """Return a column of objects with its proper type, and refuse what has none."""
    kind = column.dtype.kind
    if isinstance(column.dtype, pd.CategoricalDtype):
        known = column.cat.categories
        if not all(isinstance(value, str | int | float | bool | np.generic) for value in known):
            return column.cat.rename_categories([str(value) for value in known])
        return column
    if kind == "O" and not isinstance(column.dtype, pd.StringDtype):
        column = _from_objects(column, name)
        kind = column.dtype.kind
    if kind in "cmV" or isinstance(column.dtype, pd.PeriodDtype | pd.IntervalDtype):
        raise InputError(
            f'{name}: the column "{column.name}" has the type {column.dtype}; convert it to '
            "numbers, text or dates."
        )
    if kind == "f":
        numbers = to_numbers(column)
        # The ends are finite where all numbers are; looking at each takes longer.
        ends = np.isfinite(numbers.min()) and np.isfinite(numbers.max())
        if not ends and (infinite := np.isinf(numbers)).any():
            raise InputError(
                f'{name}: the column "{column.name}" has infinity in row {int(infinite.argmax())} '
                f"({int(infinite.sum())} rows in all); leave these values empty or correct them."
            )
    return column


def _from_objects(column: pd.Series, name: str) -> pd.Series:
    present = column.dropna()
    what = pd.api.types.infer_dtype(present)
    if what == "empty":
        return column.astype("float64")
    if what == "boolean":
        return column.astype("bool" if len(present) == len(column) else "boolean")
    if what in ("integer", "floating", "mixed-integer-float", "decimal"):
        numbers = column.where(column.notna(), np.nan).astype("float64")
        return numbers.astype("Int64") if what == "integer" else numbers
    if what in ("datetime", "date", "datetime64"):
        return pd.to_datetime(column)
    nested = present.map(lambda value: isinstance(value, list | dict | set | tuple | np.ndarray))
    if nested.any():
        raise InputError(
            f'{name}: the column "{column.name}" holds a {type(present[nested].iloc[0]).__name__} '
            f"in row {present.index[int(nested.argmax())]}; a table has one number or word a cell."
        )
    if what == "string":
        return column
    return column.where(column.isna(), column.map(str))
