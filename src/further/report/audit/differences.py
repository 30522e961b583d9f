"""How far apart groups are: the largest difference of each figure, and all beside a reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from further.report.audit.figures import Record, is_share, label_of, written
from further.report.chart import data_table
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING, fixed
from further.trust.audit.groups import named


def differences(record: Record) -> Markup | None:
    """Show the differences of each column."""
    parts = []
    for by, of_differences, of_ratios in _families(record):
        if not any(entry.get("value") is not None for entry in of_differences.values()):
            continue
        title = " and ".join(by)
        beside = tag(
            "details",
            tag("summary", f"Every group beside {_reference(of_differences)}"),
            _beside(of_differences),
            class_="data",
        )
        shown = join((_largest(of_differences, of_ratios), beside))
        if len(by) == 1:
            parts += [tag("h3", f"By {title}"), shown]
        else:
            parts.append(tag("details", tag("summary", f"By {title}"), shown, class_="model"))
    return join(parts) if parts else None


def _families(
    record: Record,
) -> Iterator[tuple[list[str], dict[str, Record], dict[str, Record]]]:
    count = 1 + max((len(entry["more"]) for entry in record["differences"].values()), default=-1)
    for place in range(count):
        found: list[dict[str, Record]] = []
        for of in ("differences", "ratios"):
            found.append({
                metric: entry if place == 0 else entry["more"][place - 1]
                for metric, entry in record[of].items()
            })  # fmt: skip
        yield next(iter(found[0].values()))["by"], found[0], found[1]


def _largest(of_differences: Mapping[str, Record], of_ratios: Mapping[str, Record]) -> Markup:
    rows = []
    for metric, entry in of_differences.items():
        if entry.get("value") is None:
            continue
        unit = " points" if is_share(metric) else ""
        ends = f"{written(metric, entry['low'])} to {written(metric, entry['high'])}"
        chance = tag("small", "could be chance") if entry["low"] <= 0 else None
        ratio = of_ratios.get(metric) or {}
        rows.append((
            tag("b", label_of(metric)),
            join((f"{written(metric, entry['value'])}{unit}", tag("small", ends), chance), " "),
            named(entry["highest"]), named(entry["lowest"]), _ratio(ratio),
        ))  # fmt: skip
    head = ("Figure", "Largest difference", "Highest", "Lowest", "Smallest ratio")
    return data_table(head, rows, "audit-differences", "Largest differences")


def _ratio(entry: Record) -> Markup | str:
    if entry.get("value") is None:
        return MISSING
    ends = f"{fixed(entry['low'], 2)} to {fixed(entry['high'], 2)}"
    return join((fixed(entry["value"], 2), tag("small", ends)), " ")


def _reference(of_differences: Mapping[str, Record]) -> str:
    return next(
        named(entry["reference"]) for entry in of_differences.values() if "reference" in entry
    )


def _beside(of_differences: Mapping[str, Record]) -> Markup:
    rows: list[tuple[Any, ...]] = []
    for metric, entry in of_differences.items():
        for line in entry.get("groups", ()):
            if line["value"] is None or line["low"] is None:
                continue
            rows.append((
                label_of(metric), named(line["group"]), written(metric, line["value"]),
                f"{written(metric, line['low'])} to {written(metric, line['high'])}",
                f"{written(metric, line['low_adjusted'])} to "
                f"{written(metric, line['high_adjusted'])}",
                "differs" if line["differs"] else "",
            ))  # fmt: skip
    head = (
        "Figure", "Group", "Difference", "95 % interval", "for all groups together",
        "after correction",
    )  # fmt: skip
    return data_table(head, rows, "", "Every group beside the reference")
