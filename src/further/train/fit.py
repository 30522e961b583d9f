"""One fit of a network: how it is executed, the loop, and the run folder kept up to date."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from further.train.batch import BatchSource
from further.train.budget import Budget
from further.train.callbacks.callback import Callback
from further.train.callbacks.checkpoint import Checkpoint
from further.train.callbacks.early_stopping import EarlyStopping
from further.train.callbacks.history import HistoryFile
from further.train.energy import Energy, cost_to_json
from further.train.execution import (
    MOST_PASSES,
    REPRODUCIBLE,
    Device,
    Execution,
    Precision,
    choose_execution,
    find_device,
)
from further.train.flops import count_flops
from further.train.loop import Loop
from further.train.objective import Objective
from further.train.processes import is_alone, make_fabric
from further.train.run import Run
from further.train.training import Training
from further.train.validation import Validation

#: Share of the budget that choosing the execution takes at most.
CHOOSING_SHARE = 0.03
#: Rows that it is measured on at least.
LEAST_ROWS = 4


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What a fit leaves: the history, when the kept weights came, and what it took.

    Attributes
    ----------
    history : list of dict
        A row an evaluation, with the step and all losses; empty for what is fitted without steps.
    steps : int
        Steps that were made.
    best_step : int
        The step whose weights are kept.
    flops : float or None
        Floating-point operations of the training; None where nobody counts them.
    seconds : float
        Time that it took, that before an interruption included.
    energy : Energy
        Likewise.
    execution : Execution
        Device, precision, threads and memory format.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    steps: int = 0
    best_step: int = 0
    flops: float | None
    seconds: float
    energy: Energy
    execution: Execution = REPRODUCIBLE

    def to_json(self) -> dict[str, Any]:
        """Return the entries for ``run.json``."""
        return cost_to_json(
            self.seconds,
            self.energy,
            steps=self.steps,
            best_step=self.best_step,
            flops=self.flops,
        )


def fit_network(
    net: nn.Module,
    objectives: Sequence[Objective],
    train: BatchSource,
    validation: BatchSource | None,
    judgement: Validation,
    *,
    training: Training,
    budget: Budget,
    precision: str = "float32",
    device: Device = "cpu",
    seed: int,
    run: Run | None = None,
    callbacks: Sequence[Callback] = (),
) -> Fit:
    """Train a network and leave the kept weights in it.

    Parameters
    ----------
    net, objectives, train, validation, judgement, training, budget
        See :class:`~further.train.loop.Loop`.
    precision : {"auto", "float32", "bfloat16"}
        "auto" measures; the others run on one thread, which is reproducible.
    device : {"cpu", "cuda", "mps"}
        Where to train.
    seed : int
        Of the training.
    run : Run, optional
        Where checkpoints and history go; a run that was interrupted is resumed, executed as it
        recorded.
    callbacks : sequence of Callback
        Besides those that write the run.

    Returns
    -------
    Fit
        The history, and what the training took.
    """
    started = time.monotonic()
    if run is not None and "execution" in run.record:
        execution = Execution(**run.record["execution"])
        find_device(execution.device)  # bit for bit it continues on that device only
    elif precision == "auto" and is_alone():
        execution = _choose(net, objectives, train, training, budget, seed, device)
    else:
        chosen: Precision = "bf16-mixed" if precision == "bfloat16" else "32-true"
        execution = Execution(precision=chosen, device=device, reason="as asked for")
    callbacks = list(callbacks)
    if run is not None:
        callbacks = [Checkpoint(run.path), HistoryFile(run.path), *callbacks]
    if training.patience is not None:
        callbacks.append(EarlyStopping(training.patience))
    loop = Loop(
        net, objectives, train, validation, judgement,
        training=training, budget=budget, execution=execution, seed=seed, callbacks=callbacks,
        seconds_before=time.monotonic() - started,
    )  # fmt: skip
    if run is not None:
        run.update(
            execution=execution.to_json(),
            flops_per_step=loop.flops_per_step,
            total_steps=loop.total_steps,
            training_rows=len(train),
            validation_rows=loop.evaluation.validation_rows,
            budget={"text": str(budget), "reproducible": budget.reproducible},
        )
    loop.run()
    return Fit(
        history=loop.history, steps=loop.step, best_step=loop.best_step, flops=loop.flops,
        seconds=loop.seconds, energy=loop.energy, execution=execution,
    )  # fmt: skip


def _choose(
    net: nn.Module,
    objectives: Sequence[Objective],
    train: BatchSource,
    training: Training,
    budget: Budget,
    seed: int,
    device: Device,
) -> Execution:
    """Return the fastest execution, measured on as many rows of a batch as the budget allows."""
    began = time.perf_counter()
    # At random, since the first rows of a sorted file are of one class.
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))
    batch = train.take(order[: training.batch_size])
    few = max(1, batch.n_rows // 16)
    state = {name: value.clone() for name, value in net.state_dict().items()}

    def loss(execution: Execution, n: int) -> Tensor:
        execution.place(net)
        rows = execution.place_batch(batch.take(slice(n)))
        total = torch.zeros((), device=device)
        with make_fabric(execution).autocast():
            for objective in objectives:
                value = objective.forward_and_backward(rows, execution.generator(seed))
                total = total + value.float()
        return total

    plain = replace(REPRODUCIBLE, device=device)
    with plain.active():
        flops = count_flops(lambda: loss(plain, few)) / few * batch.n_rows
        steps = budget.steps(
            flops_per_step=flops, steps_per_epoch=max(1, len(train) // batch.n_rows)
        )
        started = time.perf_counter()
        loss(plain, few).item()
        seconds = (time.perf_counter() - started) / few * batch.n_rows
    share = CHOOSING_SHARE * (steps or budget.amount / seconds) / MOST_PASSES
    n = min(batch.n_rows, max(LEAST_ROWS, int(share * batch.n_rows)))
    convolutions = any(isinstance(m, nn.Conv2d | nn.ConvTranspose2d) for m in net.modules())
    execution = choose_execution(
        lambda candidate: loss(candidate, n),
        has_convolutions=convolutions and batch.x.ndim == 4,
        device=device,
    )
    # Back to the plain format, and whatever buffers the passes moved.
    plain.place(net)
    net.load_state_dict(state)
    took = time.perf_counter() - began
    reason = f"{execution.reason} (a pass over {n} rows; measuring took {took:.2g} s)"
    return replace(execution, reason=reason)
