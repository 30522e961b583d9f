"""Dates as people and programs write them; whether day or month comes first is found by column."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_CLOCK = (
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<half>(?:[aApP]\.?[mM]\.?)?))?$"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<name>(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?))"
)
_ISO = r"^\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[-+]\d{2}:?\d{2})?)?$"
_FORMS = (
    r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _CLOCK,
    r"^(?P<first>\d{1,2})(?P<sign>[-/.])(?P<second_>\d{1,2})[-/.](?P<year>\d{4}|\d{2})" + _CLOCK,
    r"^(?P<day>\d{1,2})\.?[- ]" + _MONTH + r"\.?[- ,]+(?P<year>\d{4}|\d{2})" + _CLOCK,
    "^" + _MONTH + r"\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})" + _CLOCK,
)
_ANY = [re.compile(form) for form in (_ISO, *_FORMS)]
#: Two digits of a year below this one are of this century.
CENTURY = 69
FIRST_YEAR, LAST_YEAR = 1800, 2200


@dataclass(frozen=True)
class Dates:
    """The moments of a column's distinct texts, and how they were written.

    Attributes
    ----------
    values : Series or None
        Of datetime64; None where the texts are no dates.
    order : {"day first", "month first"} or None
        What was decided where both are numbers.
    is_ambiguous : bool
        Whether all texts are dates both ways.
    has_short_years : bool
        Whether years are written with two digits.
    doubt : str or None
        Why texts that look like dates are none.
    """

    values: pd.Series | None = None
    order: str | None = None
    is_ambiguous: bool = False
    has_short_years: bool = False
    doubt: str | None = None


def is_date(text: str) -> bool:
    """Whether a text looks like a date.

    Examples
    --------
    >>> [is_date(text) for text in ("2020-02-29", "6/18/2011 0:33", "4 Jul 2012", "12-13", "May")]
    [True, True, True, False, False]
    """
    return any(form.match(text.strip()) for form in _ANY)


def read_dates(texts: pa.Array, order: str | None = None) -> Dates:
    """Return the moments that texts stand for, if all of them are dates in one way of writing.

    Parameters
    ----------
    texts : array of str
        The distinct texts of a column, trimmed, without the missing ones.
    order : {"day first", "month first"}, optional
        What other columns decided, for texts that leave it open. Without it dates between slashes
        have the month first, as in the United States, and others the day.

    Returns
    -------
    Dates
        Without values if the texts are no dates.

    Examples
    --------
    >>> read_dates(pa.array(["24-01-2013", "03-06-2013"])).values.astype(str).tolist()
    ['2013-01-24', '2013-06-03']
    """
    if _all_match(texts, _ISO):
        try:
            moments = pd.to_datetime(
                pd.Series(texts.to_pylist()), format="ISO8601", errors="coerce"
            )
        except ValueError:
            return Dates(doubt="time zones that differ from row to row")
        if moments.dtype.kind == "M" and not moments.isna().any():
            return Dates(moments)
        return Dates(doubt="days that no calendar has")
    form = next((form for form in _FORMS if _all_match(texts, form)), None)
    if form is None:
        return Dates()
    found = pc.extract_regex(texts, form)
    parts = {name: found.field(i) for i, name in enumerate(re.compile(form).groupindex)}
    decided, ambiguous = None, False
    if "first" in parts:
        decided, ambiguous, doubt = _order(parts, order)
        if doubt is not None:
            return Dates(doubt=doubt)
        names = ("first", "second_") if decided == "day first" else ("second_", "first")
        day, month = (_whole(parts[name]) for name in names)
    else:
        day = _whole(parts["day"])
        month = _whole(parts["month"]) if "month" in parts else _months(parts["name"])
    year = _whole(parts["year"])
    short = bool((pc.utf8_length(parts["year"]).to_numpy(zero_copy_only=False) == 2).any())
    if short:
        year = np.where(year < 100, np.where(year < CENTURY, 2000, 1900) + year, year)
    moments = _moments(year, month, day, parts)
    if moments.isna().any():
        return Dates(doubt="days that no calendar has")
    return Dates(moments, decided, ambiguous, short)


def read_compact_dates(numbers: np.ndarray) -> pd.Series | None:
    """Return the dates of whole numbers such as 20120704, or None if one of them is no date.

    Examples
    --------
    >>> read_compact_dates(np.array([20120704, 20130229])) is None
    True
    """
    numbers = np.asarray(numbers, dtype=np.int64)
    year, month, day = numbers // 10_000, numbers // 100 % 100, numbers % 100
    if not ((year >= FIRST_YEAR) & (year < LAST_YEAR) & (month >= 1) & (month <= 12)).all():
        return None
    moments = _moments(year, month, day, {})
    return None if moments.isna().any() else moments


def _order(parts: dict[str, pa.Array], order: str | None) -> tuple[str, bool, str | None]:
    """Return what comes first, whether that is open, and why there is no answer."""
    first, second = _whole(parts["first"]), _whole(parts["second_"])
    day_first, month_first = bool((first > 12).any()), bool((second > 12).any())
    if day_first and month_first:
        return "", False, "some have the day first and others the month"
    if day_first or month_first:
        return "day first" if day_first else "month first", False, None
    slashes = bool(pc.all(pc.equal(parts["sign"], "/")).as_py())
    return order or ("month first" if slashes else "day first"), True, None


def _moments(
    year: np.ndarray, month: np.ndarray, day: np.ndarray, parts: dict[str, pa.Array]
) -> pd.Series:
    columns = {"year": year, "month": month, "day": day}
    if "hour" in parts:
        hour, minute, second = (_whole(parts[name]) for name in ("hour", "minute", "second"))
        half = pc.utf8_lower(pc.fill_null(parts["half"], ""))
        is_pm = pc.starts_with(half, "p").to_numpy(zero_copy_only=False)
        is_am = pc.starts_with(half, "a").to_numpy(zero_copy_only=False)
        hour = np.where(is_pm & (hour < 12), hour + 12, np.where(is_am & (hour == 12), 0, hour))
        if (hour > 23).any() or (minute > 59).any() or (second > 59).any():
            return pd.Series(pd.NaT, index=range(len(hour)))
        columns |= {"hour": hour, "minute": minute, "second": second}
    return pd.to_datetime(pd.DataFrame(columns), errors="coerce")


def _months(names: pa.Array) -> np.ndarray:
    short = pc.utf8_slice_codeunits(pc.utf8_lower(names), 0, 3)
    return pc.index_in(short, pa.array(_MONTHS)).to_numpy(zero_copy_only=False) + 1


def _whole(texts: pa.Array) -> np.ndarray:
    """Return numbers, 0 where there is none."""
    given = pc.if_else(pc.equal(pc.fill_null(texts, ""), ""), "0", texts)
    return pc.cast(given, pa.int64()).to_numpy(zero_copy_only=False)


def _all_match(texts: pa.Array, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts, pattern)).as_py())
