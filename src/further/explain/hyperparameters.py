"""Which numbers of a network are learnt, and which are set by a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from further.explain.layer import Layer, Shape, shape_text

#: What a person decides about every training, in the order in which it matters most often.
TRAINING = (
    "learning rate", "batch size", "epochs", "optimizer", "loss", "weight decay",
    "initialisation", "seed",
)  # fmt: skip
UNDECIDED = "to be chosen"


@dataclass(frozen=True)
class Hyperparameter:
    """A decision that no gradient makes.

    Attributes
    ----------
    name : str
        What is decided.
    of : {"architecture", "training"}
        What it is about.
    value : str
        What was decided, or "to be chosen".
    """

    name: str
    of: Literal["architecture", "training"]
    value: str


def hyperparameters_of(
    inputs: Shape, layers: Sequence[Layer], training: Mapping[str, Any]
) -> tuple[Hyperparameter, ...]:
    """Return the hyperparameters of a network.

    Parameters
    ----------
    inputs : tuple of int
        Shape of one example.
    layers : sequence of Layer
        The network.
    training : mapping
        What is known of the training, by the names of :data:`TRAINING` and others.

    Returns
    -------
    tuple of Hyperparameter
        Those of the architecture, then those of the training.
    """
    learnt = [layer for layer in layers if layer.matrix]
    widths = [shape_text(layer.outputs) for layer in learnt[:-1]]
    activations = dict.fromkeys(layer.activation or "" for layer in learnt[:-1])
    found = {
        "depth": f"{len(learnt)} layers with weights",
        "widths": (", ".join(widths) or "no hidden layer")
        + f"; input {shape_text(inputs)} and output "
        f"{shape_text(layers[-1].outputs)} come from the data",
        "activation": ", ".join(filter(None, activations)) or UNDECIDED,
        "output activation": (learnt[-1].activation if learnt else None) or UNDECIDED,
        "connectivity": _connectivity(learnt),
    }
    windows = [layer.label for layer in layers if layer.kind in ("convolution", "pooling")]
    if windows:
        found["windows"] = "; ".join(windows)
    settings = dict.fromkeys(TRAINING, UNDECIDED) | dict(training)
    return (
        *(Hyperparameter(name, "architecture", value) for name, value in found.items()),
        *(Hyperparameter(name, "training", str(value)) for name, value in settings.items()),
    )


def _connectivity(layers: Sequence[Layer]) -> str:
    kinds = dict.fromkeys(layer.kind for layer in layers)
    sparse = [f"{layer.density:.0%}" for layer in layers if layer.density < 1]
    return ", ".join(kinds) + (f" (density {', '.join(sparse)})" if sparse else "")
