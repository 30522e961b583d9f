"""Numbers as people read them: as many digits as their interval supports, and units spelt out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import median

MISSING = "–"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def as_number(value: object) -> float | None:
    """Take a JSON value as a finite number, or ``None``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def fixed(value: float | None, decimals: int) -> str:
    """Write a number with so many decimals, a true minus sign and thousands apart.

    Parameters
    ----------
    value : float or None
        The number.
    decimals : int
        How many.

    Returns
    -------
    str
        A dash where there is no finite number.

    Examples
    --------
    >>> fixed(-0.00001, 3), fixed(12345.678, 1), fixed(None, 2)
    ('0.000', '12,345.7', '–')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if round(value, decimals) == 0:
        value = 0.0
    return f"{value:,.{decimals}f}".replace("-", "−")


def significant(value: float | None, digits: int = 3) -> str:
    """Write a number with so many significant digits; very large and small ones as powers of ten.

    Parameters
    ----------
    value : float or None
        The number.
    digits : int, default=3
        How many.

    Returns
    -------
    str
        A dash where there is no finite number.

    Examples
    --------
    >>> significant(0.012345), significant(1234567.0), significant(3.1e12, 2)
    ('0.0123', '1,234,567', '3.1 × 10¹²')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if exponent >= 9 or exponent < -5:
        mantissa = fixed(value / 10.0**exponent, digits - 1)
        return f"{mantissa} × 10{str(exponent).translate(_SUPERSCRIPTS)}"
    return fixed(value, max(0, digits - 1 - exponent))


def shared_decimals(values: Iterable[float | None], widths: Iterable[float | None]) -> int:
    """Choose the decimals of a row of figures: two digits of its narrowest interval.

    At most five, and three where the figures are not small: an accuracy near 1 has an interval of
    almost no width, but nobody wants its fourth digit.

    Parameters
    ----------
    values : iterable of float or None
        The figures.
    widths : iterable of float or None
        The widths of their intervals.

    Returns
    -------
    int
        From 0 to 5.

    Examples
    --------
    >>> shared_decimals([0.97123, 0.95512], [0.021, 0.034])
    3
    >>> shared_decimals([0.0009, 0.0142], [0.0022, 0.0022])
    4
    >>> shared_decimals([12.0, 340.0], [])
    1
    """
    sizes = [abs(value) for value in values if value]
    known = [width for width in widths if width]
    if known:
        most = 3 if sizes and median(sizes) >= 0.1 else 5
        return min(most, max(0, 1 - math.floor(math.log10(min(known)))))
    return min(5, max(0, 2 - math.floor(math.log10(min(sizes))))) if sizes else 0


def duration(seconds: float | None) -> str:
    """Write seconds as a person would say them.

    Examples
    --------
    >>> duration(0.0123), duration(42.4), duration(192), duration(7500)
    ('12 ms', '42 s', '3 min 12 s', '2 h 5 min')
    """
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 1:
        milliseconds = seconds * 1000
        return (
            f"{milliseconds:.0f} ms" if milliseconds >= 1 else f"{significant(milliseconds, 2)} ms"
        )
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def share(value: float | None) -> str:
    """Write a share of one as a percentage, held together by a no-break space.

    Examples
    --------
    >>> share(0.0834) == "8.3\\u00a0%"
    True
    """
    if value is None:
        return MISSING
    percent = value * 100
    written = f"{percent:.0f}" if percent >= 10 or percent == 0 else significant(percent, 2)
    return f"{written}\u00a0%"


def listing(names: list[str], conjunction: str = "and") -> str:
    """Join names as a sentence does.

    Parameters
    ----------
    names : list of str
        In the order in which they are read.
    conjunction : str, default="and"
        What stands before the last.

    Returns
    -------
    str
        Empty where there are none.

    Examples
    --------
    >>> listing(["flow", "VAE", "GAN"])
    'flow, VAE and GAN'
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {conjunction} {names[-1]}"
