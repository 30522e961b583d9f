"""What evaluating costs while a network trains, by the rows that are seen, not by its account."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from further.train import periodic_evaluation
from further.train.batch import ArraySource, Batch
from further.train.budget import Budget
from further.train.execution import REPRODUCIBLE
from further.train.loop import Loop
from further.train.objective import Objective
from further.train.training import Training
from further.train.validation import MeanLoss

WIDTH = 32
FORWARD = 2 * 2 * WIDTH * WIDTH  # of a row, through two layers


def make_loop(budget, n=640, n_validation=2000, **options):
    """Return a loop whose validation rows are three times as many as its training rows."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))

    def loss(net, batch, generator):
        loss.rows += 0 if net.training else len(batch.x)
        return {"loss": (net(batch.x) - batch.x).square().mean()}

    loss.rows = 0
    objective = Objective(lambda batch, generator: loss(net, batch, generator), [*net.parameters()])
    train, validation = (ArraySource(Batch(x=torch.randn(k, WIDTH))) for k in (n, n_validation))
    loop = Loop(
        net, [objective], train, validation, MeanLoss(loss),
        training=Training(batch_size=64), budget=Budget.parse(budget), execution=REPRODUCIBLE,
        seed=0, **options,
    )  # fmt: skip
    return loop, loss


@pytest.fixture
def slow_clock(monkeypatch):
    """Let the loop see a clock that gains a second whenever it is read."""
    readings = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: float(next(readings)))
    monkeypatch.setattr("further.train.loop.time", clock)


# A step is 64 rows forward and backward, an evaluation 640 rows forward: four steps.
@pytest.mark.parametrize(
    ("budget", "least"),
    [("150 steps", 1), ("1000 steps", 9), ("100 epochs", 9), ("6e8", 6), ("500 s", 5)],
)
def test_it_takes_at_most_a_twentieth_of_the_training(budget, least, monkeypatch, slow_clock):
    monkeypatch.setattr(periodic_evaluation, "FREE_FLOPS", 0.0)
    loop, loss = make_loop(budget)
    loop.run()
    evaluating = loss.rows * FORWARD
    assert 0 < evaluating <= 0.05 * loop.step * loop.flops_per_step
    assert len(loop.history) >= least
    assert loop.history[-1]["step"] == loop.step


@pytest.mark.parametrize("budget", ["8 steps", "30 s"])
def test_a_budget_of_few_steps_is_judged_by_few_rows(budget, monkeypatch, slow_clock):
    monkeypatch.setattr(periodic_evaluation, "FREE_FLOPS", 0.0)
    loop, loss = make_loop(budget)
    loop.run()
    affordable = 0.05 * loop.step * loop.flops_per_step / FORWARD
    assert 64 <= loss.rows <= max(64, affordable) < 640
    assert [row["step"] for row in loop.history] == [loop.step]
    assert np.isfinite(loop.history[0]["val_loss"])


def test_what_takes_no_time_keeps_its_curve():
    loop, _ = make_loop("40 steps")
    loop.run()
    assert [row["step"] for row in loop.history] == list(range(1, 41))


def test_a_resumed_training_evaluates_at_the_same_steps(monkeypatch):
    monkeypatch.setattr(periodic_evaluation, "FREE_FLOPS", 0.0)
    whole, begun, resumed = (make_loop("700 steps")[0] for _ in range(3))
    whole.run()
    begun.callbacks = [SimpleNamespace(on_start=_nothing, on_row=_nothing, on_step=_stop_at(333))]
    with pytest.raises(KeyboardInterrupt):
        begun.run()
    resumed.load_state_dict(begun.state_dict())
    resumed.run()
    assert [row["step"] for row in resumed.history] == [row["step"] for row in whole.history]
    assert resumed.best_step == whole.best_step


def _nothing(loop):
    pass


def _stop_at(step):
    def on_step(loop):
        if loop.step == step:
            raise KeyboardInterrupt

    return on_step


@pytest.mark.parametrize(("before", "amount"), [(0.0, 500), (3.0, 60), (40.0, 60), (90.0, 60)])
def test_a_budget_in_seconds_counts_what_came_before(before, amount, slow_clock):
    """Choosing the execution and counting operations; however long, there is a step."""
    loop, _ = make_loop(f"{amount} s", seconds_before=before)
    loop.run()
    assert loop.step >= 1
    assert loop.seconds == pytest.approx(max(amount, before), rel=0.03, abs=5)
    assert loop.step <= max(1, amount - before)


def test_what_is_affordable_is_spread_over_the_training(monkeypatch):
    loop, _ = make_loop("10 epochs")
    # Free is what the first thirteen rows take, and no more.
    monkeypatch.setattr(periodic_evaluation, "FREE_FLOPS", 13 * loop.evaluation.flops)
    loop, _ = make_loop("1000 steps")
    loop.run()
    between = np.diff([row["step"] for row in loop.history])
    assert len(between) >= 9
    assert between.max() <= 2 * between.min()
