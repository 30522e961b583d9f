"""Layers of a torch module: hooks see what goes into each part and what comes out."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from further.errors import InputError
from further.explain.layer import Layer, Shape, convolution, dense, shape_text
from further.train.flops import count_flops

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMALISATIONS = (
    nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm,
)  # fmt: skip
_NAMES = {"Identity": "identity", "LeakyReLU": "leaky_relu", "LogSoftmax": "log_softmax"}
#: A scale and a shift of these are kept besides, and no gradient learns them.
_RUNNING = "running means and variances of normalisation layers: {} more numbers, not learnt"


def read_module(net: nn.Module, input_shape: Shape | None) -> dict[str, Any]:
    """Return the layers of a module, from one pass of zeros through it.

    Parameters
    ----------
    net : nn.Module
        Takes one tensor.
    input_shape : tuple of int or None
        Shape of one example; where the first layer is dense it is known.

    Returns
    -------
    dict
        Inputs, layers, whether they are a chain, and notes.

    Raises
    ------
    InputError
        If the shape is needed and not given, or does not fit.
    """
    leaves = [part for part in net.modules() if not list(part.children())]
    first = next((part for part in leaves if list(part.parameters(recurse=False))), None)
    if input_shape is None:
        if not isinstance(first, nn.Linear):
            raise InputError(
                f"{type(net).__name__} needs input_shape, the shape of one example without the "
                "batch, such as (1, 28, 28)."
            )
        input_shape = (first.in_features,)
    where = next((p for p in net.parameters()), torch.zeros(()))
    kind = torch.int64 if isinstance(first, nn.Embedding) else where.dtype
    example = torch.zeros(1, *input_shape, dtype=kind, device=where.device)
    try:
        return read_call(net, lambda: net(example), 1, input_shape, example)
    except (RuntimeError, TypeError, IndexError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"{type(net).__name__} does not take one example of input_shape="
            f"{tuple(input_shape)} ({reason}); give the shape without the batch."
        ) from error


def read_call(
    net: nn.Module,
    call: Callable[[], Any],
    n_rows: int,
    input_shape: Shape,
    example: Tensor | None = None,
) -> dict[str, Any]:
    """Return the layers that take part in a call.

    Parameters
    ----------
    net : nn.Module
        The network.
    call : callable
        Passes rows through it.
    n_rows : int
        How many.
    input_shape : tuple of int
        Shape of one of them.
    example : Tensor, optional
        What goes in first, so that a chain can be recognised.

    Returns
    -------
    dict
        See :func:`read_module`.
    """
    seen = _Seen(example)
    names = {part: name for name, part in net.named_modules()}
    hooks = [
        part.register_forward_hook(seen.hook(name, n_rows))
        for part, name in names.items()
        if not list(part.children())
    ]
    try:
        with _evaluating(net), torch.no_grad():
            total = count_flops(call) // (2 * n_rows)
    finally:
        for hook in hooks:
            hook.remove()
    layers = seen.finished() if seen.is_chain else seen.layers
    unseen = sum(p.numel() for p in net.parameters() if id(p) not in seen.counted)
    uncounted = max(0, total - sum(layer.dense_operations for layer in layers))
    if unseen or uncounted:
        label = "parameters and products outside of layers"
        other = Layer("other", (), (), unseen, 0, uncounted, label=label, has_bias=False)
        layers = [*layers, _Read(other)]
    is_chain = seen.is_chain and not unseen and not uncounted
    return {
        "inputs": tuple(input_shape),
        "layers": [layer.layer for layer in layers],
        "is_chain": is_chain,
        "notes": _notes(net, is_chain, seen.counted),
    }


def read_parameters(net: nn.Module, input_shape: Shape) -> dict[str, Any]:
    """Return the parts of a network by their parameters alone, without shapes.

    Parameters
    ----------
    net : nn.Module
        The network.
    input_shape : tuple of int
        Shape of one example.

    Returns
    -------
    dict
        See :func:`read_module`.
    """
    layers = []
    for name, part in net.named_modules():
        own = dict(part.named_parameters(recurse=False))
        biases = own["bias"].numel() if own.get("bias") is not None else 0
        if own:
            weights = sum(p.numel() for p in own.values()) - biases
            layers.append(Layer("other", (), (), weights, biases, label=name))
    notes = ("the operations are not known: only parameters were counted",)
    return {"inputs": tuple(input_shape), "layers": layers, "is_chain": False, "notes": notes}


@dataclasses.dataclass
class _Read:
    """A layer, and how many multiply-adds torch itself counts for it."""

    layer: Layer
    dense_operations: int = 0


class _Seen:
    """What hooks have seen so far."""

    def __init__(self, example: Tensor | None) -> None:
        self.layers: list[_Read] = []
        self.is_chain = example is not None
        self.counted: set[int] = set()
        self.last = example

    def hook(self, name: str, n_rows: int) -> Callable[..., None]:
        def look(part: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            if not inputs or not isinstance(inputs[0], Tensor) or not isinstance(output, Tensor):
                self.is_chain = False
                return
            follows = inputs[0] is self.last
            self.is_chain &= follows
            self.last = output
            self._add(part, name, _one(inputs[0], n_rows), _one(output, n_rows), follows)

        return look

    def _add(
        self, part: nn.Module, name: str, inputs: Shape, outputs: Shape, follows: bool
    ) -> None:
        activation = _activation_of(part)
        if activation is not None and not list(part.parameters()):
            before = self.layers[-1].layer if self.layers and follows else None
            if before is not None and before.activation is None and before.matrix:
                self.layers[-1].layer = dataclasses.replace(before, activation=activation)
                return
        layer = _layer_of(part, name, inputs, outputs, activation)
        full = layer.groups * prod(layer.matrix) * layer.columns if layer.matrix else 0
        if isinstance(part, nn.modules.conv._ConvTransposeNd):
            full = layer.multiply_adds
        new = [p for p in part.parameters() if id(p) not in self.counted]
        if list(part.parameters()) and not new:  # shared with a layer before
            layer = dataclasses.replace(layer, weights=0, biases=0, label=f"{name} (shared)")
        self.counted |= {id(p) for p in new}
        self.layers.append(_Read(layer, full))

    def finished(self) -> list[_Read]:
        """Return the layers of a chain, in which what has no activation has none."""
        for read in self.layers:
            if read.layer.matrix and read.layer.activation is None:
                read.layer = dataclasses.replace(read.layer, activation="identity")
        return self.layers


def _one(values: Tensor, n_rows: int) -> Shape:
    """Return the shape of one example; what has another number of rows is taken whole."""
    shape = tuple(values.shape)
    return shape[1:] if shape and shape[0] == n_rows else shape


def _activation_of(part: nn.Module) -> str | None:
    is_activation = type(part).__module__ == "torch.nn.modules.activation"
    if isinstance(part, nn.Identity) or is_activation:
        name = type(part).__name__
        return _NAMES.get(name, name.lower())
    return None


def _layer_of(
    part: nn.Module, name: str, inputs: Shape, outputs: Shape, activation: str | None
) -> Layer:
    mask = getattr(part, "weight_mask", None)  # of torch.nn.utils.prune
    nonzero = int(mask.count_nonzero()) if isinstance(mask, Tensor) else None
    has_bias = getattr(part, "bias", None) is not None
    if isinstance(part, nn.Linear):
        kept = None
        if isinstance(mask, Tensor) and mask.numel() <= 10_000:
            kept = tuple(tuple(row) for row in (mask != 0).tolist())
        return dense(
            inputs, part.out_features, nonzero=nonzero, mask=kept, has_bias=has_bias, label=name
        )
    if isinstance(part, _CONVOLUTIONS):
        kernel = tuple(part.kernel_size)
        return convolution(
            inputs, outputs, kernel, groups=part.groups, nonzero=nonzero, has_bias=has_bias,
            label=f"{name}: convolution {shape_text(kernel)}",
        )  # fmt: skip
    weights = {key: p.numel() for key, p in part.named_parameters(recurse=False)}
    biases = sum(n for key, n in weights.items() if key.startswith("bias"))
    learnt = (sum(weights.values()) - biases, biases)
    if isinstance(part, nn.modules.conv._ConvTransposeNd):
        # Every number that goes in is multiplied by the whole kernel of its group.
        operations = learnt[0] * prod(inputs[1:])
        return Layer("other", inputs, outputs, *learnt, operations, label=f"{name}: transposed")
    kind = "other"
    if isinstance(part, _NORMALISATIONS):
        kind = "normalisation"
    elif isinstance(part, nn.Embedding):
        kind = "embedding"
    elif "Pool" in type(part).__name__:
        kind = "pooling"
    elif isinstance(part, nn.Flatten):
        kind = "flatten"
    elif isinstance(part, nn.modules.dropout._DropoutNd):
        kind = "dropout"
    elif activation is not None:
        kind = "activation"
    label = f"{name}: {type(part).__name__}" if name else type(part).__name__
    return Layer(kind, inputs, outputs, *learnt, activation=activation, label=label)


@contextlib.contextmanager
def _evaluating(net: nn.Module) -> Iterator[None]:
    """Put a network into evaluation for a while: no statistics move, no dropout."""
    training = {part: part.training for part in net.modules()}
    net.eval()
    try:
        yield
    finally:
        for part, was in training.items():
            part.training = was


def _notes(net: nn.Module, is_chain: bool, counted: set[int]) -> tuple[str, ...]:
    notes = []
    unseen = [
        name or type(part).__name__
        for name, part in net.named_modules()
        if any(id(p) not in counted for p in part.parameters(recurse=False))
    ]
    if unseen:
        notes.append(
            f"parameters of {', '.join(unseen)} are counted together, and their operations only "
            "where torch counts them"
        )
    if not is_chain:
        notes.append(
            "only modules are seen: functions, sums and concatenations between them are not, so "
            "there is no single formula"
        )
    frozen = sum(p.numel() for p in net.parameters() if not p.requires_grad)
    if frozen:
        notes.append(f"{frozen:,} of the parameters are frozen: no gradient moves them")
    running = sum(
        buffer.numel()
        for name, buffer in net.named_buffers()
        if name.rpartition(".")[2] in ("running_mean", "running_var")
    )
    if running:
        notes.append(_RUNNING.format(f"{running:,}"))
    return tuple(notes)
