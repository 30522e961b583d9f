"""Columns of one table with the types of another, so that both can be set side by side.

Readers of files guess types file by file: the same column may come as whole numbers from one and as
text from the other. Here the table that is looked up to decides, and what cannot be converted is
refused with its place.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype

from further.data.preparation.column_text import column_kind, json_value, to_numbers, write_value
from further.data.preparation.columns import nearest, some_columns
from further.errors import InputError

_What = Literal["numbers", "dates", "truth values", "text", "categories"]
_TRUTH = {"true": True, "false": False, "1": True, "0": False}


def conform(table: pd.DataFrame, like: pd.DataFrame, place: str, reference: str) -> pd.DataFrame:
    """Return the columns of a table that another one has, in its order and with its types.

    When to use: on rows that come from elsewhere, before they are encoded as the other rows are.
    When it fails: what was rounded, or written in another unit, is not seen.

    Parameters
    ----------
    table : DataFrame
        The rows, with at least these columns.
    like : DataFrame
        Rows whose columns and types are asked for.
    place, reference : str
        What to call the two tables in messages.

    Returns
    -------
    DataFrame
        Numbers, dates, truth values, text or categories as in ``like``; numbers that are not whole
        stay what they are, and so do categories that ``like`` does not know.

    Raises
    ------
    InputError
        For a column that is missing, and for a value that has no meaning in its column.

    Examples
    --------
    >>> like = pd.DataFrame({"age": [30, 40], "code": ["7", "8b"]})
    >>> table = pd.DataFrame({"code": [7, 9], "age": ["31", "29"], "more": [0, 0]})
    >>> conform(table, like, "new rows", "the training rows").to_dict("list")
    {'age': [31, 29], 'code': ['7', '9']}
    """
    absent = [str(name) for name in like if name not in table]
    if absent:
        raise InputError(
            f'{place} has no column "{absent[0]}"{nearest(absent[0], list(table.columns))}, which '
            f"{reference} has; give the same columns."
        )
    return pd.DataFrame(
        {name: _conform(table[name], column, place, reference) for name, column in like.items()}
    )


def departures(table: pd.DataFrame, like: pd.DataFrame, reference: str) -> tuple[str, ...]:
    """Say what a conforming table holds that the other one never does.

    Parameters
    ----------
    table, like : DataFrame
        From :func:`conform`, and what it was given.
    reference : str
        What to call ``like``.

    Returns
    -------
    tuple of str
        A sentence each for values that an encoding of ``like`` does not know, for empty cells where
        ``like`` has none, and for numbers that are not whole as those of ``like`` are.

    Examples
    --------
    >>> like = pd.DataFrame({"age": [30, 40, 50], "pet": ["cat", "dog", "cat"]})
    >>> table = pd.DataFrame({"age": [30.5, 31.0], "pet": ["cat", "eel"]})
    >>> for sentence in departures(table, like, "train.csv"):
    ...     print(sentence)
    Values that train.csv never has: "pet" ("eel", 1 row); distances take each for a known one.
    Not whole numbers as in train.csv: "age" (1 row).
    """
    unknown: list[str] = []
    empty: list[str] = []
    broken: list[str] = []
    for name, column in like.items():
        known, given = column.dropna(), table[name].dropna()
        if not _is_quantity(known):
            codes, distinct = pd.factorize(given)
            seen = {write_value(value) for value in known.unique()}
            new = np.array([write_value(value) not in seen for value in distinct], dtype=bool)
            if new.any():
                example = write_value(distinct[int(new.argmax())])
                n = int(new.sum())
                others = f" and {n - 1} more" if n > 1 else ""
                unknown.append(f'"{name}" ("{example}"{others}, {_rows(new[codes].sum())})')
        elif column_kind(known) != "M":
            odd = (to_numbers(given) % 1 != 0).sum()
            if odd and not (to_numbers(known) % 1).any():
                broken.append(f'"{name}" ({_rows(odd)})')
        if len(known) == len(column) and len(given) < len(table):
            empty.append(f'"{name}" ({_rows(len(table) - len(given))})')
    told = (
        ("Values that {} never has: {}; distances take each for a known one.", unknown),
        ("Empty where {} never is: {}; distances take the median or the most frequent value.",
         empty),
        ("Not whole numbers as in {}: {}.", broken),
    )  # fmt: skip
    return tuple(text.format(reference, some_columns(names)) for text, names in told if names)


def _conform(column: pd.Series, like: pd.Series, place: str, reference: str) -> pd.Series:
    wanted = _what(like)
    if wanted == "numbers":
        found = _numbers(column, like)
    elif wanted == "dates":
        found = _dates(column, like)
    elif wanted == "truth values":
        found = _truth_values(column)
    else:
        found = column.map(lambda value: write_value(json_value(value)), na_action="ignore")
        _refuse_other_words(found, like, place, reference)
        if wanted == "categories":
            return _categories(found, like)
        return found.astype(like.dtype)
    lost = (found.isna() & column.notna()).to_numpy()
    if lost.any():
        row = int(lost.argmax())
        raise InputError(
            f'{place}: the column "{column.name}" holds {json_value(column.iloc[row])!r} in row '
            f"{row}, where {reference} holds {wanted}; correct it, or leave it empty."
        )
    return found


def _refuse_other_words(words: pd.Series, like: pd.Series, place: str, reference: str) -> None:
    """Refuse a column of which no value is known: it is coded in another way."""
    given, known = words.dropna().unique(), like.dropna().unique()
    known = np.array([write_value(value) for value in known])
    if len(given) and len(known) and not np.isin(given.astype(str), known).any():
        raise InputError(
            f'{place}: no value of "{words.name}" ("{given[0]}" and so on) is one that {reference} '
            f'has ("{known[0]}" and so on); write them as there.'
        )


def _what(column: pd.Series) -> _What:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "categories"
    if is_bool_dtype(column):
        return "truth values"
    kinds: dict[str, _What] = {"M": "dates", "i": "numbers", "u": "numbers", "f": "numbers"}
    return kinds.get(column_kind(column), "text")


def _is_quantity(known: pd.Series) -> bool:
    """Whether a column is encoded by its size: two numbers are encoded as two categories."""
    what = _what(known)
    return what == "dates" or (what == "numbers" and known.nunique() != 2)


def _numbers(column: pd.Series, like: pd.Series) -> pd.Series:
    given = _what(column)
    if given == "dates":
        return pd.Series(np.nan, index=column.index)
    if given in ("text", "categories"):
        column = pd.to_numeric(column.astype(object), errors="coerce")
    numbers = pd.Series(column.to_numpy(dtype=np.float64, na_value=np.nan), index=column.index)
    if column_kind(like) == "f" or (numbers.dropna() % 1).any():
        return numbers
    return numbers.astype("Int64" if numbers.isna().any() else "int64")


def _dates(column: pd.Series, like: pd.Series) -> pd.Series:
    if _what(column) in ("numbers", "truth values"):
        return pd.Series(pd.NaT, index=column.index, dtype="datetime64[s]")
    zone = like.dt.tz
    moments = pd.to_datetime(column.astype(object), errors="coerce", utc=True)
    return moments.dt.tz_convert(zone) if zone is not None else moments.dt.tz_localize(None)


def _truth_values(column: pd.Series) -> pd.Series:
    words = column.map(lambda value: write_value(json_value(value)).lower(), na_action="ignore")
    truth = words.map(_TRUTH).astype("boolean")
    return truth if truth.isna().any() else truth.astype("bool")


def _categories(words: pd.Series, like: pd.Series) -> pd.Series:
    """Return the categories that words stand for; with unknown ones among them, plain objects."""
    known: dict[str, Any] = {write_value(value): value for value in like.cat.categories}
    values = words.map(lambda word: known.get(word, word), na_action="ignore").astype(object)
    return values.astype(like.dtype) if words.dropna().isin(list(known)).all() else values


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n:,} rows"
