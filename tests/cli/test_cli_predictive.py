"""Commands about models that predict: compare, train, predict, evaluate, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return two tables of the same kind: to learn from, and unseen."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("tables")
    paths = []
    for name, n in (("first", 120), ("second", 60)):
        age = rng.normal(50, 12, n).round(1)
        ward = rng.choice(["north", "south"], n)
        logit = (age - 50) / 6 + (ward == "north")
        ill = rng.random(n) < 1 / (1 + np.exp(-logit))
        frame = pd.DataFrame(
            {"age": age, "ward": ward, "cost": (3 * age + rng.normal(0, 5, n)).round(2),
             "state": np.where(ill, "ill", "well")}
        )  # fmt: skip
        frame.loc[::17, "age"] = np.nan
        paths.append(folder / f"{name}.csv")
        frame.to_csv(paths[-1], index=False)
    return paths[0], paths[1]


def test_compare_with_a_target_says_which_task_it_takes(further, tables, tmp_path):
    run = tmp_path / "run"
    found = further(
        "compare", tables[0], "--target", "state", "--models",
        "logistic_regression,decision_tree_classifier", "--out", run, "--negligible", "0.05",
    )  # fmt: skip
    assert found.status == 0, found.err
    assert 'The target "state" holds 2 classes, so this is a classification.' in found.err
    assert "Logistic regression" in found.out
    assert "The most transparent model" in found.out or "is the best model here" in found.out
    told = json.loads((run / "evaluation.json").read_text())
    assert told["recommendation"]["margin_told"].startswith("a log loss of ")
    assert "0.05 of what the constant scores" in told["recommendation"]["margin_told"]
    assert (run / "report.html").is_file()


def test_json_has_models_metrics_and_the_sentence(further, tables, tmp_path):
    found = further(
        "compare", tables[0], "--target", "cost", "--models", "linear_regression", "--json",
        "--out", tmp_path / "run",
    )  # fmt: skip
    told = json.loads(found.out)
    assert told["task"] == "regression"
    assert told["run"] == str(tmp_path / "run")
    model = next(m for m in told["models"] if m["name"] == "linear_regression")
    for name in ("r2", "mae", "rmse"):
        assert model["metrics"][name]["low"] <= model["metrics"][name]["value"]
    assert model["role"] == "model"
    assert model["seconds"] > 0
    assert model["energy_wh"] >= 0
    assert model["flags"] == []
    assert any("regression" in note for note in told["notes"])


def test_train_predict_and_evaluate(further, tables, tmp_path):
    run = tmp_path / "run"
    found = further(
        "train", "mlp_classifier", tables[0], "--target", "state", "--hidden", "16", "--epochs",
        "10", "--out", run, "--quiet",
    )  # fmt: skip
    assert found.status == 0, found.err
    written = tmp_path / "new.csv"
    found = further("predict", run, tables[1], "--out", written)
    assert found.status == 0, found.err
    made = pd.read_csv(written)
    assert list(made.columns[:4]) == ["age", "ward", "cost", "state"]
    assert set(made["prediction"]) <= {"ill", "well"}
    p = made[["probability:ill", "probability:well"]]
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(made["probability"], p.max(axis=1))
    again = further("predict", run, tables[1], "--out", written)
    assert again.status == 2
    assert "exists and is not overwritten" in again.err

    other = further("evaluate", run, tables[1], "--json", "--out", tmp_path / "other")
    told = json.loads(other.out)
    right = (made["prediction"] == made["state"]).mean()
    assert told["models"][0]["metrics"]["accuracy"]["value"] == pytest.approx(right)
    assert told["held_out"]["rows"] == 60
    seen = json.loads(further("evaluate", run, tables[0], "--json", "--out", tmp_path / "x").out)
    assert any("120 of 120 rows equal a row that the run was made from" in n for n in seen["notes"])


def test_intervals_of_numbers_hold_new_rows(further, tables, tmp_path):
    run, written = tmp_path / "run", tmp_path / "new.csv"
    further("train", "linear_regression", tables[0], "--target", "cost", "--out", run, "--quiet")
    found = further("predict", run, tables[1], "--out", written, "--json")
    assert json.loads(found.out)["rows"] == 60
    made = pd.read_csv(written)
    held = ((made["low"] <= made["cost"]) & (made["cost"] <= made["high"])).mean()
    assert 0.75 <= held <= 1.0


def test_bad_input_gets_one_sentence(further, tables, tmp_path):
    run = tmp_path / "run"
    for arguments, said in (
        (("compare", tables[0], "--target", "stat"), 'did you mean "state"'),
        (("compare", tables[0], "--target", "ward", "--task", "regression"), "which is no number"),
        (("compare", tables[0], "--target", "state", "--budget", "3 steps"), 'no option "budget"'),
        (("train", "mlp_regressor", tables[0], "--target", "ward"), "which is no number"),
        (("train", "cnn_classifier", tables[0], "--target", "ward"), "takes images"),
    ):
        found = further(*arguments, "--out", run)
        assert found.status == 2
        assert said in found.err
        assert "Traceback" not in found.err
        assert len(found.err.strip().splitlines()) <= 2
        assert not run.exists()


def test_predict_wants_the_columns_of_the_training(further, tables, tmp_path):
    run = tmp_path / "run"
    further("train", "decision_tree_classifier", tables[0], "--target", "state", "--out", run)
    other = tmp_path / "other.csv"
    pd.read_csv(tables[1]).drop(columns="age").to_csv(other, index=False)
    found = further("predict", run, other)
    assert found.status == 2
    assert 'no column "age", which the run learnt from' in found.err


def test_what_commands_do_not_train_is_refused(further, tables, tmp_path):
    run = tmp_path / "run"
    found = further("train", "perceptron", tables[0], "--target", "state", "--out", run)
    assert found.status == 2
    assert "learns from arrays in Python: further.Perceptron().fit(X, y)" in found.err
    assert not run.exists()


@pytest.mark.slow
def test_advice_trains_nothing_and_is_json_too(further, tables, tmp_path, monkeypatch):
    monkeypatch.setattr("further.supervised.advice.TRIED", {"training.batch_size": [16]})
    monkeypatch.chdir(tmp_path)
    found = further(
        "train", "mlp_classifier", tables[0], "--target", "state", "--hidden", "8", "--advise",
        "--json",
    )  # fmt: skip
    told = json.loads(found.out)
    assert [s["name"] for s in told["settings"]] == [
        "loss", "output", "learning_rate", "epochs", "batch_size",
    ]  # fmt: skip
    assert told["rates"]["low"] < told["rates"]["rate"] < told["rates"]["high"]
    assert not list(tmp_path.iterdir())
