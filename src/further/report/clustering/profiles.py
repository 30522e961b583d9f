"""What the clusters are: size, centre, what sets each apart, a rule for it, and rows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from further.report.chart import data_table
from further.report.clustering.marks import cluster_name, marked_name
from further.report.estimates import method_of, read_estimate, write_estimate
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING, as_number, fixed, share, significant
from further.report.run_folder import RunFolder, mapping, objects, sentences, whole
from further.report.shell import WITHHELD

# Of fewer rows than this a mean gives the rows themselves away.
FEW = 5
_CARDS = 12
_MOST_CARDS = 60
_COLUMNS = 60
_FEATURES = 6


def written(value: object) -> str:
    """Write a value of a row as a person reads it.

    Examples
    --------
    >>> written(3.14159), written(0.5), written(2007), written(True), written("red"), written(None)
    ('3.142', '0.5', '2007', 'yes', 'red', '–')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value).replace("-", "−")
    if isinstance(value, float):
        digits = significant(as_number(value), 4)
        return digits.rstrip("0").rstrip(".") if "." in digits and "×" not in digits else digits
    return MISSING if value is None else str(value)


def profiles(run: RunFolder, training_examples: bool) -> Markup | None:
    """Describe every cluster on a card, and set their centres side by side.

    Parameters
    ----------
    run : RunFolder
        The run.
    training_examples : bool
        Whether rows of the training set may be shown.

    Returns
    -------
    Markup or None
        None where the run describes no clusters.
    """
    found = objects(run.evaluation.get("profile"))
    if not found:
        return None
    cards = [_card(profile, training_examples) for profile in found[:_MOST_CARDS]]
    first = tag("div", *cards[:_CARDS], class_="clusters")
    more = None
    if len(cards) > _CARDS:
        left = len(found) - _MOST_CARDS
        note = tag("p", f"{left} more are in evaluation.json.", class_="note")
        more = tag(
            "details",
            tag("summary", f"{len(cards) - _CARDS} more clusters"),
            tag("div", *cards[_CARDS:], class_="clusters"),
            note if left > 0 else None,
        )
    return join((first, more, _centres(run, found[:_MOST_CARDS], training_examples)))


def _hidden(profile: Mapping[str, Any], training_examples: bool) -> bool:
    """Tell whether even the centre would show a row that is not to be shown."""
    size = as_number(profile.get("size"))
    return not training_examples and (size is None or size < FEW)


def _card(profile: Mapping[str, Any], training_examples: bool) -> Markup:
    size, part = whole(profile.get("size")), as_number(profile.get("share"))
    counted = [] if size is None else [f"{size:,} {'row' if size == 1 else 'rows'}"]
    counted += [] if part is None else [share(part)]
    bar = None
    if part is not None:
        width = f"width: {100 * min(1.0, max(0.0, part)):.1f}%"
        bar = tag("div", tag("i", style=width), class_="share", aria_hidden="true")
    if _hidden(profile, training_examples):
        told = f"{WITHHELD} Figures of so few rows would show the rows."
        body = tag("p", told, class_="withheld")
    else:
        body = join((_features(profile), _rule(profile)))
    return tag(
        "section",
        tag("h3", marked_name(profile.get("cluster")), tag("small", ", ".join(counted))),
        bar,
        body,
        _rows(profile) if training_examples else None,
        class_="cluster",
    )


def _features(profile: Mapping[str, Any]) -> Markup | None:
    lines = []
    for feature in objects(profile.get("features"))[:_FEATURES]:
        told = feature.get("text") or feature.get("column")
        if not told:
            continue
        effect = as_number(feature.get("effect"))
        measure = str(feature.get("measure") or "effect")
        size = f"{measure} {fixed(effect, 2)}" if effect is not None else None
        lines.append(tag("li", str(told), tag("small", size) if size else None))
    return tag("ul", *lines, class_="apart") if lines else None


