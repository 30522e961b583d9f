"""Average precision beside the reference of COCO, and by hand."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest

from further.data.target import Boxes, Instances
from further.errors import InputError
from further.evaluate.interval import paired_difference
from further.evaluate.vision.detection import FIGURES, ObjectPredictions, average_precision
from further.evaluate.vision.overlap import areas, overlaps
from made_up_boxes import boxes, made_up


def reference(truth, predicted, kind="bbox"):
    """Return the twelve figures of pycocotools, and AP by class."""
    from pycocotools import mask
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def annotations(target):
        area = areas(target)
        for row in range(len(target.counts)):
            for j in range(*target.of_row(row).indices(len(target.codes))):
                found = {"id": j + 1, "image_id": row, "category_id": int(target.codes[j]),
                         "area": area[j], "iscrowd": 0}  # fmt: skip
                if kind == "bbox":
                    x, y, right, bottom = map(float, target.corners[j])
                    found["bbox"] = [x, y, right - x, bottom - y]
                else:
                    packed = target.packed[j : j + 1]
                    pixels = np.unpackbits(packed, axis=2, count=target.width)[0]
                    found["segmentation"] = mask.encode(np.asfortranarray(pixels))
                    found["bbox"] = mask.toBbox(found["segmentation"]).tolist()
                if target.scores is not None:
                    found["score"] = float(target.scores[j])
                yield found

    size = {} if kind == "bbox" else {"height": truth.packed.shape[1], "width": truth.width}
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": i, **size} for i in range(len(truth.counts))],
            "categories": [{"id": k, "name": name} for k, name in enumerate(truth.names)],
            "annotations": list(annotations(truth)),
        }
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(list(annotations(predicted))), kind)
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    precision = judge.eval["precision"][:, :, :, 0, 2]
    return judge.stats, precision.mean(axis=(0, 1)), precision[0].mean(axis=0)


def figures(predictions):
    """Return the figures in the order of COCO: AP, AP50, AP75, by size, recall."""
    scores = predictions.scores()
    return [scores[name].value for name in FIGURES]


@pytest.mark.parametrize(("seed", "spurious"), [(0, 20), (1, 150)])
def test_every_figure_is_that_of_coco(blood_cells: Boxes, seed: int, spurious: int) -> None:
    predicted = made_up(blood_cells, seed, spurious=spurious)
    # Scores that tie, within a picture and between pictures.
    predicted = replace(predicted, scores=np.round(predicted.scores, 2))
    expected, ap, ap50 = reference(blood_cells, predicted)
    predictions = ObjectPredictions(blood_cells, predicted)
    np.testing.assert_allclose(figures(predictions), expected[[0, 1, 2, 3, 4, 5, 8]], atol=1e-12)
    by_class = predictions.scores_by_class()
    np.testing.assert_allclose([one.value for one in by_class["ap"].values()], ap, atol=1e-12)
    np.testing.assert_allclose([one.value for one in by_class["ap50"].values()], ap50, atol=1e-12)
    quick = average_precision(blood_cells, predicted)
    np.testing.assert_allclose(list(quick.values()), expected[:3], atol=1e-12)


def discs(seed: int, n: int = 6) -> tuple[Instances, Instances]:
    """Return true discs in pictures of 61x50 pixels, and smaller, moved ones with scores."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:50, :61]
    true, found = [], []
    for _ in range(n):
        places = rng.uniform(5, 45, (7, 2))
        radii = rng.uniform(3, 8, 7)
        true.append([np.hypot(x - a, y - b) < r for (a, b), r in zip(places, radii, strict=True)])
        moved = places + rng.normal(0, 1.5, places.shape)
        found.append([np.hypot(x - a, y - b) < 0.9 * r
                      for (a, b), r in zip(moved, radii, strict=True)])  # fmt: skip
    truth, predicted = (Instances.pack([np.array(p) for p in masks]) for masks in (true, found))
    return truth, replace(predicted, scores=rng.random(7 * n).astype(np.float32))


def test_every_figure_of_masks_is_that_of_coco() -> None:
    truth, predicted = discs(0)
    expected, *_ = reference(truth, predicted, "segm")
    scores = ObjectPredictions(truth, predicted).scores()
    for name, place in {"ap": 0, "ap50": 1, "ap75": 2, "ap_small": 3, "average_recall": 8}.items():
        assert scores[name].value == pytest.approx(expected[place], abs=1e-12)
    assert scores["ap_medium"] is None
    assert 0.3 < expected[1] < 1


