"""One detector trained into a run: what it leaves, what a kill leaves, how many more pictures."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import further
from further.compare.task import resume, train_model
from further.compare.vision.learning_curve import extrapolated
from further.data import as_dataset
from further.data.dataset import with_target
from further.data.target import Boxes
from further.errors import InputError
from further.evaluate.estimate import Estimate, Score
from further.evaluate.vision.detection import average_precision
from further.train.callbacks.callback import Callback
from squares import TINY, squares

DATA = squares()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run of a detector, with a learning curve."""
    folder = tmp_path_factory.mktemp("vision") / "run"
    train_model("yolo", DATA, parameters=TINY, learning_curve=True, out=folder)
    return folder


def test_a_run_holds_model_curves_predictions_and_evidence(run: Path) -> None:
    for name in ("run.json", "history.csv", "model.safetensors", "model.json", "scores.npz"):
        assert (run / name).is_file()
    found = json.loads((run / "evaluation.json").read_text())
    (model,) = found["models"]
    assert (found["task"], found["held_out"]["rows"]) == ("detection", 8)
    assert found["data"]["rows"] == {"all": 24, "train": 16, "held out": 8}
    assert model["parameters"] == sum(p.numel() for p in further.load(run).net_.parameters())
    assert model["network"]["operations_per_row"] > 0
    assert model["energy_wh_per_picture"] >= 0
    low, high = (model["metrics"]["seconds_per_picture"][key] for key in ("low", "high"))
    assert low <= model["seconds_per_picture"] <= high
    assert set(model["by_class"]["ap50"]) == {"light", "dark"}
    assert model["confusion"]["names"] == ["light", "dark", "background"]
    assert model["diagnosis"]["headline"]
    assert {error["kind"] for error in model["errors"]} >= {"missed", "background"}
    assert all(one["file"] in set(DATA.files[16:]) for one in model["worst"])


def test_predictions_are_coco_results_of_the_held_out_pictures(run: Path) -> None:
    results = json.loads((run / "predictions.json").read_text())
    rows = {16 + i: i for i in range(8)}
    order = sorted(range(len(results)), key=lambda i: rows[results[i]["image_id"]])
    results = [results[i] for i in order]
    sides = np.array([one["bbox"] for one in results], dtype=np.float32)
    boxes = Boxes(
        "boxes", np.bincount([rows[one["image_id"]] for one in results], minlength=8),
        np.array([one["category_id"] - 1 for one in results]), ("light", "dark"),
        np.concatenate([sides[:, :2], sides[:, :2] + sides[:, 2:]], axis=1),
        np.array([one["score"] for one in results], dtype=np.float32),
    )  # fmt: skip
    truth = DATA.take(np.arange(16, 24)).target.as_boxes()
    model = json.loads((run / "evaluation.json").read_text())["models"][0]
    expected = average_precision(truth, boxes)["ap50"]
    assert model["metrics"]["ap50"]["value"] == pytest.approx(expected, abs=0.02)


def test_a_learning_curve_takes_equal_operations_and_nested_pictures(run: Path) -> None:
    curve = json.loads((run / "evaluation.json").read_text())["models"][0]["learning_curve"]
    assert [point["pictures"] for point in curve["points"]] == [4, 8, 12, 16]
    assert curve["expected"]["pictures"] == 32
    assert curve["expected"]["figure"]["low"] <= curve["expected"]["figure"]["high"]
    assert curve["sentence"].startswith("Twice the training pictures (32 instead of 16)")
    spent = [
        json.loads((folder / "run.json").read_text())["training_flops"]
        for folder in (run, run / "learning" / "25", run / "learning" / "75")
    ]
    assert spent == pytest.approx([spent[0]] * 3, rel=0.3)


def points(errors: dict[int, float], spread: float = 0.0) -> list[tuple[int, Score]]:
    rng = np.random.default_rng(0)
    draws = rng.normal(0, spread, 500)
    return [
        (n, Score(Estimate(1 - e, None, None, 9, ""), 1 - e + draws)) for n, e in errors.items()
    ]


def test_a_power_law_is_extrapolated_and_its_interval_grows_with_what_is_unknown() -> None:
    law = {n: 0.4 * (n / 25) ** -0.3 for n in (25, 50, 75, 100)}
    found = extrapolated(points(law), 200).figure
    assert found.value == pytest.approx(1 - 0.4 * 8**-0.3)
    assert found.high - found.low < 1e-6
    few_pictures = extrapolated(points(law, spread=0.02), 200).figure
    scattered = dict(zip(law, np.array([*law.values()]) * [1.05, 0.9, 1.1, 0.97], strict=True))
    off_the_law = extrapolated(points(scattered), 200).figure
    for wider in (few_pictures, off_the_law):
        assert wider.low < wider.value < wider.high
        assert wider.high - wider.low > 0.02


def test_a_curve_of_two_points_is_refused() -> None:
    with pytest.raises(InputError, match="needs 3 trainings"):
        extrapolated(points({50: 0.3, 100: 0.2}), 200)


class Killed(KeyboardInterrupt):
    """What ends a training from outside."""


class Kill(Callback):
    """Ends a training after its third step."""

    def on_step(self, loop) -> None:
        if loop.step == 3:
            raise Killed


def test_a_training_that_is_killed_ends_as_an_uninterrupted_one(
    tmp_path: Path, monkeypatch
) -> None:
    from further.compare.vision import member

    whole = train_model("yolo", DATA, parameters=TINY, out=tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr(member, "Progress", lambda report: Kill())
        with pytest.raises(Killed):
            train_model("yolo", DATA, parameters=TINY, out=tmp_path / "killed")
    assert not (tmp_path / "killed" / "evaluation.json").exists()
    resumed = resume(tmp_path / "killed")
    for one, other in zip(whole.evaluation["models"], resumed.evaluation["models"], strict=True):
        for name in ("ap", "ap50", "ap75"):
            assert one["metrics"][name] == other["metrics"][name]
    assert (tmp_path / "whole" / "predictions.json").read_bytes() == (
        tmp_path / "killed" / "predictions.json"
    ).read_bytes()


def without_objects(rows: slice):
    boxes = DATA.target.as_boxes()
    counts = boxes.counts.copy()
    kept = np.ones(len(boxes.codes), dtype=bool)
    for row in range(len(counts))[rows]:
        kept[boxes.of_row(row)] = False
    counts[rows] = 0
    return dataclasses.replace(
        DATA,
        target=dataclasses.replace(
            boxes, counts=counts, codes=boxes.codes[kept], corners=boxes.corners[kept]
        ),
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("digits", "digits has classes for a target, but detection needs boxes or instances"),
        ("iris", "YOLO takes images, but iris is table"),
        (as_dataset(np.asarray(DATA.values)), "has nothing for a target"),
        (without_objects(slice(0, 16)), "no object in the 16 training pictures"),
        (without_objects(slice(16, 24)), "no object in the 8 held-out pictures"),
        (DATA.take(np.arange(6)), "There are 6 rows"),
        (with_target(DATA, DATA.target.as_mask()), "such a target is for segmentation"),
    ],
)
def test_what_cannot_be_learnt_is_refused_before_there_is_a_run(data, said, tmp_path) -> None:
    with pytest.raises(InputError, match=said):
        train_model("yolo", data, parameters=TINY, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
