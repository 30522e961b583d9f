"""Columns of a table: what each is, which a model can use, and which holds the label."""

from __future__ import annotations

import difflib
from collections import Counter

import numpy as np
import pandas as pd

from further.data.arrays import is_quantity
from further.errors import InputError

#: Names under which tables commonly keep the label, in the order in which they are looked for.
TARGET_NAMES = (
    "class", "target", "label", "labels", "species", "type", "category", "outcome", "diagnosis",
    "y",
)  # fmt: skip
IDENTIFIER_NAMES = ("id", "idx", "index", "key", "uuid", "guid", "row", "row_number", "record")
#: Fewer rows do not show whether every value is different for a reason.
ROWS_TO_JUDGE = 20
MOST_CLASSES_GUESSED = 20


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
        {column: _typed(frame.iloc[:, i], name) for i, column in enumerate(frame.columns)}
    )


def tidy_table(
    frame: pd.DataFrame, *, name: str, keep: tuple[str | None, ...] = ()
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the columns that a model can use, with proper types, and say what was left out.

    An identifier that looks like a measurement stays.

    Parameters
    ----------
    frame, name
        As in :func:`typed_table`.
    keep : tuple of str or None
        Columns that are not judged: the label, the groups.

    Returns
    -------
    frame, notes
        The columns of use, with those of ``keep``, and sentences.

    Raises
    ------
    InputError
        For no rows, duplicated names, infinity, nested values, and if no column is left.
    """
    frame = typed_table(frame, name=name)
    left_out: dict[str, list[str]] = {}
    features: list[str] = []
    for i, column in enumerate(frame.columns):
        if column not in keep:
            reason = why_useless(frame[column], first=i == 0, several=frame.shape[1] > 1)
            if reason is None:
                features.append(column)
            else:
                left_out.setdefault(reason, []).append(column)
    if not features:
        raise InputError(
            f"{name} has no column that a model can use: "
            + "; ".join(f"{quoted(names)}: {reason}" for reason, names in left_out.items())
            + "."
        )
    notes = [f"Left out: {quoted(names)} ({reason})." for reason, names in left_out.items()]
    constant = [c for c in features if frame[c].nunique(dropna=False) == 1]
    if len(constant) == len(features) and len(frame) > 1:
        raise InputError(
            f"{name} has no column that varies, so there is nothing to learn from its {len(frame)} "
            "rows."
        )
    if constant and len(frame) > 1:
        notes.append(f"Constant, so always generated as it is: {quoted(constant)}.")
    return frame.drop(columns=[c for names in left_out.values() for c in names]), tuple(notes)


def choose_target(
    frame: pd.DataFrame, name: str, asked: str | None
) -> tuple[str | None, tuple[str, ...]]:
    """Return the column that holds the label, or None, and a note that says why.

    Parameters
    ----------
    frame, name
        As in :func:`typed_table`.
    asked : str or None
        What the user wants; "none" for no label. Without it: a column with a customary name
        (class, target, label, species, type, y, ...), else the last column if it holds a few
        words, booleans or just two numbers.

    Returns
    -------
    column, notes
        The name of the column, and why it is one.

    Raises
    ------
    InputError
        If there is no such column.
    """
    names = [str(column) for column in frame.columns]
    if asked is not None:
        return _asked_target(names, str(asked), name)
    lower = {column.strip().lower(): column for column in reversed(names)}
    for customary in TARGET_NAMES:
        found = lower.get(customary)
        if found is None or len(names) == 1:
            continue
        column = frame[found]
        distinct = column.dropna().unique()
        if len(distinct) > 1 and not is_quantity(distinct, len(column)):
            return found, (
                f'The label is the column "{found}", judging by its name; target="none" makes it '
                "an ordinary column.",
            )
    last = frame.iloc[:, -1]
    if len(names) > 1 and _looks_like_classes(last):
        return names[-1], (
            f'The label is the last column, "{names[-1]}", which holds {last.nunique()} classes; '
            'target="none" makes it an ordinary column.',
        )
    return None, ("No column looks like a label; target=COLUMN names one.",)


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


def why_useless(column: pd.Series, *, first: bool, several: bool) -> str | None:
    """Return why no model can use a typed column, or None.

    Parameters
    ----------
    column : Series
        From :func:`typed_table`.
    first : bool
        Whether it is the first of its table, where row numbers commonly stand.
    several : bool
        Whether the table has other columns.

    Returns
    -------
    str or None
        To be put behind the name of the column.
    """
    present = column.dropna()
    n, distinct = len(present), present.nunique()
    if n == 0:
        return "no value in any row"
    if isinstance(column.dtype, pd.CategoricalDtype):
        return None
    customary = str(column.name).strip().lower().replace(" ", "_")
    named = customary in IDENTIFIER_NAMES or customary.endswith("_id")
    numbered = customary.startswith(("unnamed:", "column_")) or first
    if column.dtype.kind in "iu":
        if not several or distinct < len(column) or n < 3:
            return None
        counts_up = bool((np.diff(present.to_numpy(dtype=np.int64)) == 1).all())
        starts = int(present.iloc[0]) in (0, 1)
        if named or (counts_up and starts and numbered):
            return "numbers the rows"
        return None
    if column.dtype.kind != "O" or n < ROWS_TO_JUDGE:
        return None
    if distinct == n or (named and distinct > n / 2):
        return "a different text in every row: an identifier or free text"
    # A seeded sample, since the first rows of a sorted file are all of one kind.
    some = present.sample(min(1000, len(present)), random_state=0)
    words = some.str.count(r"\s+").mean() + 1
    if distinct > n / 2 or (words > 6 and distinct > n / 5):
        return "free text or names: almost no two rows share a value"
    return None


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


def _asked_target(names: list[str], asked: str, name: str) -> tuple[str | None, tuple[str, ...]]:
    if asked in names:
        return asked, (f'The label is the column "{asked}", as asked.',)
    alike = [column for column in names if column.strip().lower() == asked.strip().lower()]
    if len(alike) == 1:
        return alike[0], (f'The label is the column "{alike[0]}", as asked.',)
    if asked.strip().lower() in ("none", ""):
        return None, ("No column is the label, as asked.",)
    raise InputError(
        f'{name} has no column "{asked}" for the label{nearest(asked, names)}; its columns are '
        f"{quoted(names, most=20)}."
    )


def _looks_like_classes(column: pd.Series) -> bool:
    distinct = column.dropna().unique()
    if len(distinct) == 2:
        return True
    words = not pd.api.types.is_numeric_dtype(column) and column.dtype.kind not in "Mm"
    few = 2 < len(distinct) <= MOST_CLASSES_GUESSED
    return words and few and not is_quantity(distinct, len(column))


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
        infinite = np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan))
        if infinite.any():
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
