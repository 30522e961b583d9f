"""What each column of a table is, whether it takes part in a clustering, and why.

Numbers, dates (as days), ordered categories (as ranks) and columns of two values are numeric;
texts and unordered categories have no order, so they are categorical. What says nothing about
which rows are alike is left out: a constant, a column without values or with few, an identifier,
free text, and categories so many that they say which rows are equal rather than alike.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from further.data.preparation.column_text import column_kind, is_clock
from further.data.preparation.columns import ROWS_TO_JUDGE, quoted, why_useless
from further.data.preparation.copies import copies

#: A column with a larger share of missing values is left out.
MOST_MISSING = 0.5
#: A column with more categories, or with fewer rows a category on average, is left out.
MOST_CATEGORIES = 100
ROWS_A_CATEGORY = 3
#: Whole numbers are categories where the name ends so and there are at most that many values.
CODE_NAMES = ("code", "category", "kind", "type", "class", "group", "cluster")
MOST_CODES = 20
LATITUDES = ("lat", "latitude")
LONGITUDES = ("lon", "lng", "long", "longitude")


@dataclass(frozen=True)
class ColumnDecision:
    """What was decided about a column.

    Attributes
    ----------
    name : str
        The column.
    type : str
        "number", "binary", "category", "date", "time", "coordinate", "constant", "identifier",
        "text", "copy" or "empty".
    used : bool
        Whether it takes part.
    role : {"numeric", "categorical"} or None
        How it takes part.
    missing, distinct : int
        Rows without a value, and different values.
    scale : {"none", "standard", "robust"} or None
        How its numbers are scaled: less ``center``, divided by ``spread``.
    center, spread : float or None
        In the unit of the column; dates in days since 1970-01-01, ordered categories in ranks.
    fill : float or None
        What stands in for a missing number, in the same unit.
    why : str
        A sentence.
    """

    name: str
    type: str
    used: bool
    role: str | None
    missing: int
    distinct: int
    why: str
    scale: str | None = None
    center: float | None = None
    spread: float | None = None
    fill: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return dataclasses.asdict(self)


def decide_columns(
    frame: pd.DataFrame,
    asked: Collection[str] | None,
    categories: Collection[str],
    declared: Mapping[str, str],
) -> list[ColumnDecision]:
    """Decide what each column of a typed table is; scales are for later.

    Parameters
    ----------
    frame : DataFrame
        From :func:`further.data.preparation.columns.typed_table`.
    asked : collection of str or None
        The only columns to use. What the user names is used although it looks like an identifier,
        has many categories or many missing values; a column without two different values is not.
    categories : collection of str
        Columns whose numbers are names of categories.
    declared : mapping of str to {"numeric", "categorical", "identifier"}
        What the user says that columns are.

    Returns
    -------
    list of ColumnDecision
        One a column, in the order of the table.
    """
    decisions = []
    for place, name in enumerate(frame.columns):
        column = frame[name]
        said = "categorical" if name in categories else declared.get(name)
        judged = _judge(column, place == 0, frame.shape[1] > 1, said)
        wanted = asked is not None and name in asked
        if asked is not None and not wanted:
            judged = dataclasses.replace(judged, used=False, why="Not among the columns asked for.")
        elif judged.used or wanted:
            judged = _keep(judged, column, wanted or said in ("categorical", "numeric"))
        decisions.append(judged if judged.used else dataclasses.replace(judged, role=None))
    decisions = _without_copies(decisions, frame, asked or ())
    decisions = _with_coordinates(decisions, frame)
    if not any(line.used and line.role == "categorical" for line in decisions):
        return decisions
    # One rule for yes and no as for 0 and 1: beside categories both are categories.
    return [
        dataclasses.replace(
            line, role="categorical", why="Two values, a category like others here."
        )
        if line.used and line.type == "binary"
        else line
        for line in decisions
    ]


def coordinate_names(decisions: list[ColumnDecision]) -> tuple[str, str] | None:
    """Return the names of latitude and longitude, if both take part."""
    names = [line.name for line in decisions if line.used and line.type == "coordinate"]
    if len(names) != 2:
        return None
    return (names[0], names[1]) if _ends(names[0], LATITUDES) else (names[1], names[0])


def decision_notes(decisions: list[ColumnDecision], n: int) -> list[str]:
    """Say what was decided about the columns of a table.

    Parameters
    ----------
    decisions : list of ColumnDecision
        One a column.
    n : int
        Number of rows.

    Returns
    -------
    list of str
        In sentences.
    """
    used = [line for line in decisions if line.used]
    numeric = [line for line in used if line.role == "numeric"]
    categorical = [line.name for line in used if line.role == "categorical"]
    what = [_counted(len(numeric), "as a number", "as numbers")] if numeric else []
    if categorical:
        said = _counted(len(categorical), "as a category", "as categories")
        what.append(f"{said} ({quoted(categorical)})")
    notes = [f"{n:,} rows; {len(used)} of {len(decisions)} columns take part, {', '.join(what)}."]
    reasons: dict[str, list[str]] = {}
    for line in decisions:
        if not line.used:
            reasons.setdefault(line.why[:-1], []).append(line.name)
    notes += [f"Left out: {quoted(names)} ({why})." for why, names in reasons.items()]
    notes += [
        f'"{line.name}": {line.why[0].lower()}{line.why[1:]}'
        for line in used
        if line.type in ("date", "time", "coordinate")
        or (line.type == "category" and line.role == "numeric")
        or "codes" in line.why
        or "asked" in line.why
    ]
    filled = [f'"{line.name}" ({line.missing:,} of {n:,} rows)' for line in numeric if line.missing]
    if filled:
        more = f" and {len(filled) - 8} more" if len(filled) > 8 else ""
        notes.append(
            "Missing numbers are replaced by the median of their column: "
            f"{', '.join(filled[:8])}{more}."
        )
    absent = [f'"{c.name}" ({c.missing:,})' for c in used if c.role != "numeric" and c.missing]
    if absent:
        notes.append(f"Missing categories stay missing: {', '.join(absent[:8])}.")
    return notes


def _judge(column: pd.Series, first: bool, several: bool, declared: str | None) -> ColumnDecision:
    """Say what a column is, and whether anything speaks against its use."""
    distinct, missing = int(column.nunique()), int(column.isna().sum())
    decide = partial(ColumnDecision, str(column.name), missing=missing, distinct=distinct)
    if distinct == 0:
        return decide("empty", used=False, role=None, why="No value in any row.")
    if distinct == 1:
        value = column.dropna().iloc[0]
        why = f"Constant: {value} in every row" + (" that has a value." if missing else ".")
        return decide("constant", used=False, role=None, why=why)
    if declared == "categorical":
        why = f"A category of {distinct:,} values, as asked."
        return decide("category", used=True, role="categorical", why=why)
    if declared is None and column_kind(column) not in "iufbM" and is_clock(column):
        why = "Times of day, taken as hours after midnight: 23:59 and 0:00 lie far apart."
        return decide("time", used=True, role="numeric", why=why)
    useless = why_useless(column, first=first, several=several, declared=declared)
    if useless is not None:
        kind = "text" if useless.startswith("free text") else "identifier"
        why = f"{useless[0].upper()}{useless[1:]}."
        return decide(kind, used=False, role=None, why=why)
    kind, role, why = _type_of(column, distinct)
    return decide(kind, used=True, role=role, why=why)


def _type_of(column: pd.Series, distinct: int) -> tuple[str, str, str]:
    """Return type, role and why, for a column with at least two values."""
    kind = column_kind(column)
    if kind == "M":
        return "date", "numeric", "A date, taken as days."
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        last = len(column.cat.categories) - 1
        return "category", "numeric", f"Ordered categories, taken as ranks from 0 to {last}."
    if kind == "b":
        return "binary", "numeric", "True and false, taken as 1 and 0."
    if kind in "iuf":
        present = column.dropna().to_numpy(dtype=np.float64)
        if not bool((present == np.floor(present)).all()):
            return "number", "numeric", "Numbers."
        if distinct == 2:
            return "binary", "numeric", f"Two values: {present.min():g} and {present.max():g}."
        if distinct <= MOST_CODES and _ends(str(column.name), CODE_NAMES):
            why = f"Whole numbers, but the name says that the {distinct} values are codes."
            return "category", "categorical", why
        return "number", "numeric", f"Whole numbers, {distinct:,} different ones."
    if distinct == 2:
        return "binary", "categorical", "Two values."
    return "category", "categorical", f"A category of {distinct:,} values."


def _keep(judged: ColumnDecision, column: pd.Series, asked: bool) -> ColumnDecision:
    """Weigh what speaks against a column that could be used, unless the user asked for it."""
    if judged.type in ("empty", "constant") or (asked and judged.used):
        return judged
    if asked:
        kind, role, _ = _type_of(column, judged.distinct)
        # It keeps the type that says what it looks like; only its use was asked for.
        kind = judged.type if role == "categorical" else kind
        why = f"{judged.why[:-1]}, but asked for."
        return dataclasses.replace(judged, type=kind, used=True, role=role, why=why)
    share = judged.missing / len(column)
    if share > MOST_MISSING:
        why = f"{share:.0%} of its values are missing, more than half."
        return dataclasses.replace(judged, used=False, why=why)
    if judged.role != "categorical" or judged.distinct <= 2:
        return judged
    present = len(column) - judged.missing
    if judged.distinct > MOST_CATEGORIES:
        rule = f"more than {MOST_CATEGORIES}"
    elif present >= ROWS_TO_JUDGE and judged.distinct * ROWS_A_CATEGORY > present:
        rule = f"fewer than {ROWS_A_CATEGORY} rows for each"
    else:
        return judged
    why = (
        f"{judged.distinct:,} categories in {present:,} rows, {rule}: they say which rows are "
        "equal, not which are similar."
    )
    return dataclasses.replace(judged, used=False, why=why)


def _without_copies(
    decisions: list[ColumnDecision], frame: pd.DataFrame, asked: Collection[str]
) -> list[ColumnDecision]:
    """Leave out columns that say the same as an earlier one: they would count twice."""
    found = copies(frame[line.name] for line in decisions if line.used)
    kept = []
    for line in decisions:
        if line.name in found:
            why = f'Says the same as "{found[line.name]}"'
            if line.name in asked:
                line = dataclasses.replace(line, why=f"{why}, so that it counts twice, as asked.")
            else:
                why += ", and would count twice."
                line = dataclasses.replace(line, type="copy", used=False, role=None, why=why)
        kept.append(line)
    return kept


def _with_coordinates(decisions: list[ColumnDecision], frame: pd.DataFrame) -> list[ColumnDecision]:
    """Mark a latitude and a longitude, by their names and the range of their values."""
    numbers = [line.name for line in decisions if line.used and line.type == "number"]
    pair = {}
    for what, words, most in (("Latitude", LATITUDES, 90), ("Longitude", LONGITUDES, 180)):
        found = [
            name
            for name in numbers
            if _ends(name, words) and frame[name].dropna().between(-most, most).all()
        ]
        if len(found) != 1:
            return decisions
        pair[found[0]] = f"{what} in degrees, by its name and range."
    return [
        dataclasses.replace(line, type="coordinate", why=pair[line.name])
        if line.name in pair
        else line
        for line in decisions
    ]


def _ends(name: str, words: tuple[str, ...]) -> bool:
    """Whether the last word of a name is one of these: "origin_lat" and "Latitude" end in one."""
    parts = name.strip().lower().replace("-", "_").replace(" ", "_").replace(".", "_").split("_")
    return parts[-1] in words


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
