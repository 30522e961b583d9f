r"""What predictions say of each label, and of each place without one.

A prediction p of score :math:`s_p` supports a label b by :math:`s_p \, \mathrm{IoU}(p, b)`. The
two tables of :class:`Evidence` hold what :mod:`further.trust.labels.likelihood` weighs; no row of
them knows whether anything is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from further.data.target import Boxes
from further.vision.boxes import areas, intersections

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: No prediction of a lower score is looked at.
LEAST_SCORE = 0.05
#: A label and a prediction that overlap by so much are of the same place.
SAME_PLACE = 0.5
#: Predictions of that score may be held against the place of a label.
POSSIBLE = 0.3


#: Pictures whose pairs of boxes are compared at a time.
AT_A_TIME = 256


@dataclass(frozen=True, eq=False)
class Evidence:
    """Features of labels, and of predictions where no label is.

    Attributes
    ----------
    of_labels : array of shape (labels, features)
        A row for each label, in their order.
    partner : array of shape (labels,), int64
        The prediction that each label is held against; -1 where none touches it.
    candidates : array of shape (c,), int64
        Predictions where no label is.
    of_candidates : array of shape (c, features)
        A row for each of these.
    label_rows, candidate_rows : array, int64
        The picture of each.
    """

    of_labels: Floats
    partner: Integers
    candidates: Integers
    of_candidates: Floats
    label_rows: Integers
    candidate_rows: Integers


def rows_of(boxes: Boxes) -> Integers:
    """Return the picture of each box, int64 (total,)."""
    return np.repeat(np.arange(len(boxes.counts)), boxes.counts)


def confident(predictions: Boxes, least: float = LEAST_SCORE) -> tuple[Boxes, Integers]:
    """Return the predictions of a score that counts, and their numbers among all.

    Parameters
    ----------
    predictions : Boxes
        With scores.
    least : float
        The score from which on one counts.

    Returns
    -------
    chosen : Boxes
        Those that count.
    numbers : array of int64
        Where they stand among all.
    """
    assert predictions.scores is not None
    numbers = np.flatnonzero(predictions.scores >= least)
    rows = rows_of(predictions)[numbers]
    of_each = {k: a for k, a in predictions.arrays().items() if k != "counts"}
    chosen: dict[str, Any] = {k: a[numbers] for k, a in of_each.items()}
    counts = np.bincount(rows, minlength=len(predictions.counts))
    return replace(predictions, counts=counts, **chosen), numbers


def overlaps(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Return of all pairs of boxes the IoU, and the share of b that a covers.

    Parameters
    ----------
    a, b : arrays of shape (..., n, 4) and (..., m, 4)
        Boxes.

    Returns
    -------
    iou, covered : arrays of shape (..., n, m)
        From 0 to 1.
    """
    first = torch.from_numpy(a)[..., :, None, :].double()
    second = torch.from_numpy(b)[..., None, :, :].double()
    shared, size = intersections(first, second), areas(second)
    union = areas(first) + size - shared
    return (shared / union.clamp(min=1e-9)).numpy(), (shared / size.clamp(min=1e-9)).numpy()


def weigh(labels: Boxes, predictions: Boxes, sizes: Integers) -> Evidence:
    """Return what predictions say of labels.

    Parameters
    ----------
    labels : Boxes
        Those to be audited.
    predictions : Boxes
        Of the same pictures, with scores, by a detector that never saw these labels.
    sizes : array of shape (n, 2)
        Width and height of the pictures.

    Returns
    -------
    Evidence
        Features of labels and of predictions.
    """
    seen, numbers = confident(predictions)
    typical = _typical_area(labels)
    firsts = np.cumsum(seen.counts) - seen.counts
    parts = []
    for start in range(0, len(sizes), AT_A_TIME):
        rows = np.arange(start, min(start + AT_A_TIME, len(sizes)))
        parts.append(
            _of_pictures(labels.take(rows), seen.take(rows), sizes[rows], firsts[rows], typical)
        )
    of_labels, partner, candidates, of_candidates = (
        np.concatenate([part[i] for part in parts]) for i in range(4)
    )
    usual = _usual_support(of_labels, len(labels.names))
    partner_codes = np.append(seen.codes, 0)[partner]
    of_labels = np.column_stack([
        of_labels[:, 0] / usual[labels.codes], of_labels[:, 1] / usual[partner_codes], of_labels,
    ])  # fmt: skip
    found = seen.codes[candidates]
    of_candidates = np.column_stack([of_candidates[:, 0] / usual[found], of_candidates])
    # From numbers among the confident predictions to those among all.
    return Evidence(
        of_labels, np.append(numbers, -1)[partner], numbers[candidates], of_candidates,
        rows_of(labels), rows_of(seen)[candidates],
    )  # fmt: skip


