"""Energy of a stretch of work: measured where a counter can be read, otherwise estimated.

The processor is measured through :mod:`further.train.power.rapl`, unless other work of ours ran on
it meanwhile: members of a comparison that train side by side. Otherwise its energy is estimated
from this process's processor time (:mod:`further.train.power.design_power`), as a range. A GPU is
measured through :mod:`further.train.power.nvml`, for work that says that it computes on it. How a
figure is known is named where it is printed, and processor time, which is always measured, stands
before it.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from further.train.power.design_power import WATTS_PER_CORE, from_design_power
from further.train.power.grid import grid_intensity
from further.train.power.nvml import Gpu
from further.train.power.rapl import Rapl


@dataclass(frozen=True)
class Energy:
    """Energy in watt-hours, and how it is known.

    Attributes
    ----------
    watt_hours : float
        The amount.
    method : str
        Whether it was measured or estimated, and how.
    low, high : float, optional
        The range in which it lies, in watt-hours; None where it was measured.
    cpu_seconds : float or None
        Processor time of the same work; None where it was not recorded.
    """

    watt_hours: float
    method: str
    low: float | None = None
    high: float | None = None
    cpu_seconds: float | None = None

    @property
    def range(self) -> tuple[float, float]:
        """The range in watt-hours; both ends are the amount where it was measured."""
        low = self.watt_hours if self.low is None else self.low
        return low, self.watt_hours if self.high is None else self.high

    @property
    def is_estimate(self) -> bool:
        """Whether it is known within a range only."""
        return self.range[0] < self.range[1]

    def is_below(self, other: Energy) -> bool:
        """Whether it is less for sure: the ranges do not overlap, and this one is the lower."""
        return self.range[1] < other.range[0]

    def overlaps(self, other: Energy) -> bool:
        """Whether the ranges overlap, so that nothing ranks the two."""
        return not (self.is_below(other) or other.is_below(self))

    @property
    def involves_gpu(self) -> bool:
        """Whether part of the work ran on a GPU, so that processor time is not all that it took."""
        return "GPU" in self.method

    @property
    def carbon_g(self) -> float:
        """Grams of CO2 equivalent at the grid's average intensity."""
        return self.watt_hours / 1000 * grid_intensity()[0]

    def __add__(self, other: Energy) -> Energy:
        """Return the energy of both stretches; each method is named once."""
        methods = dict.fromkeys([*self.method.split("; "), *other.method.split("; ")])
        times = (self.cpu_seconds, other.cpu_seconds)
        return Energy(
            self.watt_hours + other.watt_hours,
            "; ".join(filter(None, methods)),
            self.range[0] + other.range[0],
            self.range[1] + other.range[1],
            None if None in times else sum(filter(None, times)),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the entries of ``run.json``; carbon at the grid's average intensity."""
        return {
            "cpu_seconds": self.cpu_seconds,
            "energy_wh": self.watt_hours,
            "energy_low_wh": self.range[0],
            "energy_high_wh": self.range[1],
            "carbon_g": self.carbon_g,
            "energy_method": self.method,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Energy | None:
        """Return what a record says; None where it says nothing.

        Of an estimate that an older version wrote, the processor time follows from the watts that
        it names, and the range from that, without the memory, of which nothing is known.
        """
        spent, method = record.get("energy_wh"), str(record.get("energy_method") or "")
        if not isinstance(spent, int | float):
            return None
        low, high = record.get("energy_low_wh"), record.get("energy_high_wh")
        cpu_seconds = record.get("cpu_seconds")
        watts = re.search(r"processor time at ([\d.]+) W a core", method)
        if low is None and watts is not None:
            cpu_seconds = spent * 3600 / float(watts[1])
            _, low, high = from_design_power(cpu_seconds)
        return cls(float(spent), method, low, high, cpu_seconds)


def cost_to_json(
    seconds: float,
    energy: Energy,
    *,
    steps: int | None = None,
    best_step: int | None = None,
    flops: float | None = None,
) -> dict[str, Any]:
    """Return what a training took, as the entries of ``run.json``.

    Parameters
    ----------
    seconds : float
        Time.
    energy : Energy
        What it used.
    steps, best_step : int, optional
        Steps that were made, and the step whose weights are kept; None where there are no steps.
    flops : float, optional
        Floating-point operations; None where nobody counts them.

    Returns
    -------
    dict
        Plain JSON.
    """
    return {
        "steps": steps,
        "best_step": best_step,
        "training_flops": flops,
        "seconds": seconds,
        **energy.to_json(),
    }


#: Whether other work of ours runs at the same time on this processor. A counter would then count
#: that too, so the energy is estimated from the processor time of this process.
runs_side_by_side = False


class EnergyMeter:
    """Energy since the meter was made, on top of what was used before an interruption.

    Parameters
    ----------
    used_before : Energy, optional
        Before the interruption.
    device : {"cpu", "cuda", "mps"}, default="cpu"
        Where the work computes; a GPU is counted only where it is not the processor.
    """

    def __init__(self, used_before: Energy | None = None, device: str = "cpu") -> None:
        grid_intensity()  # what cannot be used is refused before the work, not after it
        self._before = used_before
        self._rapl = None if runs_side_by_side else Rapl()
        self._gpu = Gpu(device)
        self._clock, self._cpu_seconds = time.monotonic(), time.process_time()

    def read(self) -> Energy:
        """Return the energy so far; the more often it is read, the safer are the counters."""
        cpu_seconds = time.process_time() - self._cpu_seconds
        used = self._processor(cpu_seconds)
        if self._gpu.is_used:
            joules = self._gpu.joules()
            if math.isfinite(joules):
                used += Energy(joules / 3600, "GPU measured by NVML, whole board", cpu_seconds=0.0)
            else:
                used += Energy(0.0, "GPU left out: it has no counter to read", cpu_seconds=0.0)
        return used if self._before is None else self._before + used

    def _processor(self, cpu_seconds: float) -> Energy:
        if self._rapl is not None and self._rapl.zones:
            joules = self._rapl.joules()
            if math.isfinite(joules):
                memory = " and memory" if self._rapl.counts_memory else ""
                method = f"measured by RAPL, whole processor package{memory}"
                return Energy(joules / 3600, method, cpu_seconds=cpu_seconds)
        seconds = time.monotonic() - self._clock
        value, low, high = from_design_power(cpu_seconds, seconds, _gigabytes())
        method = f"estimated from processor time at {WATTS_PER_CORE:g} W a core (design power)"
        return Energy(value, method, low, high, cpu_seconds)


def _gigabytes() -> float:
    """Return the memory that this process occupies."""
    import psutil

    occupied: int = psutil.Process().memory_info().rss
    return occupied / 1e9
