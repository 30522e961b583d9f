r"""Average precision of predicted boxes or masks, as COCO has it, from weights of the pictures.

The predictions of a class are ranked by their scores over all pictures. With the weight
:math:`w_i` of the picture of prediction i, :math:`y_i = 1` where it takes a true object at the
overlap t, and :math:`m_p` objects of the class in picture p, precision and recall after r
predictions are

.. math:: P_r = \frac{\sum_{i \le r} w_i y_i}{\sum_{i \le r} w_i}, \qquad
          R_r = \frac{\sum_{i \le r} w_i y_i}{\sum_p w_p m_p},

and the average precision is the mean of the precision still reached at each of 101 recalls,

.. math:: \mathrm{AP}_t = \frac{1}{101}
          \sum_{q \in \{0, 0.01, \ldots, 1\}} \max_{r : R_r \ge q} P_r,
          \qquad \mathrm{AP} = \frac{1}{10} \sum_{t \in \{0.5, 0.55, \ldots, 0.95\}} \mathrm{AP}_t,

the maximum over nothing being 0. Both are averaged over the classes that have objects. What is
matched does not depend on the weights, so a resample of the pictures costs no matching: all ones
give the figures of COCO, and the weights of a resample those of the resample.

References
----------
Lin et al. 2014, "Microsoft COCO: common objects in context". Everingham et al. 2010, "The PASCAL
visual object classes (VOC) challenge". Rao and Wu 1988, "Resampling inference with complex survey
data".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray

from further.data.target import Instances
from further.evaluate.estimate import Score
from further.evaluate.interval import score_from_resamples
from further.evaluate.vision.cells import instance_scores
from further.evaluate.vision.matching import (
    RANGES,
    Flags,
    Matches,
    pictures_of,
    scores_of,
)
from further.evaluate.vision.overlap import Floats, Objects, overlaps

RECALLS: Floats = np.linspace(0.0, 1.0, 101)
SHARE = (0.0, 1.0)
#: Resamples of the pictures.
DRAWS = 500
#: Where the overlaps of 0.50 and 0.75 stand among the thresholds.
AT_50, AT_75 = 0, 5
#: The figures that :meth:`ObjectPredictions.scores` returns, in the order of the table of metrics.
FIGURES = ("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large", "average_recall")
BY_CLASS = ("ap", "ap50")


@dataclass(frozen=True, eq=False)
class Ranked:
    """Predictions of one class, the highest score first, and the objects that they look for.

    Curves are computed at the *hits*, the predictions that take an object at any threshold: between
    two of them the recall stays and the precision falls, so nothing else decides an average.
    """

    scores: Annotated[Floats, "Of the predictions that count, (predictions,)."]
    pictures: Annotated[NDArray[np.int64], "The picture of each of them."]
    counted: Annotated[Flags, "Which count, (thresholds, predictions)."]
    hits: Annotated[NDArray[np.intp], "Where among them the hits stand."]
    found: Annotated[Flags, "Which hits take an object, (thresholds, hits)."]
    objects: Annotated[Floats, "The number of objects of each picture."]

    @classmethod
    def make(
        cls, found: Flags, counted: Flags, scores: Floats, pictures: NDArray[np.int64],
        objects: Floats,
    ) -> Ranked:  # fmt: skip
        """Rank predictions; equal scores keep the order of the pictures.

        Parameters
        ----------
        found, counted : array of bool, shape (thresholds, predictions)
            Which take an object, and which count.
        scores, pictures : array of shape (predictions,)
            Of each prediction.
        objects : array of shape (pictures,)
            How many each picture has.

        Returns
        -------
        Ranked
            Without the predictions that never count.
        """
        order = np.argsort(-scores, kind="stable")
        order = order[np.asarray(counted.any(axis=0))[order]]
        hits = np.flatnonzero(np.asarray(found.any(axis=0))[order])
        return cls(
            scores[order], pictures[order], counted[:, order], hits, found[:, order[hits]], objects
        )

    def curves(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return precision and recall after each hit, (thresholds, hits).

        Parameters
        ----------
        weights : array of shape (pictures,)
            Of the pictures.

        Returns
        -------
        tuple of array
            NaN for a recall of no objects.
        """
        of_each = weights[self.pictures]
        right = np.cumsum(self.found * of_each[self.hits], axis=1)
        counted = of_each[None] if self.counted.all() else self.counted * of_each
        seen = np.cumsum(counted, axis=1)[:, self.hits]
        total = float(weights @ self.objects)
        recall = right / total if total > 0 else np.full_like(right, math.nan)
        # What comes before the first prediction with a weight has neither hits nor a precision.
        return right / np.maximum(seen, 1e-300), recall

    def average(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return average precision and the recall of all predictions, by threshold.

        Parameters
        ----------
        weights : array of shape (pictures,)
            Of the pictures.

        Returns
        -------
        tuple of array of shape (thresholds,)
            NaN without objects.
        """
        if not weights @ self.objects > 0:
            nothing = np.full(len(self.found), math.nan)
            return nothing, nothing
        if not len(self.hits):
            return np.zeros(len(self.found)), np.zeros(len(self.found))
        precision, recall = self.curves(weights)
        still = np.zeros((len(precision), precision.shape[1] + 1))
        still[:, :-1] = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        places = np.array([of_one.searchsorted(RECALLS) for of_one in recall])
        return np.take_along_axis(still, places, axis=1).mean(axis=1), recall[:, -1]


@dataclass(frozen=True, eq=False)
class ObjectPredictions:
    """Objects that a model found in held-out pictures, beside the true ones.

    When to use: for boxes and for instances alike; :meth:`scores` has the figures of COCO with
    their intervals. When it fails: with a handful of pictures the intervals say little, and an
    object that nobody labelled counts against whoever finds it.
    """

    truth: Annotated[Objects, "What is there."]
    predicted: Annotated[Objects, "What was found, with scores."]
    groups: Annotated[ArrayLike | None, "Pictures that depend on each other, (n,)."] = None
    seed: Annotated[
        int, "The same seed resamples the same pictures, so that models are paired."
    ] = 0

    @cached_property
    def overlaps(self) -> list[Floats]:
        """IoU of every predicted with every true object, picture by picture."""
        return overlaps(self.truth, self.predicted)

    @cached_property
    def matches(self) -> Matches:
        """Which prediction is which object, for objects of all sizes."""
        return Matches.of(self.truth, self.predicted, self.overlaps)

    def ranked(self, matches: Matches, of_range: int = 0) -> list[Ranked]:
        """Return the ranked predictions of each class.

        Parameters
        ----------
        matches : Matches
            Such as :attr:`matches`.
        of_range : int
            The position of a range of sizes among those of the matches.

        Returns
        -------
        list of Ranked
            One a class.
        """
        scores, pictures = scores_of(self.predicted), pictures_of(self.predicted)
        of_object, n = pictures_of(self.truth), len(self.truth.counts)
        each = []
        for k in range(len(self.truth.names)):
            own = self.predicted.codes == k
            wanted = matches.wanted[of_range] & (self.truth.codes == k)
            objects = np.bincount(of_object[wanted], minlength=n).astype(np.float64)
            found, counted = (a[of_range][:, own] for a in (matches.found, matches.counted))
            each.append(Ranked.make(found, counted, scores[own], pictures[own], objects))
        return each

    @cached_property
    def _every(self) -> dict[str, Score | None]:
        """All figures from one resampling; those of classes are called ``metric/class``."""
        matches = Matches.of(self.truth, self.predicted, self.overlaps, tuple(RANGES))
        ranked = [self.ranked(matches, r) for r in range(len(RANGES))]

        def figures(weights: Floats) -> Floats:
            every = [[one.average(weights) for one in of_range] for of_range in ranked]
            ap = np.array([[precision for precision, _ in of_range] for of_range in every])
            recall = np.array([recall for _, recall in every[0]])
            of_all = ap[0]  # (classes, thresholds)
            return np.array([
                _mean(of_all), _mean(of_all[:, AT_50]), _mean(of_all[:, AT_75]),
                *(_mean(of_size) for of_size in ap[1:]), _mean(recall),
                *of_all.mean(axis=1), *of_all[:, AT_50],
            ])  # fmt: skip

        n = len(self.truth.counts)
        found = score_from_resamples(
            figures, n, groups=self.groups, seed=self.seed, limits=SHARE, draws=DRAWS
        )
        names = [
            *FIGURES,
            *(f"{metric}/{name}" for metric in BY_CLASS for name in self.truth.names),
        ]
        return {
            name: score if math.isfinite(score.value) else None
            for name, score in zip(names, found, strict=True)
        }

    def scores(self) -> dict[str, Score | None]:
        """Return the scores by metric; None where there are no such objects.

        Instances are judged as a division of the picture too, see
        :func:`further.evaluate.vision.cells.instance_scores`.
        """
        found = {name: self._every[name] for name in FIGURES}
        if isinstance(self.truth, Instances) and isinstance(self.predicted, Instances):
            as_cells = instance_scores(
                self.truth, self.predicted, groups=self.groups, seed=self.seed
            )
            return found | as_cells
        return found

    def scores_by_class(self) -> dict[str, dict[str, Score | None]]:
        """Return AP and AP50 by class, by metric; None for a class without objects."""
        return {
            metric: {name: self._every[f"{metric}/{name}"] for name in self.truth.names}
            for metric in BY_CLASS
        }


def average_precision(truth: Objects, predicted: Objects) -> dict[str, float]:
    """Return AP, AP50 and AP75 without intervals, as a training needs them after each epoch.

    Parameters
    ----------
    truth, predicted : Boxes or Instances
        Of the same pictures.

    Returns
    -------
    dict of float
        ``ap``, ``ap50`` and ``ap75``; NaN without any object.

    Examples
    --------
    >>> import numpy as np
    >>> from further.data.target import Boxes
    >>> corners = np.array([[0, 0, 4, 4], [8, 8, 12, 12]], dtype=np.float32)
    >>> truth = Boxes("boxes", np.array([1, 1]), np.zeros(2, dtype=np.int64), ("cell",), corners)
    >>> one = truth.take(np.array([0]))
    >>> first = Boxes("boxes", np.array([1, 0]), one.codes, ("cell",), one.corners, np.ones(1))
    >>> round(average_precision(truth, first)["ap50"], 3)
    0.505
    """
    predictions = ObjectPredictions(truth, predicted)
    weights = np.ones(len(truth.counts))
    each = predictions.ranked(predictions.matches)
    ap = np.array([one.average(weights)[0] for one in each])
    return {"ap": _mean(ap), "ap50": _mean(ap[:, AT_50]), "ap75": _mean(ap[:, AT_75])}


def ap50_of(codes: NDArray[np.int64], scores: Floats, right: Flags, objects: ArrayLike) -> float:
    """Return AP50 from which predictions are right.

    Parameters
    ----------
    codes, scores, right : array of shape (predictions,)
        Class and score of each prediction that counts, and whether it takes an object.
    objects : array-like of shape (classes,)
        How many objects there are of each class.

    Returns
    -------
    float
        NaN without any object.
    """
    found = []
    for k, n in enumerate(np.asarray(objects, dtype=np.float64)):
        own = codes == k
        counted, picture = np.ones((1, own.sum()), dtype=bool), np.zeros(own.sum(), dtype=np.int64)
        ranked = Ranked.make(right[own][None], counted, scores[own], picture, np.array([n]))
        found.append(ranked.average(np.ones(1))[0][0])
    return _mean(np.array(found))


def _mean(values: Floats) -> float:
    """Return the mean of what is defined, NaN of nothing."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else math.nan
