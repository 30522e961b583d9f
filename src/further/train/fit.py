"""One fit of a network: the engine is chosen, the loop runs, the run folder is kept up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from further.train.budget import Budget
from further.train.callback import Callback
from further.train.checkpoint import Checkpoint
from further.train.early_stopping import EarlyStopping
from further.train.energy import Energy
from further.train.execution import REPRODUCIBLE, Engine, choose_engine
from further.train.history import HistoryFile
from further.train.loop import Loop, Validate
from further.train.objective import Batch, Objective
from further.train.processes import is_alone, make_fabric
from further.train.run import Run
from further.train.training import Training

PrecisionChoice = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class Fit:
    """What a fit leaves: the history, when the kept weights came, and what it took."""

    history: list[dict[str, float]]
    steps: int
    best_step: int
    flops: float
    seconds: float
    energy: Energy
    engine: Engine

    def to_json(self) -> dict[str, Any]:
        """Return the entries for ``run.json``."""
        return {
            "steps": self.steps,
            "best_step": self.best_step,
            "training_flops": self.flops,
            "seconds": self.seconds,
            "energy_wh": self.energy.watt_hours,
            "carbon_g": self.energy.carbon_g,
            "energy_method": self.energy.method,
        }


def fit_network(
    net: nn.Module,
    objectives: Sequence[Objective],
    train: Batch,
    validation: Batch | None,
    validate: Validate,
    *,
    training: Training,
    budget: Budget,
    precision: PrecisionChoice,
    seed: int,
    run: Run | None = None,
    callbacks: Sequence[Callback] = (),
) -> Fit:
    """Train a network and return what it took; the network then holds the kept weights.

    Parameters
    ----------
    net, objectives, train, validation, validate, training, budget, seed, callbacks
        See :class:`~further.train.loop.Loop`.
    precision : {"auto", "float32", "bfloat16"}
        "auto" measures; the others run on one thread, which is reproducible.
    run : Run, optional
        Where checkpoints and history go; a run that was interrupted is resumed, under the
        engine that it recorded.
    """
    if run is not None and "engine" in run.record:
        engine = Engine(**run.record["engine"])
    elif precision == "auto" and is_alone():
        engine = _measure(net, objectives, train, training, seed)
    else:
        engine = Engine(precision="bf16-mixed") if precision == "bfloat16" else REPRODUCIBLE
    callbacks = list(callbacks)
    if run is not None:
        callbacks = [Checkpoint(run.path), HistoryFile(run.path), *callbacks]
    if training.patience is not None:
        callbacks.append(EarlyStopping(training.patience))
    loop = Loop(
        net, objectives, train, validation, validate,
        training=training, budget=budget, engine=engine, seed=seed, callbacks=callbacks,
    )  # fmt: skip
    if run is not None:
        run.update(
            engine=engine.to_json(),
            flops_per_step=loop.flops_per_step,
            total_steps=loop.total_steps,
            budget={"text": str(budget), "reproducible": budget.reproducible},
        )
    loop.run()
    return Fit(
        loop.history, loop.step, loop.best_step, loop.flops, loop.seconds, loop.energy, engine
    )


def _measure(
    net: nn.Module,
    objectives: Sequence[Objective],
    train: Batch,
    training: Training,
    seed: int,
) -> Engine:
    # At random, since the first rows of a sorted file are of one class.
    order = torch.randperm(len(train.x), generator=torch.Generator().manual_seed(seed))
    chosen = order[: training.batch_size]
    rows = Batch(train.x[chosen], None if train.y is None else train.y[chosen])
    state = {name: value.clone() for name, value in net.state_dict().items()}

    def loss(engine: Engine) -> Tensor:
        engine.place(net)
        x = rows.x.contiguous(memory_format=torch.channels_last) if engine.channels_last else rows.x
        total = torch.zeros(())
        with make_fabric(engine.precision).autocast():
            for objective in objectives:
                generator = torch.Generator().manual_seed(seed)
                value = next(iter(objective.loss(Batch(x, rows.y), generator).values()))
                torch.autograd.grad(value, objective.parameters, allow_unused=True)
                total = total + value.detach().float()
        return total

    convolutions = any(isinstance(m, nn.Conv2d | nn.ConvTranspose2d) for m in net.modules())
    engine = choose_engine(loss, has_convolutions=convolutions and train.x.ndim == 4)
    # Back to the plain format, and whatever buffers the passes moved.
    if convolutions:
        net.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    net.load_state_dict(state)
    return engine
