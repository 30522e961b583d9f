"""The choice of precision, threads and memory format: the fastest of those that agree."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from further.train import execution as module
from further.train.execution import LOSS_TOLERANCE, REPRODUCIBLE, Execution, choose_execution


class Machine:
    """A machine with a clock of its own, on which each execution takes a given time."""

    def __init__(self, seconds, losses=None, native=True):
        self.seconds, self.losses, self.native = seconds, losses or {}, native
        self.clock, self.tried = 0.0, []

    def loss(self, execution):
        self.tried.append(execution)
        self.clock += self.seconds(execution)
        return torch.tensor(self.losses.get(execution.precision, 2.0))

    def choose(self, monkeypatch, **options):
        monkeypatch.setattr(module.time, "perf_counter", lambda: self.clock)
        monkeypatch.setattr(module.torch, "get_num_threads", lambda: 4)
        monkeypatch.setattr(module, "has_native_bfloat16", lambda device: self.native)
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


def test_what_cannot_be_computed_is_not_taken(monkeypatch):
    machine = Machine(faster_in_bfloat16)
    whole = machine.loss

    def loss(execution):
        if execution.precision != "32-true":
            raise RuntimeError("expected dtype float\nException raised from check")
        return whole(execution)

    monkeypatch.setattr(machine, "loss", loss)
    chosen = machine.choose(monkeypatch)
    assert chosen.precision == "32-true"
    assert "bfloat16 on 1 thread fails (expected dtype float); " in chosen.reason


def test_a_little_faster_is_not_enough(monkeypatch):
    machine = Machine(lambda e: 1.0 if e == REPRODUCIBLE else 0.95)
    assert machine.choose(monkeypatch) == REPRODUCIBLE


def test_threads_and_memory_format_are_tried(monkeypatch):
    # Each makes it faster, and both together most of all.
    best = Execution("32-true", 4, True)
    machine = Machine(lambda e: 1.0 / e.threads - (0.2 if e.channels_last else 0.0))
    assert machine.choose(monkeypatch) == best
    assert {e.threads for e in machine.tried} == {1, 4}
    machine = Machine(lambda e: 1.0)
    machine.choose(monkeypatch, has_convolutions=False)
    assert not any(e.channels_last for e in machine.tried)


def test_imitated_bfloat16_is_never_timed(monkeypatch):
    """It may take ten times as long as all other candidates together."""
    machine = Machine(faster_in_bfloat16, native=False)
    chosen = machine.choose(monkeypatch)
    assert {e.precision for e in machine.tried} == {"32-true"}
    assert "bfloat16 not tried" in chosen.reason


def test_the_reason_names_what_was_measured(monkeypatch):
    machine = Machine(lambda e: 0.010 / e.threads, {"bf16-mixed": 3.0})
    chosen = machine.choose(monkeypatch, has_convolutions=False)
    assert chosen.reason == (
        "measured: float32 on 1 thread 10 ms; bfloat16 on 1 thread 10 ms, another loss; "
        "float32 on 4 threads 2.5 ms"
    )


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the instructions are those of x86")
def test_native_bfloat16_is_what_the_processor_says():
    flags = Path("/proc/cpuinfo")
    if not flags.is_file():
        pytest.skip("nothing says what the processor can do")
    known = re.search(r"^flags\s*: (.*)$", flags.read_text(), re.MULTILINE)[1].split()
    native = bool({"amx_bf16", "avx512_bf16"} & set(known))
    assert module.has_native_bfloat16() == native
    # Where oneDNN is told to leave it alone, nobody multiplies it.
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    program = "from further.train.execution import *; print(has_native_bfloat16())"
    told = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout == "False\n"


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
