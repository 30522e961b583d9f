"""Weights & Biases: a chart as CSV ("run - metric" and its bounds), or the history of a run."""

from __future__ import annotations

import re

from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged, numbers

_BOUND = re.compile(r"__(MIN|MAX)$")


def _is_export(source: Source) -> bool:
    header = source.header()
    of_runs = [name for name in header if " - " in name]
    return any(_BOUND.search(name) for name in header) or (
        len(of_runs) >= len(header) - 1 and len(of_runs) > 0
    )


def _read_export(source: Source) -> Logged:
    header = [name for name in source.header() if not _BOUND.search(name)]
    runs = list(dict.fromkeys(name.rsplit(" - ", 1)[0] for name in header if " - " in name))
    notes = []
    if len(runs) > 1:
        notes.append(f'Of {len(runs)} runs the first is read, "{runs[0]}".')
    names = {
        name: name.rsplit(" - ", 1)[-1].strip()
        for name in header
        if " - " not in name or name.rsplit(" - ", 1)[0] == runs[0]
    }
    rows = [
        numbers(
            {names[n]: cell for n, cell in zip(source.header(), row, strict=False) if n in names}
        )
        for row in source.read_table.cells
    ]
    return Logged("a Weights & Biases export", rows, tuple(notes))


def _is_history(source: Source) -> bool:
    header = source.header()
    return "_step" in header and bool({"_runtime", "_timestamp"} & set(header))


def _read_history(source: Source) -> Logged:
    return Logged("the history of a Weights & Biases run", source.read_table.rows())


LAYOUTS = (
    Layout("a Weights & Biases export", _is_export, _read_export),
    Layout("the history of a Weights & Biases run", _is_history, _read_history),
)
