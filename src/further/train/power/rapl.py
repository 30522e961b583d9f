r"""RAPL: the energy counters of processor packages, as Linux shows them (Intel and AMD).

A counter :math:`c` holds microjoules modulo its range :math:`R`, and wraps around within minutes
to hours. The energy of a stretch is the sum over its readings

.. math:: E = \sum_i (c_i - c_{i-1}) \bmod R,

which is right as long as a counter wraps around at most once between two readings. Where so much
time passed that it may have done so twice, there is no figure.

What it leaves out: memory, unless the processor has a counter of it; disk, fans, screen, and what
the power supply loses. What it counts in: whatever else ran on the package meanwhile. On processors
since Haswell the readings follow the power at the plug closely (Khan et al. 2018).

References
----------
Khan, Hirki, Niemi, Nurminen, Ou 2018, "RAPL in action: experiences in using RAPL for power
measurements", ACM TOMPECS 3.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
#: What a package draws at most: a counter with a range of R microjoules wraps around later than
#: after R / MOST_WATTS microseconds.
MOST_WATTS = 500.0


@dataclass(frozen=True)
class Zone:
    """One counter.

    Attributes
    ----------
    path : Path
        The file with its microjoules.
    is_memory : bool
        Whether it counts memory, and not a processor package.
    microjoules : float
        Its range; infinite where that is not told.
    """

    path: Path
    is_memory: bool
    microjoules: float

    def read(self) -> float:
        """Return the microjoules, NaN where the counter is gone."""
        return _number(self.path, math.nan)


class Rapl:
    """Joules of all processor packages since the object was made.

    Attributes
    ----------
    zones : list of Zone
        Empty where no counter may be read.
    """

    def __init__(self) -> None:
        self.zones = _zones()
        self._joules = 0.0
        self._at, self._last = time.monotonic(), [zone.read() for zone in self.zones]

    @property
    def counts_memory(self) -> bool:
        """Whether memory is counted too."""
        return any(zone.is_memory for zone in self.zones)

    def joules(self) -> float:
        """Return the energy so far, NaN from the first reading on that cannot be trusted."""
        at, now = time.monotonic(), [zone.read() for zone in self.zones]
        for zone, before, after in zip(self.zones, self._last, now, strict=True):
            step = after - before if after >= before else after - before + zone.microjoules
            if (at - self._at) * MOST_WATTS * 1e6 > zone.microjoules:
                step = math.nan
            self._joules += step / 1e6 if math.isfinite(step) else math.nan
        self._at, self._last = at, now
        return self._joules


def _zones() -> list[Zone]:
    found = []
    for pattern, is_memory in (("intel-rapl:?", False), ("intel-rapl:?:?", True)):
        for folder in sorted(POWERCAP.glob(pattern)):
            name = _text(folder / "name") or "package"
            # A zone "psys" is the whole platform, packages included; "core" is a part of a package.
            wanted = name == "dram" if is_memory else name.startswith("package")
            file = folder / "energy_uj"
            if wanted and os.access(file, os.R_OK):
                most = _number(folder / "max_energy_range_uj", math.inf)
                found.append(Zone(file, is_memory, most))
    return found if any(not zone.is_memory for zone in found) else []


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _number(file: Path, otherwise: float) -> float:
    try:
        return float(int(_text(file)))
    except ValueError:
        return otherwise
