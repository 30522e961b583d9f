from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import further as further_package
from further.compare.source import read_data
from further.train.run import Run

BUDGET = "20 steps"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> tuple[Path, str, str]:
    """Return the run of a comparison by the real command, its standard output and error."""
    run = tmp_path_factory.mktemp("compared") / "run"
    done = subprocess.run(
        [
            sys.executable, "-m", "further", "compare", str(pictures), "--models", "vae",
            "--budget", BUDGET, "--out", str(run), "--json",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return run, done.stdout, done.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, table: Path) -> tuple[Path, str, str]:
    """Return the run of a training on a table by the real command, with its output."""
    run = tmp_path_factory.mktemp("trained") / "run"
    done = subprocess.run(
        [
            sys.executable, "-m", "further", "train", "vae", str(table), "--target", "kind",
            f"budget={BUDGET}", "--latent-dim", "2", "--clip", "none", "--learning-rate=3e-3",
            "--out", str(run),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return run, done.stdout, done.stderr


def test_json_of_a_comparison_stands_alone_and_is_the_evaluation(compared):
    run, out, err = compared
    assert json.loads(out) == json.loads((run / "evaluation.json").read_text())
    assert err == ""
    evaluation = json.loads(out)
    names = {model["name"] for model in evaluation["models"]}
    assert names == {"vae", "gaussian_mixture", "copy", "interpolation"}
    assert evaluation["command"].startswith("further compare ")
    assert evaluation["recommendation"]["sentence"]
    assert (run / "report.html").is_file()


def test_a_finished_comparison_is_resumed_at_once_and_described(further, compared):
    run = compared[0]
    status, out, err = further("resume", run)
    assert (status, err) == (0, "")
    assert "Variational autoencoder" in out
    assert "kernel distance" in out
    assert out.rstrip().endswith(f"Report: {run / 'report.html'}")
    assert "\x1b" not in out


def test_a_member_is_resumed_as_part_of_its_comparison(further, compared):
    status, out, _ = further("resume", compared[0] / "models" / "vae", "--quiet")
    assert (status, out) == (0, "")


def test_judging_again_gives_the_same_figures(further, compared):
    run, first, _ = compared
    status, out, _ = further("evaluate", run, "--json")
    assert status == 0
    before, after = (
        {
            (model["name"], name): metric["value"]
            for model in json.loads(text)["models"]
            for name, metric in model["metrics"].items()
            if not name.startswith("sampling_seconds")
        }
        for text in (first, out)
    )
    assert before == after


def test_samples_of_pictures_are_numbered_files_and_a_sheet(further, compared, tmp_path):
    from PIL import Image

    out = tmp_path / "samples"
    status, printed, _ = further(
        "sample", compared[0], "--model", "vae", "-n", 10, "--out", out, "--json"
    )
    assert status == 0
    assert [Path(name).name for name in json.loads(printed)["files"]][:2] == [
        "sheet.png",
        "0001.png",
    ]
    assert len(list(out.glob("0*.png"))) == 10
    assert Image.open(out / "0010.png").size == (8, 8)
    assert Image.open(out / "sheet.png").size == (4 * 8, 3 * 8)
    classes = list(csv.DictReader((out / "classes.csv").open()))
    assert [row["file"] for row in classes] == [f"{i:04d}.png" for i in range(1, 11)]


def test_the_same_seed_gives_the_same_samples_and_another_others(further, compared, tmp_path):
    sheets = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        file = tmp_path / f"{name}.png"
        assert (
            further("sample", compared[0], "model=vae", "n=9", f"seed={seed}", "--out", file)[0]
            == 0
        )
        sheets.append(file.read_bytes())
    assert sheets[0] == sheets[1] != sheets[2]


def test_samples_of_one_class(further, compared, tmp_path):
    out = tmp_path / "threes"
    arguments = ("sample", compared[0], "--model", "vae", "-n", 3, "--out", out)
    assert further(*arguments, "--class", "3").status == 0
    assert {row["class"] for row in csv.DictReader((out / "classes.csv").open())} == {"3"}
    status, _, err = further("sample", compared[0], "--model", "vae", "--class", "33")
    assert status == 2
    assert 'no class "33"' in err


def test_samples_that_meet_a_condition(further, trained, tmp_path):
    out, where = tmp_path / "given.csv", "weight > 8 and coat == 'short'"
    arguments = ("sample", trained[0], "-n", 20, "--where", where, "--out", out)
    status, printed, err = further(*arguments, "--keep-rules", "--json")
    assert (status, err) == (0, "")
    said, given = json.loads(printed), pd.read_csv(out)
    assert list(given) == ["age", "kind", "weight", "coat"]
    assert len(given) == len(given.query(where)) == 20
    assert said["acceptance_rate"] == said["accepted"] / said["drawn"]
    assert said["rules"]["found"] > 0
    status, printed, err = further(
        "sample", trained[0], "--where", "weight > 1e9", "--most-draws", 500, "--out",
        tmp_path / "none.csv",
    )  # fmt: skip
    assert (status, printed) == (2, "")
    assert "Only 0 of 500 rows drawn meet" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "none.csv").exists()


def test_conditions_are_for_tables(further, compared):
    for option in (("--where", "pixel > 3"), ("--keep-rules",)):
        status, _, err = further("sample", compared[0], "--model", "vae", *option)
        assert status == 2
        assert "tables" in err


def test_missing_values_are_filled_in_and_judged(further, trained, table, tmp_path):
    frame, out = pd.read_csv(table), tmp_path / "filled.csv"
    frame.loc[::5, "coat"] = np.nan
    frame.loc[3, "kind"] = np.nan
    gappy = tmp_path / "gappy.csv"
    frame.to_csv(gappy, index=False)
    status, printed, err = further("impute", trained[0], gappy, "-o", out, "--json")
    assert (status, err) == (0, "")
    said, filled = json.loads(printed), pd.read_csv(out)
    assert said["filled"] == {"weight": int(frame["weight"].isna().sum()), "coat": 24}
    assert list(filled) == list(frame)
    assert not filled[["age", "weight", "coat"]].isna().any().any()
    known = frame.notna()
    assert ((filled == frame) | ~known).all(axis=None)
    judged = said["judged"]["scores"]
    assert set(judged["normalised RMSE"]) == {"model", "median or mode", "nearest neighbours"}
    assert 'have no "kind"' in said["notes"][0]
    status, _, err = further("impute", trained[0], gappy, "-o", out)
    assert (status, "not overwritten" in err) == (2, True)


def test_samples_overwrite_nothing(further, compared, tmp_path):
    file = tmp_path / "sheet.png"
    file.write_text("mine")
    status, _, err = further("sample", compared[0], "--model", "vae", "--out", file)
    assert (status, file.read_text()) == (2, "mine")
    assert str(file) in err
    first, second = (further("sample", compared[0], "--model", "vae", "-n", 2).out for _ in "ab")
    assert first != second


def test_a_comparison_needs_the_name_of_a_model(further, compared):
    status, _, err = further("sample", compared[0])
    assert status == 2
    assert "vae" in err


def test_a_comparison_is_not_taken_for_another(further, compared, pictures):
    for option in (("--models", "gan"), ("--budget", "30 steps"), ("--repeats", 2)):
        status, _, err = further("compare", pictures, *option, "--out", compared[0])
        assert status == 2
        assert "holds a run with another" in err


def test_a_comparison_is_loaded_in_python(compared):
    estimator = further_package.load(compared[0], model="vae")
    assert estimator.sample(3).shape == (3, 1, 8, 8)


def test_epochs_are_a_budget(further, table, tmp_path):
    run = tmp_path / "run"
    status, _, err = further("train", "vae", table, "--epochs", 2, "--quiet", "--out", run)
    assert (status, err) == (0, "")
    record = json.loads((run / "run.json").read_text())
    assert record["parameters"]["budget"] == "2 epochs"
    assert record["command"] == f"further train vae {table} --epochs 2"
    last = list(csv.DictReader((run / "history.csv").open()))[-1]
    assert float(last["epoch"]) == 2


def test_a_finished_run_is_used_on_the_device_that_is_asked_for(further, trained, missing_device):
    for name in ("sample", "evaluate"):
        status, out, err = further(name, trained[0], "--device", missing_device)
        assert (status, out) == (2, "")
        assert "is not available" in err
    assert further("sample", trained[0], "-n", 2, "--device", "cpu", "--quiet").status == 0


@pytest.mark.slow
def test_an_interrupted_training_continues_on_another_device(
    further, table, tmp_path, missing_device
):
    run = tmp_path / "run"
    arguments = ("train", "vae", table, "--budget", "20 steps", "--precision", "float32")
    further(*arguments, "--device", "cpu", "--out", run, "--quiet")
    weights = (run / "model.safetensors").read_bytes()
    record = json.loads((run / "run.json").read_text())
    assert record["parameters"]["device"] == "cpu"
    # As a machine with another device would have left it.
    record |= {"status": "interrupted"}
    record["execution"]["device"] = record["parameters"]["device"] = missing_device
    (run / "run.json").write_text(json.dumps(record))
    for file in ("model.json", "model.safetensors", "evaluation.json"):
        (run / file).unlink()
    status, _, err = further("resume", run, "--quiet")
    assert (status, "is not available" in err) == (2, True)
    assert further("resume", run, "--quiet", "--device", "cpu").status == 0
    assert (run / "model.safetensors").read_bytes() == weights


@pytest.mark.slow
def test_members_of_a_comparison_have_its_device(further, pictures, tmp_path):
    run = tmp_path / "run"
    given = ("--models", "vae", "--budget", "2 steps", "--device", "cpu", "--quiet")
    assert further("compare", pictures, *given, "--out", run).status == 0
    assert json.loads((run / "run.json").read_text())["device"] == "cpu"
    member = json.loads((run / "models" / "vae" / "run.json").read_text())
    assert member["parameters"]["device"] == member["execution"]["device"] == "cpu"


@pytest.mark.slow
def test_members_are_trained_one_at_a_time_on_a_gpu(further, pictures, tmp_path, monkeypatch):
    from further.compare.generation import comparison

    class Stopped(Exception):
        pass

    def train_members(
        run: object, data: object, cost: object, jobs: int, emit: object, **given: object
    ) -> None:
        raise Stopped(jobs)

    monkeypatch.setattr(comparison, "train_members", train_members)
    for device, jobs in (("cuda", 1), ("cpu", 3)):
        monkeypatch.setattr(comparison, "find_device", lambda name, device=device: device)
        with pytest.raises(Stopped, match=str(jobs)):
            comparison.generative_models(pictures, jobs=3, out=tmp_path / device)


def test_a_report_can_be_written_elsewhere(further, trained, tmp_path):
    ours, out = trained[0] / "report.html", tmp_path / "shared.html"
    before = ours.read_bytes()
    status, printed, _ = further("report", trained[0], "--no-training-examples", "--out", out)
    assert (status, printed) == (0, f"Report: {out}\n")
    assert "Left out on request" in out.read_text()
    assert ours.read_bytes() == before
    status, _, err = further("report", trained[0], "--out", out)
    assert (status, "exists and is not overwritten" in err) == (2, True)


def test_a_training_says_what_it_found_and_how_long_it_takes(trained):
    run, out, err = trained
    assert re.fullmatch(r"(A few seconds|About \d+ s.*) on this machine\.\n", err)
    assert out.splitlines()[0].split()[:2] == ["model", "kernel"]
    assert "Gaussian mixture" in out
    assert f"Report: {run / 'report.html'}" in out


def test_a_training_records_what_was_given(trained, table):
    run = trained[0]
    record = json.loads((run / "run.json").read_text())
    assert record["status"] == "finished"
    assert record["model"] == "vae"
    assert record["parameters"]["latent_dim"] == 2
    assert record["parameters"]["training"] == {"clip": None, "learning_rate": 0.003}
    assert record["data"]["source"] == str(table)
    for word in ("--latent-dim 2", "--clip none", "'20 steps'", "--target kind"):
        assert word in record["command"]


def test_a_training_is_judged_beside_the_mixture(trained):
    evaluation = json.loads((trained[0] / "evaluation.json").read_text())
    assert [model["name"] for model in evaluation["models"]] == ["vae"]
    assert [control["name"] for control in evaluation["controls"]] == ["gaussian_mixture"]
    metrics = evaluation["models"][0]["metrics"]
    assert metrics["kernel_distance"]["low"] <= metrics["kernel_distance"]["value"]
    assert metrics["column_shapes"]["value"] is not None


def test_a_table_is_sampled_with_the_columns_and_types_of_the_source(
    further, trained, table, tmp_path
):
    out = tmp_path / "rows.csv"
    assert further("sample", trained[0], "-n", 30, "--out", out).status == 0
    real, made = pd.read_csv(table, keep_default_na=False), pd.read_csv(out, keep_default_na=False)
    real, made = (frame.replace("", np.nan) for frame in (real, made))
    assert list(made.columns) == list(real.columns)
    assert len(made) == 30
    assert set(made["kind"]) <= {"cat", "dog"}
    assert set(made["coat"]) <= {"short", "long", "none"}
    assert made["age"].dtype.kind == "i"
    weights = made["weight"].dropna().astype(float)
    assert (weights.round(1) == weights).all()
    parquet = tmp_path / "rows.parquet"
    assert further("sample", trained[0], "-n", 5, "--class", "dog", "--out", parquet).status == 0
    assert list(pd.read_parquet(parquet)["kind"]) == ["dog"] * 5
    assert further("sample", trained[0], "--out", tmp_path / "rows.png").status == 2


def test_evaluate_and_report_of_a_training(further, trained):
    run = trained[0]
    before = json.loads((run / "evaluation.json").read_text())["models"][0]["metrics"]
    status, out, _ = further("evaluate", run, "--json")
    after = json.loads(out)["models"][0]["metrics"]
    assert status == 0
    assert after["kernel_distance"] == before["kernel_distance"]
    assert "Gaussian mixture (baseline)" in (run / "report.html").read_text()
    (run / "report.html").unlink()
    status, out, _ = further("report", run, "--no-training-examples")
    assert (status, out) == (0, f"Report: {run / 'report.html'}\n")
    assert "Left out on request" in (run / "report.html").read_text()


def test_a_run_is_not_overwritten_by_another(further, trained, table):
    arguments = ("train", "vae", table, "--target", "kind", "--out", trained[0])
    status, _, err = further(*arguments, "--latent-dim", 3)
    assert status == 2
    assert "another parameters" in err


def test_runs_are_listed_and_only_runs_removed(further, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert further("runs").status == 0
    folder = Path("runs")
    for name, status in (("a", "finished"), ("b", "interrupted")):
        (folder / name).mkdir(parents=True)
        record = {"schema": 1, "status": status, "model": "vae", "data": {"name": "digits"}}
        (folder / name / "run.json").write_text(json.dumps(record))
    (folder / "c").mkdir()
    (folder / "c" / "run.json").write_text("{")
    (folder / "d").mkdir()
    (folder / "d" / "run.json").write_text("{}")
    (folder / "notes").mkdir()
    (folder / "notes" / "mine.txt").write_text("keep")
    entries = {e["run"]: e["status"] for e in json.loads(further("runs", "--json").out)}
    assert entries == {
        "runs/a": "finished", "runs/b": "interrupted", "runs/c": "damaged", "runs/d": "damaged",
    }  # fmt: skip
    assert further("runs", "--remove", folder / "notes").status == 2
    assert further("runs", "--remove", folder / "a", "--remove", folder / "notes").status == 2
    assert (folder / "a").is_dir()
    assert (folder / "notes" / "mine.txt").read_text() == "keep"
    assert further("runs", "--remove", folder / "a").status == 0
    assert not (folder / "a").exists()
    assert further("runs", "--remove", "b").status == 0
    assert not (folder / "b").exists()


def test_a_run_made_by_fit_in_python_is_not_resumed_by_the_command(further, tmp_path):
    run = tmp_path / "run"
    X = np.random.default_rng(0).normal(size=(60, 3))
    further_package.VAE(budget="2 steps", random_state=0).fit(X, run=run)
    status, _, err = further("resume", run)
    assert status == 2
    assert "fit(X, y, run=" in err


def test_what_is_recognised_in_a_table(further, table):
    facts = json.loads(further("data", table, "target=kind", "--json").out)
    assert (facts["kind"], facts["rows"], facts["shape"]) == ("table", 120, [3])
    assert [column["name"] for column in facts["columns"]] == ["age", "weight", "coat"]
    assert facts["columns"][1]["missing"] == 8
    assert set(facts["classes"]) == {"cat", "dog"}
    assert facts["near_duplicates"]["n_test"] == 24
    seen = json.loads(further("data", table, "attributes=coat, age", "--json").out)
    assert [column["name"] for column in seen["columns"]] == ["kind", "weight"]
    assert any('seen by no model: "coat", "age"' in note for note in seen["notes"])
    assert further("data", table, "--quiet") == (0, "", "")
    out = further("data", table, "--target", "kind").out
    assert "split: 72 train, 24 validation, 24 test" in out


def test_attributes_are_in_the_record_and_come_back_with_a_resumed_run(further, table, tmp_path):
    run = tmp_path / "run"
    command = "train", "vae", table, "--attributes", "coat", "--budget", "2 steps", "--quiet"
    assert further(*command, "--out", run).status == 0
    record = json.loads((run / "run.json").read_text())
    assert record["data"]["options"]["attributes"] == ["coat"]
    assert "--attributes coat" in record["command"]
    dataset = read_data(Run(run))
    assert list(dataset.attributes) == ["coat"]
    assert "coat" not in dataset.frame


def test_what_is_recognised_in_pictures(further, pictures):
    out = further("data", pictures).out
    assert out.startswith("few_digits: images, 200 rows of 1 x 8 x 8")


def test_what_was_decided_about_pictures_is_said(further, tmp_path):
    for name, n in (("a", 20), ("b", 1), ("a/.ipynb_checkpoints", 3)):
        (tmp_path / name).mkdir()
        for i in range(n):
            pixels = np.random.default_rng([len(name), i]).integers(0, 4096, (6, 6))
            Image.fromarray(pixels.astype(np.uint16)).save(tmp_path / name / f"{i}.png")
    notes = json.loads(further("data", tmp_path, "--json").out)["notes"]
    out = further("data", tmp_path).out
    for begin in (
        "3 hidden pictures are left out", "Values from ",
        'Too few rows for training, validation and test sets: "b" (1)',
    ):  # fmt: skip
        assert f"note: {begin}" in out
        assert any(note.startswith(begin) for note in notes)
    assert 'no validation or test row of "b"' in out
