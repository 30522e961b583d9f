"""A new metric is one function and one entry: everything that shows metrics finds it there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from further.compare.generation.single import train
from further.compare.result import Result
from further.report.page import page_of, summary_of
from further.report.run_folder import read_run
from further.report.summary import TextTable
from real_runs import few_digits
from small_models import SMALL


def test_one_function_and_one_entry(tmp_path: Path, newcomer: None) -> None:
    parameters = {**SMALL["vae"], "budget": "3 steps", "precision": "float32"}
    run = train("vae", few_digits(), parameters=parameters, out=tmp_path / "run").path

    evaluation = json.loads((run / "evaluation.json").read_text(encoding="utf-8"))
    figure = evaluation["models"][0]["metrics"]["brightness"]
    assert 0.0 < figure["value"] < 1.0
    assert figure["low"] < figure["value"] < figure["high"]
    assert figure["real"] < figure["noise"] == pytest.approx(0.5, abs=0.05)

    tables = [b for b in summary_of(Result(run, evaluation)).blocks if isinstance(b, TextTable)]
    assert any("bright" in table.head for table in tables)
    figures, limits = (
        section.html()
        for section in page_of(read_run(run)).sections
        if section.anchor in ("figures", "limits")
    )
    assert "Brightness (mean grey)" in figures
    assert "Whether they look like anything." in limits
