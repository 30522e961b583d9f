"""skorch's ``history.json``: a list of epochs, each with its batches."""

from __future__ import annotations

from typing import Any

from further.trust.doctor.formats.source import Layout
from further.trust.doctor.logged import Logged, numbers


def is_history(value: Any) -> bool:
    """Return whether an object is skorch's history: dicts with an epoch and their batches."""
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(isinstance(row, dict) for row in value)
        and ("batches" in value[0] or "train_loss_best" in value[0])
    )


def read_history(rows: Any) -> Logged:
    """Return the rows of skorch's history, without its batches and marks of the best epoch."""
    kept = [{n: v for n, v in row.items() if n != "batches" and "best" not in n} for row in rows]
    return Logged("skorch history", [numbers(row) for row in kept])


LAYOUTS = (
    Layout(
        "a skorch history",
        lambda source: is_history(source.json),
        lambda source: read_history(source.json),
    ),
)
