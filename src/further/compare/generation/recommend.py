"""From figures to advice: goals, rankings, ties, and one sentence.

Models are ranked by the mean over their trainings. Two are tied when the 95 % interval of their
*paired* difference contains 0: the same test rows, the same resampling, and where there were
several trainings the variation between them too (:mod:`further.evaluate.repeats`). What a clock or
a meter says has an interval of its own repetitions, or it ranks nobody; nor does an energy that is
estimated within a range which overlaps that of others, or a gain that real rows do not bring
either. A model that memorizes, has collapsed, or whose samples give most training rows away is not
recommended for anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from further.evaluate.equivalence import practical_difference
from further.evaluate.estimate import Score
from further.evaluate.generation.flags import gives_rows_away
from further.evaluate.metrics import GOALS, Goal, Metric
from further.evaluate.record import (
    Figure,
    GoalRecord,
    ModelRecord,
    NearDuplicates,
    Recommendation,
    TieRecord,
)
from further.evaluate.repeats import difference
from further.train.energy import Energy

NEGLIGIBLE = (
    "P(better) is how probable it is that the best model really is better than the one that it is "
    "tied with, P(worse) that it is worse, and P(negligible) that they differ by too little to "
    "matter: by at most {:g} of the scale, which runs from what noise scores to what real rows "
    "score, or over all that the figure can be, or else is the best figure itself. The "
    "probabilities come from the paired resamples that decide ties, and from the trainings where "
    "there were several, read as a posterior under a flat prior."
)
UNFIT = ("memorizes", "collapsed", "failed")


def recommend(
    models: Sequence[ModelRecord],
    scores: Mapping[str, Mapping[str, Score]],
    data: str,
    *,
    real: Mapping[str, Score | None] | None = None,
    near_duplicates: NearDuplicates | None = None,
    negligible: float | None = None,
) -> Recommendation:
    """Return rankings by goal with ties, and one sentence that says what to use and why.

    Parameters
    ----------
    models : sequence of ModelRecord
        The models of ``evaluation.json``.
    scores : mapping of mapping of Score
        By model and metric, with paired draws.
    data : str
        Name of the data.
    real : mapping of Score, optional
        What real held-out rows score, by metric.
    near_duplicates : NearDuplicates, optional
        Held-out rows that nearly equal a training row; they flatter whoever is recommended.
    negligible : float, optional
        The share of a scale that is a negligible difference; gives every tie in probabilities.

    Returns
    -------
    Recommendation
        What ``evaluation.json`` says of goals, and the sentence.
    """
    fit = [
        m
        for m in models
        if not (m.is_copy or set(m.flags) & set(UNFIT) or gives_rows_away(m.metrics))
    ]
    goals = {}
    for goal in GOALS:
        rankings = [(metric, _rank(fit, metric, scores)) for metric in goal.metrics]
        metric, ranked = next((pair for pair in rankings if pair[1]), rankings[0])
        judged = _goal(goal, metric, ranked, scores)
        if len(ranked) > 1 and all(_overlap(ranked[0], m, metric) for m in ranked[1:]):
            within = f"The ranges of {metric.plain} overlap, so it ranks no model."
            judged = replace(judged, ranking=(), tied=(), sentence=within)
        if not ranked and metric.style != "fixed" and any(m.value(metric.name) for m in fit):
            once = f"{metric.label} was measured once, without an interval, so it ranks no model."
            judged = replace(judged, sentence=once)
        why_nobody = _gains_nothing(goal, metric, ranked, scores, (real or {}).get(metric.name))
        if why_nobody:
            judged = replace(judged, ranking=(), tied=(), sentence=why_nobody)
        if negligible is not None and judged.tied:
            judged = _in_probabilities(judged, metric, fit, scores, negligible)
        goals[goal.name] = replace(judged, survives=_survives(fit, judged))
    labels = {m.name: m.label for m in models}
    sentence = _sentence(fit, goals, labels, data)
    if near_duplicates is not None and near_duplicates.count:
        sentence = (
            f"{sentence.removesuffix('.')}; {near_duplicates.count:,} held-out rows "
            f"({near_duplicates.share:.1%}) are near-duplicates of training rows, which flatters "
            "every figure."
        )
    told = "" if negligible is None else NEGLIGIBLE.format(negligible)
    return Recommendation(sentence, goals, told)


def _in_probabilities(
    goal: GoalRecord,
    metric: Metric,
    models: Sequence[ModelRecord],
    scores: Mapping[str, Mapping[str, Score]],
    share: float,
) -> GoalRecord:
    """Add how probable it is that the best is better than each that it is tied with."""
    best = scores[goal.ranking[0]][metric.name]
    figure = next(m for m in models if m.name == goal.ranking[0]).metrics.get(metric.name, Figure())
    if figure.real is not None and figure.noise is not None and figure.real != figure.noise:
        length = abs(figure.real - figure.noise)
    else:
        least, most = metric.range
        length = abs(best.value) if least is None or most is None else most - least
    ties = []
    for name in goal.tied:
        found = practical_difference(best, scores[name][metric.name], share * length)
        if found is not None:
            better, worse = found.above, found.below
            if metric.better == "lower":
                better, worse = worse, better
            ties.append(TieRecord(name, better, found.within, worse))
    return replace(goal, negligible=share * length, ties=tuple(ties))


def _gains_nothing(
    goal: Goal,
    metric: Metric,
    ranked: Sequence[ModelRecord],
    scores: Mapping[str, Mapping[str, Score]],
    real: Score | None,
) -> str | None:
    """Say why nobody is recommended where there is nothing to gain; None where there is."""
    if metric.nothing is None or not ranked:
        return None
    if real is not None:
        least = real.value if real.estimate.low is None else real.estimate.low
        if least <= metric.nothing:
            shown = f"{real.value:.3f}"
            if real.estimate.low is not None and real.estimate.high is not None:
                shown += f", 95 % interval {real.estimate.low:.3f} to {real.estimate.high:.3f}"
            return (
                f"Nobody is recommended for {goal.purpose}: here even real rows gain nothing for "
                f"sure ({metric.plain} {shown})."
            )
    best = scores[ranked[0].name][metric.name].value
    if best <= metric.nothing:
        return f"Nobody is recommended for {goal.purpose}: no model here gains anything."
    return None


def _rank(
    models: Sequence[ModelRecord], metric: Metric, scores: Mapping[str, Mapping[str, Score]]
) -> list[ModelRecord]:
    """Return the models for which the metric is defined, best first.

    What a clock or a meter says ranks only where it was measured more than once.
    """
    values = {m.name: s for m in models if (s := scores[m.name].get(metric.name)) is not None}
    if metric.style != "fixed":
        values = {name: score for name, score in values.items() if score.repeats is not None}
    sign = 1 if metric.better == "lower" else -1
    defined = [m for m in models if m.name in values]
    return sorted(defined, key=lambda m: (sign * values[m.name].value, m.name))


def _overlap(a: ModelRecord, b: ModelRecord, metric: Metric) -> bool:
    """Whether two figures are energies whose ranges overlap, so that nothing ranks the two."""
    energies = [Energy.from_json(vars(model)) for model in (a, b)]
    if metric.name != "energy_wh" or None in energies:
        return False
    first, second = filter(None, energies)
    return (first.is_estimate or second.is_estimate) and first.overlaps(second)


def _goal(
    goal: Goal,
    metric: Metric,
    ranked: Sequence[ModelRecord],
    scores: Mapping[str, Mapping[str, Score]],
) -> GoalRecord:
    tied = []
    for model in ranked[1:]:
        first, other = (scores[m.name][metric.name] for m in (ranked[0], model))
        if difference(first, other).contains_zero or _overlap(ranked[0], model, metric):
            tied.append(model.name)
    if not ranked:
        sentence = f"No model here defines what {goal.purpose} needs."
    else:
        equals = [_the(m.label) for m in ranked if m.name in tied]
        also = f", tied with {_join(equals)}" if equals else ""
        best = scores[ranked[0].name][metric.name]
        commonest = best.detail.get("majority_share")
        beside = "" if commonest is None else f"; the commonest class has {commonest:.0%} of rows"
        sentence = (
            f"For {goal.purpose}: {_the(ranked[0].label)}{also} "
            f"({metric.plain} {best.value:.3g}{f' {metric.unit}' if metric.unit else ''}{beside})."
        )
    ranking = tuple(m.name for m in ranked)
    better: Literal["higher", "lower"] = "lower" if metric.better == "lower" else "higher"
    return GoalRecord(metric.name, better, ranking, tuple(tied), sentence=sentence)


def _sentence(
    fit: Sequence[ModelRecord],
    goals: Mapping[str, GoalRecord],
    labels: Mapping[str, str],
    data: str,
) -> str:
    realism = goals["realism"]
    if not realism.ranking:
        return f"No model can be recommended for {data}: each memorizes, leaks or has collapsed."
    by_name = {m.name: m for m in fit}
    equals = [realism.ranking[0], *realism.tied]
    # Among the tied, the one whose samples a classifier finds hardest to tell from real rows.
    order = realism.ranking.index
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
    if model.role == "control":
        return sentence + "; no network beats this simple control here."
    # Speed is worth something only in a model whose samples are as real.
    fastest = [name for name in goals["fast_sampling"].ranking if name in equals]
    leaders = {
        "density": goals["density"].ranking,
        "fast_sampling": tuple(fastest),
        "augmentation": goals["augmentation"].ranking,
    }
    purposes = {goal.name: goal.purpose for goal in GOALS}
    others = [
        f"{_the(labels[ranking[0]])} for {purposes[goal]}"
        for goal, ranking in leaders.items()
        if ranking and best not in (ranking[0], *goals[goal].tied)
    ]
    return sentence + (f"; but {_join(others)}." if others else ".")


def _the(label: str) -> str:
    """Return a label as it stands inside a sentence; a name such as Gaussian keeps its capital."""
    named = label.split()[0] in ("Gaussian", "β-VAE")
    return f"the {label}" if named else f"the {label[0].lower()}{label[1:]}"


def _ends(model: ModelRecord) -> str:
    figure = model.metrics["kernel_distance"]
    ends = (figure.value, figure.real, figure.noise)
    value, real, noise = (f"{end:.2g}".replace("-", "−") for end in ends)
    return f"{value}; real {real}, noise {noise}"


def _two_sample(model: ModelRecord) -> float:
    value = model.value("two_sample_accuracy")
    return 1.0 if value is None else value


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _survives(models: Sequence[ModelRecord], goal: GoalRecord) -> bool | None:
    """Whether the same model, or one tied with it, leads under every seed; None with one seed."""
    seeds = {
        m.name: m.across_seeds[goal.metric].values
        for m in models
        if m.name in goal.ranking and goal.metric in m.across_seeds
    }
    shortest = min((len(values) for values in seeds.values()), default=0)
    if shortest < 2:
        return None
    sign = 1 if goal.direction == "lower" else -1
    equals = {goal.ranking[0], *goal.tied}
    leaders = (min(seeds, key=lambda n: sign * seeds[n][seed]) for seed in range(shortest))
    return all(leader in equals for leader in leaders)
