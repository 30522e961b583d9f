"""Large numbers as people read them."""

from __future__ import annotations


def bytes_text(n: int) -> str:
    """Return such as "1.2 kB".

    Examples
    --------
    >>> bytes_text(140), bytes_text(1240), bytes_text(3_500_000)
    ('140 B', '1.24 kB', '3.5 MB')
    """
    return _scaled(n, 1000, ("B", "kB", "MB", "GB", "TB", "PB"))


def operations_text(n: int) -> str:
    """Return such as "1.92 k".

    Examples
    --------
    >>> operations_text(60), operations_text(1920)
    ('60', '1.92 thousand')
    """
    words = ("", "thousand", "million", "billion", "trillion", "quadrillion")
    return _scaled(n, 1000, words).strip()


def _scaled(n: int, base: int, units: tuple[str, ...]) -> str:
    value, place = float(n), 0
    while value >= base and place < len(units) - 1:
        value, place = value / base, place + 1
    return f"{value:.3g} {units[place]}"
