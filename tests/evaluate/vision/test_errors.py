"""Kinds of error beside TIDE, and confusion, curves and worst pictures by hand."""

from __future__ import annotations

import numpy as np
import pytest

from further.data.target import Boxes
from further.evaluate.vision.detection import ObjectPredictions
from further.evaluate.vision.errors import confusion, error_breakdown, worst_pictures
from further.evaluate.vision.thresholds import best_score, precision_recall, reliability
from made_up_boxes import boxes, made_up

#: tidecv 1.0.1 on these boxes, box mode, its defaults: counts, and what AP50 would gain.
TIDE = {
    "classification": (49, 0.011505273611),
    "localisation": (155, 0.027280474246),
    "both": (324, 0.028137232528),
    "duplicate": (224, 0.009757668467),
    "background": (1084, 0.148383624448),
    "missed": (126, 0.036155180677),
}


def test_kinds_counts_and_gains_are_those_of_tide(blood_cells: Boxes) -> None:
    found = error_breakdown(ObjectPredictions(blood_cells, made_up(blood_cells, 3, spurious=40)))
    assert {one.kind: one.count for one in found} == {k: n for k, (n, _) in TIDE.items()}
    for one in found:
        assert one.gain == pytest.approx(TIDE[one.kind][1], abs=1e-9)


TRUTH = boxes([(0, 0, 0, 10, 10), (1, 30, 0, 40, 10), (0, 60, 0, 70, 10)], [(0, 0, 0, 10, 10)])
FOUND = boxes(
    [
        (0, 0, 0, 10, 10, 0.9),  # right
        (0, 0, 1, 10, 10, 0.8),  # the same again
        (0, 30, 0, 40, 10, 0.7),  # the wrong class
        (0, 60, 0, 64, 10, 0.6),  # the wrong place
        (1, 0, 80, 10, 90, 0.5),  # nothing is there
    ],
    [(1, 0, 0, 4, 10, 0.4)],  # wrong class and wrong place
)


def test_one_error_of_each_kind() -> None:
    found = {one.kind: one for one in error_breakdown(ObjectPredictions(TRUTH, FOUND))}
    assert {kind: one.count for kind, one in found.items()} == {
        "classification": 1, "localisation": 1, "both": 1, "duplicate": 1, "background": 1,
        "missed": 1,
    }  # fmt: skip
    # The only object of class b is right once its prediction has the right class: AP50 of b from
    # 0 to 1, with one false alarm of b after it.
    assert found["classification"].gain >= 0.5


def test_confusion_puts_what_is_missed_and_spurious_beside_the_background() -> None:
    found = confusion(ObjectPredictions(TRUTH, FOUND), 0.45)
    assert found.names == ("a", "b", "background")
    # The duplicate and the misplaced box are false alarms of class a, that at 0.4 is not counted.
    assert found.counts == ((1, 0, 2), (1, 0, 0), (2, 1, 0))
    strict = confusion(ObjectPredictions(TRUTH, FOUND), 0.95)
    assert strict.counts == ((0, 0, 3), (0, 0, 1), (0, 0, 0))


def test_the_picture_with_most_errors_comes_first() -> None:
    p = ObjectPredictions(TRUTH, FOUND)
    first, second = worst_pictures(p, 0.45, rows=[4, 8], files=["x.png", "y.png"])
    assert (first.row, first.file, first.missed, first.spurious, first.swapped) == (
        4, "x.png", 1, 3, 1,
    )  # fmt: skip
    assert (second.row, second.missed, second.spurious, second.swapped) == (8, 1, 0, 0)
    perfect = ObjectPredictions(TRUTH, TRUTH)
    assert worst_pictures(perfect, 0.5) == ()


def test_the_best_score_cuts_where_f1_is_highest() -> None:
    p = ObjectPredictions(TRUTH, FOUND)
    # One right of one: P = 1, R = 1/4, F1 = 0.4; any further prediction is wrong. The next one has
    # a score of 0.8, and the cut is halfway.
    assert best_score(p) == pytest.approx(0.85)
    of_a, of_b = precision_recall(p)
    assert (of_a.name, of_a.objects, of_a.best_score) == ("a", 3, pytest.approx(0.9))
    assert of_a.best_f1 == pytest.approx(2 / 4)
    assert of_a.recall[0] == pytest.approx(1 / 3, abs=1e-4)
    assert of_a.precision == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4], abs=1e-4)
    assert (of_b.objects, of_b.best_score) == (1, None)
    assert best_score(ObjectPredictions(TRUTH, boxes([], []))) == 0


def test_f1_of_the_curve_is_that_of_counting(blood_cells: Boxes) -> None:
    p = ObjectPredictions(blood_cells, made_up(blood_cells, 4))
    for k, curve in enumerate(precision_recall(p)):
        counts = np.array(confusion(p, curve.best_score).counts)
        right = counts[k, k]
        f1 = 2 * right / (counts[k].sum() + counts[:, k].sum())
        assert f1 == pytest.approx(curve.best_f1)


def test_scores_that_say_how_often_they_are_right_lie_on_the_diagonal() -> None:
    rng = np.random.default_rng(0)
    n = 2000
    scores = rng.random(n)
    right = rng.random(n) < scores
    corner = np.where(right, 0, 50)
    truth = boxes(*([(0, 0, 0, 10, 10)] for _ in range(n)))
    found = boxes(*([(0, c, c, c + 10, c + 10, s)] for c, s in zip(corner, scores, strict=True)))
    bins = reliability(ObjectPredictions(truth, found))
    assert sum(one.rows for one in bins) == n
    off = [abs(one.accuracy.value - one.confidence) for one in bins]
    assert max(off) < 0.12
    assert sum(one.accuracy.low <= one.confidence <= one.accuracy.high for one in bins) >= 12
