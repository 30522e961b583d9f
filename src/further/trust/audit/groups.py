"""Groups of rows: those of each named column, and those of their intersections.

A row without a value belongs to a group of its own: whom nobody recorded is somebody too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.data.preparation.columns import nearest, quoted
from further.errors import InputError

MISSING = "(missing)"
#: A column of numbers with more distinct ones is cut into quarters.
MOST_NUMBERS = 20
MOST_GROUPS = 200
#: Up to here each whole number is a float of its own.
EXACT_INTEGERS = 2**53


@dataclass(frozen=True, eq=False)
class Family:
    """Groups that divide all rows: by one column, or by several at once."""

    columns: Annotated[tuple[str, ...], "What it divides by."]
    groups: Annotated[tuple[dict[str, str], ...], "Each group: column to value."]
    codes: Annotated[NDArray[np.int64], "The group of each row, (n,)."]
    asked: Annotated[tuple[str, ...], "What asks for the same groups again, as age:25,45."] = ()

    @property
    def name(self) -> str:
        """The columns in words."""
        return " and ".join(self.columns)

    def rows(self) -> NDArray[np.int64]:
        """Return the number of rows of each group."""
        return np.bincount(self.codes, minlength=len(self.groups))

    def take(self, kept: NDArray[np.bool_]) -> Family:
        """Return the family of some of the rows; groups without a row stay."""
        return replace(self, codes=self.codes[kept])


def named(group: dict[str, str]) -> str:
    """Write a group as it stands in a sentence or a table."""
    return ", ".join(group.values()) or "all rows"


def families(
    frame: pd.DataFrame, wanted: Sequence[str], place: str
) -> tuple[list[Family], tuple[str, ...]]:
    """Return the groups by each column, and by all of them at once where there are several.

    Parameters
    ----------
    frame : DataFrame
        With the columns.
    wanted : sequence of str
        Names of columns; ``age:25,45`` cuts the numbers of a column at 25 and 45.
    place : str
        Where the table comes from, for messages.

    Returns
    -------
    families, notes
        What was cut, and how many rows have no value.

    Raises
    ------
    InputError
        For a column that is not there, a cut that is none, and too many groups.

    Examples
    --------
    >>> table = pd.DataFrame({"sex": ["f", "m", None], "age": [20, 30, 50]})
    >>> found, notes = families(table, ["sex", "age:40"], "table")
    >>> [group for family in found for group in family.groups][:4]
    [{'sex': '(missing)'}, {'sex': 'f'}, {'sex': 'm'}, {'age': 'below 40'}]
    """
    each: list[tuple[str, str, pd.Series]] = []
    notes: list[str] = []
    for text in dict.fromkeys(wanted):
        name, cuts = _named_and_cut(frame, text, place)
        if name in (known for known, *_ in each):
            raise InputError(f'{place}: the groups name the column "{name}" twice; name it once.')
        column = frame[name]
        if cuts is None and _is_quantity(column):
            quarters = column.dropna().astype(float).quantile([0.25, 0.5, 0.75])
            cuts = sorted(set(quarters.tolist()))
            told = _asked(name, cuts)
            notes.append(
                f'"{name}" has {column.nunique():,} distinct numbers and was cut into quarters; '
                f"--group {told} names these cuts, or give your own."
            )
        absent = int(column.isna().sum())
        if absent:
            notes.append(f'{absent:,} rows without "{name}" are the group {MISSING}.')
        values = _grouped(column, name, cuts, place)
        each.append((name, _asked(name, cuts), values))
    found = [_family([one], place) for one in each]
    if len(each) > 1:
        found.append(_family(each, place))
    return found, tuple(notes)


def _asked(name: str, cuts: Sequence[float] | None) -> str:
    return name if cuts is None else f"{name}:{','.join(map(word_of, cuts))}"


def is_number(column: pd.Series) -> bool:
    """Whether a column holds numbers; truth values are none."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _is_quantity(column: pd.Series) -> bool:
    return is_number(column) and column.nunique() > MOST_NUMBERS


