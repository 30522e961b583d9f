r"""From which score on to believe a prediction: precision and recall, F1, calibration.

With the precision :math:`P_r` and the recall :math:`R_r` after the r predictions of the highest
scores (:mod:`further.evaluate.vision.detection`),

.. math:: \mathrm{F1}_r = \frac{2 P_r R_r}{P_r + R_r},

and the score of prediction r where F1 is highest is a fair place to cut. Scores are calibrated
where of the predictions with a score of about s a share of s is right. A prediction is right where
it takes a true object of its class at an overlap of 0.5.

References
----------
van Rijsbergen 1979, "Information retrieval". Kuppers et al. 2020, "Multivariate confidence
calibration for object detection".
"""

from __future__ import annotations

import numpy as np

from further.evaluate.record import ReliabilityBin
from further.evaluate.reliability import reliability_bins
from further.evaluate.vision.detection import AT_50, ObjectPredictions
from further.evaluate.vision.matching import Flags, scores_of
from further.evaluate.vision.overlap import Floats
from further.evaluate.vision.record import PrecisionRecallRecord

#: Most points of a curve.
MOST_POINTS = 200


def precision_recall(p: ObjectPredictions) -> tuple[PrecisionRecallRecord, ...]:
    """Return precision and recall at every score, and the score with the best F1, by class.

    When to use: to choose a threshold for each class. When it fails: the same pictures choose the
    best F1 and report it, which flatters it where there are few.

    Parameters
    ----------
    p : ObjectPredictions
        Of held-out pictures.

    Returns
    -------
    tuple of PrecisionRecallRecord
        One for each class that has objects.
    """
    found = []
    for k, name in enumerate(p.truth.names):
        objects = int((p.truth.codes == k).sum())
        if not objects:
            continue
        score, precision, recall = _points(p, p.predicted.codes == k, objects)
        f1 = _f1(precision, recall)
        best = int(f1.argmax()) if f1.any() else None
        shown = np.unique(np.linspace(0, len(score) - 1, min(len(score), MOST_POINTS)).astype(int))
        recalls, precisions, scores = (
            tuple(np.round(a[shown], 4).tolist()) for a in (recall, precision, score)
        )
        found.append(
            PrecisionRecallRecord(
                name,
                objects,
                recalls,
                precisions,
                scores,
                None if best is None else float(score[best]),
                None if best is None else float(f1[best]),
            )
        )
    return tuple(found)


def best_score(p: ObjectPredictions) -> float:
    """Return the score from which on predictions of all classes together have the best F1.

    Halfway to the next lower score, since any between the two is as good on these pictures, and on
    others the scores are a little lower or higher.

    When to use: as the one threshold of a confusion matrix or of a list of errors. When it fails:
    a rare class may have a better one of its own, see :func:`precision_recall`.

    Parameters
    ----------
    p : ObjectPredictions
        Of held-out pictures.

    Returns
    -------
    float
        0 where nothing was found.
    """
    every = np.ones(len(p.predicted.codes), dtype=bool)
    score, precision, recall = _points(p, every, len(p.truth.codes))
    f1 = _f1(precision, recall)
    if not f1.any():
        return 0.0
    best = int(f1.argmax())
    return float(np.append(score, 0.0)[best : best + 2].mean())


def reliability(p: ObjectPredictions) -> tuple[ReliabilityBin, ...]:
    """Return how often predictions of about the same score were right.

    Parameters
    ----------
    p : ObjectPredictions
        Of held-out pictures.

    Returns
    -------
    tuple of ReliabilityBin
        Of equally many predictions each, by score.
    """
    counted = p.matches.counted[0, AT_50]
    right = p.matches.found[0, AT_50][counted].astype(np.float64)
    return reliability_bins(scores_of(p.predicted)[counted], right)


def _points(p: ObjectPredictions, which: Flags, objects: int) -> tuple[Floats, Floats, Floats]:
    """Return each score with precision and recall of the predictions from it on, best first."""
    which = which & p.matches.counted[0, AT_50]
    scores = scores_of(p.predicted)[which]
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf))  # equal scores stand together
    right = np.cumsum(p.matches.found[0, AT_50][which][order])[ends]
    return scores[order][ends], right / (ends + 1), right / max(objects, 1)


def _f1(precision: Floats, recall: Floats) -> Floats:
    both = precision + recall
    return np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)
