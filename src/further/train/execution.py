"""Precision, threads and memory format: one decision, made by measuring, written into the run.

Machines of one kind differ: with AMX, bfloat16 products run many times faster than float32; on the
next machine without it they are slower. So the real step of the real network is timed in each
candidate for a few milliseconds, and a faster one is taken only if its loss agrees with float32.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import nn

Precision = Literal["32-true", "bf16-mixed"]

# A loss in bfloat16 may differ by this much, relative to float32, to count as the same loss.
LOSS_TOLERANCE = 0.02
# A candidate must be faster by this factor: a noisy measurement should not decide.
WORTHWHILE = 1.15
REPEATS = 5
# A candidate this many times slower than the best so far is not timed again.
HOPELESS = 1.5


@dataclass(frozen=True)
class Engine:
    """How the arithmetic is done.

    Attributes
    ----------
    precision : {"32-true", "bf16-mixed"}
        Lightning Fabric's names.
    threads : int
        Threads of one process.
    channels_last : bool
        Whether convolutions see pictures with the channels innermost.
    """

    precision: Precision = "32-true"
    threads: int = 1
    channels_last: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the decision for the run."""
        return asdict(self)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Run a block under this number of threads."""
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def place(self, net: nn.Module) -> nn.Module:
        """Lay the network's weights out in this memory format."""
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        return net.to(memory_format=layout)  # type: ignore[call-overload]


REPRODUCIBLE = Engine()


def choose_engine(loss: Callable[[Engine], torch.Tensor], *, has_convolutions: bool) -> Engine:
    """Time one step in each candidate and return the fastest that computes the same loss.

    Parameters
    ----------
    loss : callable
        Runs one forward and backward pass under an engine's precision and memory format, always on
        the same rows and random numbers, and returns the loss.
    has_convolutions : bool
        Whether the memory format matters.
    """
    threads = sorted({1, min(os.cpu_count() or 1, 8)})
    candidates = [
        Engine(precision, n, last)
        for precision in ("32-true", "bf16-mixed")
        for n in threads
        for last in ((False, True) if has_convolutions else (False,))
    ]
    best, best_seconds, reference = REPRODUCIBLE, float("inf"), None
    for engine in candidates:
        with engine.active():
            value = float(loss(engine).detach())  # also warms up
            times: list[float] = []
            while len(times) < REPEATS and (not times or min(times) < HOPELESS * best_seconds):
                times.append(_seconds(partial(loss, engine)))
        # Several threads wait for each other where something else runs, so their slowest counts.
        seconds = min(times) if engine.threads == 1 else max(times)
        if reference is None:
            reference = value
        agrees = abs(value - reference) <= LOSS_TOLERANCE * max(abs(reference), 1e-3)
        if agrees and seconds * (WORTHWHILE if best_seconds < float("inf") else 1) < best_seconds:
            best, best_seconds = engine, seconds
    return best


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
