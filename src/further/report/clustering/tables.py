"""Tables of a cluster run: unusual rows, a label that took no part, what became of columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from further.evaluate.metrics import metrics_for
from further.report.chart import data_table
from further.report.clustering.marks import marked_name
from further.report.clustering.profiles import row_table, written
from further.report.estimates import method_of, read_estimate, write_estimate
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING, as_number, fixed, share, significant
from further.report.run_folder import RunFolder, mapping, objects, sentences, whole
from further.report.shell import withheld

_ROWS = 50
_COLUMNS = 200


def anomalies(run: RunFolder, training_examples: bool) -> Markup | None:
    """Show the most unusual rows, and how well the score finds known ones where they are known.

    Parameters
    ----------
    run : RunFolder
        The run.
    training_examples : bool
        Whether rows of the training set may be shown.

    Returns
    -------
    Markup or None
        None where no row was scored.
    """
    found = mapping(run.evaluation.get("anomalies"))
    rows = objects(found.get("rows"))[:_ROWS]
    labelled = _labelled(mapping(found.get("labelled")))
    if not rows and labelled is None:
        return None
    told = []
    if found.get("method"):
        told.append(f"By {found['method']}.")
    if found.get("note"):
        told.append(str(found["note"]).strip())
    table = (row_table(rows) if training_examples else withheld()) if rows else None
    return join((tag("p", " ".join(told), class_="note") if told else None, table, labelled))


def _labelled(found: Mapping[str, Any]) -> Markup | None:
    k, base = whole(found.get("k")), as_number(found.get("base_rate"))
    names = {metric.name: metric.label for metric in metrics_for("anomaly")}
    if k is not None:
        names["precision_at_k"] = f"Precision of the first {k:,}"
    by_chance = {"precision_at_k": base, "average_precision": base, "roc_auc": 0.5}
    rows = []
    for key, title in names.items():
        figure = read_estimate(found.get(key))
        if figure is not None:
            value = tag("span", write_estimate(figure, 3), title=method_of(figure))
            rows.append((title, value, fixed(by_chance[key], 3)))
    if not rows:
        return None
    column = found.get("column")
    against = f" against the label “{column}”, which took no part" if column else ""
    return tag(
        "section",
        tag("h3", f"How well the score finds what is known to be unusual{against}"),
        data_table(("Figure", "Value", "By chance"), rows),
        class_="part",
    )


def agreement(run: RunFolder) -> Markup | None:
    """Count the clusters against a label that took no part in finding them."""
    found = mapping(run.evaluation.get("agreement"))
    classes, counts = sentences(found.get("classes")), found.get("counts") or []
    clusters = found.get("clusters") or []
    rows = [
        [marked_name(cluster), *(written(count) for count in line)]
        for cluster, line in zip(clusters, counts, strict=False)
        if isinstance(line, (list, tuple)) and len(line) == len(classes)
    ]
    sentence = found.get("sentence")
    if not rows:
        return tag("p", str(sentence)) if sentence else None
    return join(
        (
            tag("p", str(sentence)) if sentence else None,
            data_table(("", *classes), rows, "centres"),
        )
    )


def column_decisions(run: RunFolder) -> Markup | None:
    """Say of each column what it was taken for, whether and how it was used, and why."""
    found = objects(run.evaluation.get("columns"))
    if not found:
        return None
    n = whole(run.data.get("rows"))
    rows = [_decision(column, n) for column in found[:_COLUMNS]]
    head = ("Column", "Taken for", "Used", "Missing", "Distinct", "Scaling", "Why")
    table = data_table(head, rows, "decisions")
    left = len(found) - _COLUMNS
    note = tag("p", f"{left} more columns are in evaluation.json.", class_="note")
    return join((table, note if left > 0 else None))


def _decision(column: Mapping[str, Any], n: int | None) -> tuple[object, ...]:
    missing, distinct = whole(column.get("missing")), whole(column.get("distinct"))
    center, spread = column.get("center"), as_number(column.get("spread"))
    scaling = str(column.get("scale") or MISSING)
    if as_number(center) is not None and spread is not None:
        scaled = f"{significant(as_number(center))} ± {significant(spread)}"
        scaling = f"{scaling}: {scaled}" if column.get("scale") else scaled
    counted: object = MISSING if missing is None else f"{missing:,}" if missing else "none"
    if missing and n:
        counted = f"{counted} ({share(missing / n)})"
    if missing and column.get("fill") is not None:
        counted = join((counted, tag("small", f"taken as {written(column['fill'])}")), " ")
    used = column.get("used")
    role = str(column.get("role")) if column.get("role") else "yes"
    return (
        tag("b" if used else "span", str(column.get("name") or MISSING)),
        str(column.get("type") or MISSING),
        MISSING if used is None else role if used else "no",
        counted,
        MISSING if distinct is None else f"{distinct:,}",
        scaling,
        str(column.get("why") or ""),
    )
