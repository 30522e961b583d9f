"""What a model asks of the loop: a loss, and which parameters it moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from further.train.batch import Batch

Loss = Callable[[Batch, torch.Generator], dict[str, Tensor]]


@dataclass(frozen=True)
class Group:
    """Parameters that are trained at a rate of their own.

    Attributes
    ----------
    parameters : list of nn.Parameter
        Some of those of an objective.
    learning_rate, weight_decay : float
        Factors on those of :class:`~further.train.training.Training`.
    """

    parameters: list[nn.Parameter]
    learning_rate: float = 1.0
    weight_decay: float = 1.0


@dataclass
class Objective:
    """One loss that the loop minimises over its own parameters.

    Attributes
    ----------
    loss : callable
        Takes a :class:`~further.train.batch.Batch` and the loop's random generator; returns a dict
        of scalar tensors of which the first is minimised and all are logged.
    parameters : list of nn.Parameter
        What it moves; nothing else receives a gradient.
    name : str
        Prefix in the history where a model has several objectives.
    learning_rate : float or None
        Overrides that of :class:`~further.train.training.Training`.
    every : int
        Minimised at every so many steps.
    groups : sequence of Group
        Parameters among them with rates of their own.
    """

    loss: Loss
    parameters: list[nn.Parameter]
    name: str = ""
    learning_rate: float | None = None
    every: int = 1
    groups: Sequence[Group] = ()

    def forward_and_backward(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """Return the loss after one forward and backward pass, of which nothing else is kept.

        Parameters
        ----------
        batch : Batch
            The rows.
        generator : torch.Generator
            Of random numbers.

        Returns
        -------
        Tensor
            A scalar.
        """
        loss = next(iter(self.loss(batch, generator).values()))
        torch.autograd.grad(loss, self.parameters, allow_unused=True)
        return loss.detach()
