"""What a run keeps of held-out pictures comes back as it was, and other tools can read it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from further.compare.vision.held_out import (
    kept_rows,
    read_held_out,
    read_predictions,
    write_held_out,
    write_predictions,
)
from further.compare.vision.stages import read_stages, write_stages
from further.data.target import Boxes
from further.errors import RunError
from squares import squares

PICTURES = squares()
ROWS = np.arange(16, 24)


def _written(folder: Path, kind: str) -> Any:
    assert PICTURES.target is not None
    seen = dataclasses.replace(PICTURES, target=PICTURES.target.seen_as(kind))
    write_held_out(folder, seen, ROWS, range(3))
    return seen.take(ROWS).target


@pytest.mark.parametrize("kind", ["boxes", "instances", "mask"])
def test_truth_and_predictions_come_back(tmp_path: Path, kind: str) -> None:
    truth = _written(tmp_path, kind)
    held = read_held_out(tmp_path)
    assert held is not None
    assert held.rows.tolist() == ROWS.tolist()
    assert list(held.files) == [f"{row:03d}.png" for row in ROWS]
    for name, array in truth.arrays().items():
        np.testing.assert_array_equal(array, held.truth.arrays()[name])
    found = truth
    if kind != "mask":
        rng = np.random.default_rng(0)
        scores = rng.random(len(truth.codes)).astype(np.float32)
        found = dataclasses.replace(truth, scores=scores)
    if kind == "boxes":
        moved = found.corners + rng.random(found.corners.shape)
        found = dataclasses.replace(found, corners=moved.astype(np.float32))
    write_predictions(tmp_path, found, ROWS)
    read = read_predictions(tmp_path, held)
    assert read is not None
    for name, array in found.arrays().items():
        np.testing.assert_array_equal(array, read.arrays()[name])


def test_the_files_are_those_of_coco(tmp_path: Path) -> None:
    pytest.importorskip("pycocotools")
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth = _written(tmp_path, "instances")
    found = dataclasses.replace(truth, scores=np.ones(len(truth.codes), dtype=np.float32))
    write_predictions(tmp_path, found, ROWS)
    coco = COCO(str(tmp_path / "held_out" / "truth.json"))
    results = coco.loadRes(str(tmp_path / "predictions.json"))
    judged = COCOeval(coco, results, "segm")
    judged.evaluate()
    judged.accumulate()
    judged.summarize()
    assert judged.stats[0] == pytest.approx(1.0)


def test_pictures_are_kept_as_they_were(tmp_path: Path) -> None:
    _written(tmp_path, "boxes")
    held = read_held_out(tmp_path)
    assert held is not None
    assert sorted(held.pictures) == [0, 1, 2]
    pixels = np.asarray(Image.open(held.pictures[1]))
    np.testing.assert_array_equal(pixels, np.asarray(PICTURES.values)[ROWS[1], 0])


def test_of_many_pictures_the_worst_are_kept_and_some_others() -> None:
    kept = kept_rows(1000, [7, 990], seed=0)
    assert {7, 990} <= set(kept.tolist())
    assert len(set(kept.tolist())) == len(kept) == 120


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("held_out/truth.json", "{"),
        ("held_out/truth.json", '{"images": [], "annotations": []}'),
        ("predictions.json", '[{"image_id": 3000, "category_id": 1}]'),
        ("predictions.json", "[3]"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, file: str, content: str) -> None:
    _written(tmp_path, "boxes")
    (tmp_path / file).write_text(content)
    with pytest.raises(RunError, match=f"{Path(file).name} is damaged"):
        _both(tmp_path)


def _both(folder: Path) -> None:
    held = read_held_out(folder)
    assert held is not None
    read_predictions(folder, held)


def test_a_picture_outside_the_run_is_not_read(tmp_path: Path) -> None:
    _written(tmp_path / "run", "boxes")
    file = tmp_path / "run" / "held_out" / "truth.json"
    table = json.loads(file.read_text())
    table["images"][0]["picture"] = "../../secret.png"
    file.write_text(json.dumps(table))
    held = read_held_out(tmp_path / "run")
    assert held is not None
    assert held.pictures[0] == tmp_path / "run" / "held_out" / "secret.png"


def test_steps_of_a_detector_come_back(tmp_path: Path) -> None:
    corners = np.array([[1, 2, 5, 9], [3, 3, 4, 4]], dtype=np.float32)
    scores = np.array([0.9, 0.25], dtype=np.float32)
    raw = Boxes("boxes", np.array([2]), np.array([1, 0]), ("a", "b"), corners, scores)
    places = np.array([[0, 0, 8, 8], [8, 0, 16, 8], [0, 8, 8, 16]], dtype=np.float32)
    said = np.array([0.5, 0.25, 0.125], dtype=np.float32)
    cells = Boxes("cells", np.array([3]), np.array([1, 0, 1]), ("a", "b"), places, said)
    write_stages(tmp_path, 17, {"cells": cells, "raw": raw, "kept": raw.take(np.array([0]))})
    read = read_stages(tmp_path)
    assert read is not None
    assert (read.row, list(read.steps)) == (17, ["cells", "raw", "kept"])
    for step, boxes in (("cells", cells), ("raw", raw)):
        for name, array in boxes.arrays().items():
            np.testing.assert_array_equal(array, read.steps[step].arrays()[name])
    assert read.steps["raw"].names == ("a", "b")
