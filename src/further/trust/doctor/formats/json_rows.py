"""Other JSON: lists by name, nested by part perhaps, rows in a list, or a row a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged, from_lists, numbers
from further.trust.doctor.names import meaning


def flat(value: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one, with the names joined.

    Parameters
    ----------
    value : mapping
        Such as what XGBoost's ``evals_result`` gives.
    prefix : str, default=""
        Put before names.

    Returns
    -------
    dict
        Without mappings in it.

    Examples
    --------
    >>> flat({"train": {"loss": [0.3]}, "epochs": 1})
    {'train_loss': [0.3], 'epochs': 1}
    """
    found: dict[str, Any] = {}
    for name, inner in value.items():
        joined = f"{prefix}{name}"
        if isinstance(inner, Mapping):
            found |= flat(inner, f"{joined}_")
        else:
            found[joined] = inner
    return found


def read_columns(value: Mapping[Any, Any]) -> Logged:
    """Return the rows of lists by name, or of dicts of values by epoch as pandas writes them."""
    columns = {name: _listed(inner) for name, inner in value.items()}
    lists = {n: v for n, v in flat(columns).items() if isinstance(v, list) and len(v) > 0}
    first = [name for name in lists if name.startswith("validation_0_")]
    if len(first) == 0 or not any(name.startswith("validation_1_") for name in lists):
        return Logged("lists by name", from_lists(lists))
    # scikit-learn's interface of XGBoost numbers its sets, and the first is that of training.
    loss = next((name for name in first if meaning(name).kind in ("loss", "named loss")), first[0])
    note = f'"{loss}" is taken for the training loss: the first set that was evaluated.'
    other = loss.replace("validation_0_", "validation_1_")
    return Logged("lists by name", from_lists(lists), (note,), {"train": loss, "validation": other})


def _listed(value: Any) -> Any:
    """Return what pandas writes as ``{"0": 0.3, "1": 0.2}`` as a list."""
    if hasattr(value, "tolist") and getattr(value, "ndim", 1) == 1:  # arrays, series
        return value.tolist()
    if isinstance(value, tuple):
        return list(value)
    if (
        isinstance(value, Mapping)
        and len(value) > 0
        and all(str(key).isdecimal() for key in value)
        and not any(isinstance(v, list | Mapping) for v in value.values())
    ):
        return list(value.values())
    return value


def read_rows(value: list[Any]) -> Logged:
    """Return rows from a list of them."""
    return Logged("a list of rows", [numbers(flat(row)) for row in value if isinstance(row, dict)])


def _lines(source: Source) -> list[Any]:
    """Return the rows of a file with one JSON object a line; the last line may be cut off."""
    if source.json is not None or not source.text.lstrip().startswith("{"):
        return []
    found = []
    for line in source.text.splitlines():
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            found.append(row)
    return found if len(found) > 1 else []


def _is_columns(source: Source) -> bool:
    found = source.json
    return isinstance(found, dict) and bool(read_columns(found).rows)


LAYOUTS = (
    Layout("JSON with lists by name", _is_columns, lambda source: read_columns(source.json)),
    Layout(
        "JSON with rows in a list",
        lambda s: isinstance(s.json, list) and any(isinstance(row, dict) for row in s.json),
        lambda source: read_rows(source.json),
    ),
    Layout(
        "JSON with a row a line",
        lambda source: bool(_lines(source)),
        lambda source: read_rows(_lines(source)),
    ),
)
