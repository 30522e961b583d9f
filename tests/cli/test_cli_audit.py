"""``further audit``: what it prints and writes, what it asks for, and 300 damaged files."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from further.train.run import Run
from real_runs import RealRuns

N = 500
RADIUS = ["--group", "mean radius", "--positive", "malignant"]


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    y = rng.random(N) < 0.4
    frame = pd.DataFrame({
        "y": y.astype(int), "p": np.clip(rng.normal(0.35 + 0.3 * y, 0.2), 0, 1).round(4),
        "sex": rng.choice(["f", "m"], N), "town": rng.choice(["A, east", 'the "old" one'], N),
    })  # fmt: skip
    file = tmp_path / "predictions.csv"
    frame.to_csv(file, index=False)
    return file


def asked(file: object, *more: object) -> list[object]:
    return ["audit", file, "--label", "y", "--score", "p", "--group", "sex", *more]


def test_json_has_what_is_promised(further, predictions, tmp_path):
    done = further(*asked(predictions, "--threshold", 0.5, "--out", tmp_path / "run", "--json"))
    assert done.status == 0
    record = json.loads(done.out)
    assert record["run"] == str(tmp_path / "run")
    assert record["threshold"] == 0.5
    group = record["groups"][0]
    assert group["group"] == {"sex": "f"}
    assert group["n"] == group["tp"] + group["fp"] + group["tn"] + group["fn"]
    for name in ("fpr", "fnr", "ppv", "npv", "selection_rate", "accuracy", "auc"):
        figure = group["metrics"][name]
        assert figure["low"] <= figure["value"] <= figure["high"]
        assert {"value", "low", "high"} <= record["differences"][name].keys()
        assert {"value", "low", "high"} <= record["ratios"][name].keys()
    assert record["slices"] == []
    assert record["sentence"]
    kept = json.loads((tmp_path / "run" / "audit.json").read_text())
    assert kept["groups"] == record["groups"]
    assert (tmp_path / "run" / "report.html").is_file()
    assert Run(tmp_path / "run").status == "finished"


def test_a_table_is_printed_and_the_report_is_written_again(further, predictions, tmp_path):
    done = further(*asked(predictions, "--threshold", 0.5, "--out", tmp_path / "run"))
    assert done.status == 0
    assert "FPR" in done.out
    assert f"Report: {tmp_path / 'run' / 'report.html'}" in done.out
    again = further("report", tmp_path / "run", "--out", tmp_path / "again.html", "--json")
    assert again.status == 0
    quiet = further(*asked(predictions, "--threshold", 0.5, "--out", tmp_path / "q", "--quiet"))
    assert quiet.out == ""


def test_columns_with_signs_of_every_kind_are_groups(further, predictions, tmp_path):
    more = ["--group", "town", "--threshold", 0.5, "--out", tmp_path / "run", "--json"]
    done = further("audit", predictions, "--label", "y", "--score", "p", *more)
    groups = [g["group"]["town"] for g in json.loads(done.out)["groups"]]
    assert groups == ["A, east", 'the "old" one']


def test_a_file_without_names_is_read(further, predictions, tmp_path):
    bare = tmp_path / "bare.csv"
    bare.write_text("\n".join(predictions.read_text().splitlines()[1:]))
    done = further(
        "audit", bare, "--label", "column_1", "--score", "column_2", "--group", "column_3",
        "--threshold", 0.5, "--out", tmp_path / "run", "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    assert json.loads(done.out)["n"] == N


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([], "say with --threshold T"),
        (["--threshold", 0.5, "--reason", "so"], "belong to a threshold"),
        (["--fix", 0.5], "--decided-by"),
        (["--fix", 0.5, "--decided-by", "Ada"], "--reason"),
        (["--fix", "equal-fpr=2", "--decided-by", "Ada", "--reason", "so"], "between 0 and 1"),
        (["--fix", "equal-tpr=0.2"], "did you mean"),
        (["--fix", 0.3, "--threshold", 0.5], "cannot decide both"),
        (["--threshold", 0.5, "--reference", "sex"], "COLUMN=VALUE"),
        (["--threshold", 0.5, "--reference", "sex=x"], "is no group; there are f, m"),
        (["--threshold", 0.5, "--model", "mlp"], "is none"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_written(further, predictions, tmp_path, more, told):
    done = further(*asked(predictions, *more, "--out", tmp_path / "run"))
    assert done.status == 2
    assert told in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_slice_that_nobody_named_is_found(further, tmp_path):
    rng = np.random.default_rng(0)
    n = 4000
    frame = pd.DataFrame({
        "y": rng.integers(0, 2, n), "age": rng.integers(18, 80, n),
        "town": rng.choice(["north", "south", "east"], n), "leak": 0,
    })  # fmt: skip
    weak = (frame["age"] > 60) & (frame["town"] == "east")
    frame["said"] = frame["y"] ^ (rng.random(n) < np.where(weak, 0.5, 0.15))
    frame["leak"] = (frame["said"] != frame["y"]).astype(int)
    file = tmp_path / "predictions.csv"
    frame.to_csv(file, index=False)
    asked = ["audit", file, "--label", "y", "--score", "said", "--json", "--out"]
    done = further(*asked, tmp_path / "run", "--slice-columns", "age,town")
    assert done.status == 0, done.err
    record = json.loads(done.out)
    found = record["slices"][0]
    assert {"conditions", "n", "error", "low", "high", "p"} <= found.keys()
    assert any("east" in condition for condition in found["conditions"])
    assert found["low"] > found["rest"]
    assert record["sentence"] == record["slice_search"]["sentence"]
    assert record["groups"] == []
    page = (tmp_path / "run" / "report.html").read_text()
    assert escape(" and ".join(found["conditions"])) in page
    every = json.loads(further(*asked, tmp_path / "every", "--find-slices").out)
    assert "leak" in str(every["slices"][0]["conditions"])
    strange = further(*asked, tmp_path / "x", "--slice-columns", "agee")
    assert 'did you mean "age"' in strange.err


def test_a_threshold_is_somebodys_decision(further, predictions, tmp_path):
    done = further(*asked(
        predictions, "--fix", "equal-fpr=0.2", "--decided-by", "Ada Lovelace",
        "--reason", "false alarms cost the same", "--out", tmp_path / "run", "--json",
    ))  # fmt: skip
    assert done.status == 0, done.err
    decision = json.loads(done.out)["decision"]
    assert decision["decided_by"] == "Ada Lovelace"
    assert len(decision["thresholds"]) == 2
    for line in decision["effect"]:
        assert sum(line["per_1000"].values()) == pytest.approx(1000)
        assert abs(line["metrics"]["fpr"]["value"] - 0.2) < 0.03
    record = Run(tmp_path / "run").record
    assert record["decided_by"] == "Ada Lovelace"
    assert record["reason"] == "false alarms cost the same"
    assert record["threshold"]["rule"] == "equal_fpr"
    assert "Ada Lovelace" in (tmp_path / "run" / "report.html").read_text()
    by_rule = [group["fp"] for group in json.loads(done.out)["groups"]]
    assert by_rule == [
        round(line["per_1000"]["fp"] * line["n"] / 1000) for line in decision["effect"]
    ]


def test_rows_of_one_person_have_a_report(further, predictions, tmp_path):
    table = pd.read_csv(predictions).assign(who=lambda f: f.index // 4)
    file = tmp_path / "visits.csv"
    table.to_csv(file, index=False)
    done = further(*asked(file, "--threshold", 0.5, "--unit", "who", "--out", tmp_path / "run"))
    assert done.status == 0, done.err
    assert (tmp_path / "run" / "report.html").is_file()


def test_a_run_is_audited_by_columns_of_its_data_and_keeps_who_decided(
    further, real_runs: RealRuns, tmp_path
):
    path = real_runs.copy("ladder", tmp_path / "run")
    asked = ["audit", path, "--group", "mean radius:12,15", "--positive", "malignant", "--json"]
    done = further(*asked)
    assert done.status == 0, done.err
    before = json.loads(done.out)
    name = json.loads((path / "evaluation.json").read_text())["recommendation"]["chosen"]
    table = pd.read_parquet(path / "models" / name / "predictions.parquet")
    wrong = (table["prediction"] == "malignant") & (table["target"] == "benign")
    assert before["overall"]["fp"] == wrong.sum()
    assert before["run"] == str(path)
    assert (path / "audit.html").is_file()
    fixed = further(*asked, "--fix", "0.2", "--decided-by", "Ada", "--reason", "overlook few")
    assert fixed.status == 0, fixed.err
    after = json.loads(further(*asked).out)
    assert after["threshold"] == 0.2
    assert after["overall"]["fn"] <= before["overall"]["fn"]
    assert any("fixed by Ada" in note for note in after["notes"])
    # Thresholds of groups that were cut belong to the same cuts.
    by_group = ["--fix", "equal-fnr=0.1", "--decided-by", "Ada", "--reason", "alike"]
    assert further(*asked, *by_group).status == 0
    again = json.loads(further(*asked).out)
    assert again["threshold"] is None
    kept = Run(path).record["threshold"]
    assert [t["group"] for t in kept["thresholds"]] == [g["group"] for g in again["groups"]]
    assert kept["asked"] == ["mean radius:12,15"]
    # It is Ada's for this model and this class, and for no other.
    other = json.loads(further(*asked[:-3], "--positive", "benign", "--json").out)
    assert other["threshold"] == 0.5
    assert any("it is not used" in note for note in other["notes"])
    assert Run(path).record["status"] == "finished"


@pytest.mark.parametrize(
    ("run", "more", "told"),
    [
        ("ladder", ["--group", "mean area"], "--positive"),
        ("ladder", ["--group", "mean area", "--label", "diagnosis"], "knows its own label"),
        ("ladder", [*RADIUS, "--model", "mpl_classifier"], 'did you mean "mlp_classifier"'),
        ("ladder", [*RADIUS, "--out", "x"], "kept in it"),
        ("ladder", [*RADIUS, "--group", "mean rad"], 'did you mean "mean radius"'),
        ("iris", ["--group", "x"], "leaves no predictions"),
    ],
)
def test_what_does_not_fit_a_run_is_refused(further, real_runs, tmp_path, run, more, told):
    path = real_runs.copy(run, tmp_path / "run")
    done = further("audit", path, *more)
    assert done.status == 2
    assert told in done.err


def test_errors_of_numbers_are_audited_in_a_run(further, real_runs: RealRuns, tmp_path):
    path = real_runs.copy("numbers", tmp_path / "run")
    record = json.loads(further("audit", path, "--group", "bmi:25,30", "--json").out)
    assert record["kind"] == "numbers"
    assert "median_absolute_error" in record["groups"][0]["metrics"]


DAMAGES = 300


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Return a file in which something happened that happens to files."""
    kind = int(rng.choice(6, p=[0.05, 0.1, 0.05, 0.6, 0.1, 0.1]))
    place = int(rng.integers(len(content)))
    if kind == 0:
        return content[:place]
    if kind == 1:
        return content[:place] + bytes(rng.integers(0, 256, 3, dtype=np.uint8)) + content[place:]
    if kind == 2:
        return content.replace(b",", rng.choice([b";", b"\t", b"|", b" "]), int(rng.integers(400)))
    lines = content.split(b"\n")
    row = int(rng.integers(len(lines)))
    fields = lines[row].split(b",")
    field = int(rng.integers(len(fields)))
    strange = [b"", b"NA", b"?", b"inf", b"-1e999", b'"', b"\xff\xfe", b"1,5", b"yes", b"0.5.1"]
    if kind == 3:
        fields[field] = strange[int(rng.integers(len(strange)))]
    elif kind == 4:
        del fields[field]
    else:
        fields += [b"more"]
    lines[row] = b",".join(fields)
    return b"\n".join(lines)


def test_300_damaged_files_are_audited_or_refused_in_a_sentence(further, predictions, tmp_path):
    rng = np.random.default_rng(0)
    content = predictions.read_bytes()
    refused = 0
    for number in range(DAMAGES):
        spoilt = content
        for _ in range(1 + int(rng.integers(2))):
            spoilt = damaged(spoilt, rng) or b"x"
        file = tmp_path / "damaged.csv"
        file.write_bytes(spoilt)
        run = tmp_path / f"run {number}"
        done = further(*asked(file, "--threshold", 0.5, "--out", run, "--json"))
        assert done.status in (0, 2), (number, done.err)
        if done.status:
            refused += 1
            assert done.err.count("\n") == 1, done.err
            assert not run.exists()
        else:
            record = json.loads(done.out)
            assert sum(g["n"] for g in record["groups"]) == record["n"] > 0
    assert 30 < refused < 250
