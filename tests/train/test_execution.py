"""The choice of precision, threads and memory format: the fastest of those that agree."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from further.train import execution as module
from further.train.execution import LOSS_TOLERANCE, REPRODUCIBLE, Execution, choose_execution


class Machine:
    """A machine with a clock of its own, on which each execution takes a given time."""

    def __init__(self, seconds, losses=None):
        self.seconds, self.losses = seconds, losses or {}
        self.clock, self.tried = 0.0, []

    def loss(self, execution):
        self.tried.append(execution)
        self.clock += self.seconds(execution)
        return torch.tensor(self.losses.get(execution.precision, 2.0))

    def choose(self, monkeypatch, **options):
        monkeypatch.setattr(module.time, "perf_counter", lambda: self.clock)
        monkeypatch.setattr(module.os, "cpu_count", lambda: 4)
        return choose_execution(self.loss, **{"has_convolutions": True, **options})


def faster_in_bfloat16(execution):
    return 1.0 if execution.precision == "bf16-mixed" else 10.0


def test_the_fastest_is_taken(monkeypatch):
    machine = Machine(faster_in_bfloat16)
    assert machine.choose(monkeypatch).precision == "bf16-mixed"


@pytest.mark.parametrize(
    ("loss", "precision"),
    [
        (2.0 * (1 + 0.9 * LOSS_TOLERANCE), "bf16-mixed"),
        (2.0 * (1 + 1.1 * LOSS_TOLERANCE), "32-true"),
        (float("nan"), "32-true"),
        (float("inf"), "32-true"),
    ],
)
def test_only_with_the_same_loss(monkeypatch, loss, precision):
    machine = Machine(faster_in_bfloat16, {"bf16-mixed": loss})
    assert machine.choose(monkeypatch).precision == precision


def test_a_little_faster_is_not_enough(monkeypatch):
    machine = Machine(lambda e: 1.0 if e == REPRODUCIBLE else 0.95)
    assert machine.choose(monkeypatch) == REPRODUCIBLE


def test_threads_and_memory_format_are_tried(monkeypatch):
    best = Execution("32-true", 4, True)
    machine = Machine(lambda e: 0.1 if e == best else 1.0)
    assert machine.choose(monkeypatch) == best
    assert {e.threads for e in machine.tried} == {1, 4}
    machine = Machine(lambda e: 1.0)
    machine.choose(monkeypatch, has_convolutions=False)
    assert not any(e.channels_last for e in machine.tried)


def test_a_loss_that_is_never_finite_leaves_float32(monkeypatch):
    machine = Machine(faster_in_bfloat16, {"bf16-mixed": float("nan"), "32-true": float("nan")})
    assert machine.choose(monkeypatch) == REPRODUCIBLE


def test_weights_are_laid_out_both_ways():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(2, 2))
    weight = net[0].weight
    Execution(channels_last=True).place(net)
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert not weight.is_contiguous()
    Execution(channels_last=False).place(net)
    assert weight.is_contiguous()
    assert net[0].weight is weight


def test_threads_are_given_back():
    before = torch.get_num_threads()
    with Execution(threads=3).active():
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == before


def test_it_is_written_and_read():
    execution = Execution("bf16-mixed", 2, True)
    assert Execution(**execution.to_json()) == execution
