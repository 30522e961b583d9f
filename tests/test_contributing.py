"""A newcomer's model, as CONTRIBUTING.md makes it: one file and one line are all.

The metric and the task of that page have tests of their own in ``compare/``.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import further
import test_models
from contributing import BLOCKS, entries
from further.cli.main import main
from generate import test_conformance as sweep

NAME = "independent_normal"


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert not stopped.value.code, captured.err
    return captured.out


@pytest.fixture(autouse=True)
def _added(newcomer: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "NETWORKS", [*sweep.NETWORKS, NAME])


def test_the_page_has_one_of_each() -> None:
    assert [line.name for line in entries("TASKS")] == ["centring"]
    assert [line.name for line in entries("MODELS")] == [NAME, "mean", "median"]
    assert [metric.name for metric in entries("metrics.py")] == ["brightness"]
    # What is a block of Python there is run here.
    assert all(name.startswith("newcomer/") or " of " in name for name, _ in BLOCKS)


@pytest.mark.parametrize("kind", ["numbers", "table", "8x8 with classes", "3x32x32"])
def test_it_passes_the_shared_sweep(kind: str, tmp_path: Path) -> None:
    sweep.test_fit_sample_save(NAME, kind, tmp_path)
    sweep.test_a_gradient_reaches_every_parameter(NAME, kind)


def test_its_parameters_and_messages() -> None:
    test_models.test_parameters_are_kept_as_they_are_given("generation", NAME)
    test_models.test_each_parameter_is_described_and_checked("generation", NAME)
    sweep.test_docstring(NAME)
    sweep.test_messages(NAME)
    sweep.test_refit_forgets(NAME)


def test_it_learns_means_and_deviations() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal([3.0, -1.0], [0.5, 2.0], size=(400, 2))
    settings = {"averaging": 0.0, "schedule": "constant"}
    model = further.IndependentNormal(
        budget="400 steps", precision="float32", training=settings, random_state=0
    )
    made = model.fit(X).sample(4000)
    np.testing.assert_allclose(made.mean(axis=0), X.mean(axis=0), atol=0.15)
    np.testing.assert_allclose(made.std(axis=0), X.std(axis=0), rtol=0.1)


def test_commands_train_compare_and_show_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert NAME in call(capsys, "models")
    assert "Factor of the deviations" in call(capsys, "train", NAME, "--help")
    quick = ("--budget", "3 steps", "--precision", "float32", "--quiet")
    alone = tmp_path / "alone"
    call(capsys, "train", NAME, "iris", "--temperature", 0.5, *quick, "--out", alone)
    model = further.load(alone)
    assert isinstance(model, further.IndependentNormal)
    assert model.temperature == 0.5
    assert len(model.sample(7)) == 7
    both = tmp_path / "both"
    quick = ("--budget", "3 steps", "--quiet")
    call(capsys, "compare", "iris", "--models", NAME, *quick, "--jobs", 1, "--out", both)
    models = json.loads((both / "evaluation.json").read_text())["models"]
    assert NAME in [model["name"] for model in models]
    assert "Independent normal" in (both / "report.html").read_text()
    assert type(further.load(both, NAME)) is type(model)
