"""Models for pictures under one budget: pairs, failures, what is left out, the task of a target."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from further import registry
from further.compare.scores import read_scores
from further.compare.task import compare_models, predict, resume, train_model
from further.compare.vision import comparison
from further.compare.vision.advice import advise
from further.data.dataset import with_target
from further.errors import InputError
from further.evaluate.estimate import Estimate, Score
from further.evaluate.record import Figure
from further.evaluate.typed_json import from_json
from further.evaluate.vision.record import VisionMember, VisionRecord
from further.train.load import load
from squares import TINY, squares
from squares_models import LINES

DATA = squares()
YOLO = {name: value for name, value in TINY.items() if name not in ("budget", "precision")}


@pytest.fixture(autouse=True)
def _more_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MODELS", (*registry.MODELS, *LINES))
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)


def test_members_controls_failures_and_what_is_left_out(tmp_path: Path) -> None:
    run = tmp_path / "run"
    told: list[dict] = []
    found = compare_models(
        DATA, task="detection", models={"yolo": YOLO, "failing": {}, "lacking": {}},
        budget="3e8", out=run, jobs=1, on_event=told.append,
    )  # fmt: skip
    models = {model["name"]: model for model in found.evaluation["models"]}
    assert set(models) == {"yolo", "failing", "mean_box"}
    assert models["failing"]["flags"] == ["failed"]
    assert "nothing that it can learn from" in models["failing"]["notes"][0]
    assert models["mean_box"]["role"] == "control"
    # The budget is kept to, but for the last step.
    per_step = json.loads((run / "models/yolo/run.json").read_text())["flops_per_step"]
    assert 3e8 - per_step <= models["yolo"]["training_flops"] <= 3e8
    why = "needs the package a_package_that_nobody_has, which is not installed"
    assert any(why in note for note in found.evaluation["data"]["notes"])
    assert any(event["event"] == "forecast" for event in told)
    assert any(why in event.get("text", "") for event in told)
    # Differences are of the same resampled pictures.
    scores = {}
    for name in ("yolo", "mean_box"):
        file = run / "models" / name / "evaluation.json"
        record = from_json(VisionMember, json.loads(file.read_text())).model
        scores[name] = read_scores(file.parent, record.metrics)["ap"]
    one = next(one for one in found.evaluation["recommendation"]["apart"] if one["model"] != "yolo")
    difference = scores["mean_box"].value - scores["yolo"].value
    assert one["difference"]["value"] == pytest.approx(difference)
    drawn = scores["mean_box"].draws - scores["yolo"].draws
    assert one["tied"] == bool(one["difference"]["low"] <= 0 <= one["difference"]["high"])
    if drawn.std() > 0:
        assert one["difference"]["low"] <= np.median(drawn) <= one["difference"]["high"]

    # What is missing, and only that, is done by a resumption.
    kept = (run / "models/mean_box/evaluation.json").stat().st_mtime_ns
    (run / "models/yolo/evaluation.json").unlink()
    again = resume(run, jobs=1)
    assert (run / "models/mean_box/evaluation.json").stat().st_mtime_ns == kept
    assert again.recommendation == found.recommendation
    assert list(again.load("yolo").names_) == ["light", "dark"]
    assert again.to_frame().loc[("yolo", "ap"), "n"] == 8
    written = predict(run, DATA.take(np.arange(3)))
    assert written.notes == ("Found by YOLO.",)


def test_without_a_task_it_is_that_of_the_target(tmp_path: Path) -> None:
    data = with_target(DATA, DATA.target.as_boxes())
    found = compare_models(
        data, models={"yolo": YOLO}, budget="2 steps", out=tmp_path / "run", jobs=1
    )
    assert found.evaluation["task"] == "detection"
    assert found.evaluation["budget"]["text"] == "2 steps"


def test_without_a_budget_it_is_the_operations_that_a_model_takes_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "train_members", lambda *args, **options: None)
    compare_models(DATA, task="detection", models={"yolo": YOLO}, out=tmp_path / "all", jobs=1)
    alone = tmp_path / "alone"
    train_model("yolo", DATA, parameters=TINY | {"budget": "1 steps"}, out=alone)
    one_step = json.loads((alone / "run.json").read_text())["training_flops"]
    model = load(alone).set_params(budget="auto")
    steps = model.budget_for(len(DATA))
    assert steps.unit == "steps"
    amount = float(json.loads((tmp_path / "all" / "run.json").read_text())["equal_budget"])
    assert amount == pytest.approx(steps.amount * one_step, rel=0.01)


def test_a_model_that_lacks_its_package_is_refused_alone(tmp_path: Path) -> None:
    for call in (
        lambda out: compare_models(DATA, task="detection", models=["lacking"], out=out),
        lambda out: train_model("lacking", DATA, out=out),
    ):
        with pytest.raises(InputError, match="a_package_that_nobody_has"):
            call(tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"models": ["yolq"]}, 'did you mean "yolo"'),
        ({"budget": "soon"}, 'budget="soon" cannot be read'),
        ({"repeats": 3}, 'has no option "repeats"'),
        ({"task": "segmentation", "models": ["yolo"]}, "There is no model"),
    ],
)
def test_bad_options_are_refused(options, said, tmp_path) -> None:
    with pytest.raises(InputError, match=said):
        compare_models(DATA, **{"task": "detection", **options}, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def scored(values: dict[str, float], spread: float) -> tuple[list, dict]:
    rng = np.random.default_rng(0)
    models, scores = [], {}
    for name, value in values.items():
        draws = value + rng.normal(0, spread, 500)
        low, high = np.quantile(draws, [0.025, 0.975])
        of_one = Score(Estimate(value, float(low), float(high), 40, "drawn"), draws)
        scores[name] = {"ap": of_one, "ap50": of_one}
        figure = Figure(value, float(low), float(high), 40, "drawn")
        role = "control" if name == "mean" else "model"
        models.append(
            VisionRecord(
                name,
                name.capitalize(),
                role=role,
                metrics={"ap": figure, "ap50": figure},
                seconds_per_picture={"fast": 0.01}.get(name, 0.2),
            )
        )
    return models, scores


def test_the_answer_names_the_best_ties_and_the_fastest_of_them() -> None:
    clear = advise("detection", *scored({"fast": 0.3, "slow": 0.6, "mean": 0.1}, 0.01))
    assert (clear.best, clear.tied) == ("slow", ())
    assert clear.sentence.startswith("Slow is the best model here (AP 0.6, AP50 0.6): Fast")
    tied = advise("detection", *scored({"fast": 0.59, "slow": 0.6, "mean": 0.1}, 0.05))
    assert tied.tied == ("fast",)
    assert tied.sentence.endswith("The fastest of them is Fast, with 10 ms a picture.")
    nothing = advise("detection", *scored({"fast": 0.11, "slow": 0.12, "mean": 0.1}, 0.05))
    assert "No model is significantly better than a control (mean)" in nothing.sentence
    assert advise("detection", *scored({"slow": 0.6}, 0.05)) is None
