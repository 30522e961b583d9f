"""How a model is trained, apart from what it is: optimizer, schedule, averaging, clipping.

A model has its own defaults, ``training_defaults``; a user overrides single ones by
``training={"learning_rate": 1e-4}``.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from further.errors import InputError


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
    weight_decay : float, default=0.0
        Decoupled weight decay.
    batch_size : int, default=128
        Rows a step, over all processes together; at most the number of training rows.
    schedule : {"cosine", "linear", "constant"}, default="cosine"
        How the learning rate falls to 0 over the budget.
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
    weight_decay: float = 0.0
    batch_size: int = 128
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: float = 0.02
    averaging: float = 0.999
    clip: float | None = 1.0
    keep: Literal["best", "last"] = "best"
    patience: int | None = None

    def __post_init__(self) -> None:
        rules = [
            ("optimizer", self.optimizer in OPTIMIZERS, f"one of {', '.join(OPTIMIZERS)}"),
            ("learning_rate", self.learning_rate > 0, "above 0"),
            ("weight_decay", self.weight_decay >= 0, "at least 0"),
            ("batch_size", self.batch_size >= 1, "at least 1"),
            ("schedule", self.schedule in SCHEDULES, f"one of {', '.join(SCHEDULES)}"),
            ("warmup", 0 <= self.warmup < 1, "in [0, 1)"),
            ("averaging", 0 <= self.averaging < 1, "in [0, 1)"),
            ("clip", self.clip is None or self.clip > 0, "above 0, or None"),
            ("keep", self.keep in ("best", "last"), '"best" or "last"'),
            ("patience", self.patience is None or self.patience >= 1, "at least 1, or None"),
        ]
        for name, holds, rule in rules:
            if not holds:
                raise InputError(f"training: {name}={getattr(self, name)!r} must be {rule}.")

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
        self, parameters: list[nn.Parameter], learning_rate: float | None = None
    ) -> torch.optim.Optimizer:
        """Return the optimizer, in its fused form where there is one."""
        rate = self.learning_rate if learning_rate is None else learning_rate
        return OPTIMIZERS[self.optimizer](self, parameters, rate)

    def learning_rate_factor(self, progress: float) -> float:
        """Return the factor on the learning rate at ``progress`` in [0, 1] of the budget."""
        if progress < self.warmup:
            return progress / self.warmup
        return SCHEDULES[self.schedule]((progress - self.warmup) / (1 - self.warmup))


SCHEDULES: dict[str, Any] = {
    "cosine": lambda t: 0.5 * (1 + math.cos(math.pi * min(t, 1.0))),
    "linear": lambda t: max(0.0, 1 - t),
    "constant": lambda t: 1.0,
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
        p, lr=lr, momentum=s.betas[0], weight_decay=s.weight_decay, fused=True
    ),
}
