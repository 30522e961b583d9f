"""Learning curves from history.csv: one small chart a quantity, the best step marked.

The lines of training and of validation rows (``fit_`` and ``val_``) are of the same weights in
evaluation mode, so that the gap between them may be read. What the steps themselves minimised
(``train_``) is a faint line behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from further.evaluate.metrics import METRICS
from further.report.chart import chart, columns, legend
from further.report.markup import Markup, join, tag
from further.report.numbers import significant
from further.report.run_folder import ModelRun, RunFolder, read_history

_CLOCK = ("step", "epoch", "seconds", "learning_rate")
#: What the line of a column is called by the column's prefix; those drawn first lie below.
_LINES = {"train": "while training", "fit": "training rows", "val": "validation rows"}
_SIGNS = {
    "while training": "line_stepping",
    "training rows": "line_training",
    "validation rows": "line_validation",
}
_MOST_POINTS = 200

History = Mapping[str, Sequence[float | None]]


def learning_curves(run: RunFolder) -> Markup | None:
    """Draw how each model's losses and other logged quantities went."""
    charts: list[Markup] = []
    shown: set[str] = set()
    for model in run.models:
        history = read_history(model.folder)
        if len(history.get("step", ())) < 2:
            continue
        for quantity, lines in _quantities(history).items():
            charts.append(_chart(model, quantity, lines, history))
            shown.update(lines.values())
    if not charts:
        return None
    signs = {sign: name for name, sign in _SIGNS.items() if name in shown}
    key = legend(**signs, line_best="weights kept")
    return tag("div", key, tag("div", *charts, class_="curves"))


def _quantities(history: History) -> dict[str, dict[str, str]]:
    """Group columns by what they measure: train_loss, fit_loss and val_loss share a chart."""
    grouped: dict[str, dict[str, str]] = {}
    for column, values in history.items():
        if column not in _CLOCK and any(value is not None for value in values):
            quantity, line = _read_name(column)
            grouped.setdefault(quantity, {})[column] = line
    order = sorted(grouped, key=lambda name: (name != "loss", name != "losses of parts", name))
    place = {line: number for number, line in enumerate(_LINES.values())}
    return {
        name: dict(sorted(grouped[name].items(), key=lambda item: place.get(item[1], 0)))
        for name in order[:6]
    }


def _read_name(column: str) -> tuple[str, str]:
    """Tell what a column measures, and what its line is called.

    Losses of parts, such as train_generator_loss, are one quantity: they have one unit.
    """
    prefix, _, quantity = column.partition("_")
    if prefix not in _LINES or not quantity:
        return column, "value"
    part = quantity.removesuffix("_loss")
    if part != quantity and quantity not in METRICS:
        return "losses of parts", f"{part.replace('_', ' ')}, {_LINES[prefix]}"
    return quantity, _LINES[prefix]


def _chart(model: ModelRun, quantity: str, lines: Mapping[str, str], history: History) -> Markup:
    steps = history["step"]
    stride = -(-len(steps) // _MOST_POINTS)
    kept = [
        (step, row)
        for row, step in enumerate(steps)
        if step is not None and (row % stride == 0 or row == len(steps) - 1)
    ]
    points = [
        (step, history[column][row], name) for column, name in lines.items() for step, row in kept
    ]
    drawn = [(step, value, name) for step, value, name in points if value is not None]
    names = list(dict.fromkeys(lines.values()))
    best = model.best_step
    spec = {
        "mark": "curve",
        "data": columns(("x", "y", "series"), drawn),
        "series": names,
        "y": {"domain": _window(drawn)},
        "best": best,
    }
    label = quantity.replace("_", " ")
    last = {name: value for _, value, name in drawn}
    ends = ", ".join(f"{name} {significant(value)}" for name, value in last.items())
    kept_at = "" if best is None else f"; the weights of step {best:,.0f} are kept"
    return chart(
        spec,
        title=join((tag("b", model.short), label), " · "),
        description=f"Learning curve of {model.label}, {label} at the end: {ends}{kept_at}.",
        head=("step", *names),
        rows=[
            (f"{step:,.0f}", *(significant(history[column][row], 4) for column in lines))
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
