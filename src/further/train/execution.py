"""Device, precision, threads and memory format: one decision, written into the run.

The device is the one asked for, or the best that is there. The rest is measured, since machines of
one kind differ: with AMX, bfloat16 products run many times faster than float32; on the next machine
without it they are slower. So the real step of the real network is timed a few times, changed in
one respect after another, and a change is kept if it is faster and its loss agrees with float32.
A processor that only imitates bfloat16 is not asked: it may be ten times slower there.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any, Literal

import torch
from torch import nn

from further.errors import InputError
from further.train.batch import Batch

Precision = Literal["32-true", "bf16-mixed"]
_NAMES: dict[Precision, str] = {"32-true": "float32", "bf16-mixed": "bfloat16"}
Device = Literal["cpu", "cuda", "mps"]
DEVICES = ("auto", "cpu", "cuda", "mps")

# A loss in bfloat16 may differ by this much, relative to float32, to count as the same loss.
LOSS_TOLERANCE = 0.02
# A candidate must be faster by this factor: a noisy measurement should not decide.
WORTHWHILE = 1.15
REPEATS = 3
# A candidate this many times slower than the best so far is not timed again.
HOPELESS = 1.5
# More threads than this wait for each other in networks as small as ours.
MOST_THREADS = 8
#: Passes that a choice makes at most: four candidates, each warmed up first.
MOST_PASSES = 4 * (1 + REPEATS)


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
    reason : str
        How that was decided, in words.
    """

    precision: Precision = "32-true"
    threads: int = 1
    channels_last: bool = False
    device: Device = "cpu"
    reason: str = field(default="", compare=False)

    def __str__(self) -> str:
        """Return the decision in words."""
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        where = f"on {threads}" if self.device == "cpu" else f"on {self.device}"
        last = ", channels last" if self.channels_last else ""
        return f"{_NAMES[self.precision]} {where}{last}"

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


def has_native_bfloat16(device: Device = "cpu") -> bool:
    """Whether a device multiplies bfloat16 itself, rather than imitating it in float32.

    Parameters
    ----------
    device : {"cpu", "cuda", "mps"}
        One that is there.

    Returns
    -------
    bool
        On x86 processors, whether there is AMX or AVX-512 BF16 that oneDNN may use.
    """
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "mps":
        return True
    if not (torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()):
        return False
    # There oneDNN says yes to any AVX-512, which is ten times slower.
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    return not x86 or torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()


def choose_execution(
    loss: Callable[[Execution], torch.Tensor], *, has_convolutions: bool, device: Device = "cpu"
) -> Execution:
    """Time one step and change precision, memory format and threads where that is faster.

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
        The fastest that computes the same loss, with the times as its reason.
    """
    # As many as the user's environment and the process's cores allow.
    threads = min(torch.get_num_threads(), MOST_THREADS)
    native = has_native_bfloat16(device)
    changes: list[dict[str, Any]] = []
    if native:
        changes.append({"precision": "bf16-mixed"})
    if has_convolutions:
        changes.append({"channels_last": True})
    if device == "cpu" and threads > 1:
        changes.append({"threads": threads})
    best = replace(REPRODUCIBLE, device=device)
    reference, best_seconds = _measure(loss, best, float("inf"))
    told = [f"{best} {_milliseconds(best_seconds)}"]
    for change in changes:
        execution = replace(best, **change)
        try:
            value, seconds = _measure(loss, execution, best_seconds)
        except RuntimeError as error:  # not every operation takes every type
            told.append(f"{execution} fails ({str(error).splitlines()[0]})")
            continue
        agrees = abs(value - reference) <= LOSS_TOLERANCE * max(abs(reference), 1e-3)
        told.append(f"{execution} {_milliseconds(seconds)}{'' if agrees else ', another loss'}")
        if agrees and seconds * WORTHWHILE < best_seconds:
            best, best_seconds = execution, seconds
    reason = f"measured: {'; '.join(told)}"
    if not native:
        reason += "; bfloat16 not tried, which is not native here"
    return replace(best, reason=reason)


def _measure(
    loss: Callable[[Execution], torch.Tensor], execution: Execution, best: float
) -> tuple[float, float]:
    """Return the loss and the seconds of a pass, timed once if it is far from the best."""
    with execution.active():
        value = float(loss(execution).detach())  # also warms up
        times: list[float] = []
        while len(times) < REPEATS and (not times or min(times) < HOPELESS * best):
            times.append(_seconds(partial(loss, execution)))
    # Several threads wait for each other where something else runs, so their slowest counts.
    return value, min(times) if execution.threads == 1 else max(times)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms"


def _seconds(loss: Callable[[], torch.Tensor]) -> float:
    start = time.perf_counter()
    loss().item()  # a GPU has only then done its work
    return time.perf_counter() - start
