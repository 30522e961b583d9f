"""The table behind the answer: a row a figure, a column a model, intervals written and drawn."""

from __future__ import annotations

from itertools import groupby

from further.evaluate.metrics import METRICS, Metric
from further.evaluate.record import Figure, GoalRecord
from further.report.chart import scrolling
from further.report.estimates import method_of
from further.report.generation.run import GenerationRun
from further.report.generation.scale import Scale, scale_of
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING, as_number, share
from further.report.rows import opens
from further.report.run_folder import ModelRun, RunFolder, in_order

_BESIDE = tuple(name for name, metric in METRICS.items() if metric.beside)


def metric_table(run: GenerationRun) -> Markup:
    """Write every figure of every model, with what real data and noise score beside them."""
    found = {name for model in run.models for name in model.metrics}
    found |= {name for name in _BESIDE if any(model.figure(name) for model in run.models)}
    named = [
        (join((tag("span", model.short, title=model.label), model.flag), " "), model.role)
        for model in run.models
    ]
    titles = [("Figure", None), *named, ("Real", "end"), ("Noise", "end")]
    header = tag("tr", *(tag("th", title, scope="col", class_=own) for title, own in titles))
    width = len(run.models) + 3
    least = 10 + 5.2 * (width - 1)
    bodies = []
    for group, metrics in groupby(in_order(found), key=lambda item: item.group):
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
    return scrolling(table, "All figures")


def _row(run: GenerationRun, item: Metric) -> Markup:
    judged = next((goal for goal in run.goals.values() if goal.metric == item.name), GoalRecord())
    scale = scale_of(run.models, item.name)
    best = {*judged.ranking[:1], *judged.tied}
    direction = item.better if scale is None else scale.better
    arrow = tag("span", "↑" if direction == "higher" else "↓", title=f"{direction} is better")
    label = item.label if scale is None else scale.label
    unit = f", {item.unit}" if item.unit and item.style == "quantity" else ""
    name = tag(
        "th", join((label + unit, arrow), "\u00a0"), _commonest(run, item.name), scope="row",
        title=item.shows,
    )  # fmt: skip
    cells = (_cell(run, model, scale, model.name in best) for model in run.models)
    ends = (MISSING, MISSING)
    if scale is not None:
        ends = (scale.write_bare(scale.real), scale.write_bare(scale.noise))
    return tag("tr", name, *cells, *(tag("td", end, class_="end") for end in ends))


def _commonest(run: RunFolder, name: str) -> Markup | None:
    """Write the share of the commonest class under the name of an accuracy."""
    figures = (model.metrics.get(name) for model in run.models)
    shares = (as_number(own.detail.get("majority_share")) for own in figures if own is not None)
    found = next((one for one in shares if one is not None), None)
    return None if found is None else tag("small", f"commonest class {share(found)}")


def _cell(run: GenerationRun, model: ModelRun, scale: Scale | None, best: bool) -> Markup:
    figure = None if scale is None else model.figure(scale.name)
    if scale is None or figure is None:
        return tag("td", MISSING, class_="missing", title="not defined for this model")
    interval = scale.write_interval(figure)
    told = interval if "−" in interval else interval.replace(" to ", "–")
    number: object = scale.write_bare(figure.value)
    behind = run.behind(model, scale.name)
    if behind is not None:
        number = opens(number, behind.rows, behind.title, count=behind.count)
    details = [method_of(figure), figure.basis, figure.detail.get("likelihood")]
    return tag(
        "td",
        tag("b" if best else "span", number),
        tag("small", figure.basis, class_="basis") if figure.basis else None,
        _drawn(scale, figure),
        tag("small", told) if told else None,
        title="; ".join(part for part in details if part) or None,
    )


def _drawn(scale: Scale, figure: Figure) -> Markup:
    """Draw an interval on its line in a few bytes: 200 of them stand in one table."""
    spot, low, high = (
        None if place is None else 4 + 52 * min(1.06, max(-0.06, place))
        for place in scale.positions(figure)
    )
    bar = ""
    if low is not None and high is not None:
        left, right = sorted((low, high))
        bar = f'<path class="bar" d="M{left:.1f} 4H{right:.1f}"/>'
    return Markup(
        '<svg viewBox="0 0 60 8" aria-hidden="true"><path d="M4 4H56"/>'
        f'{bar}<circle cx="{spot or 0:.1f}" cy="4" r="2"/></svg>'
    )
