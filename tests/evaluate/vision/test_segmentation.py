"""Masks by hand and beside scikit-learn and scikit-image; cells by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import balanced_accuracy_score, f1_score, jaccard_score

from further.data import load
from further.data.target import Boxes, Instances, Mask
from further.errors import InputError
from further.evaluate.interval import paired_difference
from further.evaluate.typed_json import typed
from further.evaluate.vision.cells import instance_scores
from further.evaluate.vision.judged import evidence, judge
from further.evaluate.vision.record import VisionRecord
from further.evaluate.vision.segmentation import MaskPredictions
from made_up_boxes import boxes

NAMES = ("0", "1", "2")


def mask(*codes, names=NAMES) -> Mask:
    return Mask("mask", np.array(codes, dtype=np.uint8), names)


@pytest.fixture
def guessed() -> tuple[Mask, Mask]:
    """Return five random masks of three classes, and guesses of which two in three are right."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, (5, 30, 40), dtype=np.uint8)
    said = np.where(rng.random(true.shape) < 0.5, true, rng.integers(0, 3, true.shape))
    return mask(*true), mask(*said)


def test_overlap_dice_and_accuracy_are_those_of_scikit_learn(guessed) -> None:
    true, said = guessed
    p = MaskPredictions(true, said)
    scores, by_class = p.scores(), p.scores_by_class()
    pixels = true.codes.ravel(), said.codes.ravel()
    iou, dice = (f(*pixels, average=None) for f in (jaccard_score, f1_score))
    np.testing.assert_allclose([one.value for one in by_class["iou"].values()], iou)
    np.testing.assert_allclose([one.value for one in by_class["dice"].values()], dice)
    assert scores["mean_iou"].value == pytest.approx(iou.mean())
    assert scores["dice"].value == pytest.approx(dice.mean())
    assert scores["balanced_accuracy"].value == pytest.approx(balanced_accuracy_score(*pixels))
    assert scores["mean_iou"].estimate.low < iou.mean() < scores["mean_iou"].estimate.high
    assert np.array(p.confusion().counts).sum() == true.codes.size


def test_what_is_ignored_or_beyond_the_picture_is_not_judged(guessed) -> None:
    true, said = guessed
    spoilt = said.codes.copy()
    spoilt[true.codes == 2] = 0
    spoilt[:, 20:] = 1
    sizes = np.full((5, 2), (40, 20))
    p = MaskPredictions(true, replace(said, codes=spoilt), sizes, ignored=("2",))
    inside = (true.codes != 2) & (np.arange(30) < 20)[:, None]
    iou = jaccard_score(true.codes[inside], said.codes[inside], average=None, labels=[0, 1])
    assert p.scores()["mean_iou"].value == pytest.approx(iou.mean())
    assert p.scores_by_class()["iou"]["2"] is None


def test_a_class_that_is_nowhere_does_not_count() -> None:
    true = mask([[0, 0], [1, 1]])
    said = mask([[0, 0], [1, 2]])
    scores = MaskPredictions(true, said).scores()
    assert scores["mean_iou"].value == pytest.approx((1 + 1 / 2) / 2)
    assert scores["dice"].value == pytest.approx((1 + 2 / 3) / 2)


def stripe(at: int) -> np.ndarray:
    """Return a picture of 40x40 pixels whose right part, from a column on, is of class 1."""
    return np.broadcast_to(np.arange(40) >= at, (40, 40)).astype(np.uint8)


@pytest.mark.parametrize(("moved", "expected"), [(0, 1.0), (2, 1.0), (3, 0.0)])
def test_a_border_is_met_within_the_tolerance(moved: int, expected: float) -> None:
    true, said = mask(stripe(20), names=NAMES[:2]), mask(stripe(20 + moved), names=NAMES[:2])
    p = MaskPredictions(true, said, tolerance=2)
    assert p.scores()["boundary_f"].value == expected
    assert p.scores()["boundary_f"].detail == {"tolerance": 2}


def test_a_border_too_many_costs_precision_alone() -> None:
    # Of the true border all is met, of the predicted one, at columns 20 and 30, half is true: for
    # class 1, F is 2 * (1/2) * 1 / (1/2 + 1).
    true = mask(stripe(20), names=NAMES[:2])
    said = mask(stripe(20) * (1 - stripe(30)), names=NAMES[:2])
    by_class = MaskPredictions(true, said, tolerance=2).scores_by_class()
    assert by_class["boundary_f"]["1"].value == pytest.approx(2 / 3)


def test_the_tolerance_is_euclidean() -> None:
    """Of a border within a distance: as the distance transform of SciPy has it."""
    from further.evaluate.vision.segmentation import _within

    border = np.random.default_rng(0).random((40, 50)) < 0.01
    for tolerance in (1, 3, 5):
        expected = ndimage.distance_transform_edt(~border) <= tolerance
        np.testing.assert_array_equal(_within(border, tolerance), expected)


