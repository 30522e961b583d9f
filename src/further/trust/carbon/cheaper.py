"""What a cheaper model would have lost: read from what a comparison found, nothing is run again.

A model is cheaper than the best one where the ranges of their energies do not overlap and its is
the lower; where they overlap, as estimates of one machine mostly do, where it took less processor
time, which is measured. Where either computed on a GPU, processor time is not all that it took,
and ranges that overlap rank nobody. What it loses is the difference in the metric that decided,
with the interval of the *paired* difference where the comparison kept one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from further.errors import RunError
from further.evaluate.metrics import GOALS, find_metric
from further.evaluate.prediction.record import LadderRecord
from further.evaluate.record import GoalRecord, Measured, ModelRecord
from further.evaluate.typed_json import from_json
from further.train.energy import Energy
from further.train.files import read_json
from further.trust.carbon.benchmarks import multiple


@dataclass(frozen=True)
class Cheaper:
    """A model that took less than the best one of a comparison."""

    run: Annotated[Path, "The comparison."]
    model: Annotated[str, "Its name."]
    than: Annotated[str, "The name of the best one."]
    by: Annotated[str, 'What it took less of: "energy" or "processor time".']
    share: Annotated[float, "What it took, as a share of what the best one took."]
    metric: Annotated[str, "The metric that decided."]
    difference: Annotated[float | None, "Its figure less that of the best."]
    low: Annotated[float | None, "Lower limit of the 95 % interval of that; None where unknown."]
    high: Annotated[float | None, "Upper limit."]
    tied: Annotated[bool, "Whether the comparison could not tell the two apart."]
    sentence: Annotated[str, "The same in words."]


@dataclass(frozen=True)
class _Answer:
    """What a comparison says of one metric."""

    metric: str
    best: str
    apart: dict[str, tuple[Measured, bool]]  # by model: the difference, and whether it is a tie


def cheaper_models(path: Path) -> tuple[tuple[Cheaper, ...], tuple[str, ...]]:
    """Return the cheaper models of a comparison, those that are tied with the best first.

    Parameters
    ----------
    path : Path
        The folder of a run.

    Returns
    -------
    found : tuple of Cheaper
        Empty where nothing was compared, or the best model took least.
    notes : tuple of str
        Why there are none, where there was something to compare.
    """
    if not (path / "evaluation.json").is_file():
        return (), ()
    try:
        evaluation = read_json(path / "evaluation.json")
    except RunError as error:
        return (), (f"Quality is not compared: {error}",)
    given = evaluation.get("models")
    entries = [e for e in given if isinstance(e, Mapping)] if isinstance(given, list) else []
    models = {
        model.name: model
        for model in (from_json(ModelRecord, entry) for entry in entries)
        if not (model.is_copy or "failed" in model.flags)
    }
    answer = _answer(evaluation.get("recommendation"), models)
    if answer is None:
        return (), ()
    best = models[answer.best]
    found = [
        _cheaper(path, model, best, answer)
        for name, model in models.items()
        if name in answer.apart and name != answer.best
    ]
    kept = sorted(filter(None, found), key=lambda one: (not one.tied, one.share))
    why = f"In {path} no model is known to have taken less than the best one, {best.label}."
    return tuple(kept), () if kept else (why,)


def _answer(recommendation: Any, models: Mapping[str, ModelRecord]) -> _Answer | None:
    """Return who is best, and by how much; None where nothing was compared."""
    if not isinstance(recommendation, Mapping):
        return None
    # Of models for pictures it has the same fields, of generative models none of these.
    answer = from_json(LadderRecord, recommendation)
    if answer.best in models:
        apart = {one.model: (one.difference, one.tied) for one in answer.apart}
        return _Answer(answer.metric, answer.best, apart)
    goals = recommendation.get("goals")
    goal = from_json(GoalRecord, goals.get(GOALS[0].name) if isinstance(goals, Mapping) else None)
    ranked = [name for name in goal.ranking if name in models]
    if not ranked:
        return None
    of_best = models[ranked[0]].value(goal.metric)
    apart = {}
    for name in ranked:
        value = models[name].value(goal.metric)
        if value is not None and of_best is not None:
            apart[name] = (Measured(value - of_best), name in goal.tied)
    return _Answer(goal.metric, ranked[0], apart)


def _cheaper(path: Path, model: ModelRecord, best: ModelRecord, answer: _Answer) -> Cheaper | None:
    spent, of_best = Energy.from_json(vars(model)), Energy.from_json(vars(best))
    if spent is None or of_best is None:
        return None
    by, less, more = "energy", spent.watt_hours, of_best.watt_hours
    if spent.overlaps(of_best):
        if spent.involves_gpu or of_best.involves_gpu:
            return None
        if spent.cpu_seconds is None or of_best.cpu_seconds is None:
            return None
        by, less, more = "processor time", spent.cpu_seconds, of_best.cpu_seconds
    if less >= more:
        return None
    difference, tied = answer.apart[model.name]
    sentence = (
        f"{model.label} took {multiple(less / more)} of the {by} of {best.label}; "
        f"{_told(answer.metric, difference, tied)}"
    )
    return Cheaper(
        path, model.name, best.name, by, less / more, answer.metric,
        difference.value, difference.low, difference.high, tied, sentence,
    )  # fmt: skip


def _told(metric: str, difference: Measured, tied: bool) -> str:
    plain, value = find_metric(metric).plain, difference.value
    if value is None:
        return f"its {plain} is not defined."
    interval = ""
    if difference.low is not None and difference.high is not None:
        interval = f" (95 % interval {difference.low:.2g} to {difference.high:.2g})"
    way = "higher" if value > 0 else "lower"
    verdict = "the two are tied" if tied else "it is the worse one"
    told = f"its {plain} is {abs(value):.2g} {way}{interval}, so {verdict}."
    return told.replace(" -", " −")
