"""A new task is its own files and lines of the registry: every command knows it then."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

import further
from further.cli.main import main


@pytest.fixture(autouse=True)
def _toy(newcomer: None) -> None:
    """Add the task that CONTRIBUTING.md makes."""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "iris.csv"
    load_iris(as_frame=True).data.to_csv(path, index=False)
    return path


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return int(stopped.value.code or 0), captured.out, captured.err


def test_compare_resume_evaluate_and_report(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "toy"
    arguments = ("compare", table, "--task", "centring", "--out", run, "--jobs", 2)
    status, out, err = call(capsys, *arguments)
    assert status == 0, err
    assert "mean" in out
    assert "median" in out
    assert "Report:" in out
    rows = np.asarray(pd.read_csv(table), dtype=float)
    mean = further.load(run, "mean")
    np.testing.assert_allclose(mean.centre_, rows[::2].mean(axis=0))
    written = json.loads((run / "evaluation.json").read_text())["models"]
    expected = np.abs(rows[1::2] - rows[::2].mean(axis=0)).mean()
    assert written[0]["error"]["value"] == pytest.approx(expected)
    # Its members were trained by processes of their own, which were told the lines.
    made_by = {
        json.loads((run / "models" / name / "run.json").read_text())["process"]
        for name in ("mean", "median")
    }
    assert os.getpid() not in made_by
    # What is missing, and only that, is done by a resumption.
    kept = (run / "models" / "median" / "evaluation.json").stat().st_mtime_ns
    (run / "models" / "mean" / "evaluation.json").unlink()
    (run / "models" / "mean" / "run.json").unlink()
    (run / "models" / "mean" / "model.json").unlink()
    (run / "models" / "mean" / "model.safetensors").unlink()
    assert call(capsys, "resume", run, "--quiet")[0] == 0
    assert json.loads((run / "evaluation.json").read_text())["models"] == written
    assert (run / "models" / "median" / "evaluation.json").stat().st_mtime_ns == kept
    status, out, err = call(capsys, "evaluate", run, "--json")
    assert status == 0, err
    assert json.loads(out)["models"] == written
    (run / "report.html").unlink()
    assert call(capsys, "report", run)[0] == 0
    assert "How far rows lie from one number" in (run / "report.html").read_text()


def test_its_models_are_listed_trained_and_named(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = json.loads(call(capsys, "models", "--json")[1])
    assert {"name": "mean", "task": "centring", "role": "model"}.items() <= next(
        line for line in listed if line["name"] == "mean"
    ).items()
    assert "mean" in call(capsys, "train", "--help")[1]
    found = further.compare.train_model("mean", table, out=tmp_path / "toy")
    assert [model["name"] for model in found.evaluation["models"]] == ["mean", "median"]
    assert further.Median.__module__ == "newcomer.centring.model"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--task", "centering"), 'did you mean "centring"?'),
        (("--task", "centring", "--budget", "3 steps"), 'has no option "budget"'),
        (("--task", "anomaly"), 'The task "anomaly" cannot compare'),
    ],
)
def test_what_a_task_cannot_do_is_one_sentence(
    table: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    status, out, err = call(capsys, "compare", table, *arguments, "--out", tmp_path / "toy")
    assert (status, out) == (2, "")
    assert said in err
    assert not (tmp_path / "toy").exists()
