r"""What predictions say of each label, and of each place without one.

A prediction p of score :math:`s_p` supports a label b by :math:`s_p \, \mathrm{IoU}(p, b)`. The
two tables of :class:`Evidence` hold what :mod:`further.trust.labels.likelihood` weighs; no row of
them knows whether anything is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

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


def overlaps(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Return of all pairs of boxes the IoU, and the share of b that a covers.

    Parameters
    ----------
    a, b : arrays of shape (n, 4) and (m, 4)
        Boxes.

    Returns
    -------
    iou, covered : arrays of shape (n, m)
        From 0 to 1.
    """
    first, second = torch.from_numpy(a)[:, None].double(), torch.from_numpy(b)[None].double()
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
    assert predictions.scores is not None
    typical = _typical_sides(labels)
    parts = []
    for row, size in enumerate(sizes):
        mine, theirs = labels.of_row(row), predictions.of_row(row)
        scores = predictions.scores[theirs].astype(np.float64)
        seen = np.flatnonzero(scores >= LEAST_SCORE)
        found = _of_picture(
            labels.corners[mine], labels.codes[mine], predictions.corners[theirs][seen],
            predictions.codes[theirs][seen], scores[seen], size, typical,
        )  # fmt: skip
        partner, candidates = found[1], found[2]
        # From numbers within what was seen of the picture to those among all predictions.
        numbers = np.append(seen + theirs.start, -1)
        parts.append((found[0], numbers[partner], numbers[candidates], found[3]))
    counts = [len(part[2]) for part in parts]
    of_labels, partner, candidates, of_candidates = (
        np.concatenate([part[i] for part in parts]) for i in range(4)
    )
    likes = _usual_support(of_labels, len(labels.names))
    found_codes = np.append(predictions.codes, 0)[partner]
    of_labels = np.column_stack([
        of_labels[:, 0] / likes[labels.codes], of_labels[:, 1] / likes[found_codes], of_labels,
    ])  # fmt: skip
    found_codes = predictions.codes[candidates]
    of_candidates = np.column_stack([of_candidates[:, 0] / likes[found_codes], of_candidates])
    return Evidence(
        of_labels, partner, candidates, of_candidates, rows_of(labels),
        np.repeat(np.arange(len(sizes)), counts),
    )  # fmt: skip


def _of_picture(
    boxes: NDArray[np.float32],
    codes: Integers,
    predicted: NDArray[np.float32],
    predicted_codes: Integers,
    scores: Floats,
    size: Integers,
    typical: Floats,
) -> tuple[Floats, Integers, Integers, Floats]:
    iou, covered = overlaps(boxes, predicted)
    support = iou * scores
    same = codes[:, None] == predicted_codes
    best = _last(support.argmax(axis=1) if support.size else np.zeros(len(boxes), np.int64), iou)
    touches = np.take_along_axis(_padded(support), best[:, None], axis=1)[:, 0] > 0
    partner = np.where(touches, best, -1)
    others = _most_of_others(iou)
    at = np.arange(len(boxes)), best
    of_labels = np.column_stack([
        _most(support * same), _most(support * ~same), _most(iou * same * (scores > 0.3)),
        _padded(iou)[at], np.append(scores, 0.0)[best], _padded(others)[at],
        _surprise(boxes, codes, typical), codes,
    ])  # fmt: skip
    candidates = np.flatnonzero(_most(iou.T) < SAME_PLACE)
    by_predictions, _ = overlaps(predicted, predicted)
    higher = scores[:, None] > scores
    edge = np.minimum(predicted[:, :2], size - predicted[:, 2:]).min(axis=1, initial=np.inf)
    sides = (predicted[:, 2:] - predicted[:, :2]).mean(axis=1)
    of_predictions = np.column_stack([
        scores, _most(iou.T), _most((iou * same).T), _most(covered.T),
        _most((by_predictions * higher).T), np.minimum(edge / np.maximum(sides, 1), 1),
        _surprise(predicted, predicted_codes, typical), predicted_codes,
    ])  # fmt: skip
    return of_labels, partner, candidates, of_predictions[candidates]


def _usual_support(of_labels: Floats, n_classes: int) -> Floats:
    """Return the median support of the labels of each class: detectors differ in what they see."""
    codes = of_labels[:, -1]
    known = [of_labels[codes == code, 0] for code in range(n_classes)]
    usual = np.array([np.median(part) if len(part) else 1.0 for part in known])
    return np.maximum(usual, LEAST_SCORE)


def _last(best: Integers, iou: Floats) -> Integers:
    """Return positions of predictions, or of what is padded where there is none."""
    return best if iou.shape[1] else np.zeros(len(iou), dtype=np.int64)


def _padded(pairs: Floats) -> Floats:
    return np.pad(pairs, ((0, 0), (0, 1)))


def _most(pairs: Floats) -> Floats:
    most: Floats = pairs.max(axis=1, initial=0.0)
    return most


def _most_of_others(iou: Floats) -> Floats:
    """Return for each label and prediction the IoU of the prediction with any other label."""
    if len(iou) < 2:
        return np.zeros_like(iou)
    second, first = np.sort(iou, axis=0)[-2:]
    return np.where(iou == first, second, first)


def _typical_sides(labels: Boxes) -> Floats:
    """Return the median of the logarithm of the area of each class."""
    logs = _log_area(labels.corners)
    known = [logs[labels.codes == code] for code in range(len(labels.names))]
    return np.array([np.median(part) if len(part) else np.nan for part in known])


def _surprise(corners: NDArray[np.float32], codes: Integers, typical: Floats) -> Floats:
    """Return by how much boxes are larger than is typical of their class, as a logarithm."""
    return np.nan_to_num(_log_area(corners) - typical[codes])


def _log_area(corners: NDArray[np.float32]) -> Floats:
    sides = np.maximum(corners[:, 2:].astype(np.float64) - corners[:, :2], 1.0)
    logs: Floats = np.log(sides).sum(axis=1)
    return logs
