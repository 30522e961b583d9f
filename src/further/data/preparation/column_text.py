r"""How a column is spoken of: its name without the unit, its numbers as finely as its source.

A mean of values that the source rounds to d decimals is written with d + 1, but with no more than
four significant digits: of a mean :math:`m` with :math:`w = 1 + \lfloor \log_{10} |m| \rfloor`
digits before the point

.. math:: \min(d + 1, \max(0, 4 - w))

decimals are shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

DIGITS = 4
#: More distinct values than this are looked at in part to find how they are rounded.
VALUES_READ = 100_000
MOST_DECIMALS = 10
EXACT_INTEGERS = 2**53
SECONDS_A_DAY = 86_400.0
#: Units that a name may end in after an underscore, as in ``bill_length_mm``.
UNITS = (
    "mm", "cm", "dm", "m", "km", "inch", "ft", "mi", "mg", "g", "kg", "lb", "ms", "sec", "min",
    "hours", "days", "years", "ml", "l", "pct", "percent", "eur", "usd", "gbp", "chf", "hz", "w",
    "kw", "kwh", "mv", "v",
)  # fmt: skip
_CLOCK = re.compile(
    r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:\.\d+)?)?"
)
_IN_BRACKETS = re.compile(r"^(?P<label>.*\S)\s*[(\[](?P<unit>[^()\[\]]{1,12})[)\]]$")


def unit_of(name: str) -> tuple[str, str | None]:
    """Return the name of a column without its unit, and the unit if the name ends in one.

    Examples
    --------
    >>> unit_of("petal length (cm)"), unit_of("body_mass_g"), unit_of("satisfaction (1-100)")
    (('petal length', 'cm'), ('body_mass', 'g'), ('satisfaction (1-100)', None))
    """
    found = _IN_BRACKETS.match(name)
    if found and any(sign.isalpha() or sign in "%°$€£" for sign in found["unit"]):
        return found["label"], found["unit"].strip()
    label, _, end = name.rpartition("_")
    return (label, end.lower()) if label and end.lower() in UNITS else (name, None)


def column_kind(column: pd.Series) -> str:
    """Return NumPy's letter for the type of a column, "O" for text and categories."""
    return str(getattr(column.dtype, "kind", "O"))


def to_numbers(column: pd.Series) -> np.ndarray:
    """Return numbers as float64 with NaN where missing; dates as seconds since 1970."""
    kind = column_kind(column)
    if kind == "f" and isinstance(column.dtype, np.dtype):
        return column.to_numpy(dtype=np.float64)  # what is missing is NaN, and nothing is copied
    if kind != "M":
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    moments = column if column.dt.tz is None else column.dt.tz_convert("UTC").dt.tz_localize(None)
    seconds = moments.to_numpy().astype("datetime64[s]")
    numbers = seconds.astype(np.int64).astype(np.float64)
    numbers[np.isnat(seconds)] = np.nan
    return numbers


def numbers_of(column: pd.Series) -> np.ndarray:
    """Return numbers as float64, NaN where missing; dates as days since 1970-01-01."""
    numbers = to_numbers(column)
    return numbers / SECONDS_A_DAY if column_kind(column) == "M" else numbers