def test_the_overlap_of_packed_masks_is_that_of_their_pixels() -> None:
    truth, predicted = discs(3, n=2)
    found = overlaps(truth, predicted)[1]
    a, b = predicted.masks(1)[:, None], truth.masks(1)[None]
    np.testing.assert_allclose(found, (a & b).sum((2, 3)) / (a | b).sum((2, 3)))


def test_a_weight_of_two_is_the_picture_twice(blood_cells: Boxes) -> None:
    """What resampling relies on: weights stand for pictures that were drawn several times."""
    truth = blood_cells.take(np.arange(12))
    predicted = made_up(truth, 2)
    drawn = np.array([0, 0, 1, 3, 3, 3, 5, 7, 8, 9, 11, 11])
    predictions = ObjectPredictions(truth, predicted)
    each = predictions.ranked(predictions.matches)
    weights = np.bincount(drawn, minlength=12).astype(float)
    weighed = np.mean([one.average(weights)[0] for one in each], axis=0)
    expected = average_precision(truth.take(drawn), predicted.take(drawn))
    assert weighed.mean() == pytest.approx(expected["ap"], abs=1e-12)
    assert weighed[0] == pytest.approx(expected["ap50"], abs=1e-12)


def test_half_of_the_objects_found_and_nothing_else() -> None:
    # Precision is 1 up to a recall of 1/2, and so at 51 of the 101 recalls.
    truth = boxes([(0, 0, 0, 10, 10)], [(0, 20, 20, 30, 30)])
    predicted = boxes([(0, 0, 0, 10, 10, 0.9)], [])
    found = ObjectPredictions(truth, predicted)
    assert found.scores()["ap"].value == pytest.approx(51 / 101)
    assert found.scores()["average_recall"].value == 0.5
    # The class that has no objects has no figure and does not pull the mean down.
    assert found.scores_by_class()["ap50"]["b"] is None
    assert found.scores()["ap_large"] is None


def test_a_false_alarm_before_the_hit_halves_the_precision() -> None:
    truth = boxes([(0, 0, 0, 10, 10)])
    predicted = boxes([(0, 50, 50, 60, 60, 0.9), (0, 0, 0, 10, 10, 0.8)])
    assert average_precision(truth, predicted)["ap50"] == pytest.approx(0.5)
    assert np.isnan(average_precision(boxes([]), boxes([]))["ap"])
    assert average_precision(truth, boxes([]))["ap"] == 0


def test_better_boxes_win_although_the_intervals_overlap(blood_cells: Boxes) -> None:
    better, worse = (
        ObjectPredictions(blood_cells, made_up(blood_cells, 5, jitter=jitter)).scores()["ap"]
        for jitter in (0.06, 0.075)
    )
    difference = paired_difference(better, worse)
    assert not difference.contains_zero
    assert difference.value > 0
    own = better.estimate.high - better.estimate.low
    assert difference.high - difference.low < own


def test_a_resampled_interval_covers_what_other_pictures_score(blood_cells: Boxes) -> None:
    """Half of the pictures say what the other half scores, up to their own chance."""
    predicted = made_up(blood_cells, 6)
    score = ObjectPredictions(blood_cells, predicted).scores()["ap50"]
    rng = np.random.default_rng(0)
    halves = []
    for _ in range(40):
        rows = rng.permutation(72)[:36]
        halves.append(average_precision(blood_cells.take(rows), predicted.take(rows))["ap50"])
    # The spread of halves drawn without replacement is that of the whole.
    width = (score.estimate.high - score.estimate.low) / 2 / 1.96
    assert 0.6 < width / np.std(halves) < 1.6


def test_groups_of_pictures_are_drawn_as_one(blood_cells: Boxes) -> None:
    groups = np.repeat(np.arange(12), 6)
    score = ObjectPredictions(blood_cells, made_up(blood_cells), groups).scores()["ap50"]
    assert "groups (12" in score.estimate.method


@pytest.mark.parametrize(
    ("predicted", "message"),
    [
        (boxes([], []), "of 1 pictures and the prediction of 2"),
        (boxes([], names=("a", "c")), "a, b and those of the prediction a, c"),
        (Instances.pack([np.zeros((1, 2, 2), dtype=bool)]), "boxes and the prediction instances"),
    ],
)
def test_what_is_not_of_the_same_pictures_is_refused(predicted, message: str) -> None:
    with pytest.raises(InputError, match=message):
        average_precision(boxes([(0, 0, 0, 10, 10)]), predicted)
