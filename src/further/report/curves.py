"""Learning curves from history.csv: one small chart a quantity, the best step marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from further.report.chart import chart, columns, legend
from further.report.markup import Markup, join, tag
from further.report.numbers import significant
from further.report.run_folder import ModelRun, RunFolder, read_history

_CLOCK = ("step", "epoch", "seconds")
_SERIES = {"train": "training", "val": "validation"}
_MOST_POINTS = 200


def learning_curves(run: RunFolder) -> Markup | None:
    """Draw how each model's losses and other logged quantities went."""
    charts = [drawn for model in run.models for drawn in _charts(model)]
    if not charts:
        return None
    key = legend(line_training="training", line_validation="validation", line_best="weights kept")
    return tag("div", key, tag("div", *charts, class_="curves"))


def _charts(model: ModelRun) -> list[Markup]:
    history = read_history(model.folder)
    steps = history.get("step")
    if not steps or len(steps) < 2:
        return []
    best = model.best_step
    return [
        _chart(model, quantity, series, history, best)
        for quantity, series in _quantities(history).items()
    ]


def _quantities(history: Mapping[str, Sequence[float | None]]) -> dict[str, dict[str, str]]:
    """Group columns by what they measure: train_loss and val_loss share a chart, the first one.

    Losses of parts, such as train_generator_loss, share a chart as well: they have one unit.
    """
    grouped: dict[str, dict[str, str]] = {}
    for column, values in history.items():
        if column in _CLOCK or all(value is None for value in values):
            continue
        prefix, _, rest = column.partition("_")
        quantity, series = (rest, _SERIES[prefix]) if prefix in _SERIES and rest else (column, "")
        part = quantity.removesuffix("_loss")
        if part != quantity:
            quantity, series = "losses of parts", f"{part.replace('_', ' ')} ({prefix})"
        grouped.setdefault(quantity, {})[column] = series or "value"
    order = sorted(grouped, key=lambda name: (name != "loss", name != "losses of parts", name))
    return {name: grouped[name] for name in order[:6]}


def _chart(
    model: ModelRun,
    quantity: str,
    series: Mapping[str, str],
    history: Mapping[str, Sequence[float | None]],
    best: float | None,
) -> Markup:
    steps = history["step"]
    stride = -(-len(steps) // _MOST_POINTS)
    kept = [
        (step, row)
        for row, step in enumerate(steps)
        if step is not None and (row % stride == 0 or row == len(steps) - 1)
    ]
    points = [
        (step, history[column][row], name) for column, name in series.items() for step, row in kept
    ]
    drawn = [(step, value, name) for step, value, name in points if value is not None]
    names = list(dict.fromkeys(series.values()))
    spec = {
        "mark": "curve",
        "data": columns(
            x=[step for step, _, _ in drawn],
            y=[value for _, value, _ in drawn],
            series=[name for _, _, name in drawn],
        ),
        "series": names,
        "x": {"label": "step"},
        "y": {"domain": _window(drawn)},
        "best": best,
    }
    label = quantity.replace("_", " ")
    last = {name: value for _, value, name in drawn}
    ends = ", ".join(f"{name} ends at {significant(value)}" for name, value in last.items())
    kept_at = "" if best is None else f"; the weights of step {best:,.0f} are kept"
    return chart(
        spec,
        title=join((tag("b", model.short), label), " · "),
        description=f"Learning curve of {model.label}, {label}: {ends}{kept_at}.",
        head=("step", *names),
        rows=[
            (f"{step:,.0f}", *(significant(history[column][row], 4) for column in series))
            for step, row in kept
        ],
        summary="Data",
    )


def _window(points: Sequence[tuple[float, float, str]]) -> list[float] | None:
    """Choose the range to show: the fall of the first steps would dwarf all that follows."""
    if not points:
        return None
    start, end = min(step for step, _, _ in points), max(step for step, _, _ in points)
    settled = [value for step, value, _ in points if step >= start + 0.04 * (end - start)]
    low, high = min(value for _, value, _ in points), max(settled)
    pad = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    return [low - pad, high + pad]
