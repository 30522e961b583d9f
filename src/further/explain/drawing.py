"""A network as SVG: circles for units, sheets for channels, lines for weights.

The drawing stands for itself: its colours, which colour-blind readers can tell apart too, follow a
light or a dark page, every part has a text beside it, and the whole is described in words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from html import escape
from math import log2

from further.explain.columns import Column, columns_of, described, shown_units
from further.explain.layer import Layer, Shape

#: Units of a column, and columns of a drawing, beyond which some are left out.
MOST_UNITS, MOST_COLUMNS = 9, 16
STEP, UNIT, RADIUS, MARGIN = 150, 30, 10, 70
TOP, LINE = 46, 15
#: Sheets that stand for the channels.
MOST_SHEETS = 5
_STYLE = """
.net{font:13px system-ui,sans-serif;fill:#1b1b1b;--line:#767676;--in:#0072b2;--mid:#e69f00;
--out:#009e73}
.net text{text-anchor:middle}.net .small{font-size:11px;fill:#4d4d4d}.net .symbol{font-style:italic}
.net line{stroke:var(--line);stroke-width:1;stroke-opacity:.55}
.net .shape{stroke:#1b1b1b;stroke-width:1.2}.net .in{fill:var(--in)}.net .mid{fill:var(--mid)}
.net .out{fill:var(--out)}.net .arrow{stroke-width:1.6;stroke-opacity:1}
@media (prefers-color-scheme:dark){.net{fill:#ececec;--line:#9a9a9a;--in:#56b4e9;--mid:#f0c04a;
--out:#2fc79d}.net .small{fill:#c4c4c4}.net .shape{stroke:#ececec}}
"""
Point = tuple[float, float]


def draw(name: str, inputs: Shape, layers: Sequence[Layer]) -> str:
    """Return the drawing.

    Parameters
    ----------
    name : str
        Of the network.
    inputs : tuple of int
        Shape of one example.
    layers : sequence of Layer
        The network.

    Returns
    -------
    str
        An ``svg`` element with its own styles.

    Examples
    --------
    >>> from further.explain.notation import parse
    >>> svg = draw("3-5-2-1", *parse("3-5-2-1"))
    >>> svg.count("<circle"), svg.count("<line")
    (11, 27)
    """
    columns = columns_of(inputs, layers)
    shown = [columns[i] if i is not None else None for i in shown_units(len(columns), MOST_COLUMNS)]
    heights = [_height(column) for column in shown if column is not None]
    middle = TOP + max(heights) / 2
    width = 2 * MARGIN + STEP * (len(shown) - 1)
    foot = TOP + max(heights) + 24
    height = foot + 10 + LINE * max(len(_words(column)) for column in shown if column is not None)
    parts: list[str] = []
    nodes: list[str] = []
    for place, column in enumerate(shown):
        x = MARGIN + STEP * place
        if column is None:
            nodes.append(_text(x, middle + 5, "⋯"))
            continue
        before = shown[place - 1] if place else None
        if before is not None:
            parts += _connections(before, column, x, middle)
        for i, line in enumerate(_words(column), 1):
            parts.append(_text(x - STEP / 2, foot + LINE * i, line, "small"))
        side = "in" if column.layer is None else "out" if column is columns[-1] else "mid"
        nodes += _column(column, x, middle, side)
        nodes.append(_text(x, TOP - 24, column.symbol, "symbol"))
        nodes.append(_text(x, foot, column.title))
    words = described(name, columns)
    # Two drawings on one page refer to descriptions of their own.
    key = hashlib.sha256(words.encode()).hexdigest()[:8]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="net" role="img" viewBox="0 0 {width:g} '
        f'{height:g}" width="{width:g}" height="{height:g}" aria-labelledby="net-{key}-t '
        f'net-{key}-d"><title id="net-{key}-t">Network {escape(name)}</title>'
        f'<desc id="net-{key}-d">{escape(words)}</desc><style>{_STYLE}</style>'
        f"{''.join(parts)}{''.join(nodes)}</svg>"
    )


def _height(column: Column) -> float:
    if column.is_row:
        return UNIT * len(shown_units(column.shape[0], MOST_UNITS))
    return _side(column) + 5 * MOST_SHEETS


def _side(column: Column) -> float:
    """Return the side of a sheet, which grows with the logarithm of the picture's."""
    size = max(column.shape[1:], default=1)
    return 18 + 11 * log2(1 + size)


def _units(column: Column, x: float, middle: float) -> Iterator[tuple[int | None, Point]]:
    """Give the units that are drawn, and where."""
    units = shown_units(column.shape[0], MOST_UNITS)
    for i, unit in enumerate(units):
        yield unit, (x, middle + UNIT * (i - (len(units) - 1) / 2))


def _column(column: Column, x: float, middle: float, side: str) -> Iterator[str]:
    if column.is_row:
        for unit, (_, y) in _units(column, x, middle):
            if unit is None:
                yield _text(x, y + 5, "⋮")
            else:
                yield f'<circle class="shape {side}" cx="{x:g}" cy="{y:g}" r="{RADIUS}"/>'
        return
    half = _side(column) / 2
    sheets = min(column.shape[0], MOST_SHEETS) if column.shape else 1
    for i in range(sheets):
        offset = 5 * (i - (sheets - 1) / 2)
        yield (
            f'<rect class="shape {side}" x="{x - half + offset:g}" y="{middle - half + offset:g}" '
            f'width="{2 * half:g}" height="{2 * half:g}" rx="2"/>'
        )


def _connections(before: Column, column: Column, x: float, middle: float) -> Iterator[str]:
    if not (before.is_row and column.is_row and column.layer and column.layer.matrix):
        left = x - STEP + (RADIUS if before.is_row else _side(before) / 2 + 12)
        right = x - (RADIUS if column.is_row else _side(column) / 2 + 12)
        yield _line((left + 4, middle), (right - 4, middle), "arrow")
        yield _line((right - 11, middle - 5), (right - 4, middle), "arrow")
        yield _line((right - 11, middle + 5), (right - 4, middle), "arrow")
        return
    pairs = [
        (unit, other, start, end)
        for unit, start in _units(before, x - STEP, middle)
        for other, end in _units(column, x, middle)
        if unit is not None and other is not None
    ]
    for i, (unit, other, start, end) in enumerate(pairs):
        if _is_there(column.layer, unit, other, i):
            yield _line((start[0] + RADIUS, start[1]), (end[0] - RADIUS, end[1]))


def _is_there(layer: Layer, unit: int, other: int, place: int) -> bool:
    """Whether a connection is drawn; where only the share is known, that share, evenly."""
    if layer.mask is not None:
        return layer.mask[other][unit]
    # Steps of the golden ratio fall evenly, and not in rows.
    return layer.density >= 1 or (place * 0.6180339887) % 1 < layer.density


def _words(column: Column) -> list[str]:
    """Return the lines that say what is done on the way to a column."""
    layer = column.layer
    if layer is None:
        return []
    lines = column.operation.split(", ")
    if layer.density < 1:
        lines.append(f"{layer.density:.0%} of connections")
    return [*lines, f"{layer.parameters:,} parameters"] if layer.parameters else lines


def _line(start: Point, end: Point, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<line{named} x1="{start[0]:g}" y1="{start[1]:g}" x2="{end[0]:g}" y2="{end[1]:g}"/>'


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:g}" y="{y:g}">{escape(text)}</text>'
