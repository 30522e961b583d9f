"""How long a comparison will take here, and whether it fits, said before it starts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import psutil
import torch

from further.compare.generation.member import Setting, make_estimator
from further.errors import InputError
from further.generate.base import GenerativeModel
from further.train.budget import Budget
from further.train.execution import REPRODUCIBLE
from further.train.flops import count_flops
from further.train.objective import Batch

# Sampling, judging and drawing take about this long for each model, whatever the budget.
SECONDS_TO_JUDGE = 8.0
# Weights, gradients, two moments, average, best and a checkpoint in the making, four bytes each.
BYTES_A_PARAMETER = 4 * 8
PROCESS_BYTES = 600e6
_TIMED_STEPS = 2


def forecast(setting: Setting, tasks: Sequence[dict[str, Any]], jobs: int) -> dict[str, Any]:
    """Time a step of each member and return the seconds that the comparison will take.

    Returns
    -------
    dict
        ``seconds`` in all, ``by_model`` and ``bytes`` of memory.

    Raises
    ------
    InputError
        If the machine has not the memory.
    """
    by_model: dict[str, float] = {}
    largest = 0.0
    for task in tasks:
        if task["model"] not in by_model:
            seconds, n_bytes = _member(setting, task)
            by_model[task["model"]] = seconds
            largest = max(largest, n_bytes)
    total = sum(by_model[task["model"]] + SECONDS_TO_JUDGE for task in tasks)
    longest = max(by_model.values(), default=0.0) + SECONDS_TO_JUDGE
    processes = min(jobs, len(tasks))
    needed = processes * (largest + PROCESS_BYTES)
    free = available_bytes()
    if needed > free:
        raise InputError(
            f"{setting.dataset.name}: the comparison needs about {needed / 1e9:.1f} GB of memory "
            f"and {free / 1e9:.1f} GB are free; use fewer jobs, smaller pictures or fewer rows."
        )
    return {"seconds": max(total / processes, longest), "by_model": by_model, "bytes": needed}


def available_bytes() -> int:
    """Return the memory that is to be had, that of cached files included."""
    return int(psutil.virtual_memory().available)


def _member(setting: Setting, task: dict[str, Any]) -> tuple[float, float]:
    """Return the seconds and bytes that the training of a member takes."""
    estimator = make_estimator(setting, task["model"], task["repeat"], task["parameters"])
    n, size = len(setting.split.train), setting.encoding.spec.size
    if not isinstance(estimator, GenerativeModel):
        return 1.0, 4.0 * n * size
    estimator._validate_params()
    budget = Budget.parse(estimator.budget, setting.encoding.spec)
    training = estimator.training_settings()
    rows = min(training.batch_size, n)
    train = setting.for_model(setting.part("train").take(np.arange(rows)))
    spec = setting.model_spec
    x = torch.from_numpy(setting.encoding.encode(train))
    y = None if train.codes is None else torch.from_numpy(train.codes)
    with REPRODUCIBLE.active():
        net = estimator.build(spec)
        objectives = estimator.objectives(net)
        generator = torch.Generator().manual_seed(0)

        def step() -> None:
            for objective in objectives:
                loss = next(iter(objective.loss(Batch(x, y), generator).values()))
                torch.autograd.grad(loss, objective.parameters, allow_unused=True)

        flops = float(count_flops(step))
        start = time.perf_counter()
        for _ in range(_TIMED_STEPS):
            step()
        per_step = (time.perf_counter() - start) / _TIMED_STEPS
    epoch = max(1, n // rows)
    steps = budget.steps(flops_per_step=flops, steps_per_epoch=epoch)
    n_bytes = BYTES_A_PARAMETER * sum(p.numel() for p in net.parameters()) + 12.0 * n * size
    # A tenth for the optimizer, the averaged weights and the validation.
    return (budget.amount if steps is None else 1.1 * steps * per_step), n_bytes
