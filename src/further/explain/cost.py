r"""Memory and operations of one training step, by counting.

With P parameters, B examples in a batch, and M multiply-adds of one example on the way forward:

- *operations*: a multiply-add counts as 2. Forward :math:`2 B M`. Backward, each product comes
  twice more, for the gradient of its matrix and for that of what it is multiplied by, which the
  first layer does not need: a step is :math:`2 B (3 M - M_1)`. Left out: biases, activations,
  normalisation, pooling, the loss, and the optimizer's update, which touches each parameter a few
  times a step.
- *memory*, in float32 (4 bytes): parameters, their gradients, the optimizer's state (none for plain
  SGD, one number a parameter with momentum, two for Adam, twenty for L-BFGS with ten pairs), and
  the numbers that leave each layer, which are kept for the way back. Left out: the framework, work
  space of the products, and what an activation keeps besides its result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import prod

from further.explain.layer import Layer, Shape

BYTES = 4
#: Numbers that an optimizer keeps for each parameter.
STATE = {"sgd": 0, "momentum": 1, "adadelta": 2, "adam": 2, "adamw": 2, "lbfgs": 20}

LEFT_OUT_OPERATIONS = (
    "biases, activations, normalisation, pooling, the loss and the optimizer's update"
)
LEFT_OUT_MEMORY = "the framework, work space, and what activations keep besides their result"


@dataclass(frozen=True)
class Memory:
    """Bytes that a training step needs, in float32.

    Attributes
    ----------
    parameters, gradients, optimizer, activations : int
        The parts.
    """

    parameters: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """Their sum."""
        return self.parameters + self.gradients + self.optimizer + self.activations

    def to_json(self) -> dict[str, int | str]:
        """Return parts, sum and what is left out."""
        return {**asdict(self), "total": self.total, "left_out": LEFT_OUT_MEMORY}


@dataclass(frozen=True)
class Operations:
    """Floating-point operations of a batch, two for a multiply-add.

    Attributes
    ----------
    forward, step : int
        On the way forward, and of a whole training step.
    """

    forward: int
    step: int

    def to_json(self) -> dict[str, int | str]:
        """Return both, and what is left out."""
        return {**asdict(self), "left_out": LEFT_OUT_OPERATIONS}


def memory_of(inputs: Shape, layers: Sequence[Layer], batch_size: int, optimizer: str) -> Memory:
    """Return the memory of a training step.

    Parameters
    ----------
    inputs : tuple of int
        Shape of one example.
    layers : sequence of Layer
        The network.
    batch_size : int
        Examples in a batch.
    optimizer : str
        One of :data:`STATE`.

    Returns
    -------
    Memory
        In bytes.
    """
    parameters = sum(layer.parameters for layer in layers)
    # A flattened array is the same numbers in the same place.
    kept = prod(inputs) + sum(layer.size for layer in layers if layer.kind != "flatten")
    return Memory(
        BYTES * parameters,
        BYTES * parameters,
        BYTES * STATE[optimizer] * parameters,
        BYTES * batch_size * kept,
    )


def operations_of(layers: Sequence[Layer], batch_size: int) -> Operations:
    """Return the operations of a batch.

    Parameters
    ----------
    layers : sequence of Layer
        The network.
    batch_size : int
        Examples in a batch.

    Returns
    -------
    Operations
        Forward and of a step.
    """
    forward = 2 * batch_size * sum(layer.multiply_adds for layer in layers)
    first = next((layer.multiply_adds for layer in layers if layer.parameters), 0)
    return Operations(forward, 3 * forward - 2 * batch_size * first)
