"""Hugging Face's ``trainer_state.json``, with its ``log_history``."""

from __future__ import annotations

from typing import Any

from further.errors import InputError
from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged, numbers


def _is_state(source: Source) -> bool:
    return isinstance(source.json, dict) and "log_history" in source.json


def _read_state(source: Source) -> Logged:
    return read_log(source.json["log_history"])


def is_log(value: Any) -> bool:
    """Return whether an object is a ``log_history``: dicts with steps, one with a loss."""
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(isinstance(row, dict) for row in value)
        and any("step" in row and ("loss" in row or "eval_loss" in row) for row in value)
    )


def read_log(rows: Any) -> Logged:
    """Return the rows of a ``log_history``.

    The last one sums the training up, with the mean loss over all of it; it is no point of a curve.
    """
    if not isinstance(rows, list) or not rows:
        raise InputError(
            "The log_history of this trainer_state.json is empty; nothing was logged yet."
        )
    points = [row for row in rows if isinstance(row, dict) and "train_runtime" not in row]
    return Logged("Hugging Face trainer_state.json", [numbers(row) for row in points])


def _is_log(source: Source) -> bool:
    return is_log(source.json)


def _read_list(source: Source) -> Logged:
    return read_log(source.json)


LAYOUTS = (
    Layout("a Hugging Face trainer_state.json", _is_state, _read_state),
    Layout("a Hugging Face log_history", _is_log, _read_list),
)
