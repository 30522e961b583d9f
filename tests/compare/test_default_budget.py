"""What the README promises of ``further compare digits``, at the default budget."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import further

TIMED = {
    "seconds", "cpu_seconds", "energy_wh", "energy_low_wh", "energy_high_wh", "carbon_g", "run",
    "command", "failures",
}  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("digits") / "run"
    further.compare.generative_models("digits", out=folder, seed=0)
    read: dict[str, Any] = json.loads((folder / "evaluation.json").read_text())
    return read


def values(evaluation: dict[str, Any], metric: str, role: str = "model") -> dict[str, float]:
    return {
        m["name"]: m["metrics"][metric]["value"]
        for m in evaluation["models"]
        if m["role"] == role and m["metrics"][metric]["value"] is not None
    }


def test_samples_teach_a_classifier_almost_as_well_as_real_rows(evaluation: dict[str, Any]) -> None:
    accuracy = values(evaluation, "synthetic_to_real_accuracy")
    assert sum(value >= 0.94 for value in accuracy.values()) >= 4, accuracy
    assert max(accuracy.values()) >= 0.965, accuracy


def test_coverage_of_the_best(evaluation: dict[str, Any]) -> None:
    assert sum(v >= 0.9 for v in values(evaluation, "coverage").values()) >= 4


def test_the_best_model_is_hard_to_tell_from_real_digits(evaluation: dict[str, Any]) -> None:
    assert min(values(evaluation, "two_sample_accuracy").values()) < 0.6


def test_copy_is_caught_and_no_honest_model_is_accused(evaluation: dict[str, Any]) -> None:
    accused = {m["name"] for m in evaluation["models"] if "memorizes" in m["flags"]}
    assert {"copy"} <= accused <= {"copy", "interpolation"}


def test_the_mixture_stands_in_the_table(evaluation: dict[str, Any]) -> None:
    assert "gaussian_mixture" in values(evaluation, "kernel_distance", "control")


def test_the_same_seed_gives_the_same_evaluation_but_for_times(tmp_path: Path) -> None:
    found = []
    for name, jobs in (("one", 1), ("two", 2)):
        further.compare.generative_models(
            "digits", models=["vae", "gan"], budget=3e10, seed=3, jobs=jobs, out=tmp_path / name
        )
        found.append(untimed(json.loads((tmp_path / name / "evaluation.json").read_text())))
    assert found[0] == found[1]


def untimed(value: Any) -> Any:
    """Return an evaluation without times, energy and what is ranked by them."""
    if isinstance(value, list):
        return [untimed(item) for item in value]
    if not isinstance(value, dict):
        return value
    left_out = TIMED | {"sampling_seconds_per_1000", "fast_sampling", "low_energy", "sentence"}
    return {key: untimed(item) for key, item in value.items() if key not in left_out}
