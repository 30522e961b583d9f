"""The one way in: what was predicted beside what is there, whatever was to be found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from further.data.target import Boxes, Instances, Mask, Target
from further.errors import InputError
from further.evaluate.vision.detection import ObjectPredictions
from further.evaluate.vision.errors import confusion, error_breakdown, worst_pictures
from further.evaluate.vision.segmentation import MaskPredictions
from further.evaluate.vision.thresholds import best_score, precision_recall, reliability

Predictions: TypeAlias = ObjectPredictions | MaskPredictions


def judge(
    truth: Target | None,
    predicted: Target,
    *,
    sizes: NDArray[np.int64] | None = None,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Predictions:
    """Return what was predicted beside what is there; its ``scores()`` are the figures.

    When to use: for boxes, instances and masks alike. When it fails: both have to be of the same
    pictures, in the same order.

    Parameters
    ----------
    truth : Target
        Boxes, instances or a mask.
    predicted : Target
        Of the same kind, or of one as which the truth can be seen: instances as boxes or a mask.
    sizes : array of shape (n, 2), optional
        Width and height of each picture, where they differ.
    groups : array-like of shape (n,), optional
        Pictures that depend on each other.
    seed : int
        The same seed resamples the same pictures, so that models are paired.

    Returns
    -------
    ObjectPredictions or MaskPredictions
        With ``scores()`` and ``scores_by_class()``.

    Raises
    ------
    InputError
        If the two are not of one kind, or of no kind that is judged here.
    """
    if truth is not None:
        truth = truth.seen_as(predicted.kind) or truth
    if isinstance(truth, Mask) and isinstance(predicted, Mask):
        return MaskPredictions(truth, predicted, sizes, groups=groups, seed=seed)
    if isinstance(truth, Boxes | Instances) and isinstance(predicted, Boxes | Instances):
        return ObjectPredictions(truth, predicted, groups, seed)
    what = "nothing" if truth is None else truth.kind
    raise InputError(
        f"The truth is {what} and the prediction {predicted.kind}; give boxes, instances or a mask "
        "of both."
    )


def evidence(
    p: Predictions,
    *,
    rows: Sequence[int] | NDArray[np.integer] | None = None,
    files: Sequence[str] | NDArray[Any] | None = None,
) -> dict[str, Any]:
    """Return what stands behind the figures, as entries of a record.

    Parameters
    ----------
    p : ObjectPredictions or MaskPredictions
        Of held-out pictures.
    rows, files : sequence of length n, optional
        The row in the data set and the file of each picture.

    Returns
    -------
    dict
        By field of :class:`~further.evaluate.vision.record.VisionRecord`.
    """
    if isinstance(p, MaskPredictions):
        return {"confusion": p.confusion(), "worst": p.worst_pictures(rows=rows, files=files)}
    score = best_score(p)
    return {
        "confusion": confusion(p, score),
        "errors": error_breakdown(p),
        "curves": precision_recall(p),
        "reliability": reliability(p),
        "worst": worst_pictures(p, score, rows=rows, files=files),
    }
