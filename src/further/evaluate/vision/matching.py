"""Which predicted object is which true one, by the rules of COCO.

Within a picture and a class predictions choose in the order of their scores: each takes the free
object that it overlaps most, if by at least the threshold. With a range of sizes, objects outside
it are taken only where none inside is left, and then the prediction counts neither way; so does a
prediction outside the range that takes nothing. Of a picture and class the 100 predictions with the
highest scores count.

References
----------
Lin et al. 2014, "Microsoft COCO: common objects in context", and its evaluation code.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.vision.overlap import Objects, areas

Floats = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

#: The overlaps from which on a prediction is an object.
THRESHOLDS: Floats = np.linspace(0.5, 0.95, 10)
#: Areas in pixels by the names of COCO.
RANGES = {
    "all": (0.0, math.inf),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, math.inf),
}
#: Predictions of a picture and class that count.
MOST_PREDICTIONS = 100


@dataclass(frozen=True, eq=False)
class Matches:
    """Predicted objects beside true ones, for each range of sizes and each threshold.

    When to use: :meth:`of` makes it; every figure about objects is counted from it. When it fails:
    it takes a threshold on the overlap as it is, so an object that people drew carelessly counts as
    missed above the overlap of two careful people.
    """

    match: Annotated[
        NDArray[np.int64],
        "The object that each prediction takes, -1 for none: (ranges, thresholds, predictions).",
    ]
    found: Annotated[Flags, "Whether that is an object of the range; of the same shape."]
    counted: Annotated[Flags, "Whether the prediction counts at all; of the same shape."]
    wanted: Annotated[Flags, "Which objects are of the range: (ranges, objects)."]

    @classmethod
    def of(
        cls,
        truth: Objects,
        predicted: Objects,
        overlaps: Sequence[Floats],
        ranges: Sequence[str] = ("all",),
    ) -> Matches:
        """Return what each prediction takes.

        Parameters
        ----------
        truth, predicted : Boxes or Instances
            Of the same pictures.
        overlaps : sequence of array of shape (predicted, true)
            From :func:`~further.evaluate.vision.overlap.overlaps`.
        ranges : sequence of str
            Names in :data:`RANGES`.

        Returns
        -------
        Matches
            Of these ranges, in this order.
        """
        limits = np.array([RANGES[name] for name in ranges])[:, :, None]
        inside, wanted = (
            (limits[:, 0] <= area) & (area <= limits[:, 1])
            for area in (areas(predicted), areas(truth))
        )
        total = len(predicted.codes)
        match = np.full((len(ranges), len(THRESHOLDS), total), -1, dtype=np.int64)
        considered = np.zeros(total, dtype=bool)
        scores = scores_of(predicted)
        for row, iou in enumerate(overlaps):
            own, other = predicted.of_row(row), truth.of_row(row)
            for k in np.unique(predicted.codes[own]):
                of_class = np.flatnonzero(predicted.codes[own] == k)
                order = np.argsort(-scores[own][of_class], kind="stable")[:MOST_PREDICTIONS]
                mine = of_class[order]
                considered[own.start + mine] = True
                objects = np.flatnonzero(truth.codes[other] == k)
                if len(objects):
                    taken = _greedy(iou[mine][:, objects], wanted[:, other.start + objects])
                    numbers = np.append(other.start + objects, -1)
                    match[:, :, own.start + mine] = numbers[taken]
        has = match >= 0
        found = has & np.take_along_axis(
            np.pad(wanted, ((0, 0), (0, 1))), match.reshape(len(ranges), -1), axis=1
        ).reshape(match.shape)
        counted = considered & np.where(has, found, inside[:, None])
        return cls(match, found, counted, wanted)


def scores_of(predicted: Objects) -> Floats:
    """Return the score of each prediction; 1 where none were given.

    Parameters
    ----------
    predicted : Boxes or Instances
        Predictions.

    Returns
    -------
    array of shape (total,)
        From 0 to 1.
    """
    if predicted.scores is None:
        return np.ones(len(predicted.codes))
    return predicted.scores.astype(np.float64)


def pictures_of(objects: Objects) -> NDArray[np.int64]:
    """Return the picture of each object.

    Parameters
    ----------
    objects : Boxes or Instances
        True or predicted.

    Returns
    -------
    array of shape (total,), int64
        Row numbers.
    """
    return np.repeat(np.arange(len(objects.counts)), objects.counts)


def _greedy(iou: Floats, wanted: Flags) -> NDArray[Any]:
    """Return which object each prediction takes, best first: (ranges, thresholds, predictions)."""
    free = np.ones((len(wanted), len(THRESHOLDS), iou.shape[1]), dtype=bool)
    taken = np.full((*free.shape[:2], len(iou)), -1)
    for i in np.flatnonzero(iou.max(axis=1) >= THRESHOLDS[0]):
        near = free & (iou[i] >= THRESHOLDS[:, None])
        preferred = near & wanted[:, None]
        near = np.where(preferred.any(axis=2, keepdims=True), preferred, near)
        # Of two objects with the same overlap COCO takes the later one.
        best = iou.shape[1] - 1 - np.where(near, iou[i], -1.0)[..., ::-1].argmax(axis=2)
        hit = near.any(axis=2)
        taken[..., i] = np.where(hit, best, -1)
        free[(*np.nonzero(hit), best[hit])] = False
    return taken
