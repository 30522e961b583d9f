"""What commands say of models that find something in pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from further.evaluate.metrics import find_metric, metrics_for
from further.evaluate.typed_json import from_json
from further.evaluate.vision.record import VisionEvaluation
from further.report.numbers import duration
from further.report.run_folder import RunFolder
from further.report.summary import Summary, TextTable
from further.report.vision.answer import answer, in_words
from further.report.vision.view import VisionView

if TYPE_CHECKING:
    from further.compare.result import Result

#: Classes whose figures are printed; of more the report has all.
MOST_CLASSES = 12


def summary(result: Result[Any]) -> Summary:
    """Return the table of models, that of classes, and the answer."""
    found = from_json(VisionEvaluation, result.evaluation)
    view = VisionView(RunFolder(result.path, {}, result.evaluation), found)
    models = view.models
    metrics = [m for m in metrics_for(found.task) if m.heading and not m.beside]
    metrics = [m for m in metrics if any(m.name in model.metrics for model in models)]
    rows = [
        [
            model.label,
            *(in_words(metric, model.metrics.get(metric.name)) for metric in metrics),
            duration(model.seconds),
            ", ".join(model.flags),
        ]
        for model in models
    ]
    head = ["model", *(metric.heading for metric in metrics), "time", "flags"]
    blocks: list[str | TextTable] = [*found.data.notes, ""]
    blocks.append(TextTable(head, rows, numbers=len(metrics) + 1))
    blocks += _by_class(view)
    blocks.append(f"Held out: {found.held_out.method}.")
    best = view.shown[0] if view.shown else None
    blocks.append(answer(found, best, view.control))
    for model in models:
        if "failed" in model.flags:
            blocks.append(f"{model.label} failed: {' '.join(model.notes)}")
            continue
        blocks += [f"{model.label}: {note}" for note in model.notes]
        if model.learning_curve is not None and model.learning_curve.sentence:
            blocks.append(f"{model.label}: {model.learning_curve.sentence}")
        if model.diagnosis is not None and model.diagnosis.get("findings"):
            blocks.append(f"{model.label}: {model.diagnosis['headline']}")
    printed = [_with_classes(model) for model in result.evaluation["models"]]
    told = {"models": printed, "notes": list(found.data.notes)}
    return Summary(result.evaluation | told, blocks)


def _with_classes(model: dict[str, Any]) -> dict[str, Any]:
    """Return a model with its figures by class among its metrics, as ``METRIC_by_class``."""
    by_class = {f"{name}_by_class": figures for name, figures in model["by_class"].items()}
    return {**model, "metrics": {**model["metrics"], **by_class}}


def _by_class(view: VisionView) -> list[str | TextTable]:
    """Return the deciding figure of each class, model by model."""
    name = {"mean_iou": "iou"}.get(view.deciding, view.deciding)
    models = [model for model in view.shown if model.by_class.get(name)]
    classes = list(dict.fromkeys(c for model in models for c in model.by_class[name]))
    if not 1 < len(classes) <= MOST_CLASSES:
        return []
    metric = find_metric(view.deciding)
    rows = [
        [c, *(in_words(metric, model.by_class[name].get(c)) for model in models)] for c in classes
    ]
    head = ["class", *(model.label for model in models)]
    return ["", TextTable(head, rows, numbers=len(models)), ""]