def _rule(profile: Mapping[str, Any]) -> Markup | None:
    rule = profile.get("rule")
    if not rule:
        return None
    precision, recall = as_number(profile.get("precision")), as_number(profile.get("recall"))
    told = []
    if precision is not None:
        told.append(f"{share(precision)} of the rows that it selects belong here (precision)")
    if recall is not None:
        told.append(f"it finds {share(recall)} of the cluster (recall)")
    return tag(
        "div",
        tag("p", tag("span", "As a rule: ", class_="key-name"), tag("code", str(rule))),
        tag("p", tag("small", f"{'; '.join(told)}.")) if told else None,
        class_="rule",
    )


def _rows(profile: Mapping[str, Any]) -> Markup | None:
    tables = []
    for key, title, told in (
        ("typical", "Typical rows", "nearest to the centre, or where rows lie densest"),
        ("borderline", "Borderline rows", "almost as near to another cluster"),
    ):
        rows = objects(profile.get(key))
        if rows:
            tables.append(tag("p", tag("b", title), f", {told}"))
            tables.append(row_table(rows))
    if not tables:
        return None
    summary = tag("summary", "Typical and borderline rows")
    return tag("details", summary, *tables, class_="data")


def row_table(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Put rows of the data in a table: what is known about each, then its values."""
    beside = {
        "row": ("Row", lambda value: written(whole(value))),
        "cluster": ("Cluster", cluster_name),
        "distance": ("Distance", lambda value: significant(as_number(value))),
        "score": ("Score", lambda value: significant(as_number(value))),
        "other": ("Almost in", cluster_name),
    }
    shown = {key: told for key, told in beside.items() if any(key in row for row in rows)}
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(mapping(row.get("values"))))
    head = [*(title for title, _ in shown.values()), *names]
    body = [
        [
            *(write(row.get(key)) for key, (_, write) in shown.items()),
            *(written(mapping(row.get("values")).get(name)) for name in names),
        ]
        for row in rows
    ]
    return data_table(head, body, "rows")


def _centres(
    run: RunFolder, found: Sequence[Mapping[str, Any]], training_examples: bool
) -> Markup | None:
    order = [str(column.get("name")) for column in objects(run.evaluation.get("columns"))]
    named: dict[str, None] = {}
    for profile in found:
        named.update(dict.fromkeys(mapping(profile.get("center"))))
    names = sorted(named, key=lambda name: order.index(name) if name in order else len(order))
    if not names:
        return None
    body = []
    for name in names[:_COLUMNS]:
        cells: list[object] = [name]
        for profile in found:
            value = written(mapping(profile.get("center")).get(name))
            apart = {str(item.get("column")) for item in objects(profile.get("features"))}
            hidden = _hidden(profile, training_examples)
            cells.append(MISSING if hidden else tag("b", value) if name in apart else value)
        body.append(cells)
    head = ["Column", *(marked_name(profile.get("cluster")) for profile in found)]
    left = len(names) - _COLUMNS
    note = f" The first {_COLUMNS} columns; {left} more are in evaluation.json." * (left > 0)
    return tag(
        "section",
        tag("h3", "Their centres side by side"),
        tag(
            "p",
            "In the units of the data; bold is what sets a cluster apart from the rest." + note,
            class_="note",
        ),
        data_table(head, body, "centres"),
        class_="part",
    )


def rules(run: RunFolder) -> Markup | None:
    """Write the shallow tree that describes all clusters, and how well it does."""
    found = mapping(run.evaluation.get("rules"))
    told = [tag("li", tag("code", text)) for text in sentences(found.get("text"))]
    fidelity, depth = read_estimate(found.get("fidelity")), whole(found.get("depth"))
    if not told and fidelity is None:
        return None
    questions = "" if depth is None else f" of at most {depth} questions"
    first = None
    if fidelity is not None:
        first = tag(
            "p",
            f"A tree{questions} gives {write_estimate(fidelity)} of rows it was not fitted on the "
            "cluster that they are in.",
            f" {found['note']}" if found.get("note") else None,
            title=method_of(fidelity),
        )
    return join((first, tag("ul", *told, class_="rules") if told else None))
