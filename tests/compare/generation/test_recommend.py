"""Rankings, ties and the sentence, on figures made up by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from further.compare.generation.recommend import recommend
from further.evaluate.estimate import Estimate, Score
from further.evaluate.interval import paired_difference
from further.evaluate.record import Figure, ModelRecord, NearDuplicates, SeedSpread
from further.evaluate.repeats import mean_over_trainings, measured_score
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


def decide(*members: Any, **more: Any) -> dict[str, Any]:
    models = [entry for entry, _ in members]
    scores = {m.name: own for m, own in members}
    return to_json(recommend(models, scores, "these data", **more))


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


@pytest.mark.parametrize(("found", "is_fit"), [(0.3, True), (0.9, False)])
def test_samples_that_give_most_training_rows_away_are_unfit(found: float, is_fit: bool) -> None:
    leaky, scores = member("leaky", flags=("leaks_membership",), kernel_distance=0.001)
    figure = Figure(found, found - 0.1, found + 0.05)
    leaky = replace(leaky, metrics={**leaky.metrics, "membership": figure})
    result = decide(member("good", kernel_distance=0.05), (leaky, scores))
    assert ("leaky" in result["goals"]["realism"]["ranking"]) is is_fit


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


@pytest.mark.parametrize(("low", "named"), [(0.01, ["a", "b"]), (-0.01, []), (0.0, [])])
def test_nobody_is_recommended_where_real_rows_gain_nothing(low: float, named: list[str]) -> None:
    real = {"augmentation_gain": Score(Estimate(0.015, low, 0.04, 100, "by hand"))}
    goal = decide(member("a", augmentation_gain=0.05), member("b"), real=real)["goals"][
        "augmentation"
    ]
    assert goal["ranking"] == named
    assert ("Nobody is recommended" in goal["sentence"]) is (not named)


def test_nobody_is_recommended_for_a_gain_that_is_none() -> None:
    losing = member("a", augmentation_gain=-0.03), member("b", augmentation_gain=-0.01)
    goal = decide(*losing)["goals"]["augmentation"]
    assert (goal["ranking"], goal["tied"]) == ([], [])
    assert "no model here gains anything" in goal["sentence"]


def test_near_duplicates_stand_in_the_recommendation() -> None:
    told = decide(member("a"), near_duplicates=NearDuplicates(count=12, share=0.057, n_test=212))
    assert "12 held-out rows (5.7%) are near-duplicates" in told["sentence"]
    clean = decide(member("a"), near_duplicates=NearDuplicates(n_test=212))
    assert "duplicates" not in clean["sentence"]


def test_ties_in_probabilities() -> None:
    a = member("a", coverage=0.90)
    near = member("b", coverage=0.8999, coverage_noise=0.001)
    unsure = member("c", coverage=0.88, coverage_noise=0.03)
    goal = decide(a, near, unsure, negligible=0.01)["goals"]["variety"]
    assert (goal["ranking"][0], goal["tied"]) == ("a", ["b", "c"])
    # One hundredth of the way from what noise scores, 1, to what real rows score, 0.
    assert goal["negligible"] == pytest.approx(0.01)
    ties = {tie["model"]: tie for tie in goal["ties"]}
    assert ties["b"]["negligible"] > 0.99
    assert ties["c"]["better"] > 0.5 > ties["c"]["negligible"]
    # Lower is better: what is above the margin is worse.
    low = member("a", kernel_distance=0.01)
    high = member("b", kernel_distance=0.06, kernel_distance_noise=0.04)
    (tie,) = decide(low, high, negligible=0.01)["goals"]["realism"]["ties"]
    assert tie["better"] > 0.8
    assert decide(a, near)["goals"]["variety"]["ties"] == []


def repeated(score: Score, values: list[float]) -> Score:
    """Return the mean over trainings with these figures and the rows of a score."""
    one = [replace(score, estimate=Estimate(v, v - 0.001, v + 0.001, 100, "")) for v in values]
    return mean_over_trainings(one)


def with_seeds(name: str, *distances: float, **values: float) -> Any:
    entry, scores = member(name, kernel_distance=float(np.mean(distances)), **values)
    scores["kernel_distance"] = repeated(scores["kernel_distance"], list(distances))
    spread = {"kernel_distance": SeedSpread(distances)}
    return replace(entry, across_seeds=spread), scores


def test_models_are_ranked_by_the_mean_over_trainings_and_not_by_the_first() -> None:
    lucky = with_seeds("lucky", 0.001, 0.062, 0.060)
    steady = with_seeds("steady", 0.010, 0.011, 0.012)
    assert decide(lucky, steady)["goals"]["realism"]["ranking"] == ["steady", "lucky"]


def test_a_lead_within_the_variation_between_trainings_is_a_tie() -> None:
    near, far = with_seeds("a", 0.010, 0.030, 0.020), with_seeds("b", 0.018, 0.034, 0.026)
    # Under the first seed alone the paired difference is sure.
    first = [m[1]["kernel_distance"] for m in (member("a", kernel_distance=0.010),
                                               member("b", kernel_distance=0.018))]  # fmt: skip
    assert not paired_difference(*first).contains_zero
    assert decide(near, far)["goals"]["realism"]["tied"] == ["b"]
    sure = decide(with_seeds("a", 0.010, 0.011, 0.012), with_seeds("b", 0.030, 0.031, 0.032))
    assert sure["goals"]["realism"]["tied"] == []


def test_what_survives_other_seeds_is_said_of_each_goal() -> None:
    stable = decide(with_seeds("a", 0.01, 0.012), with_seeds("b", 0.05, 0.04))
    assert stable["goals"]["realism"]["survives"] is True
    # Coverage was not repeated here, so nothing is claimed of variety.
    assert stable["goals"]["variety"]["survives"] is None
    a = with_seeds("a", 0.010, 0.011, 0.0121, 0.010, 0.011, 0.010, 0.011, 0.010)
    b = with_seeds("b", 0.013, 0.014, 0.0120, 0.013, 0.014, 0.013, 0.014, 0.013)
    turned = decide(a, b)["goals"]["realism"]
    assert (turned["ranking"], turned["tied"], turned["survives"]) == (["a", "b"], [], False)
    assert decide(member("a"), member("b"))["goals"]["realism"]["survives"] is None


def test_what_a_clock_says_ranks_with_an_interval_and_ties() -> None:
    def timed(name: str, *seconds: float) -> Any:
        entry, scores = member(name, sampling_seconds_per_1000=float(np.mean(seconds)))
        scores["sampling_seconds_per_1000"] = measured_score(seconds, 70, "processor time")
        return entry, scores

    quick, same, slow = (
        timed("quick", 0.10, 0.11, 0.12),
        timed("same", 0.11, 0.12, 0.13),
        timed("slow", 0.30, 0.31, 0.32),
    )
    goal = decide(quick, same, slow)["goals"]["fast_sampling"]
    assert goal["ranking"] == ["quick", "same", "slow"]
    assert goal["tied"] == ["same"]


def powered(name: str, watt_hours: float, *, factor: float) -> Any:
    """Return a model whose energy, three times much the same, is known up to a factor."""
    entry, scores = member(name)
    energies = [watt_hours * by for by in (0.99, 1.0, 1.01)]
    spent = {"energy_wh": watt_hours, "energy_low_wh": watt_hours / factor}
    scores["energy_wh"] = measured_score(energies, 3, "estimated")
    return replace(entry, **spent, energy_high_wh=watt_hours * factor), scores


def test_energies_whose_ranges_overlap_rank_nobody() -> None:
    """Their interval of trainings tells them apart; what is not known of the machine does not."""
    goal = decide(powered("a", 1.0, factor=3.0), powered("b", 8.0, factor=3.0))["goals"][
        "low_energy"
    ]
    assert (goal["ranking"], goal["tied"]) == ([], [])
    assert goal["sentence"] == "The ranges of training energy overlap, so it ranks no model."


def test_energies_whose_ranges_lie_apart_rank_and_overlaps_are_ties() -> None:
    models = [powered(n, e, factor=3.0) for n, e in (("a", 1.0), ("b", 2.0), ("c", 50.0))]
    goal = decide(*models)["goals"]["low_energy"]
    assert (goal["ranking"], goal["tied"]) == (["a", "b", "c"], ["b"])
    measured = [powered(n, e, factor=1.0) for n, e in (("a", 1.0), ("b", 2.0))]
    goal = decide(*measured)["goals"]["low_energy"]
    assert (goal["ranking"], goal["tied"]) == (["a", "b"], [])


def test_what_was_measured_once_ranks_nobody() -> None:
    energy = decide(member("a"), member("b"))["goals"]["low_energy"]
    assert (energy["ranking"], energy["tied"]) == ([], [])
    assert "measured once" in energy["sentence"]
    assert decide(member("a"))["goals"]["fast_sampling"]["ranking"] == []
