"""What a threshold does to whom: curves, a slider, people of 1,000; and what no threshold gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from further.report.audit.figures import Record, score_of, written
from further.report.chart import data_table
from further.report.markup import Markup, join, json_script, tag
from further.trust.audit.groups import named

_BORROWED = "{} have no rows of the label, and so the threshold that all together would get."


def thresholds(record: Record) -> Markup | None:
    """Let the reader choose, column by column."""
    parts = []
    for number, one in enumerate(record.get("trade_offs") or ()):
        small = {
            named(group["group"])
            for group in record["groups"]
            if group["small"] and list(group["group"]) == one["by"]
        }
        # Small groups make steps of ten people in a hundred: they are left out of the curves.
        shown = {**one, "small": [name in small for name in one["groups"]]}
        parts.append(_chooser(number, shown, record.get("threshold")))
    return join(parts) if parts else None


def _chooser(number: int, one: Mapping[str, Any], threshold: float | None) -> Markup:
    title = " and ".join(one["by"])
    options = [tag("option", "one threshold for all", value="fixed")]
    options += [tag("option", rule["label"], value=name) for name, rule in one["rules"].items()]
    return tag(
        "section",
        tag("h3", f"By {title}"),
        tag(
            "div",
            tag("label", "Choose by ", tag("select", *options, class_="rule")),
            tag(
                "label", tag("span", "threshold", class_="what"), " ",
                tag("input", type="range", min="0", value="0", step="1", class_="wanted"), " ",
                tag("output", "", class_="value"),
            ),
            class_="chooser-bar",
        ),
        tag("div", class_="chooser-plot plot", role="img",
            aria_label=f"False negative rate against false positive rate of each group by {title}"),
        tag("div", class_="scroll chooser-table", tabindex="0", role="region",
            aria_label=f"Of 1,000 people by {title}"),
        tag(
            "p",
            "Rates are those of the rows on which thresholds are picked; on other rows they come "
            "out a little less equal. A threshold a group treats people by their group, which the "
            "law may forbid.",
            class_="note",
        ),
        json_script({**one, "threshold": threshold}),
        class_="chooser",
        id=f"chooser-{number}",
    )  # fmt: skip


def decision(record: Record) -> Markup | None:
    """Say who fixed a threshold, why, and what it does."""
    fixed = record.get("decision")
    if not fixed:
        return None
    rows = []
    for line, checked in zip(fixed["thresholds"], fixed["checked"], strict=True):
        per, metrics = checked["per_1000"], checked["metrics"]
        rows.append((
            named(line["group"]), score_of(line["threshold"]),
            *(f"{per[name]:.0f}" for name in ("fp", "fn", "tp", "tn")),
            *(_interval(metrics[name]) for name in ("fpr", "fnr", "ppv")),
        ))  # fmt: skip
    head = (
        "Group", "Threshold", "Wrongly selected", "Overlooked", "Rightly selected", "Rightly not",
        "False positive rate (%)", "False negative rate (%)", "Precision (%)",
    )  # fmt: skip
    return join((
        tag("p", tag("b", fixed["decided_by"]), f" chose {fixed['label']}: {fixed['reason']}"),
        tag("p", _BORROWED.format(", ".join(fixed["borrowed"]))) if fixed["borrowed"] else None,
        tag("p", "Of 1,000 people of each group; thresholds were picked on one half of the rows "
            "and these figures are of the other half.", class_="note"),
        data_table(head, rows, "audit-groups", "What the threshold does"),
    ))  # fmt: skip


def _interval(figure: Mapping[str, Any]) -> Markup:
    if figure["value"] is None:
        return Markup("–")
    ends = f"{written('fpr', figure['low'])} to {written('fpr', figure['high'])}"
    return join((written("fpr", figure["value"]), tag("small", ends)), " ")


def impossible(record: Record) -> Markup | None:
    """Say what follows from unequal base rates."""
    found = record.get("impossibility") or ()
    if not found:
        return None
    told = tag(
        "p",
        "With p the share of positive rows, FPR = p/(1 − p) · (1 − PPV)/PPV · (1 − FNR) "
        "(Chouldechova 2017; Kleinberg, Mullainathan and Raghavan 2017). This is arithmetic, not a "
        "fault of one model: which of the three is given up is for people to choose.",
        class_="note",
    )
    said = (one[key] for one in found for key in ("sentence", "of_scores") if one.get(key))
    return join((*(tag("p", sentence) for sentence in said), told))
