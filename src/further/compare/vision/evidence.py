"""What stands behind the figures of a model: by class, what it takes for what, where it errs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from further.compare.scores import figures_of
from further.data.dataset import Dataset
from further.data.target import Boxes, Instances, Target
from further.errors import InputError
from further.evaluate.estimate import Score
from further.evaluate.vision.detection import ObjectPredictions
from further.evaluate.vision.errors import confusion, error_breakdown, worst_pictures
from further.evaluate.vision.thresholds import best_score, precision_recall, reliability


@dataclass(frozen=True)
class Judgement:
    """What a model's predictions are worth."""

    scores: Annotated[dict[str, Score | None], "By metric."]
    entries: Annotated[
        dict[str, Any], "Those of :class:`~further.evaluate.vision.record.VisionRecord`."
    ]


def judge(
    truth: Target, found: Target, pictures: Dataset, rows: np.ndarray, seed: int
) -> Judgement:
    """Judge what was found in held-out pictures.

    Parameters
    ----------
    truth, found : Target
        Of one kind.
    pictures : Dataset
        The pictures.
    rows : array of shape (n,)
        Where they stand in the data.
    seed : int
        Of the resamples, the same for all models.

    Returns
    -------
    Judgement
        Scores and entries.
    """
    return _JUDGES[truth.kind](truth, found, pictures, rows, seed)


def _judge_objects(
    truth: Any, found: Any, pictures: Dataset, rows: np.ndarray, seed: int
) -> Judgement:
    p = ObjectPredictions(truth, found, pictures.groups, seed)
    by_class = p.scores_by_class()
    score = best_score(p)
    entries = {
        "by_class": {metric: figures_of(of_class) for metric, of_class in by_class.items()},
        "confusion": confusion(p, score),
        "errors": error_breakdown(p),
        "curves": precision_recall(p),
        "reliability": reliability(p),
        "worst": worst_pictures(p, score, rows=rows, files=pictures.files),
    }
    return Judgement(p.scores(), entries)


_JUDGES: dict[str, Callable[..., Judgement]] = {
    Boxes.kind: _judge_objects,
    Instances.kind: _judge_objects,
}


def aligned(truth: Target, names: tuple[str, ...], data: str) -> Target:
    """Return the truth with the classes in the order in which a model learnt them.

    Parameters
    ----------
    truth : Target
        Of new pictures.
    names : tuple of str
        The classes of the model.
    data : str
        Name of the pictures.

    Returns
    -------
    Target
        The same objects or pixels.

    Raises
    ------
    InputError
        If there is a class that the model does not know.
    """
    from dataclasses import replace

    given: Any = truth
    if tuple(given.names) == tuple(names):
        return truth
    new = [name for name in given.names if name not in names]
    if new:
        raise InputError(
            f'{data} has the class "{new[0]}", which the training pictures lack; they have '
            f"{', '.join(names)}."
        )
    places = np.array([names.index(name) for name in given.names], dtype=given.codes.dtype)
    return replace(given, codes=places[given.codes], names=tuple(names))
