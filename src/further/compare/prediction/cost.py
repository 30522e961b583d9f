"""What fitting a rung to every fold takes here, as far as it can be said beforehand."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from sklearn.base import clone

from further.compare.forecast import Cost
from further.compare.prediction.setting import Setting
from further.compare.step_clock import StepClock
from further.data import Dataset
from further.errors import InputError
from further.train.budget import Budget
from further.train.network import NetworkEstimator

#: Rows of which a classical model is timed, twice; of more its time is taken to be that power of
#: their number which the two show, within these bounds: a rung that takes more than in proportion
#: of few rows has not begun to stop early, or to take some of the rows, as it does of many.
ROWS_TIMED = 300, 900
LEAST_POWER, MOST_POWER = 0.5, 1.0
BYTES_A_VALUE = 24.0
#: A fit that took so many seconds imported nothing that matters.
SOON = 0.5
#: Judging is reckoned as this share of all trainings.
JUDGING = 0.3


def measure_cost(setting: Setting, estimator: Any) -> Cost:
    """Return what a rung takes, from a short training.

    Parameters
    ----------
    setting : Setting
        Rows and folds.
    estimator : estimator
        Not fitted.

    Returns
    -------
    Cost
        Of all folds and the model that is kept.
    """
    data = setting.dataset
    n_fits = 1 + len(setting.folds) * setting.is_crossed
    n_bytes = BYTES_A_VALUE * len(data) * max(1, data.values.shape[1])
    n = len(setting.folds[0].train)
    try:
        if isinstance(estimator, NetworkEstimator):
            seconds = _network_seconds(setting, estimator, n)
        else:
            seconds = _classical_seconds(setting, estimator, n)
    except InputError:  # it is refused again where it is trained, and marked as failed there
        seconds = 0.0
    return Cost(n_fits * seconds, JUDGING * n_fits * seconds, n_bytes)


def _classical_seconds(setting: Setting, estimator: Any, n: int) -> float:
    rows = np.random.default_rng(setting.seed).permutation(setting.folds[0].train)
    numbers = sorted({min(n, number) for number in ROWS_TIMED})
    seconds = [_seconds(estimator, setting.dataset.take(rows[:number])) for number in numbers]
    if len(numbers) == 1:
        return seconds[0]
    power = np.log(seconds[1] / seconds[0]) / np.log(numbers[1] / numbers[0])
    return seconds[1] * float((n / numbers[1]) ** np.clip(power, LEAST_POWER, MOST_POWER))


def _seconds(estimator: Any, rows: Dataset) -> float:
    seconds = []
    for _ in range(2):  # the first fit imports what it needs
        started = time.perf_counter()
        clone(estimator).fit(rows)
        seconds.append(time.perf_counter() - started)
        if seconds[0] < SOON:
            break
    return min(seconds)


def _network_seconds(setting: Setting, estimator: NetworkEstimator, n: int) -> float:
    timed = clone(estimator)
    rows = setting.dataset.take(setting.folds[0].train)
    clock = StepClock()
    # A budget that is never spent: the clock ends it.
    timed.set_params(budget="3600s").fit(rows, callbacks=[clock])
    per_step = clock.seconds_a_step
    timed.set_params(budget=estimator.budget)
    budget: Budget = timed.budget_for(round(n * (1 - timed.held_out_share)))
    flops = timed.cost_["training_flops"] / timed.cost_["steps"]
    batch = min(timed.training_settings().batch_size, n)
    steps = budget.steps(flops_per_step=flops, steps_per_epoch=max(1, n // batch))
    return budget.amount if steps is None else steps * per_step
