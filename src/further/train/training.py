"""How a model is trained, apart from what it is: optimizer, schedule, averaging, clipping.

A model has its own defaults, ``training_defaults``; a user overrides single ones by
``training={"learning_rate": 1e-4}``. Schedules are functions of the share of the budget that is
spent, not ``torch.optim.lr_scheduler``, which counts steps: of a budget in seconds nobody knows how
many there will be.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from further.errors import InputError
from further.train.objective import Group


@dataclass(frozen=True)
class Training:
    """Settings of the training loop.

    Parameters
    ----------
    optimizer : {"adamw", "adam", "adadelta", "sgd"}, default="adamw"
        The update rule; Adam with decoupled weight decay (Loshchilov and Hutter 2019) by default.
    learning_rate : float, default=1e-3
        The highest learning rate of the schedule.
    betas : tuple of two floats, default=(0.9, 0.999)
        Decay of the moments of Adam.
    momentum : float, default=0.9
        Decay of the velocity of SGD.
    weight_decay : float, default=0.0
        Decoupled weight decay.
    batch_size : int, default=128
        Rows a step, over all processes together; at most the number of training rows.
    schedule : {"cosine", "linear", "constant", "coslog4"}, default="cosine"
        How the learning rate falls to 0 over the budget; "coslog4" rises and falls four times, each
        time twice as slowly (Holzmüller et al. 2024).
    warmup : float, default=0.02
        Share of the budget over which the learning rate rises from 0.
    averaging : float, default=0.999
        Decay of the exponential moving average of the weights that is evaluated and kept; 0 for
        none (Polyak and Juditsky 1992).
    clip : float or None, default=1.0
        Largest norm of the gradient of one objective.
    keep : {"best", "last"}, default="best"
        Keep the averaged weights of the lowest validation loss, or the last ones.
    patience : int or None, default=None
        Stop after so many rows of the history without a better validation loss; None never stops
        early. Comparisons never do.
    """

    optimizer: Literal["adamw", "adam", "adadelta", "sgd"] = "adamw"
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = 0.9
    weight_decay: float = 0.0
    batch_size: int = 128
    schedule: Literal["cosine", "linear", "constant", "coslog4"] = "cosine"
    warmup: float = 0.02
    averaging: float = 0.999
    clip: float | None = 1.0
    keep: Literal["best", "last"] = "best"
    patience: int | None = None

    def __post_init__(self) -> None:
        for name, (holds, rule) in RULES.items():
            value = getattr(self, name)
            try:
                kept = holds(value)
            except (TypeError, ValueError):
                kept = False
            if not kept:
                raise InputError(f"training: {name}={value!r} must be {rule}.")

    def override(self, changes: Training | Mapping[str, Any] | None) -> Training:
        """Return these settings with some changed.

        Raises
        ------
        InputError
            If a setting is not known; the nearest known one is named.
        """
        if changes is None:
            return self
        if isinstance(changes, Training):
            return changes
        known = [field.name for field in dataclasses.fields(self)]
        for name in changes:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f'; did you mean "{near[0]}"?' if near else f"; known: {', '.join(known)}."
                raise InputError(f'training: there is no setting "{name}"{hint}')
        values = dict(changes)
        if "betas" in values:
            values["betas"] = tuple(values["betas"])
        return dataclasses.replace(self, **values)

    def make_optimizer(
        self,
        parameters: list[nn.Parameter],
        learning_rate: float | None = None,
        groups: Sequence[Group] = (),
    ) -> torch.optim.Optimizer:
        """Return the optimizer, in its fused form where there is one.

        Parameters
        ----------
        parameters : list of nn.Parameter
            What it moves.
        learning_rate : float, optional
            Default: that of these settings.
        groups : sequence of Group
            Those among the parameters with rates of their own.

        Returns
        -------
        torch.optim.Optimizer
            Fresh; its groups, of which the first has the rates as they are, have a ``factor`` on
            the learning rate.
        """
        rate = self.learning_rate if learning_rate is None else learning_rate
        own = {id(parameter) for group in groups for parameter in group.parameters}
        others = [parameter for parameter in parameters if id(parameter) not in own]
        parts = [
            {
                "params": group.parameters,
                "factor": group.learning_rate,
                "weight_decay": self.weight_decay * group.weight_decay,
            }
            for group in (Group(others), *groups)
        ]
        return OPTIMIZERS[self.optimizer](self, parts, rate)

    def learning_rate_factor(self, progress: float) -> float:
        """Return the factor on the learning rate at ``progress`` in [0, 1] of the budget."""
        if progress < self.warmup:
            return progress / self.warmup
        return SCHEDULES[self.schedule]((progress - self.warmup) / (1 - self.warmup))


RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "optimizer": (lambda v: v in OPTIMIZERS, "one of adamw, adam, adadelta, sgd"),
    "learning_rate": (lambda v: 0 < v < math.inf, "above 0"),
    "betas": (lambda v: all(0 <= beta < 1 for beta in v) and len(v) == 2, "two in [0, 1)"),
    "momentum": (lambda v: 0 <= v < 1, "in [0, 1)"),
    "weight_decay": (lambda v: 0 <= v < math.inf, "at least 0"),
    "batch_size": (lambda v: operator.index(v) >= 1, "a whole number of at least 1"),
    "schedule": (lambda v: v in SCHEDULES, "one of cosine, linear, constant, coslog4"),
    "warmup": (lambda v: 0 <= v < 1, "in [0, 1)"),
    "averaging": (lambda v: 0 <= v < 1, "in [0, 1)"),
    "clip": (lambda v: v is None or v > 0, "above 0, or None"),
    "keep": (lambda v: v in ("best", "last"), '"best" or "last"'),
    "patience": (
        lambda v: v is None or operator.index(v) >= 1,
        "a whole number of at least 1, or None",
    ),
}

SCHEDULES: dict[str, Any] = {
    "cosine": lambda t: 0.5 * (1 + math.cos(math.pi * min(t, 1.0))),
    "linear": lambda t: max(0.0, 1 - t),
    "constant": lambda t: 1.0,
    "coslog4": lambda t: 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * min(t, 1.0)))),
}

OPTIMIZERS: dict[str, Any] = {
    "adamw": lambda s, p, lr: torch.optim.AdamW(
        p, lr=lr, betas=s.betas, weight_decay=s.weight_decay, fused=True
    ),
    "adam": lambda s, p, lr: torch.optim.Adam(
        p, lr=lr, betas=s.betas, weight_decay=s.weight_decay, fused=True
    ),
    "adadelta": lambda s, p, lr: torch.optim.Adadelta(
        p, lr=lr, rho=0.95, eps=1e-7, weight_decay=s.weight_decay
    ),
    "sgd": lambda s, p, lr: torch.optim.SGD(
        p, lr=lr, momentum=s.momentum, weight_decay=s.weight_decay, fused=True
    ),
}
