"""What both drawings show of a network: a column for what goes in and for what each layer gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from further.explain.layer import UNSEEN, Layer, Shape, shape_text


@dataclass(frozen=True)
class Column:
    """The numbers between two layers.

    Attributes
    ----------
    symbol : str
        "x", "h1", … or "y".
    shape : tuple of int
        Of one example; empty where it is not known.
    layer : Layer or None
        What they come from; None for the input.
    number : int
        Of that layer; 0 for the input.
    operation : str
        What is done on the way to them.
    """

    symbol: str
    shape: Shape
    layer: Layer | None
    number: int
    operation: str

    @property
    def is_row(self) -> bool:
        """Whether they are one row of units, and not channels of pictures."""
        return len(self.shape) == 1

    @property
    def title(self) -> str:
        """Their shape, as text."""
        return shape_text(self.shape)


def columns_of(inputs: Shape, layers: Sequence[Layer]) -> list[Column]:
    """Return the columns; what leaves a shape as it is has none.

    Parameters
    ----------
    inputs : tuple of int
        Shape of one example.
    layers : sequence of Layer
        The network.

    Returns
    -------
    list of Column
        From left to right.
    """
    found = [Column("x", inputs, None, 0, "")]
    for number, layer in enumerate(layers, 1):
        if layer.kind in UNSEEN and len(found) > 1:
            last = found[-1]
            label = layer.label.partition(": ")[2] or layer.label
            if layer.parameters:
                label += f" ({layer.parameters:,} parameters)"
            operation = ", ".join(filter(None, [last.operation, label]))
            found[-1] = dataclasses.replace(last, symbol=f"h{number}", operation=operation)
            continue
        operation = layer.label.partition(": ")[2] or layer.label
        if layer.matrix and layer.kind != "convolution":
            operation = f"W{number} {shape_text(layer.matrix)}"
        if layer.activation not in (None, "identity"):
            operation += f", {layer.activation}"
        found.append(Column(f"h{number}", layer.outputs, layer, number, operation))
    found[-1] = dataclasses.replace(found[-1], symbol="y" if len(found) > 1 else "x")
    return found


def shown_units(n: int, most: int) -> list[int | None]:
    """Return which of n units are drawn; None stands for those left out.

    Parameters
    ----------
    n : int
        Units.
    most : int
        Places.

    Returns
    -------
    list of int or None
        Numbers of units.

    Examples
    --------
    >>> shown_units(3, 7), shown_units(100, 7)
    ([0, 1, 2], [0, 1, 2, None, 97, 98, 99])
    """
    if n <= most:
        return list(range(n))
    after = (most - 1) // 2
    return [*range(most - 1 - after), None, *range(n - after, n)]


def described(name: str, columns: Sequence[Column]) -> str:
    """Return a drawing in words.

    Parameters
    ----------
    name : str
        Of the network.
    columns : sequence of Column
        What is drawn.

    Returns
    -------
    str
        A sentence a column.
    """
    words = [f"Network {name}: input {columns[0].title}."]
    for column in columns[1:]:
        layer = column.layer
        kind = layer.kind if layer else ""
        thin = f", {layer.density:.0%} of the connections" if layer and layer.density < 1 else ""
        learnt = f"{layer.parameters:,} parameters" if layer and layer.parameters else ""
        parts = ", ".join(filter(None, [f"{kind} to {column.title}{thin}", learnt]))
        words.append(f"Layer {column.number}: {parts}.")
    return " ".join(words)
