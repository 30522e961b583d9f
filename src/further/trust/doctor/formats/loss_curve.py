"""scikit-learn's ``loss_curve_``: a list of numbers, with ``validation_scores_`` perhaps."""

from __future__ import annotations

from typing import Any

from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged, from_lists, number


def is_curve(value: Any) -> bool:
    """Return whether an object is a list of numbers."""
    return isinstance(value, list) and len(value) > 0 and all(number(v) is not None for v in value)


def read_curve(value: Any, scores: Any = None) -> Logged:
    """Return the rows of a loss curve.

    Parameters
    ----------
    value : list of float
        The losses.
    scores : list of float, optional
        ``validation_scores_``: accuracy or R², higher is better.

    Returns
    -------
    Logged
        With the loss as that of training.
    """
    columns = {"loss": list(value)}
    if scores is not None:
        columns["validation_score"] = list(scores)
    note = "One row is taken for one epoch."
    return Logged("scikit-learn loss_curve_", from_lists(columns), (note,), {"train": "loss"})


def _is_dict(value: Any) -> bool:
    return isinstance(value, dict) and is_curve(value.get("loss_curve_"))


def _read(source: Source) -> Logged:
    found = source.json
    if _is_dict(found):
        return read_curve(found["loss_curve_"], found.get("validation_scores_"))
    return read_curve(found)


LAYOUTS = (
    Layout(
        "a scikit-learn loss_curve_",
        lambda source: is_curve(source.json) or _is_dict(source.json),
        _read,
    ),
)
