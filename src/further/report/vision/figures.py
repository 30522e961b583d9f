"""How good models are: figures between a control and perfection, and class by class."""

from __future__ import annotations

from further.evaluate.metrics import find_metric, metrics_for
from further.evaluate.record import Figure
from further.report.chart import data_table
from further.report.estimates import drawn
from further.report.figures import apart_table, figures_table, scale_drawing
from further.report.markup import Markup, join, tag
from further.report.vision.view import VisionView

#: What is drawn, by task; of that what a run has.
DRAWN = {
    "detection": ("ap50", "ap", "ap75", "average_recall"),
    "instances": ("ap50", "ap", "ap75", "aji"),
    "segmentation": ("mean_iou", "dice", "boundary_f", "adapted_rand_error"),
}


def drawing(view: VisionView) -> Markup | None:
    """Draw each figure with its interval on a line from the best control to perfection."""
    models, control = view.fitted, view.control
    if not models:
        return None
    known = {name for model in models for name, of in model.metrics.items() if of.value is not None}
    metrics = [find_metric(name) for name in DRAWN[view.found.task] if name in known]
    best = view.shown[0] if view.shown else models[0]
    end = "control" if control is None else control.label.lower()
    told = f"Figures of {len(models)} models on a line from the {end} to perfect."
    return scale_drawing(
        models,
        metrics,
        control,
        deciding=view.deciding,
        best=best.name,
        tied=view.advice.tied,
        ends=end,
        told=f"{told} The best is {best.label}.",
    )


def figures(view: VisionView) -> Markup | None:
    """Write every figure of every model, with its interval."""
    models = view.fitted
    metrics = [m for m in metrics_for(view.found.task) if any(m.name in f.metrics for f in models)]
    return figures_table(models, metrics) if models else None


def by_class(view: VisionView) -> Markup | None:
    """Write the figures of each class, drawn on a line from 0 to 1."""
    models = [model for model in view.shown if model.by_class]
    if not models:
        return None
    metrics = list(dict.fromkeys(name for model in models for name in model.by_class))
    classes = dict.fromkeys(
        name for model in models for of_class in model.by_class.values() for name in of_class
    )
    objects = {curve.name: curve.objects for model in models for curve in model.curves}
    several = len(models) > 1
    head = ["Class", *(["Objects"] if objects else [])]
    head += [
        _term(metric) + (f", {model.label}" if several else "")
        for metric in metrics
        for model in models
    ]
    rows = []
    for name in classes:
        cells: list[object] = [tag("b", name)]
        if objects:
            cells.append(f"{objects.get(name, 0):,}")
        cells += [
            drawn(model.by_class.get(metric, {}).get(name, Figure()))
            for metric in metrics
            for model in models
        ]
        rows.append(cells)
    return data_table(head, rows, "figures by-class", "Figures by class")


def _term(metric: str) -> str:
    known = {"iou": "IoU", "dice": "Dice", "boundary_f": "Boundary F"}
    return known.get(metric) or find_metric(metric).term or metric


def differences(view: VisionView) -> Markup | None:
    """Write how far each model of a comparison is from the best."""
    advice = view.advice
    if not advice.apart:
        return None
    labels = {model.name: model.label for model in view.models}
    metric = find_metric(advice.metric)
    note = (
        f"Differences in {metric.term or metric.plain} are paired: both models are asked about the "
        "same held-out pictures. Tied means that the 95 % interval contains 0. They speak of these "
        "trainings, not of training with another seed."
    )
    table = apart_table(
        advice.apart,
        labels,
        best=advice.best,
        title="How far each model is from the best",
        difference="Less the best",
    )
    return join((table, tag("p", note)))
