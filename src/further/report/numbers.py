"""Numbers as people read them: as many digits as their interval supports, and units spelt out."""

from __future__ import annotations

import math
from collections.abc import Sequence

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


def probability(value: float) -> str:
    """Write a probability with two decimals, and none as certain.

    Examples
    --------
    >>> probability(0.314), probability(0.0004), probability(0.999)
    ('0.31', '< 0.01', '> 0.99')
    """
    if value < 0.01:
        return "< 0.01"
    return "> 0.99" if value > 0.99 else fixed(value, 2)


def listing(names: Sequence[str]) -> str:
    """Join names as a sentence does.

    Examples
    --------
    >>> listing(["flow", "VAE", "GAN"])
    'flow, VAE and GAN'
    """
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
