"""``further audit-labels``: from a folder with labels to a report, and from decisions to a copy."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from further.cli.main import cli
from further.data import load, write
from further.data.target import Boxes
from labelled_boxes import labelled


def call(*arguments: object) -> dict:
    done = CliRunner().invoke(cli, ["audit-labels", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return twelve pictures with their labels as Pascal VOC."""
    path = tmp_path_factory.mktemp("labels") / "rings"
    write(labelled().dataset.take(np.arange(12)), path, "voc")
    return path


@pytest.fixture(scope="module")
def audited(folder: Path) -> tuple[Path, dict]:
    run = folder.parent / "run"
    found = call(
        folder, "--folds", 2, "--budget", "3 steps", "--parameter", "size=64",
        "--parameter", "channels=8,8,16,16,16", "--parameter", "precision=float32",
        "--out", run, "--json",
    )  # fmt: skip
    return run, found


def test_the_run_holds_the_ranking_and_a_page_that_fetches_nothing(audited):
    run, found = audited
    assert (found["pictures"], found["run"]) == (12, str(run))
    lines = (run / "suspicions.csv").read_text().splitlines()
    assert len(lines) - 1 >= found["labels"] > 90
    page = (run / "report.html").read_text()
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert page.count("data-number=") >= len(found["sample"])
    assert (run / "models" / "fold_1" / "predictions.npz").is_file()


def test_decisions_are_estimated_and_written_to_a_copy(audited, folder: Path, tmp_path: Path):
    run, found = audited
    audit = json.loads((run / "audit.json").read_text())
    of_label = [s for s in audit["suspicions"] if s["label"] is not None]
    spurious = next(s for s in of_label if s["kind"] == "spurious")
    decisions = tmp_path / "decisions.json"
    rejected = [n for n in found["sample"] if n != spurious["number"]]
    content = {"accepted": [spurious["number"]], "rejected": rejected}
    decisions.write_text(json.dumps(content | {"fingerprint": audit["fingerprint"]}))
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    out = tmp_path / "corrected"
    said = call(run, "--decisions", decisions, "--write", out, "--json")
    assert 0 <= said["share"]["all"]["low"] <= said["share"]["all"]["high"]
    assert said["accepted"] == 1
    old, new = load(folder).target, load(out).target
    assert isinstance(new, Boxes)
    change = new.counts - old.counts
    assert change[spurious["picture"]] == -1
    assert np.abs(change).sum() == 1
    assert {file: file.read_bytes() for file in before} == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["digits"], "has no boxes|learns from boxes"),
        (["{folder}", "--write", "out"], "--write needs --decisions"),
        (["{folder}", "--model", "vae"], "finds no boxes"),
        (["{folder}", "--parameter", "colour=red"], "colour=red is none of yolo"),
        (["{folder}", "--folds", "13", "--out", "{new}"], "2 to 12 folds"),
        (["{folder}", "--decisions", "none.json"], "is not a run"),
    ],
)
def test_wrong_usage_is_one_sentence(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments, message: str
):
    monkeypatch.chdir(tmp_path)
    given = [text.format(folder=folder, new=tmp_path / "new") for text in arguments]
    done = CliRunner().invoke(cli, ["audit-labels", *given])
    assert re.search(message, str(done.exception or done.output)), (done.output, done.exception)
