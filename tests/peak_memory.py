"""The most memory that a program has taken, for tests that state a limit."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path


def peak() -> int:
    """Return the most bytes that this program has taken.

    ``ru_maxrss`` of a program includes, on Linux, the peak of the process that started it.
    """
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return 1024 * int(status.split("VmHWM:")[1].split()[0])
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def forget_peak() -> None:
    """Let the peak start anew from what is taken now, where that can be done."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def with_tests() -> dict[str, str]:
    """Return the environment of a program that imports this module."""
    paths = (str(Path(__file__).parent), os.environ.get("PYTHONPATH", ""))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
