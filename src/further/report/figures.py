"""Figures of models with their intervals: on a line from a control to perfect, and as a table."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from further.evaluate.metrics import Metric
from further.evaluate.record import Apart, ModelRecord
from further.report.chart import chart, data_table
from further.report.cost import energy_of, in_range
from further.report.estimates import method_of
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING, duration, fixed, probability, significant

#: What the right end of a line is where a metric has a value that nothing exceeds.
PERFECT = {"higher": 1.0, "lower": 0.0}
_SHOWN = (-0.12, 1.06)


def scale_drawing(
    models: Sequence[ModelRecord],
    metrics: Sequence[Metric],
    control: ModelRecord | None,
    *,
    deciding: str,
    best: str,
    tied: Collection[str],
    ends: str,
    told: str,
) -> Markup:
    """Draw each figure with its interval on a line from what a control scores to perfection.

    Parameters
    ----------
    models : sequence of ModelRecord
        A row each.
    metrics : sequence of Metric
        A column each.
    control : ModelRecord or None
        Whose figure is the left end of a line; without one, that of the worst model is.
    deciding : str
        The metric by which the best and those tied with it are marked.
    best : str
        Name of the best model.
    tied : collection of str
        Names of those tied with it.
    ends : str
        What the control is called at the left end of a line.
    told : str
        The drawing in words.

    Returns
    -------
    Markup
        A chart with its data as a table.
    """
    columns, table = [], []
    for metric in metrics:
        states = dict.fromkeys(tied, "tied") | {best: "best"} if metric.name == deciding else {}
        column, rows = _column(metric, models, control, states, ends)
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
    return chart(
        spec,
        description=told,
        head=("Metric", "Model", "Value", "95 % interval"),
        rows=table,
        class_="chart scale",
    )


def _column(
    metric: Metric,
    models: Sequence[ModelRecord],
    control: ModelRecord | None,
    states: Mapping[str, str],
    end: str,
) -> tuple[dict[str, Any], list[tuple[object, ...]]]:
    right = PERFECT[metric.better]
    found = [figure for m in models if (figure := m.metrics.get(metric.name)) is not None]
    values = [figure.value for figure in found if figure.value is not None]
    of_control = None if control is None else control.metrics.get(metric.name)
    left = None if of_control is None else of_control.value
    # The calibration of a constant is nearly perfect: the worst model is the left end then.
    worst = (min if metric.better == "higher" else max)(values, default=0.0)
    anchored = left is not None and (left - right) * (worst - right) > 0 and left != right
    anchored = anchored and abs(left - right) >= abs(worst - right) / 2  # type: ignore[operator]
    start = float(left if anchored and left is not None else worst)
    span = (right - start) or 1.0

    def place(value: float | None) -> float | None:
        if value is None:
            return None
        return round(min(_SHOWN[1], max(_SHOWN[0], (value - start) / span)), 4)

    cells: list[dict[str, Any]] = []
    table: list[tuple[object, ...]] = []
    for model in models:
        figure = model.metrics.get(metric.name)
        if figure is None or figure.value is None:
            cells.append({"state": "none", "text": "not defined", "label": model.label})
            continue
        spot = (figure.value - start) / span
        interval = _interval(metric, figure.low, figure.high)
        written = write_value(metric, figure.value)
        cells.append({
            "label": model.label, "state": states.get(model.name, "other"),
            "t": place(figure.value), "beyond": int(spot > _SHOWN[1]) - int(spot < _SHOWN[0]),
            "low": place(figure.low), "high": place(figure.high), "text": written,
            "tip": f"{model.label}: {written} {interval}",
        })  # fmt: skip
        table.append((metric.label, model.label, written, interval))
    return {
        "title": metric.term or metric.label,
        "subtitle": metric.plain if metric.term else "",
        "left": [end if anchored else "worst", write_value(metric, start)],
        "right": ["perfect", write_value(metric, right)],
        "anchored": anchored,
        "note": metric.shows,
        "control": None,
        "cut": None,
        "domain": list(_SHOWN),
        "cells": cells,
    }, table


def write_value(metric: Metric, value: float | None) -> str:
    """Write a value of a metric; a dash where there is none.

    Parameters
    ----------
    metric : Metric
        Says how.
    value : float or None
        The value.

    Returns
    -------
    str
        As people read it.
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if metric.style == "duration":
        return duration(value)
    return significant(value) if metric.style == "quantity" else fixed(value, 3)


def _interval(metric: Metric, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return f"({write_value(metric, low)} to {write_value(metric, high)})"


def figures_table(models: Sequence[ModelRecord], metrics: Sequence[Metric]) -> Markup:
    """Write every figure of every model, with its interval, and what its training took.

    Parameters
    ----------
    models : sequence of ModelRecord
        A row each.
    metrics : sequence of Metric
        A column each.

    Returns
    -------
    Markup
        A table.
    """
    rows = []
    for model in models:
        cells: list[object] = [tag("b", model.label)]
        for metric in metrics:
            figure = model.metrics.get(metric.name)
            if figure is None or figure.value is None:
                cells.append(tag("span", MISSING, class_="missing"))
                continue
            interval = _interval(metric, figure.low, figure.high)
            value = tag("span", write_value(metric, figure.value), title=method_of(figure))
            cells.append(join((value, tag("small", interval) if interval else None), " "))
        cells += [duration(model.cpu_seconds), duration(model.seconds), in_range(energy_of(model))]
        rows.append(cells)
    names = [metric.term or metric.label for metric in metrics]
    head = ["Model", *names, "Processor time", "Time", "Wh"]
    return data_table(head, rows, "figures ladder", "All figures")


def apart_table(
    apart: Sequence[Apart],
    labels: Mapping[str, str],
    *,
    best: str,
    title: str,
    chosen: str = "",
    difference: str = "Loses",
) -> Markup:
    """Write how far each model is from the best, and how probable that is.

    Parameters
    ----------
    apart : sequence of Apart
        Each model beside the best.
    labels : mapping of str to str
        What models are called.
    best : str
        Name of the best model.
    title : str
        What the table is called for whoever cannot see it.
    chosen : str, default=""
        Name of a model that is chosen for another reason.
    difference : str, default="Loses"
        Heading of the column with the differences.

    Returns
    -------
    Markup
        A table.
    """
    rows = []
    for one in apart:
        lost = one.difference
        interval = (
            f"{significant(lost.low, 2)} to {significant(lost.high, 2)}"
            if lost.low is not None and lost.high is not None
            else ""
        )
        sign = "best" if one.model == best else "tied" if one.tied else "worse"
        if one.model == chosen:
            sign = f"{sign}, chosen"
        rows.append((
            tag("b", labels.get(one.model, one.model)),
            significant(lost.value, 2) if one.model != best else "",
            interval,
            "" if one.best_better is None else probability(one.best_better),
            "" if one.negligible is None else probability(one.negligible),
            sign,
        ))  # fmt: skip
    head = ("Model", difference, "95 % interval", "P(best is better)", "P(negligible)", "")
    return data_table(head, rows, "figures price", title)
