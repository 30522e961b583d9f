"""How long a comparison will take here, and whether it fits, said before it starts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import psutil

from further.data.dataset import Dataset
from further.data.encoding import Encoding
from further.data.spec import Spec
from further.errors import InputError
from further.train.budget import Budget
from further.train.execution import REPRODUCIBLE, find_device
from further.train.flops import count_flops

# Sampling, judging and drawing take about this long for each model, whatever the budget.
SECONDS_TO_JUDGE = 8.0
# Weights, gradients, two moments, average, best and a checkpoint in the making, four bytes each.
BYTES_A_PARAMETER = 4 * 8
PROCESS_BYTES = 600e6
_TIMED_STEPS = 2


def forecast(
    data: str,
    tasks: Sequence[dict[str, Any]],
    jobs: int,
    cost: Callable[[Mapping[str, Any]], tuple[float, float]],
) -> dict[str, Any]:
    """Return the seconds that a comparison will take, from what each member costs.

    Parameters
    ----------
    data : str
        Name of the data.
    tasks : sequence of dict
        The members that will be trained.
    jobs : int
        How many at a time.
    cost : callable
        Returns the seconds and the bytes that the training of a member takes.

    Returns
    -------
    dict
        ``seconds`` in all, ``by_model`` and ``bytes`` of memory.

    Raises
    ------
    InputError
        If the machine lacks the memory.
    """
    by_model: dict[str, float] = {}
    largest = 0.0
    for task in tasks:
        if task["model"] not in by_model:
            seconds, n_bytes = cost(task)
            by_model[task["model"]] = seconds
            largest = max(largest, n_bytes)
    total = sum(by_model[task["model"]] + SECONDS_TO_JUDGE for task in tasks)
    longest = max(by_model.values(), default=0.0) + SECONDS_TO_JUDGE
    processes = min(jobs, len(tasks))
    needed = processes * (largest + PROCESS_BYTES)
    free = psutil.virtual_memory().available
    if needed > free:
        raise InputError(
            f"{data}: the comparison needs about {needed / 1e9:.1f} GB of memory, "
            f"but {free / 1e9:.1f} GB are free; use fewer jobs, smaller pictures or fewer rows."
        )
    return {"seconds": max(total / processes, longest), "by_model": by_model, "bytes": needed}


def training_cost(
    estimator: Any, train: Dataset, encoding: Encoding, spec: Spec
) -> tuple[float, float]:
    """Time a training step of an unfitted estimator.

    Parameters
    ----------
    estimator : estimator
        A network, or whatever has no steps, for which a second is reckoned.
    train : Dataset
        The training rows as it sees them.
    encoding : Encoding
        What makes arrays of them.
    spec : Spec
        What it builds its network from.

    Returns
    -------
    tuple of float
        The seconds and the bytes that its training takes.
    """
    n, size = len(train), spec.size
    if not hasattr(estimator, "objectives"):
        return 1.0, 4.0 * n * size
    estimator._validate_params()
    budget = Budget.parse(estimator.budget, spec)
    training = estimator.training_settings()
    rows = min(training.batch_size, n)
    estimator.encoding_, estimator.spec_ = encoding, spec
    execution = replace(REPRODUCIBLE, device=find_device(estimator.device))
    batch = execution.place_batch(estimator._batch(train.take(np.arange(rows))))
    with execution.active():
        net = execution.place(estimator.build(spec))
        objectives = estimator.objectives(net)
        generator = execution.generator()

        def step() -> None:
            for objective in objectives:
                # A GPU has only done its work when the loss is read.
                objective.forward_and_backward(batch, generator).item()

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
