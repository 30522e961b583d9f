"""The ladder on real data: figures that can be checked, the answer, resumption, failures."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import further
from further.compare.prediction.ladder import predictive_models
from further.compare.task import judge, resume
from further.errors import RunError
from further.evaluate.prediction.record import PredictionEvaluation
from further.evaluate.typed_json import from_json
from further.train.load import load
from further.train.run import Run


def read(folder):
    return json.loads((folder / "evaluation.json").read_text())


def test_figures_are_those_of_the_predictions_that_are_kept(real_runs):
    folder = real_runs.path("ladder")
    found = from_json(PredictionEvaluation, read(folder))
    assert [m.name for m in found.models] == [
        "constant_classifier", "univariate_classifier", "logistic_regression",
        "decision_tree_classifier", "mlp_classifier",
    ]  # fmt: skip
    assert found.held_out.rows == 569
    for model in found.models:
        kept = pd.read_parquet(folder / "models" / model.name / "predictions.parquet")
        assert sorted(kept["identifier"]) == list(range(569))
        p = kept.filter(like="probability:")
        classes = [name.partition(":")[2] for name in p.columns]
        y = kept["target"].map(classes.index)
        assert model.metrics["log_loss"].value == pytest.approx(log_loss(y, p.to_numpy()))
        rare = int(y.value_counts().idxmin())
        folds = [np.flatnonzero(kept["fold"] == fold) for fold in range(1, 6)]
        auc = np.average(
            [roc_auc_score(y[rows] == rare, p.iloc[rows, rare]) for rows in folds],
            weights=[len(rows) for rows in folds],
        )
        assert model.metrics["auc"].value == pytest.approx(auc)
        right = (kept["prediction"] == kept["target"]).mean()
        assert model.metrics["accuracy"].value == pytest.approx(right)
        counts = np.array(model.confusion.counts)
        assert counts.sum() == 569
        assert np.trace(counts) == round(right * 569)


def test_logistic_regression_is_as_good_as_that_of_scikit_learn(real_runs):
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    p = cross_val_predict(model, X, y, cv=folds, method="predict_proba")
    found = read(real_runs.path("ladder"))["models"][2]["metrics"]
    assert found["log_loss"]["value"] < log_loss(y, p) + 0.01
    assert found["auc"]["low"] <= roc_auc_score(y, p[:, 1]) <= found["auc"]["high"] + 0.002


def test_the_answer_names_the_most_transparent_model_that_is_tied(real_runs):
    advice = read(real_runs.path("ladder"))["recommendation"]
    apart = {one["model"]: one for one in advice["apart"]}
    best = apart[advice["best"]]
    assert best["tied"]
    models = read(real_runs.path("ladder"))["models"]
    order = [m["name"] for m in models if m["role"] == "model"]
    assert advice["chosen"] == next(name for name in order if apart[name]["tied"])
    assert apart["constant_classifier"]["difference"]["low"] > 0
    for one in apart.values():
        low, high = one["difference"]["low"], one["difference"]["high"]
        if low is not None:
            assert one["tied"] == (low <= 0 <= high)
            assert 0 <= one["best_better"] + one["negligible"] <= 1 + 1e-9


def test_shuffling_a_column_that_decides_costs_and_noise_costs_nothing(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 3)), columns=["decides", "noise", "more noise"])
    frame["y"] = np.where(frame["decides"] + rng.normal(0, 0.3, 300) > 0, "yes", "no")
    ladder = predictive_models(
        frame, target="y", models=["logistic_regression"], out=tmp_path / "run"
    )
    ranked = ladder.evaluation["models"][1]["importance"]
    assert ranked[0]["column"] == "decides"
    assert ranked[0]["loss"]["low"] > 0.3
    for other in ranked[1:]:
        assert abs(other["loss"]["value"]) < 0.05


def test_numbers_are_judged_as_numbers(real_runs):
    found = read(real_runs.path("numbers"))
    by_name = {model["name"]: model for model in found["models"]}
    assert found["task"] == "regression"
    assert by_name["constant_regressor"]["metrics"]["r2"]["value"] < 0.01
    linear = by_name["linear_regression"]["metrics"]
    assert 0.4 < linear["r2"]["value"] < 0.55
    assert linear["interval_coverage"]["low"] < 0.9 < linear["interval_coverage"]["high"] + 0.02
    assert by_name["linear_regression"]["explanation"]["kind"] == "coefficients"
    assert by_name["decision_tree_regressor"]["explanation"]["kind"] == "tree"


def test_the_model_that_is_kept_loads_and_predicts(real_runs):
    folder = real_runs.path("ladder")
    data = further.data.load("breast_cancer")
    for name in ("logistic_regression", "mlp_classifier"):
        model = load(folder, name)
        assert model.predict_proba(data).shape == (569, 2)
        assert (model.predict(data) == data.classes.values).mean() > 0.9


def test_what_embarrasses_is_said_first(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"x": rng.normal(size=400), "y": np.where(np.arange(400) < 24, "ill", "well")}
    )
    frame.loc[frame["y"] == "ill", "x"] += 1.5
    ladder = predictive_models(
        frame, target="y", models=["logistic_regression", "decision_tree_classifier"],
        out=tmp_path / "run",
    )  # fmt: skip
    assert "94.0 % of the rows: accuracy says little here" in ladder.evaluation["embarrassing"]


def test_a_failure_is_a_row_and_a_ladder_resumes(tmp_path):
    frame = pd.DataFrame({"x": np.arange(60.0), "y": np.tile(["a", "b"], 30)})
    models = {"logistic_regression": {}, "mlp_classifier": {"hidden": [0]}}
    out = tmp_path / "run"
    ladder = predictive_models(frame, target="y", models=models, out=out)
    failed = ladder.evaluation["models"][-1]
    assert failed["flags"] == ["failed"]
    assert "hidden=[0] must be whole numbers" in failed["notes"][0]
    before = read(out)["models"][1]["metrics"]
    (out / "models/logistic_regression/evaluation.json").unlink()
    (out / "models/logistic_regression/folds/2/model.json").unlink()
    further_run = resume(out)
    assert further_run.evaluation["models"][1]["metrics"] == before


def test_a_ladder_is_judged_again_once_it_has_finished(tmp_path):
    frame = pd.DataFrame({"x": np.arange(60.0), "y": np.tile(["a", "b", "b"], 20)})
    out, told = tmp_path / "run", []
    made = predictive_models(frame, target="y", models=["logistic_regression"], out=out)
    again = judge(out, on_event=told.append)
    assert again.evaluation["models"][1]["metrics"] == made.evaluation["models"][1]["metrics"]
    names = ["constant_classifier", "logistic_regression"]
    assert sorted(t["model"] for t in told if t["event"] == "done") == names
    Run(out).update(status="interrupted")
    with pytest.raises(RunError, match='has not finished; resume it with "further resume'):
        judge(out)
