"""Figures between 0 and 1 with their intervals: written, and drawn on a short line."""

from __future__ import annotations

from further.evaluate.record import Measured
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING, fixed

_LEFT, _WIDTH = 4, 84


def write_interval(figure: Measured) -> str:
    """Write an interval, or nothing where there is none.

    Examples
    --------
    >>> write_interval(Measured(0.93, 0.88, 0.97)), write_interval(Measured(0.1, -0.02, 0.21))
    ('0.88–0.97', '−0.02 to 0.21')
    """
    return _interval(figure, 2)


def _interval(figure: Measured, decimals: int) -> str:
    if figure.low is None or figure.high is None:
        return ""
    low, high = fixed(figure.low, decimals), fixed(figure.high, decimals)
    # Where an end is negative, a dash would read as a minus.
    return f"{low} to {high}" if "−" in low + high else f"{low}–{high}"


def write_estimate(figure: Measured | None, decimals: int = 2) -> str:
    """Write a figure with its interval.

    Parameters
    ----------
    figure : Measured or None
        The figure.
    decimals : int, default=2
        Of every number.

    Returns
    -------
    str
        A dash where there is no figure.

    Examples
    --------
    >>> write_estimate(Measured(0.93, 0.88, 0.97)), write_estimate(None)
    ('0.93 (0.88–0.97)', '–')
    """
    if figure is None or figure.value is None:
        return MISSING
    interval = _interval(figure, decimals)
    return fixed(figure.value, decimals) + (f" ({interval})" if interval else "")


def method_of(figure: Measured) -> str | None:
    """Say how a figure was made and on how many rows."""
    told = [figure.method, f"n = {figure.n:,}" if figure.n else ""]
    return "; ".join(part for part in told if part) or None


def drawn(figure: Measured | None) -> Markup:
    """Write a figure above its interval on a line from 0 to 1; a dash where there is none."""
    if figure is None or figure.value is None:
        return tag("span", MISSING, class_="missing")
    bar = ""
    if figure.low is not None and figure.high is not None:
        bar = f'<path class="bar" d="M{_place(figure.low):.1f} 4H{_place(figure.high):.1f}"/>'
    interval = write_interval(figure)
    return join(
        (
            tag("b", fixed(figure.value, 2)),
            tag("small", interval) if interval else None,
            Markup(
                f'<svg viewBox="0 0 92 8" class="on-line" aria-hidden="true">'
                f'<path d="M{_LEFT} 4H{_LEFT + _WIDTH}"/>{bar}'
                f'<circle cx="{_place(figure.value):.1f}" cy="4" r="2.5"/></svg>'
            ),
        ),
        " ",
    )


def _place(value: float) -> float:
    return _LEFT + _WIDTH * min(1.0, max(0.0, value))
