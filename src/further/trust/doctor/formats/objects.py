"""Histories that are objects of Python: dicts, lists, data frames, and what holds one of these."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from further.errors import InputError
from further.trust.doctor.formats import json_rows, keras, loss_curve, skorch, trainer_state
from further.trust.doctor.logged import Logged, number, numbers

#: Attributes of Keras' History, skorch's nets and XGBoost's models that hold what was logged.
_HOLDERS = ("history", "history_", "evals_result_")


def is_path(history: Any) -> bool:
    """Return whether an object names a file or folder."""
    return isinstance(history, str | os.PathLike)


def read(history: Any) -> Logged:
    """Return the rows that an object holds.

    Parameters
    ----------
    history : object
        A dict of lists, a list of dicts or of numbers, a data frame, or an object that has one:
        Keras' ``History``, skorch's nets, Hugging Face's ``Trainer``, scikit-learn's MLPs.

    Returns
    -------
    Logged
        Its rows.

    Raises
    ------
    InputError
        If it is nothing of that kind.
    """
    if hasattr(history, "to_dict") and hasattr(history, "columns"):
        return _frame(history)
    if hasattr(history, "loss_curve_"):
        return loss_curve.read_curve(
            [*history.loss_curve_], getattr(history, "validation_scores_", None)
        )
    holders = (getattr(history, "state", None), "log_history"), *((history, n) for n in _HOLDERS)
    for holder, name in holders:
        inner = getattr(holder, name, None)
        if inner is not None and not callable(inner):
            return read(inner)
    if isinstance(history, Mapping):
        found = dict(history)
        return keras.read_history(found) if _is_keras(found) else json_rows.read_columns(found)
    if isinstance(history, np.ndarray) and history.ndim == 1:
        history = history.tolist()
    if isinstance(history, list | tuple) and history:
        return _list(list(history))
    raise InputError(
        f"A history of type {type(history).__name__} is not known; give a dict of lists such as "
        '{"train_loss": [...], "val_loss": [...]}, a list of dicts, a data frame or a path.'
    )


def _is_keras(found: dict[Any, Any]) -> bool:
    return keras.is_history(found) and set(found) <= {
        name
        for name in found
        if name.startswith("val_") or f"val_{name}" in found or name == "loss"
    }


def _list(history: list[Any]) -> Logged:
    if loss_curve.is_curve(history):
        return loss_curve.read_curve(history)
    if skorch.is_history(history):
        return skorch.read_history(history)
    if trainer_state.is_log(history):
        return trainer_state.read_log(history)
    if all(isinstance(row, Mapping) for row in history):
        return json_rows.read_rows([dict(row) for row in history])
    raise InputError("This list holds neither numbers nor dicts; give one row as a dict each.")


def _frame(frame: Any) -> Logged:
    """Return the rows of a data frame, in which NaN may mean that nothing was logged.

    It does, unless it stands at the end of a column for longer than it ever did before.
    """
    columns = {str(name): [number(v) for v in frame[name].tolist()] for name in frame.columns}
    rows: list[dict[str, float]] = [{} for _ in range(len(frame))]
    for name, values in columns.items():
        first_lost = _first_lost([value is None or value != value for value in values])
        for i, value in enumerate(values):
            if value is not None and (value == value or i >= first_lost):
                rows[i][name] = value
    return Logged("a data frame", [numbers(row) for row in rows])


def _first_lost(missing: list[bool]) -> int:
    """Return from where on nothing but NaN stands in a column, and never stood so long before."""
    end = len(missing)
    start = end
    while start and missing[start - 1]:
        start -= 1
    longest = run = 0
    for is_missing in missing[:start]:
        run = run + 1 if is_missing else 0
        longest = max(longest, run)
    return start if 0 < start < end and end - start > longest else end
