"""The ladder drawn and written: a row a model, from transparent to opaque."""

from __future__ import annotations

from further.evaluate.metrics import metrics_for
from further.report.figures import apart_table, figures_table, scale_drawing
from further.report.markup import Markup, join, tag
from further.report.prediction.ladder_run import LadderView

#: What is drawn, by task.
DRAWN = {
    "classification": ("log_loss", "auc", "balanced_accuracy", "calibration_error"),
    "regression": ("rmse", "mae", "r2", "pinball"),
}


def drawing(view: LadderView) -> Markup | None:
    """Draw each figure with its interval on a line from what the constant scores to perfection."""
    models = view.fitted
    if not models:
        return None
    constant = next((model for model in models if model.role == "control"), None)
    metrics = {metric.name: metric for metric in metrics_for(view.found.task)}
    advice = view.advice
    labels = {model.name: model.label for model in models}
    told = f"Figures of {len(models)} models on a line from a constant to perfect."
    if advice.best in labels:
        best, chosen = labels[advice.best], labels[advice.chosen]
        told += f" The best is {best}, the chosen {chosen}."
    return scale_drawing(
        models,
        [metrics[name] for name in DRAWN[view.found.task] if name in metrics],
        constant,
        deciding=advice.metric,
        best=advice.best,
        tied=[one.model for one in advice.apart if one.tied],
        ends="constant",
        told=told,
    )


def figures(view: LadderView) -> Markup | None:
    """Write every figure of every model, with its interval."""
    models = view.fitted
    metrics = [m for m in metrics_for(view.found.task) if any(m.name in f.metrics for f in models)]
    return figures_table(models, metrics) if models else None


def price(view: LadderView) -> Markup | None:
    """Write what each model loses against the best, and how probable that is."""
    advice = view.advice
    if not advice.apart:
        return None
    labels = {model.name: model.label for model in view.models}
    note = (
        "Differences are paired: both models are asked about the same held-out rows. Tied means "
        f"that the 95 % interval contains 0. Negligible is {advice.margin_told}. They speak of "
        "these trainings, not of training with another seed."
    )
    table = apart_table(
        advice.apart, labels, best=advice.best, chosen=advice.chosen,
        title="What transparency costs",
    )  # fmt: skip
    return join((table, tag("p", note)))
