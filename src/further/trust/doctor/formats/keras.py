"""Keras: the file of its ``CSVLogger``, and ``History.history`` written as JSON."""

from __future__ import annotations

from typing import Any

from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged, from_lists

_NOTE = (
    "Keras logs the training loss as a mean over the epoch and the validation loss at its end, so "
    "the latter is half an epoch ahead."
)


def _is_csv(source: Source) -> bool:
    header = source.header()
    return header[:1] == ["epoch"] and "loss" in header


def _read_csv(source: Source) -> Logged:
    return Logged("Keras CSVLogger", source.read_table.rows(), (_NOTE,))


def is_history(value: Any) -> bool:
    """Return whether an object is what ``History.history`` holds: lists, one called ``loss``."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("loss"), list)
        and all(isinstance(name, str) for name in value)
    )


def read_history(value: Any) -> Logged:
    """Return the rows of ``History.history``."""
    return Logged("Keras History", from_lists(value), (_NOTE,))


def _is_json(source: Source) -> bool:
    found = source.json
    return is_history(found) or (isinstance(found, dict) and is_history(found.get("history")))


def _read_json(source: Source) -> Logged:
    found = source.json
    return read_history(found if is_history(found) else found["history"])


LAYOUTS = (
    Layout("a Keras CSVLogger file", _is_csv, _read_csv),
    Layout("a Keras History in JSON", _is_json, _read_json),
)
