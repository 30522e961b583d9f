"""Tables: generated rows beside real ones, each column's distribution, and nearest training rows.

``columns.json`` holds, column by column, ``name``, ``kind`` (``numeric`` with ``edges``, or
``categorical`` with ``categories``) and the shares ``real`` and ``generated``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from further.report.chart import chart, columns, data_table, legend
from further.report.generation.kept import Kept
from further.report.generation.run import GenerationRun
from further.report.generation.samples import WITHHELD, memorization
from further.report.markup import Markup, tag
from further.report.numbers import as_number, fixed, share, significant
from further.report.rows import opens_bar
from further.report.run_folder import ModelRun, RunFolder, mapping, objects, read_csv, read_json
from further.report.shell import withheld

_ROWS = 6
_PAIRS = 5
_CATEGORIES = 12
#: Cells of the page for each set of rows at most; of wide tables it holds fewer rows.
_CELLS = 20_000


def kept_rows(run: RunFolder) -> Kept:
    """Hold the held-out and the generated rows that the run keeps, and the nearest pairs."""
    held = read_csv(run.path / "real.csv")
    names = list(held[0]) if held else []
    kept = Kept(
        ("what it is" if "what" in names else "what", *names), "row",
        "Held-out and generated rows that the run keeps, drawn at random from each class in turn, "
        "and samples with the training rows nearest to them.",
    )  # fmt: skip
    most = _CELLS // max(1, len(kept.head))

    def add(what: str, row: Mapping[str, str]) -> int:
        return kept.add([what, *(row.get(name, "") for name in names)])

    about = mapping(read_json(run.path / "held_out.json"))
    known = about.get("row") or range(len(held))
    kept.held = [add(f"held out, row {i}", row) for i, row in zip(known, held[:most], strict=False)]
    kept.tested = list(about.get("place") or [])[: len(kept.held)]
    for model in run.models:
        rows = read_csv(model.folder / "samples.csv", most)
        kept.generated[model.name] = [add(f"generated, {model.label}", row) for row in rows]
        pairs: dict[str, list[int]] = defaultdict(list)
        for row in read_csv(model.folder / "nearest.csv"):
            what = f"{row.get('row')}, pair {row.get('pair')}"
            pairs[row.get("pair", "")].append(add(what, row))
        kept.pairs[model.name] = list(pairs.values())
    return kept


def store_cells(kept: Kept) -> list[list[object]]:
    """Return the cells of rows of a table as a reader compares them."""
    return [[_cell(str(cell)) for cell in cells] for cells in kept.rows]


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


def nearest_rows(run: GenerationRun) -> Markup | None:
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
                tag("h3", model.label, tag("span", memorization(run, model), class_="aside")),
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


def column_distributions(run: GenerationRun) -> Markup | None:
    """Draw each column as the models generate it over how it really is, a fold a model.

    That of the best model is unfolded; where none is the best, the first.
    """
    first = next((goal.ranking[0] for goal in run.goals.values() if goal.ranking), None)
    parts: list[Markup] = []
    for model in run.models:
        columns_of_model = objects(read_json(model.folder / "columns.json"))
        shown = [_distribution(run, model, column) for column in columns_of_model]
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


def _distribution(run: GenerationRun, model: ModelRun, column: Mapping[str, Any]) -> Markup | None:
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
        behind = _behind(run, model, name, len(real), lambda text: _bin_of(text, known))
        bins = [(*end, a, b) for end, (_, a, b) in zip(ends, rows, strict=True)]
        mark, data = "histogram", columns(("x1", "x2", "real", "generated"), bins)
    else:
        labels = [str(value) for value in column.get("categories") or range(len(real))]
        every = list(zip(labels + [""] * len(real), real, generated, strict=False))
        order = sorted(range(len(every)), key=lambda i: -every[i][1])[:_CATEGORIES]
        rows = [every[i] for i in order]
        place = {labels[i]: at for at, i in enumerate(order) if i < len(labels)}
        behind = _behind(run, model, name, len(rows), place.get)
        mark, data = "shares", columns(("category", "real", "generated"), rows)
    distance = sum(abs(a - b) for _, a, b in rows) / 2
    if any(behind):
        data["rows"] = behind
    return chart(
        {"mark": mark, "data": data, "opens": f"{name}, {model.label} and held-out rows"},
        title=name,
        description=f"Column {name}, {model.label} against real rows: the shares differ by "
        f"{fixed(distance, 2)} in total variation.",
        head=(name, "real", "generated"),
        rows=[
            (label, share(a), opens_bar(share(b), i) if behind[i] else share(b))
            for i, (label, a, b) in enumerate(rows)
        ],
        summary="Data",
    )


def _behind(
    run: GenerationRun, model: ModelRun, name: str, n: int, bar_of: Callable[[str], int | None]
) -> list[list[int]]:
    """Return the rows behind each of n bars, generated ones first."""
    bars: list[list[int]] = [[] for _ in range(n)]
    kept = run.kept
    for place, cell in kept.column(name, [*kept.generated.get(model.name, []), *kept.held]):
        bar = bar_of(str(cell))
        if bar is not None:
            bars[bar].append(place)
    return bars


def _bin_of(text: str, edges: list[float]) -> int | None:
    """Return the bin of a number, those beyond the ends in the last ones; None if it is none."""
    try:
        value = as_number(float(text))
    except ValueError:
        return None
    if value is None:
        return None
    return min(max(bisect_right(edges, value) - 1, 0), len(edges) - 2)
