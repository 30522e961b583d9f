"""What a user says that columns are, and a table that is so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from further.data.preparation.column_text import column_kind, write_value
from further.data.preparation.columns import nearest, quoted
from further.data.preparation.missing_values import MissingValues
from further.errors import InputError

DECLARATIONS = ("categorical", "numeric", "identifier")


def declare(options: Mapping[str, Any]) -> dict[str, str]:
    """Return what each column is said to be.

    Parameters
    ----------
    options : mapping
        With lists of columns under "categorical", "numeric" and "identifier".

    Returns
    -------
    dict
        One of these words for each column.

    Raises
    ------
    InputError
        If a column is said to be two things.
    """
    declared: dict[str, str] = {}
    for what in DECLARATIONS:
        columns = options.get(what) or ()
        for name in [columns] if isinstance(columns, str) else columns:
            if name in declared:
                raise InputError(
                    f'"{name}" cannot be both {declared[name]} and {what}; leave out one of them.'
                )
            declared[str(name)] = what
    return declared


def as_declared(
    frame: pd.DataFrame, place: str, declared: Mapping[str, str], missing: MissingValues
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a table with columns of the declared types, and say what became missing.

    Parameters
    ----------
    frame : DataFrame
        From :func:`further.data.preparation.columns.typed_table`.
    place : str
        What to call it in messages.
    declared : mapping of str to str
        From :func:`declare`.
    missing : MissingValues
        What stands for a missing value.

    Returns
    -------
    frame, notes
        Numbers of columns that are numeric, categories of those that are categorical, and
        sentences.

    Raises
    ------
    InputError
        If there is no such column.
    """
    known = list(frame.columns)
    for name in (*declared, *missing.by_column):
        if name not in known:
            raise InputError(
                f'{place} has no column "{name}"{nearest(name, known)}; its columns are '
                f"{quoted(known, most=20)}."
            )
    notes: list[str] = []
    frame, masked = missing.mask(frame)
    notes += masked
    columns: dict[str, pd.Series] = {}
    for name, column in ((str(name), column) for name, column in frame.items()):
        what = declared.get(name)
        if what == "categorical":
            columns[name] = column.map(write_value, na_action="ignore").astype("category")
        elif what == "numeric" and column_kind(column) not in "biufM":
            numbers = pd.to_numeric(column.astype(object), errors="coerce").astype("float64")
            lost = int((numbers.isna() & column.notna()).sum())
            if lost:
                notes.append(
                    f'"{name}": {lost:,} values that are no numbers are missing, as asked.'
                )
            columns[name] = numbers
        else:
            columns[name] = column
    for what in DECLARATIONS:
        names = [name for name, said in declared.items() if said == what]
        if names:
            notes.append(f"{what.capitalize()}, as asked: {quoted(names)}.")
    return pd.DataFrame(columns), tuple(notes)
