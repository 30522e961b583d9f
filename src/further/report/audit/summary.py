"""What a command says of an audit: the answer, the groups, who decided, slices and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from further.evaluate.metrics import find_metric
from further.report.audit.figures import Record, by_family, is_share, plainly, score_of
from further.report.summary import Summary, TextTable
from further.trust.audit.groups import named

if TYPE_CHECKING:
    from further.compare.result import Result

#: Columns of the table, by the kind of the truth; --json has all.
_SHOWN = {
    "binary": ("base_rate", "selection_rate", "fpr", "fnr", "ppv", "auc"),
    "classes": ("accuracy", "balanced_accuracy"),
    "numbers": ("mean_error", "mae", "rmse", "median_absolute_error"),
    "objects": ("fnr", "ppv"),
}
_SMALL = "* too few rows to say much"


def summary(result: Result[Any]) -> Summary:
    """Return the answer, a table for each column of groups, and what was decided."""
    record: Record = result.evaluation
    blocks: list[str | TextTable] = [str(record["sentence"])]
    for names, of_family in by_family(record):
        blocks += ["", _groups(record, names, of_family)]
        if any(group["small"] for group in of_family):
            blocks.append(_SMALL)
    if record["decision"]:
        blocks += _decision(record["decision"])
    if record["slice_search"]:
        blocks += ["", record["slice_search"]["sentence"]]
        blocks += [_slice(one) for one in record["slices"]]
    blocks += ["", *(f"note: {note}" for note in record["notes"])]
    return Summary(dict(record), blocks)


def _groups(record: Record, names: Sequence[str], of_family: Sequence[Record]) -> TextTable:
    shown = [name for name in _SHOWN[record["kind"]] if name in record["overall"]["metrics"]]
    rows = [
        [
            named(group["group"]) + (" *" if group["small"] else ""),
            f"{group['n']:,}",
            *(plainly(name, group["metrics"][name]) for name in shown),
        ]
        for group in of_family
    ]
    headings = [find_metric(name).heading + (" %" if is_share(name) else "") for name in shown]
    return TextTable([" and ".join(names), "n", *headings], rows, 1 + len(shown))


def _decision(decision: Mapping[str, Any]) -> list[str | TextTable]:
    rows = []
    for fixed, line in zip(decision["thresholds"], decision["checked"], strict=True):
        per = line["per_1000"]
        rows.append([
            named(line["group"]), score_of(fixed["threshold"]),
            *(f"{per[name]:.0f}" for name in ("fp", "fn", "tp", "tn")),
        ])  # fmt: skip
    head = ["", "threshold", "wrongly selected", "overlooked", "rightly selected", "rightly not"]
    return [
        "",
        f"Fixed by {decision['decided_by']}: {decision['label']}. Of 1,000 people of each group "
        "(thresholds picked on one half of the rows, counted on the other):",
        TextTable(head, rows, 5),
    ]


def _slice(one: Mapping[str, Any]) -> str:
    return (
        f"  {' and '.join(one['conditions'])}: {one['error']:.3g} ({one['low']:.3g} to "
        f"{one['high']:.3g}) of {one['n']:,} rows, elsewhere {one['rest']:.3g}; p = {one['p']:.2g}"
    )
