"""A network in a terminal: circles for units, shapes for pictures, matrices between them."""

from __future__ import annotations

from collections.abc import Sequence

from further.explain.columns import Column, columns_of, shown_units
from further.explain.layer import Layer, Shape, shape_text

MOST_UNITS = 7


def draw_text(inputs: Shape, layers: Sequence[Layer], width: int = 100) -> str:
    """Return a drawing of at most that many columns: side by side, or else a line a layer.

    Parameters
    ----------
    inputs : tuple of int
        Shape of one example.
    layers : sequence of Layer
        The network.
    width : int, default=100
        Columns of the terminal.

    Returns
    -------
    str
        Lines.

    Examples
    --------
    >>> from further.explain.notation import parse
    >>> print(draw_text(*parse("4-2-2")))
    x           h1            y
    ○
    ○ ── W1 ───  ○  ── W2 ─── ○
    ○    2x4     ○     2x2    ○
    ○
    4            2            2
    """
    columns = columns_of(inputs, layers)
    beside = _beside(columns)
    return beside if max(map(len, beside.splitlines())) <= width else _below(columns)


def _beside(columns: Sequence[Column]) -> str:
    cells = [_cells(column) for column in columns]
    if len({len(cell) % 2 for cell in cells}) == 2:
        # Even and odd numbers of units have one middle only if a line is free between two units.
        cells = [[*"\n".join(cell).replace("\n", "\n \n").split("\n")] for cell in cells]
    height = max(len(cell) for cell in cells)
    blocks: list[list[str]] = []
    for column, cell in zip(columns, cells, strict=True):
        if column.layer is not None:
            blocks.append(_connection(column.number, column.layer, height))
        blocks.append(_padded([column.symbol, *_centred(cell, height), column.title]))
    return "\n".join("".join(parts).rstrip() for parts in zip(*blocks, strict=True))


def _cells(column: Column) -> list[str]:
    if not column.is_row:
        return ["▤"]
    units = shown_units(column.shape[0], MOST_UNITS)
    return ["⋮" if unit is None else "○" for unit in units]


def _connection(number: int, layer: Layer, height: int) -> list[str]:
    """Return what stands between two columns: the matrix, or what is done."""
    name = f"W{number}" if layer.matrix else layer.kind
    below = shape_text(layer.matrix) if layer.matrix else ""
    thin = f"{layer.density:.0%}" if layer.density < 1 else ""
    width = max(len(name), len(below), len(thin)) | 1
    lines = [""] * (height + 2)
    middle = 1 + (height - 1) // 2
    lines[middle] = f" {f' {name} ':─^{width + 6}} "
    for offset, text in enumerate(filter(None, (below, thin)), 1):
        if middle + offset < len(lines):
            lines[middle + offset] = f"    {text:^{width}}    "
    return _padded(lines)


def _centred(cell: Sequence[str], height: int) -> list[str]:
    above = (height - len(cell)) // 2
    return [*[""] * above, *cell, *[""] * (height - above - len(cell))]


def _padded(lines: Sequence[str]) -> list[str]:
    width = max(map(len, lines)) | 1  # odd, so that there is a middle
    return [f"{line:^{width}}" for line in lines]


def _below(columns: Sequence[Column]) -> str:
    """Return a line a layer."""
    symbols = max(len(column.symbol) for column in columns)
    titles = max(len(column.title) for column in columns)
    return "\n".join(
        f"{column.symbol.ljust(symbols)}  {column.title.ljust(titles)}  {column.operation}".rstrip()
        for column in columns
    )
