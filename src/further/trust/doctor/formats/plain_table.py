"""Any other delimited file: columns are told by their names, or without names by their order."""

from __future__ import annotations

import numpy as np

from further.errors import InputError
from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged


def _is_table(source: Source) -> bool:
    return source.table is not None and (source.table.has_names or len(source.table.cells) > 2)


def _read(source: Source) -> Logged:
    rows = source.read_table.rows()
    if source.read_table.has_names:
        return Logged("a CSV file", rows)
    return _without_names(source, rows)


def _without_names(source: Source, rows: list[dict[str, float]]) -> Logged:
    """Guess by order: the epoch where a column counts, then training and validation loss."""
    columns = list(rows[0]) if rows else []
    roles = {}
    if len(columns) > 1 and _counts([row.get(columns[0], np.nan) for row in rows]):
        roles["epoch"] = columns.pop(0)
    if not 1 <= len(columns) <= 2:
        raise InputError(
            f'"{source.path}" has {len(rows[0])} columns without names; write their names into the '
            "first line, such as epoch,train_loss,val_loss."
        )
    roles |= dict(zip(("train", "validation"), columns, strict=False))
    words = {
        "train": "the training loss",
        "validation": "the validation loss",
        "epoch": "the epoch",
    }
    said = ", ".join(f"{name} is {words[role]}" for role, name in roles.items())
    return Logged(
        "a CSV file without names", rows, (f"Columns are told by their order: {said}.",), roles
    )


def _counts(values: list[float]) -> bool:
    return bool(np.all(np.diff(values) == 1) and values[0] in (0, 1)) if values else False


LAYOUTS = (Layout("a CSV file", _is_table, _read),)
