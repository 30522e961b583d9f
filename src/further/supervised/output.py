r"""Outputs: what turns the last numbers η of a network into a prediction.

=============== =============================== ==========================================
output          prediction                      suits
=============== =============================== ==========================================
``softmax``     :math:`e^{\eta_k} / \sum_j      classes that exclude each other
                e^{\eta_j}`
``sigmoid``     :math:`1 / (1 + e^{-\eta})`     two classes; numbers between 0 and 1
``linear``      :math:`\eta`                    any numbers
``softplus``    :math:`\log(1 + e^{\eta})`      numbers that are not negative
``relu``        :math:`\max(0, \eta)`           numbers that are not negative
``exponential`` :math:`e^{\eta} - 1`            numbers that are not negative, by their order of
                                                magnitude
=============== =============================== ==========================================

Numbers are standardised for the network: with the mean and the deviation of the training rows where
the output is linear (of their logarithms where it is exponential), with the deviation alone where 0
has to stay 0.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Output(ABC):
    """The way from the last numbers of a network to predictions; the base of all outputs."""

    name: ClassVar[str]
    #: The kind of target that it predicts.
    of: ClassVar[str] = "numbers"
    #: Whether its predictions of a row are probabilities that sum to 1.
    is_distribution: ClassVar[bool] = False
    #: The range of its predictions.
    low: ClassVar[float] = -np.inf
    high: ClassVar[float] = np.inf

    def units(self, width: int) -> int:
        """Return how many last numbers there are for so many classes, or numbers to predict."""
        return width

    @abstractmethod
    def predict(self, eta: Tensor) -> Tensor:
        """Return predictions (n, k) for the last numbers (n, units)."""

    def fit(self, values: NDArray[np.float64]) -> Self:
        """Return the output with what it has to know of the numbers to predict, (n, k)."""
        return self

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return numbers to predict as the network is to predict them."""
        return values.astype(np.float32)

    def decode(self, predicted: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return predictions in the units of the source."""
        return predicted.astype(np.float64)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return {"of": self.of, "name": self.name, **vars(self)}


class Softmax(Output):
    """A distribution over classes that exclude each other."""

    name, of = "softmax", "classes"
    is_distribution = True
    low, high = 0.0, 1.0

    def predict(self, eta: Tensor) -> Tensor:
        """Return probabilities (n, classes)."""
        return eta.softmax(dim=1)


class Sigmoid(Output):
    """A probability each: of the second of two classes, or of each class by itself."""

    name, of = "sigmoid", "classes"
    low, high = 0.0, 1.0

    def units(self, width: int) -> int:
        """Return one for two classes."""
        return 1 if width == 2 else width

    def predict(self, eta: Tensor) -> Tensor:
        """Return probabilities that need not sum to 1, but for one unit (n, 2) that do."""
        p = eta.sigmoid()
        return p if p.shape[1] > 1 else torch.cat([1 - p, p], dim=1)


class SigmoidNumber(Sigmoid):
    """Numbers between 0 and 1."""

    of = "numbers"

    def units(self, width: int) -> int:
        """Return one for each number."""
        return width

    def predict(self, eta: Tensor) -> Tensor:
        """Return numbers (n, k) between 0 and 1."""
        return eta.sigmoid()


@dataclass(frozen=True)
class _Standardised(Output):
    """Numbers by their mean and deviation in the training rows.

    Attributes
    ----------
    center, scale : list of float
        One for each number.
    """

    center: list[float] = field(default_factory=list)
    scale: list[float] = field(default_factory=list)

    def fit(self, values: NDArray[np.float64]) -> Self:
        """Return the output with mean and deviation of the numbers."""
        inner = self._inner(values)
        center = inner.mean(axis=0) if self._is_centred else np.zeros(values.shape[1])
        deviation = np.sqrt(((inner - center) ** 2).mean(axis=0))
        scale = np.where(deviation > 0, deviation, 1.0)
        return type(self)(center=center.tolist(), scale=scale.tolist())

    _is_centred: ClassVar[bool] = True

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return standardised numbers."""
        standardised = (self._inner(values) - np.array(self.center)) / np.array(self.scale)
        return standardised.astype(np.float32)

    def decode(self, predicted: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return numbers in the units of the source."""
        return self._outer(predicted.astype(np.float64) * self.scale + self.center)

    def predict(self, eta: Tensor) -> Tensor:
        """Return standardised numbers."""
        return eta

    def _inner(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values

    def _outer(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values


class Linear(_Standardised):
    """Any numbers."""

    name = "linear"


class Exponential(_Standardised):
    """Numbers that are not negative, by the logarithm of one more than they are."""

    name = "exponential"
    low = 0.0

    def _inner(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.log1p(np.maximum(values, 0))

    def _outer(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        # Beyond 700 the exponential is infinite.
        return np.expm1(np.clip(values, 0, 700))


class Softplus(_Standardised):
    """Numbers that are not negative, smoothly bent at 0."""

    name = "softplus"
    low = 0.0
    _is_centred = False

    def predict(self, eta: Tensor) -> Tensor:
        """Return numbers above 0."""
        return F.softplus(eta)


class ReLU(_Standardised):
    """Numbers that are not negative, and 0 over a whole half of η, where nothing is learnt."""

    name = "relu"
    low = 0.0
    _is_centred = False

    def predict(self, eta: Tensor) -> Tensor:
        """Return numbers of at least 0."""
        return F.relu(eta)


def output_from_json(record: dict[str, Any]) -> Output:
    """Return the output that :meth:`Output.to_json` recorded."""
    facts = {name: value for name, value in record.items() if name not in ("name", "of")}
    return OUTPUTS[record["of"]][record["name"]](**facts)


#: By the kind of target and by name.
OUTPUTS: dict[str, dict[str, type[Output]]] = {
    "classes": {cls.name: cls for cls in (Softmax, Sigmoid)},
    "numbers": {cls.name: cls for cls in (Linear, Softplus, ReLU, Exponential, SigmoidNumber)},
}
