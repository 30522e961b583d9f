"""A run of ours: ``run.json`` and ``history.csv``."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from further.errors import InputError
from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged, numbers

#: Where a run records how many there are.
_COUNTS = {
    "validation_rows": "validation_rows", "training_rows": "training_rows",
    "parameters": "parameters_count",
}  # fmt: skip


def _is_run(source: Source) -> bool:
    return source.is_folder and (source.path / "run.json").is_file()


def _read_run(source: Source) -> Logged:
    file = source.path / "history.csv"
    if not file.is_file():
        members = sorted((source.path / "models").glob("*/history.csv"))
        if members:
            raise InputError(
                f'"{source.path}" compares several models; give the run of one of them, such as '
                f'"{members[0].parent}".'
            )
        raise InputError(
            f'"{source.path}" has no history.csv: its model has no learning curve, or the training '
            "has not come that far."
        )
    record = _record(source)
    baselines, step = record.get("baseline"), record.get("best_step")
    counts = {name: record.get(key) for name, key in _COUNTS.items()}
    return replace(
        _read_history(Source(file)),
        baselines=numbers(baselines) if isinstance(baselines, dict) else {},
        counts={k: n for k, n in counts.items() if isinstance(n, int) and n > 0},
        kept_step=step if isinstance(step, int) else None,
    )


def _record(source: Source) -> dict[str, Any]:
    """Return what the run recorded; nothing if it cannot be read, since the curves can."""
    try:
        record = json.loads((source.path / "run.json").read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _is_history(source: Source) -> bool:
    header = source.header()
    ours = {"step", "epoch", "seconds"} <= set(header)
    return ours and any(name.startswith("train_") for name in header)


def _read_history(source: Source) -> Logged:
    rows = source.read_table.rows()
    if not any("val_refinement" in row for row in rows):
        return Logged("a run of further", rows)
    # A network is kept, and then calibrated, by what is left at the best temperature.
    return Logged(
        "a run of further", rows,
        notes=("Validation losses are read at the best temperature, since it is calibrated.",),
        roles={"validation": "val_refinement", "fit": "fit_refinement"},
    )  # fmt: skip


LAYOUTS = (
    Layout("a run of further", _is_run, _read_run),
    Layout("the history.csv of a run of further", _is_history, _read_history),
)
