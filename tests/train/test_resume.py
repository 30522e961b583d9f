"""A training that was interrupted ends with exactly the weights of one that was not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from further.errors import RunError
from further.train.callbacks import checkpoint
from further.train.callbacks.callback import Callback
from further.train.execution import Execution
from further.train.load import load
from further.train.run import Run
from small_models import NETWORKS, make_small

STEPS = 12


class InterruptAt(Callback):
    """Raise as Ctrl-C does after a step."""

    def __init__(self, step):
        self.step = step

    def on_step(self, loop):
        if loop.step == self.step:
            raise KeyboardInterrupt


class StepCounter(Callback):
    """Count the steps that were really done."""

    steps = 0

    def on_step(self, loop):
        self.steps += 1


@pytest.fixture(autouse=True)
def checkpoint_every_step(monkeypatch, narrow_autoencoders):
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0.0)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    y = np.arange(100) % 3
    return rng.normal(size=(100, 5)) + y[:, None], y


def training_of(model, **changes):
    return {"batch_size": 32, "averaging": 0.9, **changes}


def assert_same(model, reference):
    weights, expected = model.net_.state_dict(), reference.net_.state_dict()
    assert weights.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(weights[name], value), name
    pd.testing.assert_frame_equal(
        model.history_.drop(columns="seconds"),
        reference.history_.drop(columns="seconds"),
        check_exact=True,
    )
    assert model.best_step_ == reference.best_step_
    np.testing.assert_array_equal(model.sample(5), reference.sample(5))


def interrupt(make, rows, run, *steps):
    """Fit into a run, interrupted after each of these steps, then to the end."""
    for step in steps:
        with pytest.raises(KeyboardInterrupt):
            make().fit(*rows, run=run, callbacks=[InterruptAt(step)])
        assert Run(run).status == "interrupted"
    return make().fit(*rows, run=run)


@pytest.mark.parametrize("name", NETWORKS)
def test_bit_for_bit(name, rows, tmp_path):
    def make():
        return make_small(name, budget=f"{STEPS} steps", training=training_of(name))

    reference = make().fit(*rows, run=tmp_path / "whole")
    resumed = interrupt(make, rows, tmp_path / "resumed", 1, 5, 8)
    assert_same(resumed, reference)
    for file in ("model.safetensors", "model.json"):
        whole, again = ((tmp_path / run / file) for run in ("whole", "resumed"))
        if file.endswith("safetensors"):
            assert whole.read_bytes() == again.read_bytes()
    assert Run(tmp_path / "resumed").status == "finished"


@pytest.mark.parametrize("name", NETWORKS)
def test_writing_a_run_changes_nothing(name, rows, tmp_path):
    make = lambda: make_small(name, budget="6 steps")  # noqa: E731
    assert_same(make().fit(*rows, run=tmp_path / "run"), make().fit(*rows))


def test_after_any_step(rows, tmp_path):
    def make():
        return make_small("vae", budget=f"{STEPS} steps", training=training_of("vae"))

    reference = make().fit(*rows)
    for step in range(1, STEPS + 1):
        assert_same(interrupt(make, rows, tmp_path / f"{step}", step), reference)


@pytest.mark.parametrize(
    "training",
    [
        {"averaging": 0.0},
        {"keep": "last"},
        {"optimizer": "adadelta", "learning_rate": 1.0},
        {"optimizer": "sgd", "learning_rate": 1e-3, "schedule": "linear"},
        {"optimizer": "adam", "clip": None, "schedule": "constant"},
    ],
)
def test_with_any_settings(training, rows, tmp_path):
    def make():
        return make_small("vae", budget="2.5 epochs", training=training_of("vae", **training))

    assert_same(interrupt(make, rows, tmp_path / "run", 4), make().fit(*rows))


def test_early_stopping(rows, tmp_path):
    settings = training_of("vae", patience=3, learning_rate=0.1, schedule="constant", averaging=0.0)

    def make():
        return make_small("vae", budget="400 steps", training=settings)

    reference = make().fit(*rows)
    stopped = reference.cost_["steps"]
    assert stopped < 400
    after_best = reference.history_["step"] > reference.best_step_
    assert after_best.sum() == 3
    assert_same(interrupt(make, rows, tmp_path / "run", stopped // 2, stopped - 1), reference)


def test_a_finished_run_is_not_done_again(rows, tmp_path):
    make_small("vae", budget="5 steps").fit(*rows, run=tmp_path)
    counter = StepCounter()
    again = make_small("vae", budget="5 steps").fit(*rows, run=tmp_path, callbacks=[counter])
    assert counter.steps == 0
    assert_same(again, make_small("vae", budget="5 steps").fit(*rows))


def test_resume_does_only_what_is_left(rows, tmp_path):
    make = lambda: make_small("vae", budget="20 steps")  # noqa: E731
    with pytest.raises(KeyboardInterrupt):
        make().fit(*rows, run=tmp_path, callbacks=[InterruptAt(13)])
    counter = StepCounter()
    make().fit(*rows, run=tmp_path, callbacks=[counter])
    # The callback that interrupted came after the checkpoint of its step.
    assert counter.steps == 7


def test_a_seed_that_was_drawn_is_kept(rows, tmp_path):
    make = lambda: make_small("vae", random_state=None, budget="8 steps")  # noqa: E731
    with pytest.raises(KeyboardInterrupt):
        make().fit(*rows, run=tmp_path, callbacks=[InterruptAt(4)])
    seed = Run(tmp_path).record["seed"]
    resumed = make().fit(*rows, run=tmp_path)
    assert Run(tmp_path).record["seed"] == seed
    reference = make_small("vae", random_state=seed, budget="8 steps").fit(*rows)
    weights = reference.net_.state_dict()
    assert all(torch.equal(v, weights[k]) for k, v in resumed.net_.state_dict().items())


def test_seconds_and_energy_add_up(rows, tmp_path):
    make = lambda: make_small("vae", budget="30 steps")  # noqa: E731
    with pytest.raises(KeyboardInterrupt):
        make().fit(*rows, run=tmp_path, callbacks=[InterruptAt(20)])
    before = checkpoint.read_checkpoint(tmp_path / "checkpoints" / "last.pt")
    resumed = make().fit(*rows, run=tmp_path)
    assert resumed.cost_["seconds"] > before["seconds"] > 0
    for name in ("cpu_seconds", "energy_wh", "energy_low_wh", "energy_high_wh"):
        assert resumed.cost_[name] > before["energy"][name] > 0
    assert resumed.history_["seconds"].is_monotonic_increasing


def test_a_budget_in_seconds_counts_what_was_spent(rows, tmp_path, steady_clock):
    make = lambda: make_small("vae", budget="0.5 s")  # noqa: E731
    with pytest.raises(KeyboardInterrupt):
        make().fit(*rows, run=tmp_path, callbacks=[InterruptAt(3)])
    make().fit(*rows, run=tmp_path)
    steps = load(tmp_path).cost_["steps"]
    counter = StepCounter()
    make().fit(*rows, run=tmp_path, callbacks=[counter])
    assert counter.steps <= 1
    assert steps > 3


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a checkpoint", None])
def test_a_damaged_checkpoint_is_named(damage, rows, tmp_path):
    make_small("vae").fit(*rows, run=tmp_path)
    file = tmp_path / "checkpoints" / "last.pt"
    file.write_bytes(file.read_bytes()[:-100] if damage is None else damage)
    with pytest.raises(RunError, match=r"last\.pt is damaged .* remove it to start again"):
        make_small("vae").fit(*rows, run=tmp_path)
    file.unlink()
    assert_same(make_small("vae").fit(*rows, run=tmp_path), make_small("vae").fit(*rows))


def test_no_code_is_loaded_from_a_checkpoint(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("this must not run",))

    path = tmp_path / "last.pt"
    torch.save({"step": Evil()}, path)
    with pytest.raises(RunError, match="damaged"):
        checkpoint.read_checkpoint(path)


@pytest.mark.parametrize(
    "execution",
    [Execution("bf16-mixed", 1, False), Execution("32-true", 1, True)],
    ids=["bf16", "last"],
)
def test_under_the_execution_that_was_measured_first(execution, tmp_path, monkeypatch):
    """A resume takes what the run recorded and measures nothing again."""
    pictures = np.random.default_rng(0).integers(0, 256, size=(40, 20, 20)).astype(np.uint8)
    chosen = []

    def choose(loss, *, has_convolutions, device):
        assert has_convolutions
        chosen.append(execution)
        return execution

    monkeypatch.setattr("further.train.fit.choose_execution", choose)

    def make():
        return make_small("vae", budget="6 steps", precision="auto")

    resumed = interrupt(make, (pictures,), tmp_path / "run", 2, 4)
    assert chosen == [execution]
    assert Execution(**Run(tmp_path / "run").record["execution"]) == execution
    assert_same(resumed, make().fit(pictures))


def test_measuring_changes_no_weight(rows, monkeypatch):
    # Each candidate is tried, and the first is taken whatever else the machine does.
    monkeypatch.setattr("further.train.execution.has_native_bfloat16", lambda device: True)
    monkeypatch.setattr("further.train.execution._seconds", lambda loss: loss().item() * 0 + 1.0)
    pictures = np.random.default_rng(0).integers(0, 256, size=(40, 20, 20)).astype(np.uint8)
    for name, X in (("vae", pictures), ("gan", rows[0])):
        measured = make_small(name, precision="auto").fit(X)
        told = make_small(name).fit(X)
        assert measured.execution_ == told.execution_
        assert_same(measured, told)
