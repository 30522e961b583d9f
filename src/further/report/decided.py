"""What models decided for themselves, and which of them failed, in their own notes."""

from __future__ import annotations

from collections.abc import Sequence

from further.evaluate.record import ModelRecord
from further.report.markup import Markup, tag


def decided(models: Sequence[ModelRecord]) -> Markup | None:
    """List the notes of models that did not fail.

    Parameters
    ----------
    models : sequence of ModelRecord
        Of one evaluation.

    Returns
    -------
    Markup or None
        None without a note.
    """
    told = [
        tag("li", tag("b", f"{model.label}: "), note)
        for model in models
        for note in model.notes
        if "failed" not in model.flags
    ]
    return tag("ul", *told) if told else None


def failures(models: Sequence[ModelRecord]) -> list[str]:
    """Say of each model that failed why.

    Parameters
    ----------
    models : sequence of ModelRecord
        Of one evaluation.

    Returns
    -------
    list of str
        Sentences.
    """
    return [
        f"{model.label} failed: {' '.join(model.notes)}"
        for model in models
        if "failed" in model.flags
    ]
