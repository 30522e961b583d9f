"""NVML: the energy counter of an NVIDIA GPU, from Volta on (2017).

The library comes with the driver and is called directly, so that nothing has to be installed; it is
loaded only where this process computes on a GPU already. The counter holds millijoules since the
driver was loaded, of the whole board, with memory and whatever else computes on it. It is
refreshed some ten times a second, so a stretch of less than a second is known roughly; its error
is not published (that of the power reading is given as 5 % for older boards).

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
    """Joules of the GPU that this process computes on, since the object was made.

    Attributes
    ----------
    is_used : bool
        Whether this process computes on a GPU at all.
    """

    def __init__(self) -> None:
        name = _gpu_in_use()
        self.is_used = name is not None
        opened: tuple[Any, Any] = (None, None) if name is None else _open(name)
        self._library, self._device = opened
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


def _gpu_in_use() -> str | None:
    """Return the identifier of the GPU in use; None where torch has not begun to use one."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
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
