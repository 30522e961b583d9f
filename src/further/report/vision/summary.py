"""What commands say of models that find something in pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from further.evaluate.metrics import metrics_for
from further.evaluate.typed_json import from_json
from further.evaluate.vision.record import VisionEvaluation
from further.report.numbers import duration, significant
from further.report.summary import Summary, TextTable

if TYPE_CHECKING:
    from further.compare.result import Result


def summary(result: Result[Any]) -> Summary:
    """Return the table of models with their figures, what failed, and the answer."""
    found = from_json(VisionEvaluation, result.evaluation)
    models = [*found.models, *found.controls]
    metrics = [metric for metric in metrics_for(found.task) if metric.heading]
    rows = []
    for model in models:
        figures = [model.metrics.get(metric.name) for metric in metrics]
        cells = [significant(None if figure is None else figure.value) for figure in figures]
        times = [duration(model.seconds), duration(model.seconds_per_picture)]
        rows.append([model.label, *cells, *times, ", ".join(model.flags)])
    head = ["model", *(metric.heading for metric in metrics), "time", "a picture", "flags"]
    blocks: list[str | TextTable] = [
        *found.data.notes, "", TextTable(head, rows, numbers=len(metrics) + 2),
        f"Held out: {found.held_out.method}.",
    ]  # fmt: skip
    if found.recommendation is not None:
        blocks.append(found.recommendation.sentence)
    for model in models:
        if "failed" in model.flags:
            blocks.append(f"{model.label} failed: {' '.join(model.notes)}")
            continue
        blocks += [f"{model.label}: {note}" for note in model.notes]
        if model.diagnosis is not None and model.diagnosis.get("findings"):
            blocks.append(f"{model.label}: {model.diagnosis['headline']}")
        if model.learning_curve is not None:
            blocks.append(model.learning_curve.sentence)
    by_class = [as_printed(model) for model in result.evaluation["models"]]
    told = {"models": by_class, "data": found.data.name, "notes": list(found.data.notes)}
    return Summary(result.evaluation | told, blocks)


def as_printed(model: dict[str, Any]) -> dict[str, Any]:
    """Return a model with its figures by class among its metrics, as ``METRIC_by_class``.

    Parameters
    ----------
    model : dict
        As ``evaluation.json`` has it.

    Returns
    -------
    dict
        For ``--json``.
    """
    more = {f"{metric}_by_class": figures for metric, figures in model["by_class"].items()}
    return {**model, "metrics": {**model["metrics"], **more}}
