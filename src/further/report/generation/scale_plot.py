"""The scale plot: a row a model, a column a goal, each interval on its line from noise to real.

Good models crowd the real end of a line, so the stretch where (nearly) no model stands is pressed
together and the line shows a cut there: with the cut at t = b, positions below b take the first
fifth of the line, those above it the rest. Order is kept, and both ends stay in sight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from further.evaluate.metrics import find_metric
from further.evaluate.record import GoalRecord
from further.report.chart import chart
from further.report.generation.scale import Scale, scale_of
from further.report.markup import Markup, join, tag
from further.report.run_folder import ModelRun, RunFolder, goal_label

_CUT_DRAWN = 0.2
_LEAST_CUT = 0.45
_SHOWN = (-0.06, 1.22)


def scale_plot(run: RunFolder) -> Markup:
    """Draw who is good at what."""
    goals = run.goals or _figures_with_both_ends(run)
    columns: list[dict[str, Any]] = []
    table: list[tuple[str, ...]] = []
    for goal, judged in goals.items():
        scale = scale_of(run.models, judged.metric)
        if scale is None or (scale.is_empty and not run.is_comparison):
            continue
        column = _column(run, goal, judged, scale)
        columns.append(column)
        table += _table(run, goal, scale, column["cells"])
    if not columns:
        return tag("p", "No figure of this run can be drawn on a scale.", class_="note")
    rows = [
        {"label": model.label, "control": model.is_control, "flagged": bool(model.flags)}
        for model in run.models
    ]
    drawn = chart(
        {"mark": "scale", "rows": rows, "columns": columns},
        description=_describe(run, goals),
        head=("Goal", "Metric", "Model", "Value", "95 % interval", "Left end", "Right end", "Rank"),
        rows=table,
        class_="chart scale",
    )
    return join((_key(run, any(column["cut"] is not None for column in columns)), drawn))


def _column(run: RunFolder, goal: str, judged: GoalRecord, scale: Scale) -> dict[str, Any]:
    best = judged.ranking[:1]
    control = run.control.figure(scale.name) if run.control else None
    cut = _cut(run.models, scale)
    cells = [_cell(model, scale, cut, best, {*best, *judged.tied}) for model in run.models]
    spots = [spot for cell in cells for spot in (cell.get("t"), cell.get("high"), cell.get("low"))]
    return {
        "title": goal_label(goal),
        "subtitle": scale.label if scale.label != goal_label(goal) else "",
        "left": ["", ""] if scale.is_empty else [scale.left_name, scale.write(scale.left)],
        "right": ["", ""] if scale.is_empty else [scale.right_name, scale.write(scale.right)],
        "anchored": scale.anchored,
        "note": find_metric(scale.name).shows,
        "control": _drawn(scale.position(control.value), cut) if control else None,
        "cut": _CUT_DRAWN if cut is not None else None,
        "domain": [_SHOWN[0], max(1.0, *(spot for spot in spots if spot is not None)) + 0.02],
        "cells": cells,
    }


def _cell(
    model: ModelRun, scale: Scale, cut: float | None, best: Sequence[str], leading: set[str]
) -> dict[str, Any]:
    figure = model.figure(scale.name)
    if figure is None:
        return {"state": "none", "text": "not defined", "label": model.label}
    state = "control" if model.is_control else "other"
    if model.name in leading:
        state = "best" if model.name in best else "tied"
    spot, low, high = scale.positions(figure)
    position = _bend(spot, cut) or 0.0
    return {
        "label": model.label,
        "state": state,
        "t": _drawn(spot, cut),
        "beyond": int(position > _SHOWN[1]) - int(position < _SHOWN[0]),
        "low": _drawn(low, cut),
        "high": _drawn(high, cut),
        "text": scale.write(figure.value),
        "tip": f"{model.label}: {scale.write_figure(figure)}",
    }


def _cut(models: Sequence[ModelRun], scale: Scale) -> float | None:
    """Choose where the line is cut: below all models, or all but a quarter that lag far behind."""
    if scale.left_name != "noise" or scale.logarithmic:
        return None
    every = (scale.positions(figure) for model in models if (figure := model.figure(scale.name)))
    starts = sorted(min(spot for spot in spots if spot is not None) for spots in every)
    for start in starts[: len(starts) // 4 + 1]:
        cut = start - 0.06 * (1 - start)
        if _LEAST_CUT <= cut < 0.98:
            return cut
    return 0.98 if starts and starts[0] >= 0.98 else None


def _bend(position: float | None, cut: float | None) -> float | None:
    if position is None or cut is None:
        return position
    if position <= cut:
        return position / cut * _CUT_DRAWN
    return _CUT_DRAWN + (position - cut) / (1 - cut) * (1 - _CUT_DRAWN)


def _drawn(position: float | None, cut: float | None) -> float | None:
    bent = _bend(position, cut)
    return None if bent is None else round(min(_SHOWN[1], max(_SHOWN[0], bent)), 4)


def _table(
    run: RunFolder, goal: str, scale: Scale, cells: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, ...]]:
    for model, cell in zip(run.models, cells, strict=True):
        figure = model.figure(scale.name)
        yield (
            goal_label(goal),
            scale.label,
            model.label,
            scale.write(figure.value) if figure else "not defined",
            scale.write_interval(figure) if figure else "",
            f"{scale.left_name} {scale.write(scale.left)}",
            f"{scale.right_name} {scale.write(scale.right)}",
            {"best": "best", "tied": "tied with the best"}.get(cell["state"], ""),
        )


def _key(run: RunFolder, is_cut: bool) -> Markup:
    """Explain the signs, each drawn as it is in the plot."""
    rail, dot = '<path class="rail" d="M2 7H26"/>', 'cx="14" cy="7" r="4.5"/>'
    signs = [
        (run.is_comparison, f'{rail}<circle class="lead" {dot}', "best or tied"),
        (
            True,
            f'{rail}<path class="span" d="M7 7H21"/><circle class="other" {dot}',
            "model, 95 % interval",
        ),
        (
            run.control is not None,
            '<path class="tick" d="M14 1V13"/>',
            f"{run.control.label if run.control else ''} (baseline)",
        ),
        (True, '<path class="end" d="M11 4.5L16 9.5M16 4.5L11 9.5"/>', "noise"),
        (True, '<circle class="stop" cx="14" cy="7" r="2.2"/>', "real held-out data"),
        (
            is_cut,
            '<path class="rail" d="M2 7H11M17 7H26"/>'
            '<path class="end" d="M11 11L13.5 3M14.5 11L17 3"/>',
            "line shortened",
        ),
    ]
    entries = (
        tag(
            "li",
            Markup(
                f'<svg viewBox="0 0 28 14" width="28" height="14" aria-hidden="true">{sign}</svg>'
            ),
            words,
        )
        for shown, sign, words in signs
        if shown
    )
    return tag("ul", *entries, class_="signs")


def _figures_with_both_ends(run: RunFolder) -> dict[str, GoalRecord]:
    """Take the metrics that have both ends for goals: a single model has no ranking to go by."""
    names = dict.fromkeys(name for model in run.models for name in model.metrics)
    scales = (scale_of(run.models, name) for name in names)
    known = [own.name for own in scales if own and own.real is not None and own.noise is not None]
    # What a command prints comes first.
    known.sort(key=lambda name: not find_metric(name).heading)
    return {find_metric(name).label: GoalRecord(metric=name) for name in known[:8]}


def _describe(run: RunFolder, goals: Mapping[str, GoalRecord]) -> str:
    parts = []
    for goal, judged in goals.items():
        if judged.ranking:
            best, *_ = judged.ranking
            tied = [run.label(name) for name in judged.tied if name != best]
            also = f", tied with {' and '.join(tied)}" if tied else ""
            parts.append(f"{goal_label(goal)}: {run.label(best)} is best{also}")
    told = "Scale plot: a row for each model, a column for each goal, each figure on a line from "
    return f"{told}noise to real held-out data. {'; '.join(parts)}{'.' if parts else ''}".strip()
