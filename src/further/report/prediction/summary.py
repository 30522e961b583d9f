"""What commands say of models that predict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from further.evaluate.metrics import metrics_for
from further.evaluate.prediction.record import PredictionEvaluation
from further.evaluate.typed_json import from_json
from further.report.numbers import duration, significant
from further.report.summary import Summary, TextTable

if TYPE_CHECKING:
    from further.compare.result import Result


def summary(result: Result[Any]) -> Summary:
    """Return the table of models, what a constant scores where that embarrasses, the answer."""
    found = from_json(PredictionEvaluation, result.evaluation)
    models = [*found.models, *found.controls]
    metrics = [metric for metric in metrics_for(found.task) if metric.heading]
    rows = [
        [
            model.label,
            *(_cell(model.metrics.get(metric.name)) for metric in metrics),
            duration(model.seconds),
            ", ".join(model.flags),
        ]
        for model in models
    ]
    head = ["model", *(metric.heading for metric in metrics), "time", "flags"]
    blocks: list[str | TextTable] = [*found.data.notes]
    if found.embarrassing:
        blocks.append(found.embarrassing)
    blocks += ["", TextTable(head, rows, numbers=len(metrics) + 1)]
    blocks.append(f"Held out: {found.held_out.method}.")
    if found.recommendation is not None:
        blocks.append(found.recommendation.sentence)
    for model in models:
        if "failed" in model.flags:
            blocks.append(f"{model.label} failed: {' '.join(model.notes)}")
        elif model.diagnosis is not None and model.diagnosis.get("findings"):
            blocks.append(f"{model.label}: {model.diagnosis['headline']}")
    return Summary(result.evaluation | {"notes": list(found.data.notes)}, blocks)


def _cell(figure: Any) -> str:
    return significant(None if figure is None else figure.value)