def cells(*columns: int) -> np.ndarray:
    """Return rows of pixels, 1 within cells, 0 between them at these columns."""
    row = np.ones(20, dtype=np.uint8)
    row[list(columns)] = 0
    return np.tile(row, (20, 1))


def test_a_missing_membrane_merges_two_cells() -> None:
    two, one = mask(cells(10), names=("0", "255")), mask(cells(), names=("0", "255"))
    scores = MaskPredictions(two, one).scores()
    # 200 and 180 pixels, all taken for one cell: pairs of pixels that are together in both, over
    # the mean of those together in either.
    a, b = 200 * 199, 180 * 179
    assert scores["adapted_rand_error"].value == pytest.approx(
        1 - 2 * (a + b) / (a + b + 380 * 379)
    )
    share = np.array([200, 180]) / 380
    entropy = -(share * np.log2(share)).sum()
    information = scores["variation_of_information"]
    assert information.value == pytest.approx(entropy)
    assert information.detail == pytest.approx({"cut": 0.0, "merged": entropy})
    cut = MaskPredictions(one, two).scores()["variation_of_information"]
    assert cut.detail["merged"] == 0
    assert cut.detail["cut"] > 0
    # Overlap hardly notices.
    assert MaskPredictions(two, one).scores_by_class()["iou"]["255"].value == 0.95


def test_more_than_two_classes_have_no_cells(guessed) -> None:
    scores = MaskPredictions(*guessed).scores()
    assert scores["adapted_rand_error"] is None
    assert scores["variation_of_information"] is None


def test_a_better_model_is_told_from_a_worse_one_on_real_membranes(real_data: Path) -> None:
    target = load(str(real_data / "membrane")).take(np.arange(8)).target
    assert isinstance(target, Mask)

    def eroded(steps: int) -> Mask:
        codes = [ndimage.binary_erosion(one, iterations=steps) for one in target.codes]
        return replace(target, codes=np.array(codes).astype(np.uint8))

    better, worse = (MaskPredictions(target, eroded(steps)).scores() for steps in (1, 2))
    for metric in ("mean_iou", "dice", "balanced_accuracy"):
        difference = paired_difference(better[metric], worse[metric])
        assert difference.value > 0, metric
        assert not difference.contains_zero, metric
    # Eroded cells stay apart, so hardly any pair of pixels changes cells.
    assert better["adapted_rand_error"].value < 0.2


def instances(*pictures, scores=None) -> Instances:
    found = Instances.pack([np.array(masks, dtype=bool) for masks in pictures])
    return found if scores is None else replace(found, scores=np.array(scores, dtype=np.float32))


def test_aggregated_jaccard_by_hand() -> None:
    field = np.zeros((4, 12), dtype=bool)
    left, right, far = field.copy(), field.copy(), field.copy()
    left[:, :4], right[:, 4:8], far[:, 10:] = True, True, True
    shifted = np.roll(left, 1, axis=1)
    truth = instances([left, right])
    # left is found one column off (12 of 20 pixels shared), right is missed (16), far is spurious
    # (8).
    found = instances([shifted, far], scores=[0.9, 0.8])
    scores = instance_scores(truth, found)
    # right overlaps the shifted one too: its intersection is 4, its union 28.
    assert scores["aggregated_jaccard"].value == pytest.approx((12 + 4) / (20 + 28 + 8))
    doubtful = instances([shifted, far], scores=[0.9, 0.3])
    assert instance_scores(truth, doubtful)["aggregated_jaccard"].value == pytest.approx(16 / 48)
    perfect = instance_scores(truth, truth)
    assert perfect["aggregated_jaccard"].value == 1
    assert perfect["adapted_rand_error"].value == 0
    assert perfect["variation_of_information"].value == 0


def test_a_record_declares_all_that_stands_behind_the_figures(guessed) -> None:
    of_pixels = evidence(judge(*guessed), rows=np.arange(5), files=list("abcde"))
    box = boxes([(0, 0, 0, 10, 10)])
    of_boxes = evidence(judge(box, box))
    for found in (of_pixels, of_boxes):
        assert typed(VisionRecord, {"name": "x", **found}).confusion == found["confusion"]
    assert of_pixels["worst"][0].file in "abcde"
    assert of_boxes["errors"][0].kind == "classification"
    assert of_boxes["worst"] == ()


def test_a_mask_beside_boxes_is_refused(guessed) -> None:
    true, said = guessed
    none = Boxes("b", np.zeros(5, dtype=np.int64), np.zeros(0, dtype=np.int64), NAMES,
                 np.zeros((0, 4), dtype=np.float32))  # fmt: skip
    with pytest.raises(InputError, match="The truth is mask and the prediction boxes"):
        judge(true, none)
    with pytest.raises(InputError, match=r"shape \(5, 30, 40\)"):
        judge(true, said.take(np.arange(3)))
    with pytest.raises(InputError, match="ignored names sky"):
        MaskPredictions(true, said, ignored=("sky",))
