"""The examples of CONTRIBUTING.md, run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from further import registry
from further.evaluate.metrics import Metric

TEXT = Path(__file__).parents[1].joinpath("CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n# ([^\n]*)\n(.*?)```", TEXT, re.DOTALL)


def write_files(folder: Path) -> Path:
    """Write the files of the package ``newcomer`` and return the folder to import it from."""
    for name, code in BLOCKS:
        if name.endswith(".py") and name.startswith("newcomer/"):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(code, encoding="utf-8")
    return folder


def entries(table: str) -> list[Any]:
    """Return the entries that are to be added to a table: "TASKS", "MODELS", "metrics.py"."""
    known = {"Metric": Metric, **vars(registry)}
    return [eval(code, known) for name, code in BLOCKS if " of " in name and table in name]
