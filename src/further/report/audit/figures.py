"""The groups: tables of figures with intervals, charts of them, and calibration curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from further.evaluate.metrics import find_metric
from further.report.chart import chart, columns, data_table
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING, fixed, significant
from further.report.rows import opens
from further.trust.audit.groups import named

Record = Mapping[str, Any]

#: What is drawn, by the kind of the truth.
DRAWN = {
    "binary": ("selection_rate", "fpr", "fnr", "ppv", "auc", "base_rate"),
    "classes": ("balanced_accuracy", "accuracy"),
    "numbers": ("mae", "mean_error"),
    "objects": ("fnr", "ppv"),
}
_CELLS = {
    "tp": "rightly selected", "fp": "wrongly selected", "fn": "overlooked", "tn": "rightly not",
}  # fmt: skip


def score_of(threshold: float | None) -> str:
    """Write a threshold; None selects nobody."""
    return "nobody" if threshold is None else f"{threshold:.4g}"


def label_of(metric: str) -> str:
    """Write the name of a metric, of one class among several too."""
    name, colon, of_class = metric.partition(":")
    plain = "recall" if colon and name == "recall" else find_metric(name).plain
    plain = f"{plain[0].upper()}{plain[1:]}"
    return f"{plain} of {of_class}" if colon else plain


def is_share(metric: str) -> bool:
    """Whether a metric is written in percent."""
    found = find_metric(metric.partition(":")[0])
    return found.range in ((0.0, 1.0), (-1.0, 1.0)) and found.name not in (
        "auc", "average_precision", "calibration_error", "calibration_in_the_large",
    )  # fmt: skip


def written(metric: str, value: float | None) -> str:
    """Write a figure: in percent, with three decimals, or as a quantity.

    Parameters
    ----------
    metric : str
        Its name.
    value : float or None
        The figure.


    Returns
    -------
    str
        A dash where there is none.
    """
    if value is None:
        return MISSING
    if is_share(metric):
        return f"{100 * value:.1f}".replace("-", "−")
    found = find_metric(metric.partition(":")[0])
    return significant(value) if found.style == "quantity" else fixed(value, 3)


def plainly(metric: str, figure: Mapping[str, Any]) -> str:
    """Write a figure with its interval in brackets.

    Parameters
    ----------
    metric : str
        Its name.
    figure : mapping
        With ``value``, ``low`` and ``high``.

    Returns
    -------
    str
        A dash where there is none.
    """
    value, low, high = (written(metric, figure[end]) for end in ("value", "low", "high"))
    return value if figure["low"] is None else f"{value} ({low} to {high})"


def with_interval(metric: str, figure: Mapping[str, Any] | None) -> Markup:
    """Write a figure with its interval below.

    Parameters
    ----------
    metric : str
        Its name.
    figure : mapping or None
        With ``value``, ``low`` and ``high``.


    Returns
    -------
    Markup
        A dash where there is none.
    """
    if not figure or figure["value"] is None:
        return Markup(MISSING)
    value = written(metric, figure["value"])
    if figure["low"] is None:
        return tag("span", value)
    ends = f"{written(metric, figure['low'])} to {written(metric, figure['high'])}"
    return join((value, tag("small", ends)), " ")


def by_family(record: Record) -> Iterator[tuple[tuple[str, ...], list[Record]]]:
    """Yield the groups by each column, and by all of them at once."""
    found: dict[tuple[str, ...], list[Record]] = {}
    for group in record["groups"]:
        found.setdefault(tuple(group["group"]), []).append(group)
    yield from found.items()


def groups(record: Record, shown: bool) -> Markup | None:
    """Show the figures of all groups.

    Parameters
    ----------
    record : mapping
        Of the audit.
    shown : bool
        Whether rows of the data may be shown.


    Returns
    -------
    Markup or None
        Charts and tables by column.
    """
    parts: list[Markup] = []
    for names, of_family in by_family(record):
        title = " and ".join(names)
        is_single = len(names) == 1
        table = _table(record, title, of_family)
        if not is_single:
            parts.append(tag("details", tag("summary", f"By {title}"), table, class_="model"))
            continue
        parts += [tag("h3", f"By {title}"), _charts(record, of_family), table]
        if record["kind"] == "binary":
            parts.append(_counts(record, title, of_family, shown))
    overall = [record["overall"]]
    if not parts:
        parts = [_table(record, "all rows", overall)]
    return join(parts)


def _charts(record: Record, of_family: Sequence[Record]) -> Markup:
    drawn = []
    for metric in DRAWN[record["kind"]]:
        known = [g for g in of_family if g["metrics"].get(metric, {}).get("value") is not None]
        if len(known) < 2:
            continue
        scale = 100.0 if is_share(metric) else 1.0
        data = []
        for group in known:
            ends = [group["metrics"][metric][end] for end in ("value", "low", "high")]
            label = named(group["group"]) + (" *" if group["small"] else "")
            data.append((label, [None if end is None else scale * end for end in ends]))
        found = find_metric(metric)
        unit = " (%)" if is_share(metric) else ""
        drawn.append(chart(
            {
                "mark": "intervals", "origin": found.worst or 0.0,
                "data": columns(
                    ("label", "value", "low", "high"), [(label, *ends) for label, ends in data]
                ),
            },
            title=join((tag("b", label_of(metric)), unit, ": ", _lower(found.shows))),
            description=f"{label_of(metric)} by group: "
            + "; ".join(f"{label} {significant(ends[0])}" for label, ends in data),
            head=("Group", "Value", "Low", "High"),
            rows=[(label, *(significant(end) for end in ends)) for label, ends in data],
        ))  # fmt: skip
    return tag("div", *drawn, class_="audit-charts")


def _lower(sentence: str) -> str:
    return f"{sentence[0].lower()}{sentence[1:]}"


def _table(record: Record, title: str, of_family: Sequence[Record]) -> Markup:
    names = list(record["overall"]["metrics"])
    head = [title, "n", *(_heading(name) for name in names)]
    every = [*of_family, *([] if of_family == [record["overall"]] else [record["overall"]])]
    rows = [
        tag(
            "tr",
            tag("th", named(group["group"]) + (" *" if group["small"] else ""), scope="row"),
            tag("td", f"{group['n']:,}"),
            *(tag("td", with_interval(name, group["metrics"].get(name))) for name in names),
        )
        for group in every
    ]
    return data_table(head, rows, "audit-groups", f"Figures by {title}")


def _heading(metric: str) -> str:
    return f"{label_of(metric)}{' (%)' if is_share(metric) else ''}"


def _counts(record: Record, title: str, of_family: Sequence[Record], shown: bool) -> Markup:
    behind = (record.get("behind") or {}).get("places", {}).get(title, {})
    rows = []
    for group in of_family:
        name = named(group["group"])
        cells = []
        for cell, words in _CELLS.items():
            places = behind.get(name, {}).get(cell, [])
            count = group[cell]
            cells.append(opens(f"{count:,}", places, f"{name}, {words}", shown=shown, count=count))
        rows.append((name, *cells))
    told = " (a click shows rows)" if shown and behind else ""
    return tag(
        "details",
        tag("summary", f"The counts behind these figures{told}"),
        data_table((title, *_CELLS.values()), rows, "", f"Counts by {title}"),
    )


def calibration(record: Record) -> Markup | None:
    """Draw how many are positive of those who were given about the same score."""
    parts: list[Markup] = []
    for names, of_family in by_family(record):
        known = [g for g in of_family if not g["small"] and len(g.get("calibration") or ()) > 1]
        if len(names) > 1 or not known:
            continue
        drawn = []
        for group in known:
            bins = group["calibration"]
            name = named(group["group"])
            points = [
                (b["score"], b["share"], b["low"], b["high"],
                 f"{name}: score {b['score']:.2f}, positive {b['share']:.2f}")
                for b in bins
            ]  # fmt: skip
            drawn.append(chart(
                {
                    "mark": "reliability",
                    "data": columns(("x", "y", "low", "high", "tip"), points),
                    "domain": [0.0, 1.0], "x": "score", "y": "share positive",
                },
                title=join((tag("b", name), f": error {_error(group)}")),
                description=f"Calibration of {name}: " + "; ".join(point[-1] for point in points),
                head=("Score", "Share positive", "95 % interval", "Rows"),
                rows=[
                    (fixed(b["score"], 3), fixed(b["share"], 3),
                     f"{b['low']:.3f} to {b['high']:.3f}", f"{b['n']:,}")
                    for b in bins
                ],
            ))  # fmt: skip
        parts.append(tag("div", *drawn, class_="audit-charts"))
    return join(parts) if parts else None


def _error(group: Record) -> str:
    return plainly("calibration_error", group["metrics"]["calibration_error"])
