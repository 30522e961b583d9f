"""The processor that figures were measured on."""

from __future__ import annotations

import platform
from pathlib import Path

WIDTHS = {"avx512f": "AVX-512 (16 floats)", "avx2": "AVX2 (8 floats)", "neon": "NEON (4 floats)"}


def processor(environment: dict[str, str]) -> str:
    """Return the processor and what its vectors hold, as far as compiled code is to use them."""
    from numba.core.codegen import get_host_cpu_features

    features = environment.get("NUMBA_CPU_FEATURES", get_host_cpu_features()).split(",")
    width = next((text for name, text in WIDTHS.items() if f"+{name}" in features), "no vectors")
    name, described = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{[*models, name][0]}, {width}"
