"""From figures to advice: goals, rankings, ties, and one sentence.

Two models are tied when the 95 % interval of their *paired* difference contains 0: the same test
rows, the same resampling. A model that memorizes or has collapsed is not recommended for anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from further.evaluate.interval import Score, paired_difference
from further.evaluate.metrics import GOALS, Goal, Metric

UNFIT = ("memorizes", "collapsed", "failed")


def recommend(
    models: Sequence[dict[str, Any]], scores: Mapping[str, Mapping[str, Score]], data: str
) -> dict[str, Any]:
    """Return rankings by goal with ties, and one sentence that says what to use and why.

    Parameters
    ----------
    models : sequence of dict
        The entries of ``evaluation.json``.
    scores : mapping of mapping of Score
        By model and metric, with paired draws.
    data : str
        Name of the data.
    """
    fit = [m for m in models if not m.get("is_copy") and not set(m["flags"]) & set(UNFIT)]
    goals = {}
    for goal in GOALS:
        rankings = [(metric, _rank(fit, metric)) for metric in goal.metrics]
        metric, ranked = next((pair for pair in rankings if pair[1]), rankings[0])
        goals[goal.name] = _goal(goal, metric, ranked, scores)
    labels = {m["name"]: m["label"] for m in models}
    survives = _survives(models, goals["realism"])
    return {
        "sentence": _sentence(fit, goals, labels, data),
        "goals": goals,
        "survives_repeats": survives,
    }


def _figure(model: Mapping[str, Any], metric: str) -> float | None:
    if metric == "energy_wh":
        value: float | None = model["energy_wh"] if model["family"] == "network" else None
        return value
    entry = model["metrics"].get(metric)
    return None if entry is None else entry["value"]


def _rank(models: Sequence[dict[str, Any]], metric: Metric) -> list[dict[str, Any]]:
    """Return the models for which the metric is defined, best first."""
    defined = [m for m in models if _figure(m, metric.name) is not None]
    sign = 1 if metric.better == "lower" else -1
    return sorted(defined, key=lambda m: (sign * (_figure(m, metric.name) or 0.0), m["name"]))


def _goal(
    goal: Goal,
    metric: Metric,
    ranked: Sequence[dict[str, Any]],
    scores: Mapping[str, Mapping[str, Score]],
) -> dict[str, Any]:
    tied = []
    for model in ranked[1:]:
        best, other = (scores[m["name"]].get(metric.name) for m in (ranked[0], model))
        if best is None or other is None:
            continue
        if best.draws is None and best.per_example is None:
            continue
        if paired_difference(best, other).contains_zero:
            tied.append(model["name"])
    if not ranked:
        sentence = f"No model here defines what {goal.purpose} needs."
    else:
        equals = [_the(m["label"]) for m in ranked if m["name"] in tied]
        also = f", tied with {_join(equals)}" if equals else ""
        value = _figure(ranked[0], metric.name)
        sentence = (
            f"For {goal.purpose}: {_the(ranked[0]['label'])}{also} "
            f"({metric.plain} {value:.3g}{f' {metric.unit}' if metric.unit else ''})."
        )
    return {
        "metric": metric.name,
        "direction": metric.better,
        "ranking": [m["name"] for m in ranked],
        "tied": tied,
        "sentence": sentence,
    }


def _sentence(
    fit: Sequence[dict[str, Any]],
    goals: Mapping[str, dict[str, Any]],
    labels: Mapping[str, str],
    data: str,
) -> str:
    realism = goals["realism"]
    if not realism["ranking"]:
        return f"No model can be recommended for {data}: each memorizes or has collapsed."
    by_name = {m["name"]: m for m in fit}
    equals = [realism["ranking"][0], *realism["tied"]]
    # Among the tied, the one that a trained judge tells apart from real data the least.
    order = realism["ranking"].index
    best = min(equals, key=lambda name: (_two_sample(by_name[name]), order(name)))
    model = by_name[best]
    ties = [_the(labels[name]) for name in equals if name != best]
    why = f"its samples are closest to held-out rows (kernel distance {_ends(model)})"
    if ties:
        why = (
            f"its samples are among the closest to held-out rows (kernel distance {_ends(model)}, "
            f"tied with {_join(ties)}) and the hardest of these to tell from real ones "
            f"(two-sample accuracy {_two_sample(model):.2f}, 0.5 is chance)"
        )
    sentence = f"For {data} use {_the(labels[best])}: {why}"
    if model["role"] == "control":
        return sentence + "; no network beats this simple control here."
    # Speed is worth something only in a model whose samples are as real.
    fastest = [name for name in goals["fast_sampling"]["ranking"] if name in equals]
    leaders = {
        "density": goals["density"]["ranking"],
        "fast_sampling": fastest,
        "augmentation": goals["augmentation"]["ranking"],
    }
    purposes = {goal.name: goal.purpose for goal in GOALS}
    others = [
        f"{_the(labels[ranking[0]])} for {purposes[goal]}"
        for goal, ranking in leaders.items()
        if ranking and best not in (ranking[0], *goals[goal]["tied"])
    ]
    return sentence + (f"; but {_join(others)}." if others else ".")


def _the(label: str) -> str:
    """Return a label as it stands inside a sentence; a name such as Gaussian keeps its capital."""
    named = label.split()[0] in ("Gaussian", "β-VAE")
    return f"the {label}" if named else f"the {label[0].lower()}{label[1:]}"


def _ends(model: Mapping[str, Any]) -> str:
    metric = model["metrics"]["kernel_distance"]
    value, real, noise = (f"{metric[k]:.2g}".replace("-", "−") for k in ("value", "real", "noise"))
    return f"{value}; real {real}, noise {noise}"


def _two_sample(model: Mapping[str, Any]) -> float:
    value = _figure(model, "two_sample_accuracy")
    return 1.0 if value is None else value


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def across_seeds(metrics: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Return mean and 95 % t-interval of each metric over trainings with different seeds."""
    found = {}
    for name in metrics[0]:
        values = [m[name]["value"] for m in metrics if name in m and m[name]["value"] is not None]
        if len(values) < 2:
            continue
        mean = float(np.mean(values))
        half = float(stats.t.ppf(0.975, len(values) - 1) * stats.sem(values))
        found[name] = {"values": values, "mean": mean, "low": mean - half, "high": mean + half}
    return found


def _survives(models: Sequence[dict[str, Any]], realism: Mapping[str, Any]) -> bool | None:
    """Whether the same model, or one tied with it, is closest to real data under every seed."""
    seeds = {
        m["name"]: m["across_seeds"]["kernel_distance"]["values"]
        for m in models
        if m["name"] in realism["ranking"]
        and m.get("across_seeds")
        and "kernel_distance" in m["across_seeds"]
    }
    if not seeds or not realism["ranking"]:
        return None
    equals = {realism["ranking"][0], *realism["tied"]}
    names = list(seeds)
    winners = [names[int(np.argmin(values))] for values in zip(*seeds.values(), strict=True)]
    return all(winner in equals for winner in winners)
