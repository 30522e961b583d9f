"""The loop: what a step does, when a row comes, which weights are kept, what clips and repeats."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from further.train import loop as module
from further.train.batch import ArraySource, Batch
from further.train.budget import Budget
from further.train.callbacks.callback import Callback
from further.train.callbacks.history import HistoryFile, to_csv
from further.train.execution import REPRODUCIBLE, Execution
from further.train.loop import ROWS_A_BUDGET, Loop
from further.train.objective import Objective
from further.train.power import nvml
from further.train.processes import make_fabric
from further.train.seeds import Stream, seed_of
from further.train.training import Training
from further.train.validation import MeanLoss

PLAIN = Training(
    optimizer="sgd", learning_rate=0.1, momentum=0.0, schedule="constant", warmup=0.0,
    averaging=0.0, clip=None, batch_size=8, keep="last",
)  # fmt: skip


def least_squares(net, noise=0.0):
    def loss(batch, generator):
        x = batch.x + noise * torch.randn(batch.x.shape, generator=generator)
        return {"loss": (net(x)[:, 0] - batch.x.sum(1)).square().mean(), "one": torch.ones(())}

    return loss


def make_loop(budget="10 steps", *, n=32, validation=None, validate=None, net=None, **options):
    torch.manual_seed(0)
    net = net or nn.Linear(3, 1)
    rows = Batch(x=torch.randn(n, 3, generator=torch.Generator().manual_seed(1)))
    loss = options.pop("loss", None) or least_squares(net, options.pop("noise", 0.0))
    objectives = options.pop("objectives", None) or [Objective(loss, list(net.parameters()))]
    training = options.pop("training", PLAIN)
    return Loop(
        net, objectives, ArraySource(rows), validation and ArraySource(validation),
        MeanLoss(validate or (lambda net, batch, generator: {})),
        training=training, budget=Budget.parse(budget), seed=0,
        execution=options.pop("execution", REPRODUCIBLE), **options,
    )  # fmt: skip


def test_one_step_of_gradient_descent_by_hand():
    loop = make_loop("1 step", training=PLAIN.override({"batch_size": 32}))
    weight = loop.net.weight.detach().clone().double()
    bias = loop.net.bias.detach().clone().double()
    x = loop.train.rows.x.double()
    error = (x @ weight.T + bias)[:, 0] - x.sum(1)
    loop.run()
    expected = weight - 0.1 * 2 * (error[:, None] * x).mean(0)
    torch.testing.assert_close(loop.net.weight.detach().double(), expected, atol=1e-6, rtol=1e-5)
    assert loop.history[0]["train_loss"] == pytest.approx(float(error.square().mean()), rel=1e-5)


def test_every_row_is_seen_once_an_epoch_in_a_new_order():
    seen = []
    net = nn.Linear(3, 1)

    def loss(batch, generator):
        seen.append(batch.x.clone())
        return {"loss": net(batch.x).mean()}

    loop = make_loop("2 epochs", net=net, loss=loss)
    del seen[:]  # the operations were counted on a batch
    loop.run()
    first, second = torch.cat(seen[:4]), torch.cat(seen[4:])
    assert len(seen) == 8
    assert not torch.equal(first, second)
    for epoch in (first, second):
        assert sorted(epoch.tolist()) == sorted(loop.train.rows.x.tolist())


@pytest.mark.parametrize(
    ("budget", "n", "expected"),
    [
        ("10 steps", 32, list(range(1, 11))),
        ("500 steps", 8 * 300, list(range(10, 501, 10))),
        ("7 epochs", 8 * 3, list(range(1, 22))),
        ("100 epochs", 8 * 3, list(range(3, 301, 3))),
    ],
)
def test_a_row_an_epoch_or_a_fiftieth_of_the_budget(budget, n, expected):
    loop = make_loop(budget, n=n)
    loop.run()
    steps = [row["step"] for row in loop.history]
    assert steps == expected
    assert [row["epoch"] for row in loop.history] == [s / loop.steps_per_epoch for s in steps]


def test_the_last_row_comes_at_the_end_of_the_budget():
    loop = make_loop("101 steps", n=8 * 200)
    loop.run()
    assert [row["step"] for row in loop.history][-2:] == [99, 101]


def test_a_budget_in_seconds_gives_about_fifty_rows(steady_clock):
    loop = make_loop("5 s", n=8 * 10_000)
    loop.run()
    assert 40 <= len(loop.history) <= ROWS_A_BUDGET + 1
    assert loop.history[-1]["step"] == loop.step
    assert 5 <= loop.seconds < 5.1


def test_rows_hold_the_means_of_what_was_logged():
    losses = []
    net = nn.Linear(3, 1)

    def loss(batch, generator):
        value = net(batch.x).square().mean()
        losses.append(float(value.detach()))
        return {"loss": value, "twice": 2 * value.detach()}

    loop = make_loop("100 steps", n=8 * 50, net=net, loss=loss)
    del losses[:]
    loop.run()
    means = np.array(losses).reshape(50, 2).mean(axis=1)
    np.testing.assert_allclose([row["train_loss"] for row in loop.history], means, rtol=1e-5)
    np.testing.assert_allclose([row["train_twice"] for row in loop.history], 2 * means, rtol=1e-5)


def test_the_weights_of_the_lowest_validation_loss_are_kept():
    losses = iter([3.0, 1.0, 2.0, 4.0, 1.0])
    weights = []

    def validate(net, batch, generator):
        if len(batch.x) != 4:  # the part of the training rows
            return {"loss": torch.tensor(-1.0)}
        weights.append(net.weight.detach().clone())
        return {"loss": torch.tensor(next(losses)), "other": torch.tensor(-1.0)}

    loop = make_loop(
        "5 steps", validation=Batch(x=torch.zeros(4, 3)), validate=validate,
        training=PLAIN.override({"keep": "best"}),
    )  # fmt: skip
    loop.run()
    assert loop.best_step == 2
    assert torch.equal(loop.net.weight, weights[1])
    assert [row["val_loss"] for row in loop.history] == [3, 1, 2, 4, 1]
    assert not loop.net.training


def test_validation_is_a_mean_over_rows_under_the_same_random_numbers(monkeypatch):
    monkeypatch.setattr("further.train.periodic_evaluation.ROWS_AT_A_TIME", 4)
    rows = Batch(x=torch.arange(30.0).view(10, 3))

    def validate(net, batch, generator):
        noise = torch.rand(len(batch.x), generator=generator)
        return {"loss": batch.x.mean(), "noise": noise.mean()}

    loop = make_loop("5 steps", validation=rows, validate=validate)
    loop.run()
    assert loop.history[0]["val_loss"] == pytest.approx(14.5)
    assert len({row["val_noise"] for row in loop.history}) == 1


def test_averaged_weights_are_validated_and_kept():
    seen = []

    def validate(net, batch, generator):
        seen.append(net)
        return {"loss": torch.tensor(float(-len(seen)))}

    loop = make_loop(
        "5 steps", validation=Batch(x=torch.zeros(4, 3)), validate=validate,
        training=PLAIN.override({"averaging": 0.5, "keep": "best"}),
    )  # fmt: skip
    loop.run()
    assert all(net is loop.average.net for net in seen)
    assert torch.equal(loop.net.weight, loop.average.net.weight)


def test_the_gradient_is_clipped():
    moved = {}
    for clip in (None, 1e-3):
        net = nn.Linear(3, 1)
        before = net.weight.detach().clone()
        make_loop("1 step", net=net, training=PLAIN.override({"clip": clip})).run()
        moved[clip] = float((net.weight - before).norm().detach())
    assert moved[1e-3] <= 1e-4 * 1.01 < moved[None]


def test_objectives_take_turns_at_their_own_rate():
    net = nn.ModuleDict({"a": nn.Linear(3, 1), "b": nn.Linear(3, 1)})
    calls = []

    def objective(name):
        def loss(batch, generator):
            calls.append(name)
            return {"loss": net[name](batch.x).square().mean()}

        return loss

    objectives = [
        Objective(objective("a"), list(net["a"].parameters()), "a"),
        Objective(objective("b"), list(net["b"].parameters()), "b", learning_rate=0.5, every=3),
    ]
    loop = make_loop("6 steps", net=net, objectives=objectives)
    operations = loop.flops_per_step
    del calls[:]
    loop.run()
    assert "".join(calls) == "abaaabaa"
    assert [o.param_groups[0]["lr"] for o in loop.optimizers] == [0.1, 0.5]
    assert operations == pytest.approx((1 + 1 / 3) * 2 * 2 * 8 * 3)
    assert "train_b_loss" in loop.history[0]
    assert "train_b_loss" not in loop.history[1]


def test_an_objective_moves_its_own_parameters_only():
    net = nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.Linear(3, 1)})
    before = net["a"].weight.detach().clone()
    loss = lambda batch, generator: {"loss": net["b"](net["a"](batch.x)).square().mean()}  # noqa: E731
    make_loop("3 steps", net=net, objectives=[Objective(loss, list(net["b"].parameters()))]).run()
    assert torch.equal(net["a"].weight, before)


def test_a_step_does_not_depend_on_the_steps_before_it():
    """The noise of a step is that of its number, so that a checkpoint needs no generator."""
    runs = [make_loop("10 steps", noise=1.0) for _ in range(2)]
    torch.randn(1000)  # nor on the global generator
    weights = []
    for loop in runs:
        loop.run()
        weights.append(loop.net.weight.detach())
    assert torch.equal(*weights)


def test_more_rows_than_there_are_make_a_batch_of_all():
    loop = make_loop("3 steps", n=5, training=PLAIN.override({"batch_size": 1000}))
    assert loop.batch_size == 5
    assert loop.steps_per_epoch == 1
    loop.run()


def test_callbacks_are_called_in_order():
    calls = []

    class Record(Callback):
        def on_start(self, loop):
            calls.append("start")

        def on_step(self, loop):
            calls.append(f"step {loop.step}")

        def on_row(self, loop):
            calls.append(f"row {loop.step}")

        def on_end(self, loop):
            calls.append("end")

    make_loop("2 steps", callbacks=[Record(), Callback()]).run()
    assert calls == ["start", "row 1", "step 1", "row 2", "step 2", "end"]


def test_bfloat16_computes_the_loss_and_float32_the_weights():
    torch.manual_seed(0)
    net = nn.Linear(3, 1)
    seen = []

    def loss(batch, generator):
        out = net(batch.x)
        seen.append(out.dtype)
        return {"loss": out.float().square().mean()}

    rows = ArraySource(Batch(x=torch.randn(32, 3)))
    loop = Loop(
        net, [Objective(loss, list(net.parameters()))], rows, None, MeanLoss(lambda *a: {}),
        training=PLAIN, budget=Budget.parse("2 steps"), execution=Execution("bf16-mixed"), seed=0,
    )  # fmt: skip
    loop.run()
    assert seen[-1] == torch.bfloat16
    assert net.weight.dtype == torch.float32


def test_history_csv(tmp_path):
    loop = make_loop("4 steps", callbacks=[HistoryFile(tmp_path)])
    loop.run()
    frame = pd.read_csv(tmp_path / "history.csv")
    assert list(frame.columns[:5]) == ["step", "epoch", "seconds", "learning_rate", "train_loss"]
    schedule = [loop.training.learning_rate_factor((step - 0.5) / 4) for step in (1, 2, 3, 4)]
    rates = loop.training.learning_rate * np.array(schedule)
    np.testing.assert_allclose(frame["learning_rate"], rates, 1e-6)
    assert list(frame["step"]) == [1, 2, 3, 4]
    np.testing.assert_allclose(frame["train_loss"], [r["train_loss"] for r in loop.history], 1e-6)
    assert frame["seconds"].is_monotonic_increasing


def test_columns_that_come_late_are_empty_before():
    text = to_csv([{"step": 1, "a": 0.5}, {"step": 2, "a": 0.25, "b": 1e-9}])
    assert text == "step,a,b\n1,0.5,\n2,0.25,1e-09\n"


def test_seeds_of_streams_differ():
    streams = get_args(Stream)
    seeds = {seed_of(s, stream, i) for s in range(20) for stream in streams for i in range(9)}
    assert len(seeds) == 20 * len(streams) * 9
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize("budget", ["1 step", "0.01 s"])
def test_the_first_step_moves_the_weights(budget):
    """Its learning rate lies on the schedule, though that begins at 0."""
    rates = []

    class Rate(Callback):
        def on_step(self, loop):
            rates.append(loop.optimizers[0].param_groups[0]["lr"])

    loop = make_loop(
        budget, training=PLAIN.override({"schedule": "cosine", "warmup": 0.5}), callbacks=[Rate()]
    )
    before = loop.net.weight.detach().clone()
    loop.run()
    assert rates[0] > 0
    assert not torch.equal(loop.net.weight, before)


def test_momentum_of_sgd_is_its_own_setting():
    optimizer = Training(optimizer="sgd", momentum=0.3, betas=(0.8, 0.9)).make_optimizer(
        list(nn.Linear(1, 1).parameters())
    )
    assert optimizer.param_groups[0]["momentum"] == 0.3


class OnGpu(Execution):
    """Says that it is on a GPU, which need not be here: it computes on the processor."""

    def place(self, net):
        return net

    def place_batch(self, batch):
        return batch

    def generator(self, seed=0):
        return REPRODUCIBLE.generator(seed)


def test_the_energy_of_a_gpu_counts_where_the_training_runs_on_it(monkeypatch):
    monkeypatch.setattr(module, "make_fabric", lambda execution: make_fabric())
    monkeypatch.setattr(nvml, "_identifier", lambda: "GPU-1234")
    monkeypatch.setattr(nvml, "_open", lambda name: (None, None))
    loop = make_loop("2 steps", execution=OnGpu(device="cuda"))
    assert "GPU left out" in loop.energy.method
    loop.load_state_dict({**loop.state_dict(), "energy": None})
    assert "GPU left out" in loop.energy.method
    assert "GPU" not in make_loop("2 steps").energy.method
