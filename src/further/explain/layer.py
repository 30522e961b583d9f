r"""A layer of a network: its shapes, its parameters, and the matrix product that it is.

A dense layer, and a convolution after its patches are laid side by side, is a product, a sum and an
activation,

.. math:: h_i = a(W_i \, h_{i-1} + b_i),

with :math:`W_i` of (units of this layer) x (units of the layer before), or of (channels) x
(channels before, times the area of the kernel). Its parameters are the entries of :math:`W_i` that
a mask leaves, and those of :math:`b_i`; its operations are a multiplication and an addition for
each such entry and each column of what it is multiplied by.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

Shape = tuple[int, ...]
Mask = tuple[tuple[bool, ...], ...]

#: What leaves a shape as it is and needs no column of its own in a drawing.
UNSEEN = ("normalisation", "dropout", "activation")


@dataclass(frozen=True)
class Layer:
    """What one layer makes of one example.

    Attributes
    ----------
    kind : str
        "dense", "sparse", "convolution", "pooling", "flatten", "normalisation", "dropout",
        "activation", "embedding" or "other".
    inputs, outputs : tuple of int
        Shapes of one example, channels first; empty where they are not known.
    weights, biases : int
        Numbers that are learnt; of a sparse layer those that its mask leaves.
    multiply_adds : int
        Multiplications followed by an addition, for one example.
    matrix : tuple of int, or None
        Shape of the matrix :math:`W`, of one group where a convolution has several.
    columns : int
        Columns of what the matrix is multiplied by, for one example.
    groups : int
        Such products side by side.
    activation : str or None
        None where nothing is said about it; "identity" for none.
    mask : tuple of tuple of bool, or None
        Which entries of the matrix are there, where that is known.
    label : str
        What it is, such as "convolution 3x3, stride 2", or its name in a module.
    has_bias : bool
        Whether a bias is added.
    """

    kind: str
    inputs: Shape
    outputs: Shape
    weights: int = 0
    biases: int = 0
    multiply_adds: int = 0
    matrix: tuple[int, int] | None = None
    columns: int = 1
    groups: int = 1
    activation: str | None = None
    mask: Mask | None = None
    label: str = ""
    has_bias: bool = True

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.weights + self.biases

    @property
    def density(self) -> float:
        """The share of the matrix that is there."""
        full = self.groups * prod(self.matrix) if self.matrix else 0
        return self.weights / full if full else 1.0

    @property
    def size(self) -> int:
        """Numbers that leave the layer, for one example."""
        return prod(self.outputs) if self.outputs else 0

    def formula(self, number: int, before: str, *, is_last: bool) -> str:
        """Return the right side of what the layer computes.

        Parameters
        ----------
        number : int
            Of the layer, from 1 on.
        before : str
            What goes in.
        is_last : bool
            Whether it is the output, whose activation is written g where it is not known.

        Returns
        -------
        str
            Such as "a(W1 x + b1)".
        """
        if self.matrix is None:
            names = {"pooling": "pool", "normalisation": "norm", "activation": self.activation}
            return f"{names.get(self.kind) or self.kind}({before})"
        sign = " * " if self.kind == "convolution" else " "
        inner = f"W{number}{sign}{before}" + (f" + b{number}" if self.has_bias else "")
        if self.activation == "identity":
            return inner
        return f"{self.activation or ('g' if is_last else 'a')}({inner})"

    def product(self, batch_size: int) -> str:
        """Return the shapes of the matrix product of a batch, empty where the layer is none."""
        if self.matrix is None:
            return ""
        rows, inner = self.matrix
        columns = self.columns * batch_size
        times = f"{self.groups} of " if self.groups > 1 else ""
        return f"{times}({rows} x {inner}) ({inner} x {columns}) = {rows} x {columns}"


def shape_text(shape: Shape) -> str:
    """Return such as "8x26x26"."""
    return "x".join(map(str, shape)) if shape else "?"


def dense(
    inputs: Shape,
    units: int,
    *,
    activation: str | None = None,
    nonzero: int | None = None,
    mask: Mask | None = None,
    has_bias: bool = True,
    label: str = "",
) -> Layer:
    """Return a layer in which every unit sees all units before, or those of a mask.

    Parameters
    ----------
    inputs : tuple of int
        Shape of one example; the last number is that of the units before.
    units : int
        Its own units.
    activation : str, optional
        Its name.
    nonzero : int, optional
        Connections that are there; all by default.
    mask : tuple of tuple of bool, optional
        Which ones.
    has_bias : bool, default=True
        Whether each unit has a bias.
    label : str, optional
        Its name in a module.

    Returns
    -------
    Layer
        The layer.

    Examples
    --------
    >>> layer = dense((3,), 5)
    >>> layer.parameters, layer.formula(1, "x", is_last=False), layer.product(32)
    (20, 'a(W1 x + b1)', '(5 x 3) (3 x 32) = 5 x 32')
    """
    weights = units * inputs[-1] if nonzero is None else nonzero
    columns = prod(inputs[:-1])
    return Layer(
        "dense" if nonzero is None else "sparse",
        inputs,
        (*inputs[:-1], units),
        weights,
        units if has_bias else 0,
        weights * columns,
        (units, inputs[-1]),
        columns,
        activation=activation,
        mask=mask,
        label=label,
        has_bias=has_bias,
    )


def convolution(
    inputs: Shape,
    outputs: Shape,
    kernel: Shape,
    *,
    groups: int = 1,
    activation: str | None = None,
    nonzero: int | None = None,
    has_bias: bool = True,
    label: str = "",
) -> Layer:
    """Return a convolution.

    Parameters
    ----------
    inputs, outputs : tuple of int
        Shapes of one example, channels first.
    kernel : tuple of int
        Size of the kernel, without channels.
    groups : int, default=1
        Groups of channels that do not see each other.
    activation : str, optional
        Its name.
    nonzero : int, optional
        Entries of the kernels that are there; all by default.
    has_bias : bool, default=True
        Whether each channel has a bias.
    label : str, optional
        What it is.

    Returns
    -------
    Layer
        The layer.

    Examples
    --------
    >>> layer = convolution((1, 28, 28), (8, 26, 26), (3, 3))
    >>> layer.weights, layer.biases, layer.product(1)
    (72, 8, '(8 x 9) (9 x 676) = 8 x 676')
    """
    inner = inputs[0] // groups * prod(kernel)
    weights = outputs[0] * inner if nonzero is None else nonzero
    columns = prod(outputs[1:])
    return Layer(
        "convolution",
        inputs,
        outputs,
        weights,
        outputs[0] if has_bias else 0,
        weights * columns,
        (outputs[0] // groups, inner),
        columns,
        groups,
        activation=activation,
        label=label or f"convolution {shape_text(kernel)}",
        has_bias=has_bias,
    )


def record(layer: Layer, number: int, before: str, *, is_last: bool, batch: int) -> dict[str, Any]:
    """Return a layer as a row of a table.

    Parameters
    ----------
    layer : Layer
        The layer.
    number : int
        Its number, from 1 on.
    before : str
        What goes in.
    is_last : bool
        Whether it is the output.
    batch : int
        Examples in a batch.

    Returns
    -------
    dict
        Plain values.
    """
    after = "y" if is_last else f"h{number}"
    return {
        "layer": number,
        "kind": layer.kind,
        "label": layer.label,
        "inputs": list(layer.inputs),
        "outputs": list(layer.outputs),
        "weights": layer.weights,
        "biases": layer.biases,
        "parameters": layer.parameters,
        "density": layer.density,
        "activation": layer.activation,
        "formula": f"{after} = {layer.formula(number, before, is_last=is_last)}",
        "product": layer.product(batch),
        "multiply_adds": layer.multiply_adds,
    }
