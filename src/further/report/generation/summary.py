"""What commands say of a comparison of generative models, or of one that was trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from further.evaluate.metrics import metrics_for
from further.evaluate.record import Evaluation, Figure, ModelRecord, Recommendation
from further.evaluate.typed_json import from_json
from further.report.numbers import probability, significant
from further.report.run_folder import goal_label
from further.report.summary import Summary, TextTable

if TYPE_CHECKING:
    from further.compare.result import Result


def summary(result: Result[Any]) -> Summary:
    """Return the table of models between what real rows and noise score, and the answer."""
    found = from_json(Evaluation, result.evaluation)
    models = [*found.models, *found.controls]
    shown = {
        metric.name: metric.heading
        for metric in metrics_for("generation")
        if metric.heading and any(_figure(m, metric.name).value is not None for m in models)
    }
    rows = [
        [model.label, *_cells(model, shown, "value"), ", ".join(model.flags)] for model in models
    ]
    judged = next((model for model in models if model.metrics), None)
    if judged is not None:
        rows += [[f"({end})", *_cells(judged, shown, end), ""] for end in ("real", "noise")]
        commonest = [_commonest(models, metric) for metric in shown]
        if any(commonest):
            rows.append(["(share of the commonest class)", *map(significant, commonest), ""])
    table = TextTable(["model", *shown.values(), "flags"], rows, numbers=len(shown))
    blocks: list[str | TextTable] = [table]
    if found.recommendation is not None:
        blocks.append(found.recommendation.sentence)
        blocks += _ties(found.recommendation, {model.name: model.label for model in models})
    blocks += [
        f"{model.label}: {note}"
        for model in found.models
        if model.role == "model"
        for note in model.notes
    ]
    return Summary(result.evaluation, blocks)


def _figure(model: ModelRecord, metric: str) -> Figure:
    return model.metrics.get(metric, Figure())


def _ties(advice: Recommendation, labels: dict[str, str]) -> list[str | TextTable]:
    """Return each tie in probabilities, and what they mean, where they were asked for."""
    rows = [
        [
            goal_label(name), labels[goal.ranking[0]], labels[tie.model],
            *(probability(p) for p in (tie.better, tie.negligible, tie.worse)),
            significant(goal.negligible, 2),
        ]
        for name, goal in advice.goals.items()
        for tie in goal.ties
    ]  # fmt: skip
    if not advice.negligible:
        return []
    if not rows:
        return [f"No two models are tied. {advice.negligible}"]
    head = ["goal", "best", "tied with", "P(better)", "P(negligible)", "P(worse)", "negligible"]
    return [TextTable(head, rows), advice.negligible]


def _commonest(models: Sequence[ModelRecord], metric: str) -> float | None:
    """Return the accuracy of always naming the commonest class, beside an accuracy."""
    found = (_figure(model, metric).detail.get("majority_share") for model in models)
    return next((share for share in found if share is not None), None)


def _cells(model: ModelRecord, shown: dict[str, str], key: str) -> list[str]:
    return [significant(getattr(_figure(model, metric), key)) for metric in shown]
