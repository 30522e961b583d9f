"""NVML: the energy counter of an NVIDIA GPU, from Volta on (2017).

The library comes with the driver and is called directly, so that nothing has to be installed; it is
loaded only for work that runs on a GPU. The counter holds millijoules since the driver was loaded,
of the whole board, with memory and whatever else computes on it. It is refreshed
some ten times a second, so a stretch of less than a second is known roughly; its error is not
published (that of the power reading is given as 5 % for older boards).

References
----------
NVIDIA, "NVML API reference", nvmlDeviceGetTotalEnergyConsumption.
"""

from __future__ import annotations

import ctypes
import math
import sys
from typing import Any

LIBRARY = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"


class Gpu:
    """Joules of the GPU that a stretch of work computes on, since the object was made.

    Parameters
    ----------
    device : {"cpu", "cuda", "mps"}
        Where the work computes. That torch has begun to use a GPU says nothing of this work.

    Attributes
    ----------
    is_used : bool
        Whether the work computes on a GPU at all.
    """

    def __init__(self, device: str) -> None:
        self.is_used = device != "cpu"
        found = _open(_identifier()) if device == "cuda" else (None, None)
        self._library: Any = found[0]
        self._device: Any = found[1]
        self._start = self._read()

    def joules(self) -> float:
        """Return the energy so far: 0 without a GPU, NaN where its counter cannot be read."""
        return self._read() - self._start if self.is_used else 0.0

    def _read(self) -> float:
        if self._library is None:
            return math.nan
        millijoules = ctypes.c_ulonglong()
        failed = self._library.nvmlDeviceGetTotalEnergyConsumption(
            self._device, ctypes.byref(millijoules)
        )
        return math.nan if failed else millijoules.value / 1000


def _identifier() -> str:
    """Return the identifier of the GPU that torch computes on."""
    import torch

    # By identifier, since numbers depend on CUDA_VISIBLE_DEVICES.
    properties = torch.cuda.get_device_properties(torch.cuda.current_device())
    return f"GPU-{getattr(properties, 'uuid', 'unknown')}"


def _open(name: str) -> tuple[Any, Any]:
    """Return the library and the handle of a GPU; (None, None) where there is none."""
    try:
        library = ctypes.CDLL(LIBRARY)
        device = ctypes.c_void_p()
        failed = library.nvmlInit_v2() or library.nvmlDeviceGetHandleByUUID(
            name.encode(), ctypes.byref(device)
        )
    except (OSError, AttributeError):
        return None, None
    return (None, None) if failed else (library, device)
