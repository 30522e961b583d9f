"""How long a fit takes here, from a short one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from sklearn.base import clone

from further.compare.step_clock import StepClock
from further.data.dataset import Dataset
from further.train.budget import Budget
from further.train.network import NetworkEstimator

#: Rows of which a classical model is timed, twice; of more its time is taken to be that power of
#: their number which the two show, within these bounds: a model that takes more than in proportion
#: of few rows has not begun to stop early, or to take some of the rows, as it does of many.
ROWS_TIMED = 300, 900
LEAST_POWER, MOST_POWER = 0.5, 1.0
#: A fit that took so many seconds imported nothing that matters.
SOON = 0.5


@dataclass(frozen=True)
class NetworkTime:
    """What training a network takes."""

    budget: Annotated[Budget, "Its own for these rows, as far as operations and steps go."]
    seconds_a_step: Annotated[float, "Measured."]
    flops_a_step: Annotated[float, "Floating-point operations."]
    steps_an_epoch: Annotated[int, "Batches of the rows."]

    def steps(self, budget: Budget) -> float:
        """Return how many steps a budget buys here."""
        found = budget.steps(flops_per_step=self.flops_a_step, steps_per_epoch=self.steps_an_epoch)
        return budget.amount / self.seconds_a_step if found is None else found

    @property
    def flops(self) -> float:
        """Floating-point operations of the whole training."""
        return self.steps(self.budget) * self.flops_a_step

    @property
    def seconds(self) -> float:
        """What the whole training takes."""
        return self.steps(self.budget) * self.seconds_a_step


def time_network(estimator: NetworkEstimator, rows: Dataset, n: int | None = None) -> NetworkTime:
    """Return what training a network takes, from a training that is ended soon.

    Parameters
    ----------
    estimator : NetworkEstimator
        Not fitted; a copy is.
    rows : Dataset
        What it would learn from, or some of it.
    n : int, optional
        Rows of the whole training; default: these.

    Returns
    -------
    NetworkTime
        Of the whole training.
    """
    timed = clone(estimator)
    n = len(rows) if n is None else n
    clock = StepClock()
    # A budget that is never spent: the clock ends it.
    timed.set_params(budget="3600s").fit(rows, callbacks=[clock])
    timed.set_params(budget=estimator.budget)
    batch = min(timed.training_settings().batch_size, n)
    return NetworkTime(
        timed.budget_for(round(n * (1 - timed.held_out_share))),
        clock.seconds_a_step,
        timed.cost_["training_flops"] / timed.cost_["steps"],
        max(1, n // batch),
    )


def classical_seconds(estimator: Any, rows: Dataset, seed: int) -> float:
    """Return what fitting a model without steps takes, from fits to some of the rows.

    Parameters
    ----------
    estimator : estimator
        Not fitted; copies are.
    rows : Dataset
        What it would learn from.
    seed : int
        Of the rows that are taken.

    Returns
    -------
    float
        Seconds.
    """
    n = len(rows)
    order = np.random.default_rng(seed).permutation(n)
    numbers = sorted({min(n, number) for number in ROWS_TIMED})
    seconds = [_seconds(estimator, rows.take(order[:number])) for number in numbers]
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
