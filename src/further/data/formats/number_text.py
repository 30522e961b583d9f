"""Numbers as people and programs write them: with currency, per cent, thousands, decimal comma.

A way of writing is found for a whole column: what one value leaves open (is "1,234" a thousand or
a little more than one?) another one decides ("1,234.5"), or another column of the same file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from further.data.preparation.column_text import UNITS

#: Larger whole numbers lose digits as floating-point numbers.
EXACT_DIGITS = 15
_CURRENCY = (
    r"[$€£¥₹₩₽₺₫₪₦฿¢]|(?:US|CA|AU|NZ|HK|R)\$|USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|"
    r"BRL|MXN|ZAR|RUB|TRY|AUD|CAD|Rs\.?|Fr\.|kr\.?|zł|Kč"
)
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
#: Between groups of three digits: blanks of any width, and the apostrophes of Switzerland.
_GROUP = "[ \u00a0\u2009\u202f'\u2019]"
_SIGN = "[-+\u2212]?"
_DIGITS = rf"(?:\d(?:[\d.,]|{_GROUP}(?:\d))*|[.,]\d+)"
_WRITTEN = (
    rf"^(?P<open>\(?)(?P<sign>{_SIGN})\s*(?P<before>(?i:{_CURRENCY})?)\s*(?P<inner>{_SIGN})\s*"
    rf"(?P<digits>{_DIGITS})(?P<exponent>(?:[eE][-+]?\d+)?)"
    rf"\s*(?P<after>(?:%|‰|°C?|(?i:{_CURRENCY}|{_UNIT}))?)(?P<close>\)?)(?P<trail>-?)$"
)
_NUMBER = re.compile(_WRITTEN)
_PLAIN = r"^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$"
_POINT = r"^(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?$|^\.\d+$"
_COMMA = r"^(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d*)?$|^,\d+$"
_GROUPED = rf"^\d{{1,3}}(?:{_GROUP}\d{{3}})+(?:[.,]\d*)?$"


@dataclass(frozen=True)
class Numbers:
    """The numbers of a column's distinct texts, and how they were written.

    Attributes
    ----------
    values : array of shape (n,), float64
        NaN where a text is no number in this way of writing.
    whole : bool
        Whether all are whole numbers, written without a decimal sign.
    codes : str or None
        Why the texts are no numbers although they look like it: leading zeros, too many digits.
    decimal : str or None
        The decimal sign that occurs; None for none.
    is_ambiguous : bool
        Whether the texts would be other numbers with the other decimal sign.
    affix : str or None
        The currency, per cent sign or unit that stands at each number.
    has_thousands : bool
        Whether thousands are separated.
    has_brackets : bool
        Whether brackets stand for a minus sign.
    doubt : str or None
        What else keeps the texts from being numbers.
    """

    values: np.ndarray
    whole: bool = False
    codes: str | None = None
    decimal: str | None = None
    is_ambiguous: bool = False
    affix: str | None = None
    has_thousands: bool = False
    has_brackets: bool = False
    doubt: str | None = None


def is_number(text: str) -> bool:
    """Whether a text is a number in some way of writing.

    Examples
    --------
    >>> [is_number(text) for text in ("-1.5e3", "$5,200.93", "5 200,93", "12%", "12a", "age")]
    [True, True, True, True, False, False]
    """
    return _NUMBER.match(text.strip()) is not None


def read_numbers(texts: pa.Array, decimal: str | None = None) -> Numbers:
    """Return the numbers that texts stand for.

    Parameters
    ----------
    texts : array of str
        The distinct texts of a column, trimmed, without the missing ones.
    decimal : {".", ","}, optional
        The decimal sign of other columns, for texts that leave it open.

    Returns
    -------
    Numbers
        With NaN where a text is none.

    Examples
    --------
    >>> read_numbers(pa.array(["$1,234.50", "$20"])).values.tolist()
    [1234.5, 20.0]
    >>> read_numbers(pa.array(["20,5", "1.234,5"])).values.tolist()
    [20.5, 1234.5]
    """
    plain = pc.match_substring_regex(texts, _PLAIN)
    groups = pc.all(pc.match_substring_regex(texts, r"^[-+]?\d{1,3}(?:\.\d{3})+$")).as_py()
    if pc.all(plain).as_py() and not (decimal == "," and groups):
        return _plain_numbers(texts, ambiguous=groups)
    parts = pc.extract_regex(texts, _WRITTEN)
    fits = pc.is_valid(parts).to_numpy(zero_copy_only=False)
    if not fits.any():
        return Numbers(np.full(len(texts), np.nan))
    named = {name: parts.field(i) for i, name in enumerate(_NUMBER.groupindex)}
    digits = pc.fill_null(named["digits"], "")
    spaced = pc.match_substring_regex(digits, _GROUPED)
    digits = pc.if_else(spaced, pc.replace_substring_regex(digits, _GROUP, ""), digits)
    whole_part = pc.replace_substring_regex(digits, r"[.,].*$", "")
    point = _matches(digits, _POINT) & fits
    comma = _matches(digits, _COMMA) & fits
    has_comma, has_point = _matches(digits, ","), _matches(digits, r"\.")
    grouped = bool(pc.any(spaced).as_py())
    # A sign that separates thousands in one value is no decimal sign in another.
    by_comma = comma.sum() > point.sum() or (comma.sum() == point.sum() and decimal == ",")
    chosen, sign = (comma, ",") if by_comma else (point, ".")
    thousands = has_point if by_comma else has_comma
    decimals = has_comma if by_comma else has_point
    both = bool((comma == point).all()) and bool((has_comma | has_point).any())
    text = pc.replace_substring(digits, "." if by_comma else ",", "")
    text = pc.binary_join_element_wise(
        pc.replace_substring(text, ",", "."), pc.fill_null(named["exponent"], ""), ""
    )
    values = np.full(len(texts), np.nan)
    values[chosen] = pc.cast(text.filter(pa.array(chosen)), pa.float64()).to_numpy(
        zero_copy_only=False
    )
    signs = [_matches(named[name], "[-\u2212]") for name in ("sign", "inner", "trail")]
    brackets = _matches(named["open"], r"\(") & _matches(named["close"], r"\)")
    values[np.logical_or.reduce([*signs, brackets])] *= -1
    affix, doubt = _one_affix(named, values)
    if doubt is not None:
        return Numbers(np.full(len(texts), np.nan), doubt=doubt)
    return Numbers(
        values,
        whole=not decimals.any() and not _matches(named["exponent"], ".").any() and affix is None,
        codes=_why_codes(whole_part) if affix is None and not decimals.any() else None,
        decimal=sign if decimals.any() and not both else None,
        is_ambiguous=both,
        affix=affix,
        has_thousands=bool((thousands & chosen).any()) or grouped,
        has_brackets=bool(brackets.any()),
    )


def _plain_numbers(texts: pa.Array, *, ambiguous: bool) -> Numbers:
    values = pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False)
    whole = bool(pc.all(pc.match_substring_regex(texts, r"^[-+]?\d+$")).as_py())
    has_point = bool(pc.any(pc.match_substring(texts, ".")).as_py())
    return Numbers(
        values,
        whole=whole,
        codes=_why_codes(texts),
        decimal="." if has_point and not ambiguous else None,
        is_ambiguous=ambiguous and has_point,
    )


def _one_affix(parts: dict[str, pa.Array], values: np.ndarray) -> tuple[str | None, str | None]:
    """Return what stands at each number, or why the numbers do not go together."""
    given = ~np.isnan(values) & (values != 0)
    found: dict[str, str] = {}
    for name in ("before", "after"):
        column = pc.fill_null(parts[name], "").filter(pa.array(given))
        found |= {text.upper(): text for text in pc.unique(column).to_pylist() if text}
    if len(found) > 1:
        return None, f"several units ({', '.join(sorted(found.values()))})"
    if not found:
        return None, None
    affix = next(iter(found.values()))
    without = [
        pc.equal(pc.fill_null(parts[name], ""), "").to_numpy(zero_copy_only=False)
        for name in ("before", "after")
    ]
    bare = np.logical_and(*without) & given
    if bare.any():
        return None, f"{affix} at some of the numbers only"
    return affix, None


def has_leading_zeros(texts: pa.Array | pa.ChunkedArray, *, signed: bool = True) -> bool:
    """Whether whole numbers are codes such as 00501, which would lose their zeros.

    Parameters
    ----------
    texts : array of str
        Numbers as they are written.
    signed : bool, default=True
        Whether some may have a minus sign.

    Returns
    -------
    bool
        Whether one of them is a code.
    """
    for zero in ("0", "-0") if signed else ("0",):
        begins = texts.filter(pc.starts_with(texts, zero))
        coded = pc.match_substring_regex(begins, r"^-?0(?:\d+|x[0-9a-fA-F]+)$")
        if pc.any(coded).as_py():
            return True
    return False


def _why_codes(texts: pa.Array) -> str | None:
    """Return why whole numbers are codes."""
    if has_leading_zeros(texts):
        return "leading zeros"
    if pc.any(pc.match_substring_regex(texts, rf"^[-+]?\d{{{EXACT_DIGITS + 1},}}$")).as_py():
        lengths = pc.utf8_length(texts)
        return f"whole numbers of up to {pc.max(lengths).as_py()} digits"
    return None


def _matches(texts: pa.Array, pattern: str) -> np.ndarray:
    found = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    return found.to_numpy(zero_copy_only=False).copy()
