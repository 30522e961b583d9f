r"""Losses, and which of them goes with which target and output: a table that models consult.

With the target t (for classes a row of zeros with a 1), the prediction p and k numbers in a row:

=================================== ======================================= ====================
loss                                of a row                                suits
=================================== ======================================= ====================
``mean_squared_error``              :math:`\frac1k \sum (t - p)^2`          numbers: their mean
``mean_absolute_error``             :math:`\frac1k \sum |t - p|`            numbers: their median
``mean_squared_logarithmic_error``  :math:`\frac1k \sum (\log(1 + t) -      numbers from 0 on:
                                    \log(1 + p))^2`                         relative errors
``binary_cross_entropy``            :math:`-\sum t \log p + (1 - t)         two classes
                                    \log (1 - p)`
``categorical_cross_entropy``       :math:`-\sum t \log p`                  classes
``kullback_leibler``                :math:`\sum t \log (t / p)`             classes: the same where
                                                                            t is 0 or 1
=================================== ======================================= ====================

A squared error on probabilities is the Brier score, a proper score as well, but its gradient
vanishes where a network is confidently wrong, so that training starts slowly. An absolute error on
probabilities is no proper score: its best prediction is the most frequent class with certainty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from further.supervised.output import Output


@dataclass(frozen=True)
class Loss:
    """A line of the table.

    Attributes
    ----------
    name : str
        As people type it.
    of : callable
        Takes the last numbers η (n, units), the target (n, k) and the output; returns a value a
        row.
    targets : tuple of {"classes", "numbers"}
        What it can be computed for.
    outputs : tuple of str
        The outputs that suit it, the best first.
    """

    name: str
    of: Callable[[Tensor, Tensor, Output], Tensor]
    targets: tuple[Literal["classes", "numbers"], ...]
    outputs: tuple[str, ...]


def _squared(eta: Tensor, t: Tensor, output: Output) -> Tensor:
    return (output.predict(eta) - t).square().mean(dim=1)


def _absolute(eta: Tensor, t: Tensor, output: Output) -> Tensor:
    return (output.predict(eta) - t).abs().mean(dim=1)


def _binary_cross_entropy(eta: Tensor, t: Tensor, output: Output) -> Tensor:
    single = eta.shape[1] == 1 < t.shape[1]
    t = t[:, 1:] if single else t
    return F.binary_cross_entropy_with_logits(eta, t, reduction="none").sum(dim=1)


def _cross_entropy(eta: Tensor, t: Tensor, output: Output) -> Tensor:
    return F.cross_entropy(eta, t, reduction="none")


def _kullback_leibler(eta: Tensor, t: Tensor, output: Output) -> Tensor:
    log = F.log_softmax(eta, dim=1)
    return F.kl_div(log, t, reduction="none").sum(dim=1)


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("mean_squared_error", _squared, ("numbers", "classes"),
             ("linear", "softplus", "relu", "sigmoid", "softmax")),
        Loss("mean_absolute_error", _absolute, ("numbers", "classes"),
             ("linear", "softplus", "relu", "sigmoid", "exponential", "softmax")),
        Loss("mean_squared_logarithmic_error", _squared, ("numbers",), ("exponential",)),
        Loss("binary_cross_entropy", _binary_cross_entropy, ("classes", "numbers"), ("sigmoid",)),
        Loss("categorical_cross_entropy", _cross_entropy, ("classes",), ("softmax",)),
        Loss("kullback_leibler", _kullback_leibler, ("classes",), ("softmax",)),
    )
}  # fmt: skip
