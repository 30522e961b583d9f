"""Tables of a cluster run: unusual rows, a label that took no part, what became of columns."""

from __future__ import annotations

from further.evaluate.clustering.description import LabelledRows
from further.evaluate.clustering.record import ColumnRecord
from further.evaluate.metrics import metrics_for
from further.report.chart import data_table
from further.report.clustering.marks import marked_name
from further.report.clustering.profiles import row_table, written
from further.report.clustering.run import ClusterRun
from further.report.estimates import method_of, write_estimate
from further.report.markup import Markup, join, noted, tag
from further.report.numbers import MISSING, as_number, fixed, share, significant
from further.report.shell import withheld

_ROWS = 50
_COLUMNS = 200


def anomalies(run: ClusterRun) -> Markup | None:
    """Show the most unusual rows, and how well the score finds known ones where they are known."""
    found = run.found.anomalies
    rows, labelled = found.rows[:_ROWS], _labelled(found.labelled or LabelledRows())
    if not rows and labelled is None:
        return None
    told = " ".join((f"By {found.method}." if found.method else "", found.note)).strip()
    table = (row_table(rows) if run.training_examples else withheld()) if rows else None
    return join((tag("p", told, class_="note") if told else None, table, labelled))


def _labelled(found: LabelledRows) -> Markup | None:
    names = {metric.name: metric.label for metric in metrics_for("anomaly")}
    if found.k:
        names["precision_at_k"] = f"Precision of the first {found.k:,}"
    base = found.base_rate
    by_chance = {"precision_at_k": base, "average_precision": base, "roc_auc": 0.5}
    rows = []
    for key, title in names.items():
        figure = getattr(found, key)
        if figure.value is not None:
            value = tag("span", write_estimate(figure, 3), title=method_of(figure))
            rows.append((title, value, fixed(by_chance[key], 3)))
    if not rows:
        return None
    against = f" against the label “{found.column}”, which took no part" if found.column else ""
    return tag(
        "section",
        tag("h3", f"How well the score finds what is known to be unusual{against}"),
        data_table(("Figure", "Value", "By chance"), rows),
        class_="part",
    )


def agreement(run: ClusterRun) -> Markup | None:
    """Count the clusters against a label that took no part in finding them."""
    found = run.found.agreement
    if found is None:
        return None
    rows = [
        [marked_name(cluster), *map(written, line)]
        for cluster, line in zip(found.clusters, found.counts, strict=False)
        if len(line) == len(found.classes)
    ]
    sentence = tag("p", found.sentence) if found.sentence else None
    table = data_table(("", *found.classes), rows, "centres") if rows else None
    return join((sentence, table))


def column_decisions(run: ClusterRun) -> Markup | None:
    """Say of each column what it was taken for, whether and how it was used, and why."""
    found = run.found.columns
    if not found:
        return None
    rows = [_decision(column, run.table.rows) for column in found[:_COLUMNS]]
    head = ("Column", "Taken for", "Used", "Missing", "Distinct", "Scaling", "Why")
    table = data_table(head, rows, "decisions")
    left = len(found) - _COLUMNS
    note = tag("p", f"{left} more columns are in evaluation.json.", class_="note")
    return join((table, note if left > 0 else None))


def _decision(column: ColumnRecord, n: int) -> tuple[object, ...]:
    center, missing = as_number(column.center), column.missing
    scaling = column.scale or MISSING
    if center is not None and column.spread is not None:
        scaled = f"{significant(center)} ± {significant(column.spread)}"
        scaling = f"{column.scale}: {scaled}" if column.scale else scaled
    counted: object = f"{missing:,}" if missing else "none"
    if missing and n:
        counted = f"{counted} ({share(missing / n)})"
    if missing and column.fill is not None:
        counted = noted(counted, f"taken as {written(column.fill)}")
    return (
        tag("b" if column.used else "span", column.name or MISSING),
        column.type or MISSING,
        (column.role or "yes") if column.used else "no",
        counted,
        f"{column.distinct:,}",
        scaling,
        column.why,
    )
