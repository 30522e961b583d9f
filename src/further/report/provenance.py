"""What it cost, what the figures cannot show, and how to get them again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from further.report.chart import chart, columns, data_table
from further.report.markup import Markup, join, tag
from further.report.metrics import METRICS, metric
from further.report.numbers import as_number, duration, fixed, significant
from further.report.run_folder import RunFolder, mapping, sentences


def cost(run: RunFolder) -> Markup | None:
    """Draw and tell what training took: time, energy, carbon."""
    rows = [
        (
            model,
            *(as_number(model.entry.get(key)) for key in ("seconds", "energy_wh", "carbon_g")),
        )
        for model in run.models
    ]
    known = [row for row in rows if any(value is not None for value in row[1:])]
    if not known:
        return None
    has_energy = any(row[2] is not None for row in known)
    place = 2 if has_energy else 1
    unit = "watt-hours" if has_energy else "seconds"
    drawn = [row for row in known if row[place] is not None]
    figure = chart(
        {
            "mark": "bars",
            "data": columns(
                label=[row[0].label for row in drawn],
                value=[row[place] for row in drawn],
                text=[significant(row[place], 2) for row in drawn],
            ),
            "x": {"label": f"{unit} of training"},
        },
        title=f"Training, in {unit}",
        description=f"Training of each model in {unit}: "
        + ", ".join(f"{row[0].label} {significant(row[place], 2)}" for row in drawn),
        head=("Model", "Time", "Energy, Wh", "Carbon, g CO₂e", "Operations"),
        rows=[
            (
                model.label,
                duration(seconds),
                significant(energy, 2),
                significant(carbon, 2),
                significant(as_number(model.entry.get("training_flops")), 2),
            )
            for model, seconds, energy, carbon in known
        ],
    )
    return join((figure, tag("p", _energy(run, [(row[2], row[3]) for row in known]))))


def _energy(run: RunFolder, spent: Sequence[tuple[float | None, float | None]]) -> str:
    energy = mapping(run.evaluation.get("energy") or run.run.get("energy"))
    watt_hours = sum(value for value, _ in spent if value is not None)
    carbon = [value for _, value in spent if value is not None]
    told = f"All trainings together: {significant(watt_hours, 2)} Wh"
    if carbon:
        told += f", {significant(sum(carbon), 2)} g of CO₂ equivalent"
    method, source = energy.get("method"), energy.get("grid_source")
    grid = as_number(energy.get("grid_g_per_kwh"))
    if method:
        told += f". Energy: {str(method).rstrip('.')}"
    if grid is not None:
        told += f". Grid: {fixed(grid, 0)} g/kWh{f', {str(source).rstrip(chr(46))}' if source else ''}"
    return f"{told}."


def limits(run: RunFolder) -> Markup:
    """Say in one plain sentence each what a figure measures and what it cannot show."""
    found = {name for model in run.models for name in model.figures}
    found |= {"energy_wh"} if any(model.figure("energy_wh") for model in run.models) else set()
    ordered = [name for name in METRICS if name in found] + sorted(found - set(METRICS))
    rows = [(tag("b", metric(n).label), metric(n).shows, metric(n).cannot) for n in ordered]
    return data_table(("Figure", "What it measures", "What it cannot show"), rows, "limits")


def reproduce(run: RunFolder) -> Markup:
    """Give the command and everything else that the figures depend on."""
    facts: dict[str, object] = {}
    data = run.data
    seed = run.evaluation.get("seed", run.run.get("seed"))
    facts["Seed"] = seed
    facts["Data"] = join(
        (data.get("source") or data.get("name") or "", _code(data.get("fingerprint"))), " "
    )
    facts["Split"] = _tree({**mapping(data.get("rows")), **_plain(data.get("split"))})
    facts["Budget"] = mapping(run.evaluation.get("budget")).get("text")
    facts["Versions"] = _inline(run.evaluation.get("versions") or run.run.get("versions"))
    facts["Machine"] = _tree(run.evaluation.get("machine") or run.run.get("machine"))
    facts["Protocol"] = _tree({k: v for k, v in run.protocol.items() if k != "goals"})
    items = []
    for name, value in facts.items():
        if value not in (None, ""):
            items += [tag("dt", name), tag("dd", value)]
    command = command_line(run)
    code = tag("pre", tag("code", command), class_="command") if command else None
    return join((code, tag("dl", *items, class_="facts")))


def command_line(run: RunFolder) -> str:
    """Write the command that made the run; empty where none is recorded."""
    recorded = run.run.get("command_line") or run.run.get("argv") or run.run.get("command")
    if isinstance(recorded, (list, tuple)):
        return shlex.join(str(part) for part in recorded)
    if isinstance(recorded, str) and " " in recorded:
        return recorded
    command = run.evaluation.get("command") or recorded
    source = run.data.get("source") or run.data.get("name")
    if not isinstance(command, str) or not source:
        return ""
    seed = run.evaluation.get("seed", run.run.get("seed"))
    parts = ["further", command, *([run.models[0].name] if command == "train" else []), str(source)]
    return shlex.join([*parts, *(["--seed", str(seed)] if seed is not None else [])])


def data_notes(run: RunFolder) -> Markup | None:
    """Repeat what was recognised in the data and decided about it."""
    notes = sentences(run.data.get("notes"))
    return tag("ul", *(tag("li", note) for note in notes)) if notes else None


def _plain(value: object) -> dict[str, Any]:
    return {k: v for k, v in mapping(value).items() if not isinstance(v, (list, tuple))}


def _code(value: object) -> Markup | None:
    return tag("code", str(value), class_="hash") if value else None


def _inline(value: object) -> str:
    return ", ".join(f"{name} {version}" for name, version in mapping(value).items())


def _tree(value: object) -> object:
    """Write nested settings as nested lists; long lists of numbers are only counted."""
    if isinstance(value, Mapping):
        shown = [
            tag("li", tag("span", str(key).replace("_", " "), ": ", class_="key-name"), _tree(item))
            for key, item in value.items()
            if item is not None
        ]
        return tag("ul", *shown) if shown else ""
    if isinstance(value, (list, tuple)):
        if len(value) > 12:
            return f"{len(value):,} values"
        return ", ".join(str(_scalar(item)) for item in value)
    return _scalar(value)


def _scalar(value: object) -> object:
    number = as_number(value)
    if number is None or isinstance(value, int):
        return "" if value is None else str(value)
    return significant(number, 4)
