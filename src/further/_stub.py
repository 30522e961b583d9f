"""``__init__.pyi``, by which editors know the names of ``further``.

``python -m further._stub`` writes it.
"""

from __future__ import annotations

from pathlib import Path

import further
from further import registry


def stub() -> str:
    """Return the content of ``__init__.pyi``, from the tables of the registry."""
    # As the linter sorts them: names in capitals come first.
    names = sorted(
        registry.public_names().items(), key=lambda pair: (pair[1], not pair[0].isupper(), pair[0])
    )
    return "\n".join(
        [
            *(f"from . import {name} as {name}" for name in registry.FOLDERS),
            *(_line(module[len("further") :], name) for name, module in names),
            "",
            "__version__: str",
            "",
        ]
    )


def _line(module: str, name: str) -> str:
    line = f"from {module} import {name} as {name}"
    wrapped = f"from {module} import (\n    {name} as {name},\n)"  # as the formatter has it
    return line if len(line) <= 100 else wrapped


if __name__ == "__main__":
    Path(further.__file__).with_name("__init__.pyi").write_text(stub())