def split_wanted(text: str | None) -> list[str]:
    """Return the columns of ``race,age:25,45``: numbers after a colon are its cuts.

    Parameters
    ----------
    text : str or None
        As typed.

    Returns
    -------
    list of str
        Such as ``["race", "age:25,45"]``.
    """
    found: list[str] = []
    for part in (text or "").split(","):
        if found and ":" in found[-1] and _number(part) is not None:
            found[-1] += f",{part.strip()}"
        elif part.strip():
            found.append(part.strip())
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _named_and_cut(frame: pd.DataFrame, text: str, place: str) -> tuple[str, list[float] | None]:
    names = [str(column) for column in frame.columns]
    if text in names:
        return text, None
    name, colon, cuts = text.rpartition(":")
    if colon and name in names:
        numbers = [_number(cut) for cut in cuts.split(",")]
        if not all(number is not None and np.isfinite(number) for number in numbers):
            raise InputError(
                f'"{text}": "{cuts}" are no numbers to cut "{name}" at; write {name}:25,45.'
            )
        return name, sorted({float(number) for number in numbers if number is not None})
    alike = [column for column in names if column.strip().lower() == text.lower()]
    if len(alike) == 1:
        return alike[0], None
    raise InputError(
        f'{place} has no column "{text}" for the groups{nearest(text, names)}; its columns are '
        f"{quoted(names, most=20)}."
    )


def _grouped(column: pd.Series, name: str, cuts: list[float] | None, place: str) -> pd.Series:
    if cuts is not None and not is_number(column):
        raise InputError(f'{place}: "{name}" holds words, which cannot be cut at numbers.')
    if cuts is not None:
        return _cut(column, cuts)
    if column.nunique() > MOST_GROUPS:
        raise InputError(
            f'{place}: "{name}" has {column.nunique():,} distinct values; groups are at most '
            f"{MOST_GROUPS}, so name a column with fewer."
        )
    plain = column.astype(object)
    words = plain.map({value: word_of(value) for value in column.dropna().unique()})
    return words.fillna(MISSING).astype("category")


def word_of(value: Any) -> str:
    """Write a value of a column as a word that no other value has.

    Parameters
    ----------
    value : object
        A number, a truth value, a date or a word.

    Returns
    -------
    str
        Whole numbers without a decimal point, days without their midnight.

    Examples
    --------
    >>> word_of(1.0), word_of(1234567), word_of(0.1), word_of(True)
    ('1', '1234567', '0.1', 'True')
    """
    if isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_):
        number = float(value)
        is_whole = number.is_integer() and abs(number) < EXACT_INTEGERS
        return str(int(value)) if is_whole else repr(number)
    if isinstance(value, datetime):
        return value.isoformat().removesuffix("T00:00:00")
    return str(value)


def _cut(column: pd.Series, cuts: list[float]) -> pd.Series:
    values = column.astype(float).to_numpy(dtype=np.float64, na_value=np.nan)
    names = [f"below {word_of(cuts[0])}"]
    names += [f"{word_of(low)} to below {word_of(high)}" for low, high in pairwise(cuts)]
    names.append(f"{word_of(cuts[-1])} or more")
    codes = np.searchsorted(cuts, values, side="right")
    codes[np.isnan(values)] = len(names)
    return pd.Series(pd.Categorical.from_codes(codes.tolist(), pd.Index([*names, MISSING])))


def _family(each: Sequence[tuple[str, str, pd.Series]], place: str) -> Family:
    columns, asked, values = zip(*each, strict=True)
    width = [len(column.cat.categories) for column in values]
    combined = np.zeros(len(values[0]), dtype=np.int64)
    for column, n in zip(values, width, strict=True):
        combined = combined * n + column.cat.codes.to_numpy()
    occurring, codes = np.unique(combined, return_inverse=True)
    if len(occurring) > MOST_GROUPS:
        raise InputError(
            f"{place}: {' and '.join(columns)} make {len(occurring):,} groups, more than "
            f"{MOST_GROUPS}; name fewer columns, or ones with fewer values."
        )
    groups = []
    for code in occurring:
        group: dict[str, str] = {}
        for name, column, n in reversed(list(zip(columns, values, width, strict=True))):
            code, place_of = divmod(int(code), n)
            group[name] = str(column.cat.categories[place_of])
        groups.append({name: group[name] for name in columns})
    return Family(tuple(columns), tuple(groups), codes.ravel().astype(np.int64), tuple(asked))