def _of_pictures(
    labels: Boxes, seen: Boxes, sizes: Integers, firsts: Integers, typical: Floats
) -> tuple[Floats, Integers, Integers, Floats]:
    """Return the features of labels, their partners, the candidates and their features.

    All pairs of a picture are compared: (pictures, labels, predictions), padded.
    """
    assert seen.scores is not None
    boxes, codes = _padded(labels, labels.corners, 0), _padded(labels, labels.codes, -1)
    found, found_codes = _padded(seen, seen.corners, 0), _padded(seen, seen.codes, -2)
    scores = _padded(seen, seen.scores.astype(np.float64), 0)
    iou, covered = overlaps(boxes, found)
    support = iou * scores[:, None]
    same = codes[:, :, None] == found_codes[:, None]
    best = support.argmax(axis=2)[:, :, None]

    def of_best(pairs: Floats) -> Floats:
        picked: Floats = np.take_along_axis(pairs, best, axis=2)[:, :, 0]
        return picked

    partner = np.where(of_best(support) > 0, best[:, :, 0] + firsts[:, None], -1)
    of_labels = np.stack([
        (support * same).max(axis=2), (support * ~same).max(axis=2),
        (iou * same * (scores[:, None] > POSSIBLE)).max(axis=2), of_best(iou),
        of_best(np.broadcast_to(scores[:, None], iou.shape)), of_best(_of_other_labels(iou)),
        _surprise(boxes, codes, typical), codes,
    ], axis=-1)  # fmt: skip
    higher = scores[:, :, None] > scores[:, None]
    edge = np.minimum(found[..., :2], sizes[:, None] - found[..., 2:]).min(axis=-1)
    side = np.maximum((found[..., 2:] - found[..., :2]).mean(axis=-1), 1)
    of_found = np.stack([
        scores, iou.max(axis=1), (iou * same).max(axis=1), covered.max(axis=1),
        (overlaps(found, found)[0] * higher).max(axis=1), np.minimum(edge / side, 1),
        _surprise(found, found_codes, typical), found_codes,
    ], axis=-1)  # fmt: skip
    alone = (iou.max(axis=1) < SAME_PLACE) & (found_codes >= 0)
    picture, place = np.nonzero(alone)
    there = codes >= 0
    return of_labels[there], partner[there], firsts[picture] + place, of_found[alone]


def _padded(boxes: Boxes, array: NDArray[Any], fill: float) -> NDArray[Any]:
    """Return (pictures, most, ...) from one entry a box; two at least, so that none is a case."""
    there = np.arange(max(2, boxes.most)) < boxes.counts[:, None]
    out = np.full((*there.shape, *array.shape[1:]), fill, dtype=array.dtype)
    out[there] = array
    return out


def _of_other_labels(iou: Floats) -> Floats:
    """Return for each label and prediction the IoU of the prediction with any other label."""
    first, second = np.partition(iou, -2, axis=1)[:, -1:], np.partition(iou, -2, axis=1)[:, -2:-1]
    return np.where(iou == first, second, first)


def _usual_support(of_labels: Floats, n_classes: int) -> Floats:
    """Return the median support of the labels of each class: detectors differ in what they see."""
    codes = of_labels[:, -1]
    known = [of_labels[codes == code, 0] for code in range(n_classes)]
    usual = np.array([np.median(part) if len(part) else 1.0 for part in known])
    return np.maximum(usual, LEAST_SCORE)


def _typical_area(labels: Boxes) -> Floats:
    """Return the median of the logarithm of the area of each class."""
    logs = _log_area(labels.corners)
    known = [logs[labels.codes == code] for code in range(len(labels.names))]
    return np.array([np.median(part) if len(part) else np.nan for part in known])


def _surprise(corners: NDArray[np.float32], codes: Integers, typical: Floats) -> Floats:
    """Return by how much boxes are larger than is typical of their class, as a logarithm."""
    return np.nan_to_num(_log_area(corners) - typical[np.maximum(codes, 0)])


def _log_area(corners: NDArray[np.float32]) -> Floats:
    sides = np.maximum(corners[..., 2:].astype(np.float64) - corners[..., :2], 1.0)
    logs: Floats = np.log(sides).sum(axis=-1)
    return logs
