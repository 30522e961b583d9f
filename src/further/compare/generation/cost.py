"""What a member costs here: measured on a network that is not trained, before a comparison starts.

The training is timed by the training loop itself, for a fraction of a second; drawing samples and
the likelihood on a few rows. Operations, which do not depend on the clock, say of how many test
rows likelihoods are computed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import torch
from sklearn.base import clone

from further.compare.forecast import Cost
from further.compare.generation.setting import Setting
from further.compare.step_clock import StepClock
from further.evaluate.generation.membership import DRAWING_SHARE, further_samples
from further.generate.generative import GenerativeModel
from further.generate.generative_estimator import GenerativeEstimator
from further.train.batch import Batch
from further.train.budget import Budget
from further.train.execution import Execution, find_device
from further.train.flops import count_flops
from further.train.loop import Loop
from further.train.seeds import seed_of

# Weights, gradients, two moments, average, best and a checkpoint in the making, four bytes each.
BYTES_A_PARAMETER = 4 * 8
# A budget that is never spent, at the beginning of which nothing is evaluated.
HOUR = 3600.0
ROWS_TO_TIME = 32
#: Likelihoods take at most this share of the operations of the training, but of so many rows.
LIKELIHOOD_SHARE, LEAST_LIKELIHOOD_ROWS = 0.1, 200
# What is fitted without steps; and the pictures, tables and figures of a member.
SECONDS_WITHOUT_STEPS, SECONDS_TO_DRAW = 3.0, 2.0
# Of all that is drawn, as a multiple of what is judged: timed draws, pictures.
DRAWN = 1.3


@dataclass(frozen=True)
class MemberCost:
    """What a member takes apart from the evaluation of its samples."""

    training: Annotated[float, "Seconds of its training."]
    drawing: Annotated[float, "Seconds to draw a row."]
    likelihood: Annotated[float, "Seconds for the likelihood of a row; 0 where there is none."]
    affordable: Annotated[float, "Rows whose likelihood takes no more than its share."]
    bytes: Annotated[float, "Memory."]
    epochs: Annotated[float | None, "How often the training sees each row."] = None
    drawable: Annotated[float, "Samples whose drawing takes no more than its share."] = 0.0

    def total(self, setting: Setting) -> Cost:
        """Return what it takes in a setting, whose evaluator has to be there."""
        evaluator = setting.evaluator
        judged = max(evaluator.n_samples, evaluator.n_learning_samples)
        drawn = DRAWN * judged
        if evaluator.membership is not None:
            drawn += further_samples(len(setting.split.train), judged, self.drawable)
        judging = drawn * self.drawing + len(setting.likelihood_places) * self.likelihood
        judging += evaluator.seconds_to_score + SECONDS_TO_DRAW
        return Cost(self.training, judging, self.bytes, self.epochs)


def unknown_cost(setting: Setting) -> MemberCost:
    """Return what is reckoned for a model that has no steps to time."""
    return MemberCost(SECONDS_WITHOUT_STEPS, 0.0, 0.0, float("inf"), _bytes_of_rows(setting))


def _bytes_of_rows(setting: Setting) -> float:
    return 12.0 * len(setting.part("train")) * setting.model_spec.size


def measure_cost(setting: Setting, estimator: GenerativeEstimator) -> MemberCost:
    """Time an estimator that is not fitted.

    Parameters
    ----------
    setting : Setting
        Rows, encoding, budget.
    estimator : GenerativeEstimator
        A network, or whatever has no steps, for which a few seconds are reckoned.

    Returns
    -------
    MemberCost
        Of the training and of the draws.
    """
    train = setting.for_model(setting.part("train"))
    spec = setting.model_spec
    if not isinstance(estimator, GenerativeModel):
        return unknown_cost(setting)
    estimator = clone(estimator)
    estimator._validate_params()
    budget = Budget.parse(estimator.budget, spec)
    estimator.encoding_, estimator.spec_ = setting.encoding, spec
    execution = Execution(device=find_device(estimator.device))
    estimator.execution_ = execution
    rows = estimator._source(train)
    net = estimator.build(spec)
    estimator.begin(net, rows, torch.Generator().manual_seed(seed_of(0, "begin")))
    clock = StepClock()
    loop = Loop(
        net, estimator.objectives(net), rows, None, estimator.validation(),
        training=estimator.training_settings(), budget=Budget(HOUR, "seconds"),
        execution=execution, seed=0, callbacks=[clock],
    )  # fmt: skip
    loop.run()
    per_step = clock.seconds_a_step
    steps = budget.steps(flops_per_step=loop.flops_per_step, steps_per_epoch=loop.steps_per_epoch)
    # A twentieth for the evaluation of held-out rows.
    training = budget.amount if steps is None else 1.05 * steps * per_step
    expected = budget.amount / per_step if steps is None else steps
    flops = expected * loop.flops_per_step
    asked_for = budget.unit in ("epochs", "steps")
    epochs = None if asked_for else expected / loop.steps_per_epoch
    batch = execution.place_batch(rows.take(slice(0, min(ROWS_TO_TIME, len(rows)))))
    given: Batch | dict[str, torch.Tensor] = {} if batch.y is None else {"y": batch.y}
    draw = partial(estimator.generate, net, batch.n_rows, given, execution.generator())
    score = partial(estimator.log_likelihood, net, batch, execution.generator())
    with torch.no_grad(), execution.active():
        drawing = _seconds(draw) / batch.n_rows
        drawable = DRAWING_SHARE * flops * batch.n_rows / max(count_flops(draw), 1)
        likelihood, affordable = 0.0, float("inf")
        one = batch.take(slice(1))
        if estimator.log_likelihood(net, one, execution.generator()) is not None:
            likelihood = _seconds(score) / batch.n_rows
            affordable = LIKELIHOOD_SHARE * flops * batch.n_rows / max(count_flops(score), 1)
    n_bytes = _bytes_of_rows(setting) + BYTES_A_PARAMETER * sum(p.numel() for p in net.parameters())
    return MemberCost(training, drawing, likelihood, affordable, n_bytes, epochs, drawable)


def likelihood_rows(setting: Setting, costs: list[MemberCost]) -> int:
    """Return of how many test rows likelihoods are computed, the same for all members.

    Ties are decided row by row, so all have to be computed of the same rows.

    Parameters
    ----------
    setting : Setting
        The test rows.
    costs : list of MemberCost
        Of the models.

    Returns
    -------
    int
        As many as the costliest of them can afford.
    """
    n = len(setting.split.test)
    fewest = min((cost.affordable for cost in costs), default=float("inf"))
    return int(min(n, max(fewest, LEAST_LIKELIHOOD_ROWS)))


def _seconds(work: Callable[[], Any]) -> float:
    work()
    start = time.perf_counter()
    work().cpu()  # a GPU has only then done its work
    return time.perf_counter() - start
