"""Rankings, ties and the sentence, on figures made up by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from further.compare.generation.recommend import across_seeds, recommend
from further.evaluate.interval import Estimate, Score, paired_difference
from further.evaluate.record import Figure, ModelRecord, SeedSpread
from further.evaluate.typed_json import from_json, to_json

METRICS = {
    "kernel_distance": (0.01, 0.002),
    "coverage": (0.9, 0.01),
    "two_sample_accuracy": (0.6, 0.01),
    "sampling_seconds_per_1000": (0.1, None),
    "augmentation_gain": (0.02, 0.005),
}
DRAWS = np.random.default_rng(0).normal(size=200)


def member(name: str, role: str = "model", flags: tuple[str, ...] = (), **values: float) -> Any:
    """Return a model's entry and its scores, whose draws move together as paired ones do."""
    entry: dict[str, Any] = {
        "name": name, "label": f"Model {name}", "role": role, "is_copy": name == "copy",
        "family": "network" if role == "model" else "classical", "flags": list(flags),
        "energy_wh": 0.1, "metrics": {},
    }  # fmt: skip
    scores = {}
    for metric, (usual, spread) in METRICS.items():
        value = values.get(metric, usual)
        entry["metrics"][metric] = {"value": value, "real": 0.0, "noise": 1.0}
        draws = None if spread is None else value + spread * DRAWS
        if draws is not None and f"{metric}_noise" in values:
            own = np.random.default_rng(sum(map(ord, name))).normal(size=200)
            draws = draws + values[f"{metric}_noise"] * own
        scores[metric] = Score(Estimate(value, None, None, 100, "by hand"), draws=draws)
    return from_json(ModelRecord, entry), scores


def decide(*members: Any) -> dict[str, Any]:
    models = [entry for entry, _ in members]
    return to_json(recommend(models, {m.name: scores for m, scores in members}, "these data"))


def test_the_lowest_kernel_distance_is_the_most_real() -> None:
    result = decide(member("a", kernel_distance=0.05), member("b", kernel_distance=0.01))
    assert result["goals"]["realism"]["ranking"] == ["b", "a"]
    assert result["goals"]["realism"]["tied"] == []
    assert result["sentence"].startswith("For these data use the model b: ")


def test_paired_differences_decide_ties_not_overlapping_intervals() -> None:
    a, b = member("a", kernel_distance=0.010), member("b", kernel_distance=0.011)
    low = 0.010 - 1.96 * 0.002, 0.010 + 1.96 * 0.002
    assert low[0] < 0.011 < low[1]
    # The draws move together, so the difference is sure although the intervals overlap.
    assert not paired_difference(a[1]["kernel_distance"], b[1]["kernel_distance"]).contains_zero
    assert decide(a, b)["goals"]["realism"]["tied"] == []
    c = member("c", kernel_distance=0.0101, kernel_distance_noise=0.002)
    assert decide(a, c)["goals"]["realism"]["tied"] == ["c"]


def test_among_tied_models_the_one_hardest_to_tell_from_real_is_recommended() -> None:
    a = member("a", kernel_distance=0.0100, two_sample_accuracy=0.8)
    b = member("b", kernel_distance=0.0101, kernel_distance_noise=0.002, two_sample_accuracy=0.55)
    assert decide(a, b)["sentence"].startswith("For these data use the model b: ")


@pytest.mark.parametrize("flag", ["memorizes", "collapsed", "failed"])
def test_unfit_models_and_copies_are_recommended_for_nothing(flag: str) -> None:
    result = decide(
        member("good", kernel_distance=0.05),
        member("bad", flags=(flag,), kernel_distance=0.001),
        member("copy", "control", kernel_distance=0.0),
    )
    for goal in result["goals"].values():
        assert set(goal["ranking"]) <= {"good"}


def test_a_control_that_wins_is_said_to_win() -> None:
    result = decide(
        member("a", kernel_distance=0.05),
        member("gaussian_mixture", "control", kernel_distance=0.01),
    )
    assert "no network beats this simple control" in result["sentence"]


def test_a_goal_that_no_model_serves_says_so() -> None:
    density = decide(member("a"))["goals"]["density"]
    assert density["ranking"] == []
    assert density["sentence"] == "No model here defines what a density or an anomaly score needs."


def test_variation_between_seeds_is_a_t_interval() -> None:
    values = [0.1, 0.2, 0.4]
    found = across_seeds([{"coverage": Figure(v)} for v in values])["coverage"]
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert found.mean == pytest.approx(np.mean(values))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_a_ranking_survives_only_if_every_seed_names_the_same_winner() -> None:
    def with_seeds(name: str, *distances: float) -> Any:
        entry, scores = member(name, kernel_distance=distances[0])
        return replace(entry, across_seeds={"kernel_distance": SeedSpread(distances)}), scores

    stable = decide(with_seeds("a", 0.01, 0.012), with_seeds("b", 0.05, 0.04))
    turned = decide(with_seeds("a", 0.01, 0.06), with_seeds("b", 0.05, 0.04))
    assert stable["survives_repeats"] is True
    assert turned["survives_repeats"] is False
    assert decide(member("a"), member("b"))["survives_repeats"] is None
