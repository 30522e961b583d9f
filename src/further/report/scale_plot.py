"""The scale plot: each model's interval on a line from what noise scores to what real data scores.

A figure v stands at t = (f(v) - f(noise)) / (f(real) - f(noise)), with f the identity, the signed
root (for squared distances) or the logarithm (for costs), so t = 0 is noise and t = 1 is real.
Where an end is unknown the worst or the best of the models takes its place, and the line says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from further.report.chart import chart
from further.report.markup import Markup, tag
from further.report.metrics import Transform, goal_label, metric
from further.report.numbers import fixed, shared_decimals
from further.report.run_folder import Figure, ModelRun, RunFolder, better, shared_end

# How far beyond noise (t = 0) and real (t = 1) the line still shows where a figure stands.
_SHOWN = (-0.12, 1.2)


@dataclass(frozen=True)
class Scale:
    """The line on which one figure is drawn, with the number format it shares."""

    name: str
    left: float
    right: float
    transform: Transform
    left_name: str
    right_name: str
    decimals: int
    unit: str = ""

    @property
    def anchored(self) -> bool:
        """Whether both ends are noise and real, rather than the worst and best of the models."""
        return self.left_name == "noise" and self.right_name == "real"

    def position(self, value: float | None) -> float | None:
        """Place a value on the line: 0 is its left end, 1 its right end."""
        if value is None:
            return None
        left, right = _transform(self.left, self.transform), _transform(self.right, self.transform)
        if left == right:
            return 0.5
        return (_transform(value, self.transform) - left) / (right - left)

    def write(self, value: float | None) -> str:
        """Write a value as this figure is written throughout the report."""
        written = fixed(value, self.decimals)
        return f"{written} {self.unit}" if self.unit and value is not None else written

    def write_interval(self, figure: Figure) -> str:
        """Write the interval of a figure; empty where it has none."""
        if figure.low is None or figure.high is None:
            return ""
        return f"{fixed(figure.low, self.decimals)} to {fixed(figure.high, self.decimals)}"


def _transform(value: float, transform: Transform) -> float:
    if transform == "sqrt":
        return math.copysign(math.sqrt(abs(value)), value)
    if transform == "log":
        return math.log(max(value, 1e-12))
    return value


def scale_of(models: Sequence[ModelRun], name: str, direction: object = None) -> Scale | None:
    """Choose the line for a figure; ``None`` where no model has a value."""
    figures = [found for model in models if (found := model.figure(name)) is not None]
    if not figures:
        return None
    known = metric(name)
    values = [figure.value for figure in figures if figure.value is not None]
    worst, best = min(values), max(values)
    if better(models, name, direction) == "lower":
        worst, best = best, worst
    real, noise = shared_end(models, name, "real"), shared_end(models, name, "noise")
    # Real and noise that agree span no line, so the models themselves have to.
    if real is not None and real == noise:
        real = noise = None
    widths = [
        figure.high - figure.low
        for figure in figures
        if figure.low is not None and figure.high is not None
    ]
    decimals = shared_decimals(values, widths)
    transform = known.transform
    if transform == "log" and min(values) <= 0:
        transform = "linear"
    return Scale(
        name,
        worst if noise is None else noise,
        best if real is None else real,
        transform,
        "worst" if noise is None else "noise",
        "best" if real is None else "real",
        decimals,
        known.unit,
    )


def scale_plot(run: RunFolder) -> Markup:
    """Draw who is good at what: a row a model, a column a goal."""
    goals = run.goals or _goals_without_recommendation(run)
    columns, table = [], []
    for goal, judged in goals.items():
        scale = scale_of(run.models, judged["metric"], judged.get("direction"))
        if scale is None:
            continue
        column = _column(run, goal, judged, scale)
        columns.append(column)
        for model, cell in zip(run.models, column["cells"], strict=True):
            figure = model.figure(scale.name)
            table.append(
                (
                    goal_label(goal),
                    metric(scale.name).label,
                    model.label,
                    scale.write(figure.value) if figure else "not defined",
                    scale.write_interval(figure) if figure else "",
                    f"{scale.left_name} {scale.write(scale.left)}",
                    f"{scale.right_name} {scale.write(scale.right)}",
                    {"best": "best", "tied": "tied with the best"}.get(cell["state"], ""),
                )
            )
    rows = [
        {
            "label": model.label,
            "control": model.is_control,
            "flagged": bool(model.flags),
        }
        for model in run.models
    ]
    if not columns:
        return tag("p", "No figure of this run can be drawn on a scale.", class_="note")
    spec = {"mark": "scale", "rows": rows, "columns": columns}
    return chart(
        spec,
        description=_describe(run, goals),
        head=("Goal", "Metric", "Model", "Value", "95 % interval", "Left end", "Right end", "Rank"),
        rows=table,
        class_="chart scale",
    )


def _column(run: RunFolder, goal: str, judged: Any, scale: Scale) -> dict[str, Any]:
    ranking = [name for name in judged.get("ranking") or [] if isinstance(name, str)]
    tied = {name for name in judged.get("tied") or [] if isinstance(name, str)}
    mixture = next((model for model in run.models if model.name == "gaussian_mixture"), None)
    control = mixture.figure(scale.name) if mixture else None
    known = metric(scale.name)
    ends = "" if scale.anchored else " of these models"
    return {
        "title": goal_label(goal),
        "subtitle": known.label,
        "left": f"{scale.left_name} {scale.write(scale.left)}",
        "right": f"{scale.right_name} {scale.write(scale.right)}",
        "anchored": scale.anchored,
        "note": f"from {scale.left_name} to {scale.right_name}{ends}, {_scale_name(scale)}",
        "control": _clip(scale.position(control.value)) if control else None,
        "domain": list(_SHOWN),
        "cells": [_cell(model, scale, ranking, tied) for model in run.models],
    }


def _cell(model: ModelRun, scale: Scale, ranking: list[str], tied: set[str]) -> dict[str, Any]:
    figure = model.figure(scale.name)
    if figure is None:
        return {"state": "none", "text": "not defined", "label": model.label}
    state = "other"
    if ranking[:1] == [model.name]:
        state = "best"
    elif model.name in tied:
        state = "tied"
    elif model.is_control:
        state = "control"
    position = scale.position(figure.value)
    interval = scale.write_interval(figure)
    return {
        "label": model.label,
        "state": state,
        "t": _clip(position),
        "beyond": 0 if position is None else int(position > _SHOWN[1]) - int(position < _SHOWN[0]),
        "low": _clip(scale.position(figure.low)),
        "high": _clip(scale.position(figure.high)),
        "text": scale.write(figure.value),
        "tip": f"{model.label}: {scale.write(figure.value)}"
        + (f" ({interval})" if interval else ""),
    }


def _clip(position: float | None) -> float | None:
    return None if position is None else round(min(_SHOWN[1], max(_SHOWN[0], position)), 4)


def _scale_name(scale: Scale) -> str:
    names = {"linear": "linear", "sqrt": "square-root scale", "log": "logarithmic"}
    return names[scale.transform]


def _goals_without_recommendation(run: RunFolder) -> dict[str, dict[str, Any]]:
    """Take every metric that has both ends as a goal: a single model has no ranking to go by."""
    names = [name for model in run.models for name in model.figures]
    anchored = [
        name
        for name in dict.fromkeys(names)
        if shared_end(run.models, name, "real") is not None
        and shared_end(run.models, name, "noise") is not None
    ]
    return {metric(name).label: {"metric": name} for name in anchored[:8]}


def _describe(run: RunFolder, goals: dict[str, Any]) -> str:
    parts = []
    for goal, judged in goals.items():
        ranking = [run.label(name) for name in judged.get("ranking") or []]
        if ranking:
            parts.append(f"{goal_label(goal)}: {ranking[0]} is best")
    return "Scale plot: a row for each model, a column for each goal. " + "; ".join(parts) + "."
