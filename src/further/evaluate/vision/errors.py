r"""What kinds of error a model makes, and what mending each kind would bring.

A prediction that takes no object is one error. With u and v its largest overlaps with a true object
of its own and of another class, it is, in this order,

.. math::
   \text{localisation:}\ 0.1 \le u \le 0.5, \qquad \text{classification:}\ v \ge 0.5, \qquad
   \text{duplicate:}\ u \ge 0.5, \qquad \text{background:}\ \max(u, v) \le 0.1,

and *both*, wrong class and wrong place, otherwise; a duplicate overlaps an object that a better
prediction took. An object is *missed* that nothing took and that no error of localisation or
classification points at. To mend an error is to put it right, if its object is still free and
nothing with a higher score points at it, and else to leave it out; a missed object is no longer
looked for. What a kind costs is

.. math:: \Delta \mathrm{AP}_{50} = \mathrm{AP}_{50}(\text{kind mended}) - \mathrm{AP}_{50}.

The gains do not add up to what is missing: mending one kind changes what another costs.

References
----------
Bolya et al. 2020, "TIDE: a general toolbox for identifying object detection errors".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from further.evaluate.vision.detection import AT_50, ObjectPredictions, ap50_of
from further.evaluate.vision.matching import THRESHOLDS, Flags, pictures_of, scores_of
from further.evaluate.vision.overlap import Floats
from further.evaluate.vision.record import (
    ErrorKind,
    ErrorRecord,
    MatchedConfusion,
    WorstPicture,
)

Integers = NDArray[np.int64]
KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)
#: The overlap up to which there is nothing, and that from which on it is the object.
NOTHING, SAME = 0.1, float(THRESHOLDS[AT_50])
MOST_PICTURES = 20


def error_breakdown(p: ObjectPredictions) -> tuple[ErrorRecord, ...]:
    """Return how many errors of each kind there are and what mending them would bring.

    When to use: to know what to work on: more pictures of a class, better boxes, other suppression
    of duplicates. When it fails: predictions of low scores count as errors too although they hardly
    matter to AP, so read the gain before the count.

    Parameters
    ----------
    p : ObjectPredictions
        Of held-out pictures.

    Returns
    -------
    tuple of ErrorRecord
        One for each kind; without a gain where there are no objects.
    """
    kinds, targets = errors_of(p)
    codes, scores = p.predicted.codes, scores_of(p.predicted)
    right = p.matches.found[0, AT_50]
    counted = p.matches.counted[0, AT_50]
    taken = np.zeros(len(p.truth.codes), dtype=bool)
    taken[p.matches.match[0, AT_50][right]] = True
    missed = ~taken
    missed[targets[targets >= 0]] = False
    wanted = np.bincount(p.truth.codes, minlength=len(p.truth.names))
    now = ap50_of(codes[counted], scores[counted], right[counted], wanted)
    mendable = _best_of_each_object(targets, scores, taken)
    found = []
    for i, kind in enumerate(KINDS):
        if kind == "missed":
            fewer = wanted - np.bincount(p.truth.codes[missed], minlength=len(wanted))
            after = ap50_of(codes[counted], scores[counted], right[counted], fewer)
            count = int(missed.sum())
        else:
            wrong = kinds == i
            mended = wrong & mendable
            kept = counted & (~wrong | mended)
            codes_after = codes.copy()
            codes_after[mended] = p.truth.codes[targets[mended]]
            after = ap50_of(codes_after[kept], scores[kept], (right | mended)[kept], wanted)
            count = int(wrong.sum())
        gain = after - now
        found.append(ErrorRecord(kind, count, gain if math.isfinite(gain) else None))
    return tuple(found)


def errors_of(p: ObjectPredictions) -> tuple[Integers, Integers]:
    """Return the kind of error that each prediction is, and the object that it points at.

    When to use: to list or draw the errors behind :func:`error_breakdown`. When it fails: as that
    does, it takes predictions of all scores.

    Parameters
    ----------
    p : ObjectPredictions
        Of held-out pictures.

    Returns
    -------
    kinds : array of int64, shape (predictions,)
        Positions in :data:`KINDS`; -1 for what is right.
    targets : array of int64, shape (predictions,)
        The object that an error of localisation or classification points at, else -1.
    """
    match, counted = p.matches.match[0, AT_50], p.matches.counted[0, AT_50]
    kinds, targets = (np.full(len(match), -1, dtype=np.int64) for _ in range(2))
    for row, iou in enumerate(p.overlaps):
        own, other = p.predicted.of_row(row), p.truth.of_row(row)
        wrong = np.flatnonzero(counted[own] & (match[own] < 0))
        kinds[own.start + wrong] = KINDS.index("background")
        if not len(wrong) or other.start == other.stop:
            continue
        same = p.predicted.codes[own][wrong, None] == p.truth.codes[other]
        of_own, of_other = np.where(same, iou[wrong], 0.0), np.where(same, 0.0, iou[wrong])
        u, v = of_own.max(axis=1), of_other.max(axis=1)
        # Of its own class only objects that are taken can be overlapped so far.
        conditions = [(u >= NOTHING) & (u <= SAME), v >= SAME, u >= SAME,
                      np.maximum(u, v) <= NOTHING]  # fmt: skip
        names = ("localisation", "classification", "duplicate", "background")
        chosen = np.select(conditions, [KINDS.index(name) for name in names], KINDS.index("both"))
        kinds[own.start + wrong] = chosen
        targets[own.start + wrong] = np.select(
            [chosen == KINDS.index(name) for name in names[:2]],
            [other.start + of_own.argmax(axis=1), other.start + of_other.argmax(axis=1)],
            -1,
        )
    return kinds, targets


def _best_of_each_object(targets: Integers, scores: Floats, taken: Flags) -> Flags:
    """Return which errors point at a free object that no error of a higher score points at."""
    best = np.zeros(len(targets), dtype=bool)
    pointing = np.flatnonzero(targets >= 0)
    pointing = pointing[~taken[targets[pointing]]]
    order = pointing[np.argsort(-scores[pointing], kind="stable")]
    best[order[np.unique(targets[order], return_index=True)[1]]] = True
    return best


def assign(p: ObjectPredictions, score: float) -> tuple[Flags, Integers]:
    """Return which predictions count at a threshold, and which object each of them is.

    When to use: to list, count or draw what is right, swapped, missed and spurious. When it fails:
    two objects that overlap each other by half may be exchanged.

    Parameters
    ----------
    p : ObjectPredictions
        Of held-out pictures.
    score : float
        From which on a prediction counts.

    Returns
    -------
    counted : array of bool, shape (predictions,)
        Which predictions count.
    objects : array of int64, shape (predictions,)
        The object of each, first within its class as for AP50 and then of what is left in other
        classes; -1 for none.
    """
    scores = scores_of(p.predicted)
    counted = p.matches.counted[0, AT_50] & (scores >= score)
    objects = np.where(counted, p.matches.match[0, AT_50], -1)
    free = np.ones(len(p.truth.codes), dtype=bool)
    free[objects[objects >= 0]] = False
    for row, iou in enumerate(p.overlaps):
        own, other = p.predicted.of_row(row), p.truth.of_row(row)
        left = np.flatnonzero(counted[own] & (objects[own] < 0)) if iou.size else ()
        for i in sorted(left, key=lambda i: -scores[own][i]):
            near = iou[i] * free[other]
            best = int(near.argmax())
            if near[best] >= SAME:
                objects[own.start + i], free[other.start + best] = other.start + best, False
    return counted, objects


def confusion(p: ObjectPredictions, score: float) -> MatchedConfusion:
    """Return how often objects of each class were taken for each, for nothing, or invented.

    Parameters
    ----------
    p : ObjectPredictions
        Of held-out pictures.
    score : float
        From which on a prediction counts, such as
        :func:`~further.evaluate.vision.thresholds.best_score`.

    Returns
    -------
    MatchedConfusion
        The last row and column are the background.
    """
    names = (*p.truth.names, "background")
    k = len(names)
    true, said = _pairs(p, score)
    counts = np.bincount(true * k + said, minlength=k * k).reshape(k, k)
    return MatchedConfusion("objects", names, tuple(map(tuple, counts.tolist())), SAME, score)


def _pairs(p: ObjectPredictions, score: float) -> tuple[Integers, Integers]:
    """Return true and predicted class of all that is there or was found."""
    counted, objects = assign(p, score)
    background = len(p.truth.names)
    codes = np.append(p.truth.codes, background)  # at -1 stands the background
    missed = np.setdiff1d(np.arange(len(p.truth.codes)), objects)
    true = np.concatenate([codes[objects[counted]], codes[missed]])
    nothing = np.full(len(missed), background)
    return true, np.concatenate([p.predicted.codes[counted], nothing])


def worst_pictures(
    p: ObjectPredictions,
    score: float,
    *,
    rows: Sequence[int] | NDArray[np.integer] | None = None,
    files: Sequence[str] | NDArray[np.object_] | None = None,
    most: int = MOST_PICTURES,
) -> tuple[WorstPicture, ...]:
    """Return the pictures with most missed, spurious and swapped objects.

    When to use: to look at them: labels are as often to blame as the model. When it fails: pictures
    with many objects have many errors.

    Parameters
    ----------
    p : ObjectPredictions
        Of held-out pictures.
    score : float
        From which on a prediction counts.
    rows, files : sequence of length n, optional
        The row in the data set and the file of each picture.
    most : int, default=20
        How many to return.

    Returns
    -------
    tuple of WorstPicture
        The worst first; none without an error.
    """
    n = len(p.truth.counts)
    counted, objects = assign(p, score)
    of_prediction, of_object = pictures_of(p.predicted), pictures_of(p.truth)
    found = objects[objects >= 0]
    swapped = np.zeros(len(objects), dtype=bool)
    swapped[objects >= 0] = p.truth.codes[found] != p.predicted.codes[objects >= 0]
    n_spurious, n_swapped = (
        np.bincount(of_prediction[which], minlength=n)
        for which in (counted & (objects < 0), swapped)
    )
    n_missed = p.truth.counts - np.bincount(of_object[found], minlength=n)
    wrong = n_spurious + n_swapped + n_missed
    order = [int(i) for i in np.argsort(-wrong, kind="stable")[:most] if wrong[i]]
    return tuple(
        WorstPicture(
            i if rows is None else int(rows[i]),
            "" if files is None else str(files[i]),
            int(n_missed[i]),
            int(n_spurious[i]),
            int(n_swapped[i]),
        )
        for i in order
    )
