"""``explain_architecture``: what a network is, what it learns, and what a step costs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from further.errors import InputError, unknown
from further.explain.cost import STATE, Memory, Operations, memory_of, operations_of
from further.explain.hyperparameters import Hyperparameter, hyperparameters_of
from further.explain.layer import Layer, Mask, Shape, record
from further.explain.notation import LARGEST, parse

if TYPE_CHECKING:
    import pandas as pd

#: A mask of more entries is counted and not kept for the drawing.
LARGEST_DRAWN_MASK = 10_000
BATCH_SIZE, OPTIMIZER = 32, "adam"
#: What is to be known about sparse layers.
EVENLY = "which connections a density leaves is not decided: a drawing spreads them evenly"
MASKED = (
    "operations are those of the connections that are there; a dense product with a mask does all"
)


@dataclass(frozen=True)
class Architecture:
    """A network, explained.

    Attributes
    ----------
    name : str
        What it is called: its sizes, or the name of its class.
    inputs : tuple of int
        Shape of one example.
    layers : tuple of Layer
        In turn; what goes in is no layer.
    is_chain : bool
        Whether each layer takes what the one before gives, and nothing happens between them.
    batch_size : int
        Examples in a batch.
    optimizer : str
        What moves the parameters.
    memory : Memory
        Of a training step.
    operations : Operations
        Of a batch.
    hyperparameters : tuple of Hyperparameter
        What is decided, and not learnt.
    notes : tuple of str
        What is to be known about these figures.
    """

    name: str
    inputs: Shape
    layers: tuple[Layer, ...]
    is_chain: bool
    batch_size: int
    optimizer: str
    memory: Memory
    operations: Operations
    hyperparameters: tuple[Hyperparameter, ...]
    notes: tuple[str, ...] = ()

    @property
    def weights(self) -> int:
        """Number of weights."""
        return sum(layer.weights for layer in self.layers)

    @property
    def biases(self) -> int:
        """Number of biases, and of shifts."""
        return sum(layer.biases for layer in self.layers)

    @property
    def parameters(self) -> int:
        """All numbers that are learnt."""
        return self.weights + self.biases

    @property
    def chain(self) -> str:
        """The way forward as one nested formula; empty where it is no chain."""
        if not self.is_chain:
            return ""
        inner = "x"
        for number, layer in enumerate(self.layers, 1):
            inner = layer.formula(number, inner, is_last=number == len(self.layers))
        return f"y = {inner}"

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each layer: shapes, parameters, formula, product, multiply-adds."""
        rows, before = [], "x" if self.is_chain else "(.)"
        for number, layer in enumerate(self.layers, 1):
            last = number == len(self.layers)
            rows.append(record(layer, number, before, is_last=last, batch=self.batch_size))
            before = f"h{number}" if self.is_chain else before
        return rows

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row a layer."""
        import pandas as pd

        return pd.DataFrame(self.records()).set_index("layer")

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        decided: dict[str, dict[str, str]] = {"architecture": {}, "training": {}}
        for one in self.hyperparameters:
            decided[one.of][one.name] = one.value
        return {
            "name": self.name,
            "input": list(self.inputs),
            "parameters": self.parameters,
            "weights": self.weights,
            "biases": self.biases,
            "layers": self.records(),
            "chain": self.chain,
            "hyperparameters": decided,
            "batch_size": self.batch_size,
            "optimizer": self.optimizer,
            "memory": self.memory.to_json(),
            "operations": self.operations.to_json(),
            "notes": list(self.notes),
        }

    def to_text(self, width: int = 100) -> str:
        """Return a drawing for a terminal of that many columns."""
        from further.explain.text_drawing import draw_text

        return draw_text(self.inputs, self.layers, width)

    def to_svg(self) -> str:
        """Return a drawing for a page: units and connections, and blocks for convolutions."""
        from further.explain.drawing import draw

        return draw(self.name, self.inputs, self.layers)

    def to_html(self) -> str:
        """Return a page with the drawing and its figures as tables."""
        from further.explain.page import page

        return page(self.name, self.to_svg(), self.to_json())


def explain_architecture(
    model: Any,
    *,
    input_shape: int | Sequence[int] | None = None,
    density: float | Sequence[float] | None = None,
    masks: Sequence[Any] | None = None,
    batch_size: int | None = None,
    optimizer: str | None = None,
) -> Architecture:
    """Explain a network: what is learnt in it, what is decided, and what a training step costs.

    Parameters
    ----------
    model : str, sequence of int, path, nn.Module or estimator
        Sizes such as "3-5-2-1" or ``[3, 5, 2, 1]``, or the notation of
        :mod:`further.explain.notation`; the folder of a run; a torch module; an estimator with a
        network, further's or scikit-learn's ``MLPClassifier`` and ``MLPRegressor``.
    input_shape : int or sequence of int, optional
        Shape of one example, for a torch module that does not begin with a dense layer.
    density : float or sequence of float, optional
        Share of connections that are there: of all dense layers, or of each one.
    masks : sequence of array-like, optional
        A mask for each dense layer, of shape (units, units before), nonzero where a connection is;
        None for a layer that has all.
    batch_size : int, optional
        Examples in a batch; default: that of the estimator, or 32.
    optimizer : {"sgd", "momentum", "adadelta", "adam", "adamw", "lbfgs"}, optional
        Default: that of the estimator, or Adam.

    Returns
    -------
    Architecture
        Layers, parameters, hyperparameters, memory and operations, and drawings of them.

    Raises
    ------
    InputError
        If the model is no network, or sizes, masks and densities do not fit.

    Examples
    --------
    >>> net = explain_architecture("3-5-2-1")
    >>> net.parameters, [layer.parameters for layer in net.layers]
    (35, [20, 12, 3])
    >>> net.chain
    'y = g(W3 a(W2 a(W1 x + b1) + b2) + b3)'
    >>> explain_architecture("3-5-2").parameters
    32
    >>> explain_architecture("100-50-10", density=0.1).parameters
    610
    """
    read = _read(model, input_shape)
    layers = _thinned(read.layers, density, masks)
    batch = int(batch_size or read.batch_size or BATCH_SIZE)
    if batch < 1:
        raise InputError(f"batch_size={batch_size} must be at least 1.")
    chosen = (optimizer or read.optimizer or OPTIMIZER).lower()
    if chosen not in STATE:
        raise InputError(unknown("optimizer", chosen, list(STATE)))
    # What was asked for is decided; the defaults of the figures are not.
    training = dict(read.training)
    if batch_size or read.batch_size:
        training["batch size"] = batch
    if optimizer or read.optimizer:
        training["optimizer"] = chosen
    return Architecture(
        name=read.name,
        inputs=read.inputs,
        layers=tuple(layers),
        is_chain=read.is_chain,
        batch_size=batch,
        optimizer=chosen,
        memory=memory_of(read.inputs, layers, batch, chosen),
        operations=operations_of(layers, batch),
        hyperparameters=hyperparameters_of(read.inputs, layers, training),
        notes=(*read.notes, *_notes(layers)),
    )


@dataclass(frozen=True)
class _Read:
    """What was found in whatever was given."""

    name: str
    inputs: Shape
    layers: list[Layer]
    is_chain: bool = True
    notes: tuple[str, ...] = ()
    training: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    batch_size: int | None = None
    optimizer: str | None = None


def _read(model: Any, input_shape: int | Sequence[int] | None) -> _Read:
    if isinstance(model, str | Path):
        folder = Path(model)
        if isinstance(model, Path) or (folder / "model.json").is_file() or "/" in str(model):
            from further.train.load import load

            return _read(load(folder), input_shape)
        inputs, layers = parse(model)
        return _Read("-".join(model.split()), inputs, layers)
    if isinstance(model, Sequence) or hasattr(model, "tolist"):
        sizes = list(model)
        wrong = [s for s in sizes if not hasattr(s, "__index__") or not 1 <= s <= LARGEST]
        if wrong or len(sizes) < 2:
            raise InputError(
                f"{model!r} is no network: give at least two whole sizes, as in [3, 5, 2, 1]."
            )
        return _read("-".join(map(str, sizes)), None)
    from further.explain.estimators import read_estimator

    return _Read(**read_estimator(model, _shape(input_shape)))


def _shape(given: int | Sequence[int] | None) -> Shape | None:
    if given is None:
        return None
    shape = (given,) if isinstance(given, int) else tuple(given)
    if not shape or any(size < 1 for size in shape):
        raise InputError(f"input_shape={given!r} must have sizes of at least 1, as in (1, 28, 28).")
    return shape


def _thinned(
    layers: list[Layer],
    density: float | Sequence[float] | None,
    masks: Sequence[Any] | None,
) -> list[Layer]:
    """Return the layers with the dense ones made sparse, as asked for."""
    if density is None and masks is None:
        return layers
    if density is not None and masks is not None:
        raise InputError("density and masks both say which connections are there; give one.")
    at = [i for i, layer in enumerate(layers) if layer.kind == "dense"]
    name, given = ("density", density) if masks is None else ("masks", masks)
    each = list(given) if isinstance(given, Sequence) else [given] * len(at)
    if len(each) != len(at):
        raise InputError(
            f"{name} has {len(each)} entries but there are {len(at)} dense layers; give one for "
            "each."
        )
    thin = list(layers)
    for i, one in zip(at, each, strict=True):
        if one is not None:
            thin[i] = _with_density(layers[i], one) if masks is None else _masked(layers[i], one)
    return thin


def _with_density(layer: Layer, density: float) -> Layer:
    if not 0 < density <= 1:
        raise InputError(f"density={density} must be above 0 and at most 1; 0.1 keeps a tenth.")
    return _sparse(layer, round(density * layer.weights), None) if density < 1 else layer


def _masked(layer: Layer, mask: Any) -> Layer:
    import numpy as np

    there = np.asarray(mask) != 0
    if there.shape != layer.matrix:
        raise InputError(
            f"A mask has the shape {there.shape} but the layer's matrix is {layer.matrix}; give "
            "one of (units, units before)."
        )
    kept: Mask | None = None
    if there.size <= LARGEST_DRAWN_MASK:
        kept = tuple(tuple(row) for row in there.tolist())
    return _sparse(layer, int(there.sum()), kept)


def _notes(layers: Sequence[Layer]) -> list[str]:
    sparse = [layer for layer in layers if layer.density < 1]
    is_open = any(layer.kind == "sparse" and layer.mask is None for layer in sparse)
    return [MASKED] * bool(sparse) + [EVENLY] * is_open


def _sparse(layer: Layer, nonzero: int, mask: Mask | None) -> Layer:
    return dataclasses.replace(
        layer,
        kind="sparse",
        weights=nonzero,
        multiply_adds=nonzero * layer.columns,
        mask=mask,
    )
