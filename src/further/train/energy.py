"""Energy of a stretch of work: measured where a counter can be read, otherwise estimated.

Measured is the processor package through RAPL, with everything else that ran on it meanwhile,
unless that was work of ours: members of a comparison that train side by side. Otherwise the energy
is estimated from this process's processor time and a typical design power a core (Lannelongue et
al. 2021, "Green Algorithms": 12 W a core for a processor that is not known), which leaves out
memory, disk and screen. Both are named where they are printed.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from further.errors import InputError

WATTS_PER_CORE = 12.0
# World average of electricity generated in 2024, lifecycle.
GRID_G_PER_KWH = 473.0
GRID_SOURCE = "world average 2024 (Ember, Global Electricity Review 2025)"

_POWERCAP = Path("/sys/class/powercap")


@dataclass(frozen=True)
class Energy:
    """Energy in watt-hours, and how it is known.

    Attributes
    ----------
    watt_hours : float
        The amount.
    method : str
        Whether it was measured or estimated, and how.
    """

    watt_hours: float
    method: str

    @property
    def carbon_g(self) -> float:
        """Grams of CO2 equivalent at the grid's average intensity."""
        return self.watt_hours / 1000 * grid_intensity()[0]


def grid_intensity() -> tuple[float, str]:
    """Return grams of CO2 equivalent a kWh and their source.

    The environment variable ``FURTHER_GRID_G_PER_KWH`` overrides the world average.
    """
    own = os.environ.get("FURTHER_GRID_G_PER_KWH")
    if own:
        try:
            return float(own), "FURTHER_GRID_G_PER_KWH, set by the user"
        except ValueError as error:
            raise InputError(
                f'FURTHER_GRID_G_PER_KWH="{own}" must be a number of grams per kWh; '
                "correct or unset it."
            ) from error
    return GRID_G_PER_KWH, GRID_SOURCE


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
        "energy_wh": energy.watt_hours,
        "carbon_g": energy.carbon_g,
        "energy_method": energy.method,
    }


#: Whether other work of ours runs at the same time on this processor. A counter would then count
#: that too, so the energy is estimated from the processor time of this process.
runs_side_by_side = False


class EnergyMeter:
    """Energy since the meter was made, on top of what was used before an interruption.

    Parameters
    ----------
    used_before : float, default=0.0
        Watt-hours before the interruption.
    """

    def __init__(self, used_before: float = 0.0) -> None:
        self._before = used_before
        self._counters = [] if runs_side_by_side else _rapl_counters()
        self._joules = _read(self._counters)
        self._cpu_seconds = time.process_time()

    def read(self) -> Energy:
        """Return the energy so far."""
        now = _read(self._counters)
        # A counter that wrapped around has gone backwards; the estimate is then the safer number.
        if self._counters and now >= self._joules:
            used = (now - self._joules) / 3600
            return Energy(self._before + used, "measured by RAPL, whole processor package")
        used = (time.process_time() - self._cpu_seconds) * WATTS_PER_CORE / 3600
        method = f"estimated from processor time at {WATTS_PER_CORE:g} W a core (design power)"
        return Energy(self._before + used, method)


def _rapl_counters() -> list[Path]:
    packages = sorted(_POWERCAP.glob("intel-rapl:?/energy_uj"))
    return [path for path in packages if os.access(path, os.R_OK)]


def _read(counters: list[Path]) -> float:
    """Return joules, NaN where a counter is gone."""
    try:
        return sum(int(path.read_text()) for path in counters) / 1e6
    except (OSError, ValueError):
        return math.nan
