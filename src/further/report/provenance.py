"""What the figures cannot show, and how to get them again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from further.report.chart import data_table
from further.report.markup import Markup, join, tag
from further.report.run_folder import RunFolder, in_order, mapping, sentences


def limits(run: RunFolder) -> Markup:
    """Say in one plain sentence each what a figure measures and what it cannot show."""
    found = {name for model in run.models for name in model.metrics}
    found |= {"energy_wh"} if any(model.figure("energy_wh") for model in run.models) else set()
    return limits_table((metric.label, metric.shows, metric.cannot) for metric in in_order(found))


def limits_table(told: Iterable[Sequence[str]]) -> Markup:
    """Set what figures cannot show beside what they measure, after the name of each."""
    rows = [(tag("b", label), shows, cannot) for label, shows, cannot in told]
    return data_table(("Figure", "What it measures", "What it cannot show"), rows, "limits stacked")


def reproduce(run: RunFolder) -> Markup:
    """Give the command and everything else that the figures depend on."""
    data = run.data
    source = data.get("source") or data.get("name") or ""
    protocol = mapping(run.evaluation.get("protocol"))
    facts: dict[str, object] = {
        "Seed": run.recorded("seed"),
        "Data": join((source, _code(data.get("fingerprint"))), " "),
        "Split": _tree({**mapping(data.get("rows")), **_plain(data.get("split"))}),
        "Budget": mapping(run.evaluation.get("budget")).get("text"),
        "Versions": _inline(run.recorded("versions")),
        "Machine": _tree(run.recorded("machine")),
        "Protocol": _tree({k: v for k, v in protocol.items() if k != "goals"}),
    }
    items = []
    for name, value in facts.items():
        if value not in (None, ""):
            items += [tag("dt", name), tag("dd", value)]
    command = _command_line(run)
    code = tag("pre", tag("code", command), class_="command") if command else None
    return join((code, tag("dl", *items, class_="facts")))


def _command_line(run: RunFolder) -> str:
    """Write the command, or the call in Python, that made the run; empty where none is recorded."""
    recorded = run.run.get("command") or run.evaluation.get("command")
    source = run.data.get("source") or run.data.get("name")
    seed = run.recorded("seed")
    if not isinstance(recorded, str) or not source or recorded.startswith("further "):
        return recorded if isinstance(recorded, str) else ""
    if recorded.endswith(")"):  # the whole call
        return recorded
    if "." in recorded:
        given = "X, y" if source == "array" else repr(str(source))
        return f"{recorded}({given}, seed={seed})"
    model = [run.models[0].name] if recorded == "train" else []
    command = ["further", recorded, *model, str(source)]
    return shlex.join([*command, *(["--seed", str(seed)] if seed is not None else [])])


def data_notes(run: RunFolder) -> Markup | None:
    """Repeat what was recognised in the data and decided about it."""
    notes = sentences(run.data.get("notes"))
    return tag("ul", *(tag("li", note) for note in notes)) if notes else None


def _plain(value: object) -> dict[str, Any]:
    return {k: v for k, v in mapping(value).items() if not isinstance(v, (list, tuple))}


def _code(value: object) -> Markup | None:
    return tag("code", str(value), class_="hash") if value else None


def _inline(value: object) -> str:
    known = ((name, version) for name, version in mapping(value).items() if version is not None)
    return ", ".join(f"{name} {version}" for name, version in known)


def _tree(value: object) -> object:
    """Write nested settings as nested lists; long lists of numbers are only counted."""
    if isinstance(value, Mapping):
        shown = [
            tag("li", tag("span", str(key).replace("_", " "), ": ", class_="key-name"), _tree(item))
            for key, item in value.items()
            if item not in (None, "", {})
        ]
        return tag("ul", *shown) if shown else ""
    if isinstance(value, (list, tuple)):
        if len(value) > 40 or any(isinstance(item, (Mapping, list, tuple)) for item in value):
            return f"{len(value):,} entries"
        return "; ".join(str(_scalar(item)) for item in value)
    return _scalar(value)


def _scalar(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)
