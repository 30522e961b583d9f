"""The table behind the answer: a row a figure, a column a model, intervals written and drawn."""

from __future__ import annotations

from itertools import groupby

from further.evaluate.metrics import METRICS, Metric, find_metric
from further.report.generation.scale import Scale, scale_of
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING
from further.report.run_folder import ModelRun, RunFolder, better, shared_end

_BESIDE = tuple(name for name, metric in METRICS.items() if metric.beside)


def metric_table(run: RunFolder) -> Markup:
    """Write every figure of every model, with what real data and noise score beside them."""
    found = {name for model in run.models for name in model.metrics}
    found |= {name for name in _BESIDE if any(model.figure(name) for model in run.models)}
    ordered = [METRICS[name] for name in METRICS if name in found]
    ordered += [find_metric(name) for name in sorted(found - set(METRICS))]
    header = tag(
        "tr",
        tag("th", "Figure", scope="col"),
        *(tag("th", _column_name(model), scope="col", class_=model.role) for model in run.models),
        tag("th", "Real", scope="col", class_="end"),
        tag("th", "Noise", scope="col", class_="end"),
    )
    width = len(run.models) + 3
    least = 10 + 5.2 * (width - 1)
    bodies = []
    for group, metrics in groupby(ordered, key=lambda item: item.group):
        title = tag("tr", tag("th", tag("span", group), colspan=width, scope="rowgroup"))
        rows = join(_row(run, item) for item in metrics)
        bodies.append(tag("tbody", title, rows))
    table = tag(
        "table",
        tag("thead", header),
        *bodies,
        class_="figures",
        style=f"min-width: {least:.0f}rem; max-width: {1.6 * least:.0f}rem",
    )
    return tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="All figures")


def _column_name(model: ModelRun) -> Markup:
    mark = tag("span", "⚑", class_="flag", title=", ".join(model.flags)) if model.flags else None
    name = tag("span", model.short, title=model.label)
    return join((name, mark), " ") if mark else name


def _row(run: RunFolder, item: Metric) -> Markup:
    judged = next((goal for goal in run.goals.values() if goal["metric"] == item.name), {})
    scale = scale_of(run.models, item.name)
    best = {*(judged.get("ranking") or [])[:1], *(judged.get("tied") or [])}
    direction = better(run.models, item.name)
    arrow = tag("span", "↑" if direction == "higher" else "↓", title=f"{direction} is better")
    label = item.label if scale is None else scale.label
    unit = f", {item.unit}" if item.unit and item.style == "quantity" else ""
    name = tag("th", join((label + unit, arrow), "\u00a0"), scope="row", title=item.shows)
    cells = (
        tag("td", MISSING, class_="missing", title="not defined for this model")
        if scale is None or (model.figure(item.name) is None)
        else _cell(model, scale, model.name in best)
        for model in run.models
    )
    ends = (shared_end(run.models, item.name, end) for end in ("real", "noise"))
    written = (
        MISSING if end is None or scale is None else scale.write(end, unit=False) for end in ends
    )
    return tag("tr", name, *cells, *(tag("td", end, class_="end") for end in written))


def _cell(model: ModelRun, scale: Scale, best: bool) -> Markup:
    figure = model.figure(scale.name)
    if figure is None:
        return tag("td", MISSING)
    interval = scale.write_interval(figure)
    details = [figure.method, f"n = {figure.n:,}" if figure.n else "", figure.basis or ""]
    basis = tag("small", figure.basis, class_="basis") if figure.basis else None
    return tag(
        "td",
        tag("b" if best else "span", scale.write(figure.value, unit=False)),
        basis,
        _drawn(scale, figure.value, figure.low, figure.high),
        tag("small", interval.replace(" to ", "–") if "−" not in interval else interval)
        if interval
        else None,
        title="; ".join(part for part in details if part) or None,
    )


def _drawn(scale: Scale, value: float | None, low: float | None, high: float | None) -> Markup:
    """Draw an interval on its line in a few bytes: 200 of them stand in one table."""
    spots = [
        None if spot is None else 4 + 52 * min(1.06, max(-0.06, spot))
        for spot in (scale.position(value), scale.position(low), scale.position(high))
    ]
    bar = ""
    if spots[1] is not None and spots[2] is not None:
        left, right = sorted((spots[1], spots[2]))
        bar = f'<path class="bar" d="M{left:.1f} 4H{right:.1f}"/>'
    return Markup(
        '<svg viewBox="0 0 60 8" aria-hidden="true"><path d="M4 4H56"/>'
        f'{bar}<circle cx="{spots[0] or 0:.1f}" cy="4" r="2"/></svg>'
    )
