"""The ladder drawn and written: a row a model, from transparent to opaque."""

from __future__ import annotations

import math
from typing import Any

from further.evaluate.metrics import Metric, metrics_for
from further.evaluate.prediction.record import PredictorRecord
from further.report.chart import chart, data_table
from further.report.estimates import method_of
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING, duration, fixed, probability, significant
from further.report.prediction.ladder_run import LadderView

#: What is drawn, by task.
DRAWN = {
    "classification": ("log_loss", "auc", "balanced_accuracy", "calibration_error"),
    "regression": ("rmse", "mae", "r2", "pinball"),
}
#: What the right end of a line is where a metric has a value that nothing exceeds.
PERFECT = {"higher": 1.0, "lower": 0.0}
_SHOWN = (-0.12, 1.06)


def drawing(view: LadderView) -> Markup | None:
    """Draw each figure with its interval on a line from what the constant scores to perfection."""
    models = view.fitted
    if not models:
        return None
    constant = next((model for model in models if model.role == "control"), None)
    metrics = {metric.name: metric for metric in metrics_for(view.found.task)}
    columns, table = [], []
    for name in DRAWN[view.found.task]:
        if name in metrics:
            column, rows = _column(view, metrics[name], models, constant)
            columns.append(column)
            table += rows
    spec = {
        "mark": "scale",
        "rows": [
            {"label": m.label, "control": m.role == "control", "flagged": bool(m.flags)}
            for m in models
        ],
        "columns": columns,
    }
    best, chosen = view.advice.best, view.advice.chosen
    labels = {model.name: model.label for model in models}
    told = f" The best is {labels[best]}, the chosen {labels[chosen]}." if best in labels else ""
    return chart(
        spec,
        description=f"Figures of {len(models)} models on a line from a constant to perfect.{told}",
        head=("Metric", "Model", "Value", "95 % interval"),
        rows=table,
        class_="chart scale",
    )


def _column(
    view: LadderView,
    metric: Metric,
    models: list[PredictorRecord],
    constant: PredictorRecord | None,
) -> tuple[dict[str, Any], list[tuple[object, ...]]]:
    right = PERFECT[metric.better]
    found = [figure for m in models if (figure := m.metrics.get(metric.name)) is not None]
    values = [figure.value for figure in found if figure.value is not None]
    of_constant = None if constant is None else constant.metrics.get(metric.name)
    left = None if of_constant is None else of_constant.value
    # The calibration of a constant is nearly perfect: the worst model is the left end then.
    worst = (min if metric.better == "higher" else max)(values, default=0.0)
    anchored = left is not None and (left - right) * (worst - right) > 0 and left != right
    anchored = anchored and abs(left - right) >= abs(worst - right) / 2  # type: ignore[operator]
    start = float(left if anchored and left is not None else worst)
    span = (right - start) or 1.0
    advice = view.advice

    def place(value: float | None) -> float | None:
        if value is None:
            return None
        return round(min(_SHOWN[1], max(_SHOWN[0], (value - start) / span)), 4)

    cells: list[dict[str, Any]] = []
    table: list[tuple[object, ...]] = []
    tied = {one.model for one in advice.apart if one.tied} if metric.name == advice.metric else ()
    for model in models:
        figure = model.metrics.get(metric.name)
        if figure is None or figure.value is None:
            cells.append({"state": "none", "text": "not defined", "label": model.label})
            continue
        spot = (figure.value - start) / span
        state = "tied" if model.name in tied else "other"
        if metric.name == advice.metric and model.name == advice.best:
            state = "best"
        interval = _interval(metric, figure.low, figure.high)
        written = _write(metric, figure.value)
        cells.append({
            "label": model.label, "state": state, "t": place(figure.value),
            "beyond": int(spot > _SHOWN[1]) - int(spot < _SHOWN[0]),
            "low": place(figure.low), "high": place(figure.high), "text": written,
            "tip": f"{model.label}: {written} {interval}",
        })  # fmt: skip
        table.append((metric.label, model.label, written, interval))
    ends = ("constant" if anchored else "worst", "perfect")
    return {
        "title": metric.term or metric.label,
        "subtitle": metric.plain if metric.term else "",
        "left": [ends[0], _write(metric, start)],
        "right": [ends[1], _write(metric, right)],
        "anchored": anchored,
        "note": metric.shows,
        "control": None,
        "cut": None,
        "domain": list(_SHOWN),
        "cells": cells,
    }, table


def _write(metric: Metric, value: float | None) -> str:
    """Write a value of a metric."""
    if value is None or not math.isfinite(value):
        return MISSING
    return significant(value) if metric.style == "quantity" else fixed(value, 3)


def _interval(metric: Metric, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return f"({_write(metric, low)} to {_write(metric, high)})"


def figures(view: LadderView) -> Markup | None:
    """Write every figure of every model, with its interval."""
    models = view.fitted
    metrics = [m for m in metrics_for(view.found.task) if any(m.name in f.metrics for f in models)]
    if not models:
        return None
    rows = []
    for model in models:
        cells: list[object] = [tag("b", model.label)]
        for metric in metrics:
            figure = model.metrics.get(metric.name)
            if figure is None or figure.value is None:
                cells.append(tag("span", MISSING, class_="missing"))
                continue
            interval = _interval(metric, figure.low, figure.high)
            value = tag("span", _write(metric, figure.value), title=method_of(figure))
            cells.append(join((value, tag("small", interval) if interval else None), " "))
        cells += [duration(model.seconds), significant(model.energy_wh, 2)]
        rows.append(cells)
    head = ["Model", *(metric.term or metric.label for metric in metrics), "Time", "Wh"]
    return data_table(head, rows, "figures ladder", "All figures")


def price(view: LadderView) -> Markup | None:
    """Write what each model loses against the best, and how probable that is."""
    advice = view.advice
    if not advice.apart:
        return None
    labels = {model.name: model.label for model in view.models}
    rows = []
    for one in advice.apart:
        apart = one.difference
        interval = (
            f"{significant(apart.low, 2)} to {significant(apart.high, 2)}"
            if apart.low is not None and apart.high is not None
            else ""
        )
        sign = "best" if one.model == advice.best else "tied" if one.tied else "worse"
        if one.model == advice.chosen:
            sign = f"{sign}, chosen"
        rows.append((
            tag("b", labels.get(one.model, one.model)),
            significant(apart.value, 2) if one.model != advice.best else "",
            interval,
            "" if one.best_better is None else probability(one.best_better),
            "" if one.negligible is None else probability(one.negligible),
            sign,
        ))  # fmt: skip
    note = (
        "Differences are paired: both models are asked about the same held-out rows. Tied means "
        f"that the 95 % interval contains 0. Negligible is {advice.margin_told}. They speak of "
        "these trainings, not of training with another seed."
    )
    head = ("Model", "Loses", "95 % interval", "P(best is better)", "P(negligible)", "")
    return join(
        (data_table(head, rows, "figures price", "What transparency costs"), tag("p", note))
    )