def is_clock(column: pd.Series) -> bool:
    """Whether a column of texts holds times of day: 8:26, 20:05:30.

    Examples
    --------
    >>> is_clock(pd.Series(["8:26", None, "20:05"])), is_clock(pd.Series(["8:26", "25:00"]))
    (True, False)
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False
    distinct = column.dropna().unique()
    return len(distinct) > 0 and all(
        isinstance(value, str) and _CLOCK.fullmatch(value) for value in distinct
    )


def hours_of(column: pd.Series) -> np.ndarray:
    """Return times of day as hours after midnight, NaN where there is none."""
    codes, distinct = pd.factorize(column)
    hours = [np.nan] * (len(distinct) + 1)
    for i, value in enumerate(distinct):
        found = _CLOCK.fullmatch(str(value))
        if found:
            hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
            hours[i] = hour + minute / 60 + second / 3600
    return np.array(hours)[codes]


def write_clock(hours: float) -> str:
    """Write hours after midnight as a time of day.

    Examples
    --------
    >>> write_clock(8.45)
    '8:27'
    """
    minutes = round(hours * 60) % 1440
    return f"{minutes // 60}:{minutes % 60:02d}"


def decimals_of(numbers: np.ndarray) -> int | None:
    """Return to how many decimals the source rounds a column, NaN missing; None for no rounding."""
    distinct = np.unique(numbers[np.isfinite(numbers)])
    if len(distinct) == 0:
        return None
    return source_decimals(distinct[:: -(-len(distinct) // VALUES_READ)])


def source_decimals(distinct: np.ndarray) -> int | None:
    """Return to how many decimals values are rounded in their source, None for no rounding."""
    largest = float(np.abs(distinct).max())
    for decimals in range(MOST_DECIMALS + 1):
        if largest * 10**decimals > EXACT_INTEGERS:
            return None
        if (np.round(distinct, decimals) == distinct).all():
            return decimals
    return None


def write_numbers(numbers: Sequence[float], decimals: int | None) -> list[str]:
    """Write means of one column side by side, so finely that different ones look different.

    Parameters
    ----------
    numbers : sequence of float
        In the column's unit.
    decimals : int or None
        How the source is rounded, from :func:`decimals_of`.

    Returns
    -------
    list of str
        One a number.

    Examples
    --------
    >>> write_numbers([1.4620, 4.906], 1), write_numbers([5076.2, 3714.7], 0)
    (['1.46', '4.91'], ['5076', '3715'])
    """
    largest = max((abs(number) for number in numbers if math.isfinite(number)), default=0.0)
    before = math.floor(math.log10(largest)) + 1 if largest > 0 else 1
    shown = max(0, DIGITS - before)
    if decimals is not None:
        shown = min(shown, decimals + 1)
    if largest != 0 and (before > 12 or before < -DIGITS):
        return [f"{number:.{DIGITS - 1}e}" for number in numbers]
    written = [f"{number:.{shown}f}" for number in numbers]
    while len(set(written)) == 1 and len(set(numbers)) > 1 and shown < 12:
        shown += 1
        written = [f"{number:.{shown}f}" for number in numbers]
    return [text.replace("-0", "0") if float(text) == 0 else text for text in written]


def write_days(days: float) -> str:
    """Write days since 1970-01-01 as a date.

    Examples
    --------
    >>> write_days(18262.25)
    '2020-01-01'
    """
    moment = np.datetime64("1970-01-01", "s") + np.timedelta64(round(days * SECONDS_A_DAY), "s")
    return str(moment.astype("datetime64[D]"))


def write_value(value: Any) -> str:
    """Write a category; a whole number that missing values made a float is a whole number.

    Examples
    --------
    >>> write_value(2.0), write_value(2.5), write_value(True), write_value("red")
    ('2', '2.5', 'True', 'red')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) or '""'


def write_in_line(value: Any) -> str:
    """Write a category on one line, whatever line ends it holds."""
    return " ".join(write_value(value).split())


def json_value(value: Any) -> float | int | str | None:
    """Return a cell as JSON has it: a number, a text, a truth value, None where missing.

    Examples
    --------
    >>> json_value(np.float64(1.5)), json_value(pd.NaT), json_value(pd.Timestamp("2020-01-01"))
    (1.5, None, '2020-01-01')
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, pd.Timestamp):
        midnight = value == value.normalize()
        return str(value.date()) if midnight else value.isoformat(sep=" ")
    return value if isinstance(value, bool | int | float | str) else str(value)


def is_quantity(column: pd.Series) -> bool:
    """Whether a column is one of numbers or dates with more than two whole values.

    Two whole values are a yes and a no, whatever their names, and are told as shares.

    Examples
    --------
    >>> is_quantity(pd.Series([1.5, 2.5])), is_quantity(pd.Series([0, 1, 1]))
    (True, False)
    """
    kind = column_kind(column)
    if kind == "M":
        return True
    if kind not in "iuf":
        return False
    distinct = np.unique(column.dropna().to_numpy(dtype=np.float64))
    return len(distinct) != 2 or not bool((distinct == np.floor(distinct)).all())
