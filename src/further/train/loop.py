"""The training loop, on Lightning Fabric.

A step takes the next batch and minimises each objective in turn. Every row of the history holds
the learning rate of the first objective, without which nobody can tell a loss that has settled from
one that a schedule has stopped; the means of what the objectives logged since the row before; and
of the averaged weights, in
evaluation mode and always under the same random numbers, what they score on validation rows
(``val_``) and on a fixed part of the training rows (``fit_``). A gap between these two is a gap,
and not the effect of averaging or of dropout, as one between training and validation losses may be.

Processes of ``torchrun`` share a global batch: each takes every n-th row of it, and gradients are
averaged, so that the result is that of one process up to the order of summation. They are averaged
here, not by a wrapped module, because a loss calls whatever methods of the network it needs and
several objectives share one network, neither of which such a wrapper allows.

The order of the rows depends on the seed and the epoch, the noise in the losses on the seed and the
step, so that a training that goes on from a checkpoint meets the same numbers.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from further.errors import InputError
from further.train.averaging import AveragedWeights
from further.train.batch import Batch, BatchSource
from further.train.budget import Budget
from further.train.callbacks.callback import Callback
from further.train.energy import Energy, EnergyMeter
from further.train.execution import Execution
from further.train.flops import count_flops
from further.train.objective import Objective
from further.train.periodic_evaluation import PeriodicEvaluation
from further.train.processes import make_fabric
from further.train.seeds import seed_of, seeds_of
from further.train.training import Training
from further.train.validation import Validation

ROWS_A_BUDGET = 50
#: Where in the schedule the first steps are of a budget in seconds, whose length nobody knows.
FIRST_PROGRESS = 1e-3
#: Attributes of the loop that a checkpoint keeps as they are.
KEPT = (
    "step", "best", "best_step", "best_loss", "history", "sums", "counts", "last_loss", "stopped",
    "diverged",
)  # fmt: skip


class Loop:
    """Minimise the objectives of a network over a budget.

    Parameters
    ----------
    net : nn.Module
        The network; it holds the kept weights after :meth:`run`.
    objectives : sequence of Objective
        What is minimised, in turn.
    train, validation : BatchSource
        The rows, encoded; ``validation`` is None where there are none.
    judgement : Validation
        What is computed on validation rows with the averaged weights.
    training : Training
        Optimizer, schedule, averaging.
    budget : Budget
        How long.
    execution : Execution
        Device, precision, threads, memory format.
    seed : int
        Of the order of the rows and of the noise in the losses.
    callbacks : sequence of Callback
        Checkpoints, progress, early stopping.
    seconds_before : float, default=0.0
        What choosing the execution took; a budget in seconds counts it.

    Attributes
    ----------
    history : list of dict
        One row an epoch or a fiftieth of the budget, fewer where evaluating would cost too much.
    step, total_steps : int
        Steps done, and steps that the budget buys (None for seconds).
    best_step : int
        When the kept weights came.
    flops_per_step : float
        Mean number of floating-point operations of a step, elementwise work left out.
    progress : float
        Share of the budget that is spent.
    """

    def __init__(
        self,
        net: nn.Module,
        objectives: Sequence[Objective],
        train: BatchSource,
        validation: BatchSource | None,
        judgement: Validation,
        *,
        training: Training,
        budget: Budget,
        execution: Execution,
        seed: int,
        callbacks: Sequence[Callback] = (),
        seconds_before: float = 0.0,
    ) -> None:
        self._seconds_before, self._start = seconds_before, time.monotonic()
        self._measuring = 0.0  # seconds before the first step
        self.fabric = make_fabric(execution)
        self.net, self.objectives = execution.place(net), list(objectives)
        self.train, self.judgement = train, judgement
        self.training, self.budget, self.execution, self.seed = training, budget, execution, seed
        self.callbacks = list(callbacks)
        self.optimizers = [
            training.make_optimizer(o.parameters, o.learning_rate, o.groups)
            for o in self.objectives
        ]
        self.rates = [o.param_groups[0]["lr"] for o in self.optimizers]
        self.average = AveragedWeights(net, training.averaging)

        world = self.fabric.world_size
        n = len(train)
        self.batch_size = max(world, min(training.batch_size, n) // world * world)
        self.steps_per_epoch = max(1, n // self.batch_size)
        self.generator = execution.generator()
        self.flops_per_step = self._measure_flops() * world
        self.total_steps = budget.steps(
            flops_per_step=self.flops_per_step, steps_per_epoch=self.steps_per_epoch
        )
        self.row_every = self.steps_per_epoch
        if self.total_steps is not None:
            self.row_every = min(self.row_every, math.ceil(self.total_steps / ROWS_A_BUDGET))
        self.evaluation = PeriodicEvaluation(
            judgement, train, validation,
            execution=execution, autocast=self.fabric.autocast, seed=seed,
            rows_between=self.row_every * self.batch_size,
            flops_per_row=self.flops_per_step / self.batch_size,
        )  # fmt: skip
        if self.total_steps is not None:
            self.row_every = self.evaluation.spread(
                self.row_every, self.total_steps, self.flops_per_step
            )

        self.progress, self._progress_at_row = 0.0, 0.0
        self.step, self.best_step, self.best_loss = 0, 0, math.inf
        self.best: dict[str, Tensor] = {}
        self.history: list[dict[str, float]] = []
        self.stopped, self.diverged = False, False
        self.last_loss = math.nan
        self.sums: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}
        self._order: Tensor | None = None
        self._noise: list[int] = []
        self._meter = EnergyMeter(device=execution.device)

    def run(self) -> None:
        """Train until the budget is spent and load the kept weights into the network."""
        with self.execution.active():
            self._call("on_start")
            self._measuring = 0.0 if self.step else self.seconds
            self.progress = self._progress_at_row = self._measure_progress()
            self.net.train()
            while not self.stopped and self.progress < 1:
                batch = self._next_batch()
                factor = self.training.learning_rate_factor(self._progress_in_step())
                for index, objective in enumerate(self.objectives):
                    if self.step % objective.every == 0:
                        self._minimise(index, objective, batch, factor)
                self.average.update(self.step)
                self.step += 1
                self.progress = self._measure_progress()
                if self._row_is_due():
                    self._end_row()
                self._call("on_step")
            self._call("on_end")
            if self.diverged:
                self._say_diverged()
            self.net.load_state_dict(self.best or self.average.copy())
            self.net.eval()

    @property
    def seconds(self) -> float:
        """Seconds of training, those before an interruption included."""
        return self._seconds_before + time.monotonic() - self._start

    @property
    def flops(self) -> float:
        """Floating-point operations of the training so far."""
        return self.step * self.flops_per_step

    @property
    def energy(self) -> Energy:
        """Energy of the training so far."""
        return self._meter.read()

    def _progress_in_step(self) -> float:
        """Return the progress in the middle of the coming step, at which its schedule is read.

        At its beginning the first step would have a learning rate of 0.
        """
        if self.total_steps is None:
            return max(self.progress, FIRST_PROGRESS)
        return self.progress + 0.5 / self.total_steps

    def _measure_progress(self) -> float:
        if self.total_steps is not None:
            return self.step / self.total_steps
        if not self.step:  # however long measuring took, there is a step
            return 0.0
        # The last evaluation belongs to the budget, which ends as near to its seconds as steps can.
        evaluating = self.evaluation.flops
        done = self.flops + len(self.history) * evaluating
        left = self.evaluation.flops_at_end(self.flops) + self.flops_per_step / 2
        seconds = self.seconds
        to_come = (seconds - self._measuring) * left / done if done else 0.0
        progress = min(1.0, (seconds + to_come) / self.budget.amount)
        # Clocks differ, and all processes have to stop at the same step.
        return progress if self.fabric.world_size == 1 else self.fabric.broadcast(progress)

    def _row_is_due(self) -> bool:
        """Whether the budget is spent, or it is time for a row that the budget can afford."""
        if self.progress >= 1:
            return True
        epoch_ends = self.step % self.row_every == 0
        fiftieth = self.progress - self._progress_at_row >= 1 / ROWS_A_BUDGET
        if not (epoch_ends or (self.total_steps is None and fiftieth)):
            return False
        return self.evaluation.is_affordable(self.flops, len(self.history))

    def _minimise(self, index: int, objective: Objective, batch: Batch, factor: float) -> None:
        optimizer = self.optimizers[index]
        for group in optimizer.param_groups:
            group["lr"] = self.rates[index] * factor * group["factor"]
        optimizer.zero_grad(set_to_none=True)
        with self.fabric.autocast():
            logged = objective.loss(batch, self.generator)
        self.fabric.backward(next(iter(logged.values())), inputs=objective.parameters)
        gradients = [p.grad for p in objective.parameters if p.grad is not None]
        self._average_over_processes(gradients)
        if self.training.clip is not None:
            norm = torch.nn.utils.get_total_norm(gradients)
            torch.nn.utils.clip_grads_with_norm_(objective.parameters, self.training.clip, norm)
        optimizer.step()
        for name, value in logged.items():
            key = f"train_{objective.name}_{name}" if objective.name else f"train_{name}"
            value = value.detach().float()
            self.sums[key] = self.sums[key] + value if key in self.sums else value
            self.counts[key] = self.counts.get(key, 0) + 1

    def _average_over_processes(self, gradients: list[Tensor]) -> None:
        if self.fabric.world_size == 1:
            return
        flat = torch.cat([g.flatten() for g in gradients])
        flat = self._mean_over_processes(flat)
        for gradient, part in zip(
            gradients, flat.split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(part.view_as(gradient))

    def _mean_over_processes(self, values: Tensor) -> Tensor:
        if self.fabric.world_size == 1:
            return values
        mean = self.fabric.all_reduce(values, reduce_op="mean")
        return mean if isinstance(mean, Tensor) else values

    def _next_batch(self) -> Batch:
        """Return this process's share of the next global batch, and seed the noise of the step.

        The rows are reshuffled every epoch.
        """
        rank, world = self.fabric.global_rank, self.fabric.world_size
        position = self.step % self.steps_per_epoch
        if position == 0 or self._order is None:
            epoch = self.step // self.steps_per_epoch
            order = torch.Generator().manual_seed(seed_of(self.seed, "order", epoch))
            self._order = torch.randperm(len(self.train), generator=order)
            self._noise = seeds_of(self.steps_per_epoch, self.seed, "noise", epoch, rank)
        self.generator.manual_seed(self._noise[position])
        start = position * self.batch_size
        rows = self._order[start + rank : start + self.batch_size : world]
        return self.execution.place_batch(self.train.take(rows))

    def _end_row(self) -> None:
        """Add a row to the history and keep the averaged weights if they are the best."""
        row: dict[str, float] = {
            "step": self.step,
            "epoch": self.step / self.steps_per_epoch,
            "seconds": self.seconds,
            "learning_rate": self.optimizers[0].param_groups[0]["lr"],
        }
        row.update(self._means())
        self._progress_at_row = self.progress
        self._meter.read()  # before its counters wrap around again
        self.last_loss = next((v for k, v in row.items() if k.startswith("train_")), math.nan)
        validation, fit = self.evaluation.run(self.average.net, self.flops, len(self.history))
        row.update({f"val_{name}": value for name, value in validation.items()})
        row.update({f"fit_{name}": value for name, value in fit.items()})
        self.history.append(row)
        loss = next(iter(validation.values()), math.nan)
        loss = loss if self.judgement.lower_is_better else -loss
        keep_best = self.training.keep == "best" and validation
        # The loss was that before the last step, which may have been one too far.
        self.diverged = not (math.isfinite(self.last_loss) and self.average.is_finite())
        if not self.diverged and (loss < self.best_loss or not keep_best):
            self.best_loss, self.best_step = loss, self.step
            self.best = self.average.copy()
        # Nothing comes after that; the best weights before it are kept.
        self.stopped = self.stopped or self.diverged
        self._call("on_row")

    def _say_diverged(self) -> None:
        rate = self.training.learning_rate
        message = (
            f"The training diverged after {self.step} steps (loss {self.last_loss:g}); take a "
            f"learning rate below {rate:g}, as in training={{'learning_rate': {rate / 10:g}}}."
        )
        if not self.best:
            raise InputError(message)
        from sklearn.exceptions import ConvergenceWarning

        kept = f"The weights of step {self.best_step} are kept."
        warnings.warn(f"{message} {kept}", ConvergenceWarning, stacklevel=2)

    def _means(self) -> dict[str, float]:
        """Return the means of what was logged since the last row, over all processes."""
        if not self.sums:
            return {}
        means = self._mean_over_processes(torch.stack(list(self.sums.values())))
        counts = torch.tensor([float(self.counts[name]) for name in self.sums])
        row = dict(zip(self.sums, (means.cpu() / counts).tolist(), strict=True))
        self.sums, self.counts = {}, {}
        return row

    def _measure_flops(self) -> float:
        """Return the mean number of operations of a step, over one backward pass an objective."""
        generator = self.execution.generator(self.seed)
        rows = slice(0, self.batch_size // self.fabric.world_size)
        batch = self.execution.place_batch(self.train.take(rows))
        return sum(
            count_flops(partial(objective.forward_and_backward, batch, generator)) / objective.every
            for objective in self.objectives
        )

    def state_dict(self) -> dict[str, Any]:
        """Return all that the rest of the training depends on."""
        return {
            **{name: getattr(self, name) for name in KEPT},
            "evaluation_flops": self.evaluation.flops,
            "net": self.net.state_dict(),
            "average": self.average.net.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "seconds": self.seconds,
            "energy": self._meter.read().to_json(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state."""
        for name in KEPT:
            setattr(self, name, state[name])
        self.net.load_state_dict(state["net"])
        self.average.net.load_state_dict(state["average"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.evaluation.flops = state["evaluation_flops"]
        self._seconds_before, self._start = state["seconds"], time.monotonic()
        before = state.get("energy") or {"energy_wh": state.get("watt_hours")}  # of older versions
        self._meter = EnergyMeter(Energy.from_json(before), self.execution.device)

    def _call(self, hook: str) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(self)
