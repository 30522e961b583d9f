"""Who the rows are, and the slices that nobody named."""

from __future__ import annotations

from further.report.audit.figures import Record
from further.report.chart import data_table
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING
from further.trust.audit.groups import named


def representation(record: Record) -> Markup | None:
    """Show the share of each group, beside the population where it is told."""
    parts = []
    for one in record.get("representation") or ():
        with_population = any(group["population"] is not None for group in one["groups"])
        rows = []
        for group in one["groups"]:
            ends = f"{100 * group['low']:.1f} to {100 * group['high']:.1f}"
            row = [
                named(group["group"]), f"{group['n']:,}",
                join((f"{100 * group['share']:.1f}", tag("small", ends)), " "),
            ]  # fmt: skip
            if with_population:
                told = group["population"]
                row.append(MISSING if told is None else f"{100 * told:.1f}")
                row.append("another share" if group["differs"] else "")
            row.append("too few to learn from" if group["too_few_to_learn"] else "")
            rows.append(row)
        head = [" and ".join(one["by"]), "Rows", "Share (%)"]
        head += ["Population (%)", ""] if with_population else []
        parts.append(data_table([*head, ""], rows, "", f"Shares by {' and '.join(one['by'])}"))
    return tag("div", *parts, class_="tables") if parts else None


def slices(record: Record) -> Markup | None:
    """Show the slices with a higher error."""
    search = record.get("slice_search")
    if not search:
        return None
    rows = []
    for one in search["slices"]:
        ends = tag("small", f"{one['low']:.3g} to {one['high']:.3g}")
        rows.append((
            tag("b", " and ".join(one["conditions"])), f"{one['n']:,}",
            join((f"{one['error']:.3g}", ends), " "), f"{one['rest']:.3g}",
            f"{one['p']:.2g}",
        ))  # fmt: skip
    head = ("Condition", "Rows", "Error", "Elsewhere", "p, all tests counted")
    return join((
        tag("p", search["sentence"]),
        data_table(head, rows, "", "Slices") if rows else None,
        tag("p", search["method"], class_="note"),
    ))  # fmt: skip
