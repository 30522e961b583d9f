"""The scores of a member with their paired draws, kept in its run to decide ties."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from further.evaluate.estimate import Estimate, Score
from further.evaluate.record import Figure
from further.evaluate.typed_json import from_json
from further.train.files import write_bytes

#: What is kept of a score besides its figure.
_ARRAYS = ("draws", "per_example", "repeats", "by_row")


def write_scores(folder: Path, scores: Mapping[str, Score | None]) -> None:
    """Keep the paired draws of scores in a run, for :func:`read_scores`.

    Parameters
    ----------
    folder : Path
        The run.
    scores : mapping of Score
        By metric.
    """
    arrays = {
        f"{kind}/{name}": array
        for name, score in scores.items()
        for kind in _ARRAYS
        if (array := getattr(score, kind, None)) is not None
    }
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_bytes(folder / "scores.npz", buffer.getvalue())


def read_scores(folder: Path, metrics: Mapping[str, Figure]) -> dict[str, Score]:
    """Return the scores of a member with their paired draws, from its run.

    Parameters
    ----------
    folder : Path
        The run of the member.
    metrics : mapping of Figure
        Its figures, from ``evaluation.json``.

    Returns
    -------
    dict of Score
        By metric, without those that are not defined.
    """
    with np.load(folder / "scores.npz", allow_pickle=False) as arrays:
        return {
            name: Score(
                Estimate(figure.value, figure.low, figure.high, figure.n, figure.method),
                basis=figure.basis,
                detail=figure.detail,
                **{kind: arrays.get(f"{kind}/{name}") for kind in _ARRAYS},
            )
            for name, figure in metrics.items()
            if figure.value is not None
        }


def figures_of(scores: Mapping[str, Score | None]) -> dict[str, Figure]:
    """Return scores as figures of ``evaluation.json``.

    Parameters
    ----------
    scores : mapping of Score
        By metric; None where it is not defined.

    Returns
    -------
    dict of Figure
        By metric.
    """
    return {
        name: Figure(method="not defined")
        if score is None
        else replace(from_json(Figure, score.estimate.to_dict()), detail=score.detail)
        for name, score in scores.items()
    }
