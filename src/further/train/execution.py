"""Device, precision, threads and memory format: one decision, written into the run.

The device is the one asked for, or the best that is there. The rest is measured, since machines of
one kind differ: with AMX, bfloat16 products run many times faster than float32; on the next machine
without it they are slower. So the real step of the real network is timed in each candidate for a
few milliseconds, and a faster one is taken only if its loss agrees with float32.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Literal

import torch
from torch import nn

from further.errors import InputError
from further.train.batch import Batch

Precision = Literal["32-true", "bf16-mixed"]
Device = Literal["cpu", "cuda", "mps"]
DEVICES = ("auto", "cpu", "cuda", "mps")

# A loss in bfloat16 may differ by this much, relative to float32, to count as the same loss.
LOSS_TOLERANCE = 0.02
# A candidate must be faster by this factor: a noisy measurement should not decide.
WORTHWHILE = 1.15
REPEATS = 5
# A candidate this many times slower than the best so far is not timed again.
HOPELESS = 1.5


@dataclass(frozen=True)
class Execution:
    """Where and how the arithmetic is done.

    Attributes
    ----------
    precision : {"32-true", "bf16-mixed"}
        Lightning Fabric's names.
    threads : int
        Threads of one process on a processor.
    channels_last : bool
        Whether convolutions see pictures with the channels innermost.
    device : {"cpu", "cuda", "mps"}
        Where tensors are.
    """

    precision: Precision = "32-true"
    threads: int = 1
    channels_last: bool = False
    device: Device = "cpu"

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
        """Lay the network's weights out on this device, in this memory format."""
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        return net.to(self.device, memory_format=layout)  # type: ignore[call-overload]

    def place_batch(self, batch: Batch) -> Batch:
        """Return a batch on this device, its pictures in this memory format."""
        if self.device != "cpu":
            batch = batch.to(self.device)
        if not self.channels_last:
            return batch
        last = torch.channels_last
        return batch.map(lambda t: t.contiguous(memory_format=last) if t.ndim == 4 else t)

    def generator(self, seed: int = 0) -> torch.Generator:
        """Return a random generator of this device."""
        return torch.Generator(self.device).manual_seed(seed)


REPRODUCIBLE = Execution()


def find_device(name: str = "auto") -> Device:
    """Return the device of that name; "auto" takes a GPU where there is one.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda", "mps"}
        The choice.

    Returns
    -------
    {"cpu", "cuda", "mps"}
        One that is there.

    Raises
    ------
    InputError
        If this machine has no such device.
    """
    there: dict[Device, bool] = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return next(device for device, found in there.items() if found)
    if name not in there:
        raise InputError(f'device="{name}" must be one of {", ".join(DEVICES)}.')
    device: Device = next(known for known in there if known == name)
    if not there[device]:
        found = " and ".join(f'"{known}"' for known, is_there in there.items() if is_there)
        raise InputError(
            f'device="{name}" is not available on this machine; take {found} or "auto".'
        )
    return device


def choose_execution(
    loss: Callable[[Execution], torch.Tensor], *, has_convolutions: bool, device: Device = "cpu"
) -> Execution:
    """Time one step in each candidate and return the fastest that computes the same loss.

    Parameters
    ----------
    loss : callable
        Runs one forward and backward pass in a candidate's way, always on the same rows and random
        numbers, and returns the loss.
    has_convolutions : bool
        Whether the memory format matters.
    device : {"cpu", "cuda", "mps"}
        Where; threads matter on a processor only.

    Returns
    -------
    Execution
        The fastest one.
    """
    threads = sorted({1, min(os.cpu_count() or 1, 8)}) if device == "cpu" else [1]
    candidates = [
        Execution(precision, n, last, device)
        for precision in ("32-true", "bf16-mixed")
        for n in threads
        for last in ((False, True) if has_convolutions else (False,))
    ]
    best, best_seconds = replace(REPRODUCIBLE, device=device), float("inf")
    reference = None
    for execution in candidates:
        with execution.active():
            value = float(loss(execution).detach())  # also warms up
            times: list[float] = []
            while len(times) < REPEATS and (not times or min(times) < HOPELESS * best_seconds):
                times.append(_seconds(partial(loss, execution)))
        # Several threads wait for each other where something else runs, so their slowest counts.
        seconds = min(times) if execution.threads == 1 else max(times)
        if reference is None:
            reference = value
        agrees = abs(value - reference) <= LOSS_TOLERANCE * max(abs(reference), 1e-3)
        if agrees and seconds * (WORTHWHILE if best_seconds < float("inf") else 1) < best_seconds:
            best, best_seconds = execution, seconds
    return best


def _seconds(loss: Callable[[], torch.Tensor]) -> float:
    start = time.perf_counter()
    loss().item()  # a GPU has only then done its work
    return time.perf_counter() - start
