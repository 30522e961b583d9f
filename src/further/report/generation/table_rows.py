"""Tables: generated rows beside real ones, each column's distribution, and nearest training rows.

``columns.json`` holds, column by column, ``name``, ``kind`` (``numeric`` with ``edges``, or
``categorical`` with ``categories``) and the shares ``real`` and ``generated``.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from further.report.chart import chart, columns, data_table, legend
from further.report.generation.samples import WITHHELD, memorization
from further.report.markup import Markup, tag
from further.report.numbers import as_number, fixed, share, significant
from further.report.run_folder import ModelRun, RunFolder, objects, read_csv, read_json
from further.report.shell import withheld

_ROWS = 6
_PAIRS = 5
_CATEGORIES = 12


def generated_rows(run: RunFolder) -> Markup | None:
    """Show the first rows that each model generates below the first real ones."""
    real = read_csv(run.path / "real.csv", _ROWS)
    parts = [_rows("Real, held out", real, "real")] if real else []
    for model in run.models:
        if model.shows_training_rows and not run.training_examples:
            parts.append(tag("section", tag("h3", model.label), withheld(WITHHELD)))
            continue
        rows = read_csv(model.folder / "samples.csv", _ROWS)
        if rows:
            parts.append(_rows(model.label, rows, model.role))
    return tag("div", *parts, class_="tables") if parts else None


def _rows(title: str, rows: list[dict[str, str]], kind: str) -> Markup:
    head = list(rows[0])
    body = [[_cell(row.get(name, "")) for name in head] for row in rows]
    return tag("section", tag("h3", title), data_table(head, body, "rows"), class_=f"rows {kind}")


def _cell(value: str) -> str:
    """Shorten a float to what a reader compares; the file keeps every digit."""
    if "." not in value and "e" not in value.lower():
        return value
    try:
        number = as_number(float(value))
    except ValueError:
        return value
    return value if number is None or len(value) <= 8 else significant(number, 4)


def nearest_rows(run: RunFolder) -> Markup | None:
    """Show generated rows with the training rows that they are nearest to."""
    parts: list[Markup] = []
    for model in run.models:
        rows = read_csv(model.folder / "nearest.csv", 2 * _PAIRS)
        if not rows:
            continue
        # What tells the rows of a pair apart is read first, wherever the file has it.
        head = sorted(rows[0], key=lambda name: name not in ("pair", "row", "distance"))
        body = [[_cell(row.get(name, "")) for name in head] for row in _told_once(rows)]
        parts.append(
            tag(
                "section",
                tag("h3", model.label, tag("span", memorization(model), class_="aside")),
                data_table(head, body, "rows row-pairs"),
            )
        )
    return tag("div", *parts, class_="tables") if parts else None


def _told_once(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Leave out the number and distance of a pair in its second row."""
    first = {row.get("pair", str(place)): place for place, row in reversed([*enumerate(rows)])}
    return [
        row
        if first.get(row.get("pair", str(place))) == place
        else {**row, "pair": "", "distance": ""}
        for place, row in enumerate(rows)
    ]


def column_distributions(run: RunFolder) -> Markup | None:
    """Draw each column as the models generate it over how it really is, a fold a model.

    That of the best model is unfolded; where none is the best, the first.
    """
    first = next((goal.ranking[0] for goal in run.goals.values() if goal.ranking), None)
    parts: list[Markup] = []
    for model in run.models:
        columns_of_model = objects(read_json(model.folder / "columns.json"))
        shown = [_distribution(model, column) for column in columns_of_model]
        drawn = [part for part in shown if part is not None]
        if not drawn:
            continue
        opened = model.name == first if first else not parts
        inner = tag("div", *drawn, class_="distributions")
        title = tag("summary", model.label)
        parts.append(tag("details", title, inner, class_="model", open=opened))
    if not parts:
        return None
    key = legend(area_real="real, held out", line_generated="generated")
    return tag("div", key, *parts)


def _distribution(model: ModelRun, column: Mapping[str, Any]) -> Markup | None:
    name = str(column.get("name", ""))
    real = [as_number(value) or 0.0 for value in column.get("real") or []]
    generated = [as_number(value) or 0.0 for value in column.get("generated") or []]
    if not real or len(real) != len(generated):
        return None
    edges = [as_number(edge) for edge in column.get("edges") or []]
    known = [edge for edge in edges if edge is not None]
    if len(edges) == len(known) == len(real) + 1:
        ends = list(pairwise(known))
        labels = [f"{significant(left)} to {significant(right)}" for left, right in ends]
        rows = list(zip(labels, real, generated, strict=True))
        bins = [(*end, a, b) for end, (_, a, b) in zip(ends, rows, strict=True)]
        spec = {"mark": "histogram", "data": columns(("x1", "x2", "real", "generated"), bins)}
    else:
        labels = [str(value) for value in column.get("categories") or range(len(real))]
        every = zip(labels + [""] * len(real), real, generated, strict=False)
        rows = sorted(every, key=lambda row: -row[1])[:_CATEGORIES]
        spec = {"mark": "shares", "data": columns(("category", "real", "generated"), rows)}
    distance = sum(abs(a - b) for _, a, b in rows) / 2
    return chart(
        spec,
        title=name,
        description=f"Column {name}, {model.label} against real rows: the shares differ by "
        f"{fixed(distance, 2)} in total variation.",
        head=(name, "real", "generated"),
        rows=[(label, share(a), share(b)) for label, a, b in rows],
        summary="Data",
    )
