"""``predictions.parquet``: a row a held-out row, with what the model says of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from further.compare import train_model
from further.data.dataset import as_dataset
from further.data.loading import load
from real_runs import RealRuns, few_digits, patients
from small_models import SMALL

QUICK = {"budget": "3 steps", "precision": "float32"}


def test_a_row_a_test_row_of_every_model_with_a_likelihood(real_runs: RealRuns) -> None:
    run = real_runs.path("digits")
    digits = few_digits()
    test = digits.split(seed=0).test
    for name in ("vae", "flow", "diffusion"):
        frame = pd.read_parquet(run / "models" / name / "predictions.parquet")
        assert list(frame.columns) == ["identifier", "target", "score"]
        np.testing.assert_array_equal(frame["identifier"], test)
        np.testing.assert_array_equal(frame["target"], digits.take(test).classes.values)
        assert np.isfinite(frame["score"]).all()
    assert not (run / "models" / "gan" / "predictions.parquet").exists()


def test_scores_are_the_model_s_and_attributes_come_along(tmp_path) -> None:
    patients().to_csv(tmp_path / "patients.csv", index=False)
    parameters = {**SMALL["flow"], **QUICK}
    options = {"target": "outcome", "attributes": ("smoker",)}
    trained = train_model(
        "flow", tmp_path / "patients.csv", parameters=parameters, out=tmp_path / "run", **options
    )
    frame = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    assert list(frame.columns) == ["identifier", "target", "score", "attribute:smoker"]
    rows = load(tmp_path / "patients.csv", **options).take(frame["identifier"].to_numpy())
    np.testing.assert_allclose(frame["score"], trained.load().score_samples(rows), rtol=1e-5)
    source = patients().iloc[frame["identifier"]]
    assert list(frame["attribute:smoker"].astype(bool)) == list(source["smoker"])
    assert list(frame["target"]) == list(source["outcome"])


def test_without_classes_there_is_no_target(tmp_path) -> None:
    X = np.random.default_rng(0).normal(size=(60, 3))
    train_model("flow", as_dataset(X), parameters={**SMALL["flow"], **QUICK}, out=tmp_path / "run")
    frame = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    assert list(frame.columns) == ["identifier", "score"]
