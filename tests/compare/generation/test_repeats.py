"""Several trainings of each model, in a run that was really made with ``repeats=3``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import further
from further.compare import judge
from further.train.files import write_json
from real_runs import RealRuns


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def models_of(evaluation: Any) -> dict[str, Any]:
    return {model["name"]: model for model in evaluation["models"]}


def test_figures_are_means_over_the_trainings_and_ranked_as_such(real_runs: RealRuns) -> None:
    run = real_runs.path("table")
    evaluation = read(run / "evaluation.json")
    for name, model in models_of(evaluation).items():
        folders = [run / "models" / name, *sorted((run / "models" / name / "repeats").iterdir())]
        each = [read(f / "evaluation.json")["model"]["metrics"] for f in folders]
        assert len(each) == 3
        for metric in ("kernel_distance", "coverage", "sampling_seconds_per_1000"):
            values = [metrics[metric]["value"] for metrics in each]
            figure = model["metrics"][metric]
            assert figure["value"] == pytest.approx(np.mean(values))
            assert figure["low"] <= min(figure["value"], figure["high"])
            assert model["across_seeds"][metric]["values"] == values
    goals = evaluation["recommendation"]["goals"]
    unfit = {"memorizes", "collapsed", "failed"}
    by_mean = sorted(
        (model["metrics"]["kernel_distance"]["value"], name)
        for name, model in models_of(evaluation).items()
        if not model["is_copy"] and not unfit & set(model["flags"])
    )
    assert goals["realism"]["ranking"] == [name for _, name in by_mean]
    assert all(isinstance(g["survives"], bool) == bool(g["ranking"]) for g in goals.values())


def test_energy_has_an_interval_of_its_trainings_and_ranks(real_runs: RealRuns) -> None:
    evaluation = read(real_runs.path("table") / "evaluation.json")
    figures = {n: m["metrics"].get("energy_wh") for n, m in models_of(evaluation).items()}
    assert figures["copy"] is figures["gaussian_mixture"] is None
    assert all(figures[n]["low"] < figures[n]["high"] for n in ("autoencoder", "vae"))
    for model in models_of(evaluation).values():
        assert model["energy_low_wh"] <= model["energy_wh"] <= model["energy_high_wh"]
        assert model["cpu_seconds"] >= 0
    goal = evaluation["recommendation"]["goals"]["low_energy"]
    assert set(goal["ranking"]) <= {"autoencoder", "vae"}
    assert goal["ranking"] or "overlap" in goal["sentence"]
    once = read(real_runs.path("digits") / "evaluation.json")["recommendation"]["goals"]
    assert once["low_energy"]["ranking"] == []
    assert "measured once" in once["low_energy"]["sentence"]
    assert once["fast_sampling"]["ranking"]


@pytest.mark.slow
@pytest.mark.parametrize("lost", [0, 1])
def test_a_model_keeps_the_trainings_that_did_not_fail(
    real_runs: RealRuns, tmp_path: Path, lost: int
) -> None:
    run = real_runs.copy("table", tmp_path / "run")
    folder = run / "models" / "vae"
    if lost:
        shutil.rmtree(folder / "repeats" / str(lost + 1))
    else:
        for file in folder.glob("*.*"):
            file.unlink()
    failure = {"model": "vae", "repeat": lost, "message": "the loss became infinite"}
    write_json(run / "run.json", {**read(run / "run.json"), "failures": [failure]})
    judge(run)
    model = models_of(read(run / "evaluation.json"))["vae"]
    assert len(model["across_seeds"]["kernel_distance"]["values"]) == 2
    assert "failed" not in model["flags"]
    assert "It failed in 1 of 3 trainings: the loss became infinite" in model["notes"]
    assert len(further.load(run, "vae").sample(3)) == 3


@pytest.mark.slow
def test_a_model_whose_every_training_failed_has_failed(
    real_runs: RealRuns, tmp_path: Path
) -> None:
    run = real_runs.copy("table", tmp_path / "run")
    shutil.rmtree(run / "models" / "vae")
    failures = [{"model": "vae", "repeat": r, "message": "too wide"} for r in range(3)]
    write_json(run / "run.json", {**read(run / "run.json"), "failures": failures})
    judge(run)
    model = models_of(read(run / "evaluation.json"))["vae"]
    assert (model["flags"], model["notes"], model["metrics"]) == (["failed"], ["too wide"], {})


def test_rows_made_of_training_rows_take_part_and_are_recommended_for_nothing(
    real_runs: RealRuns,
) -> None:
    evaluation = read(real_runs.path("table") / "evaluation.json")
    models = models_of(evaluation)
    for name in ("copy", "interpolation"):
        assert (models[name]["role"], models[name]["is_copy"]) == ("control", True)
        assert models[name]["metrics"]["kernel_distance"]["value"] is not None
        for goal in evaluation["recommendation"]["goals"].values():
            assert name not in {*goal["ranking"], *goal["tied"]}
