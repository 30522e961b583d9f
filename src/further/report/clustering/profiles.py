"""What the clusters are: size, centre, what sets each apart, a rule for it, and rows of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from further.evaluate.clustering.description import ExampleRow, ProfileRecord
from further.report.chart import data_table
from further.report.clustering.marks import cluster_name, marked_name
from further.report.clustering.run import ClusterRun
from further.report.estimates import method_of, write_estimate
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING, as_number, fixed, share, significant
from further.report.rows import opens
from further.report.shell import WITHHELD, withheld

# Of fewer rows than this a mean gives the rows themselves away.
_FEW = 5
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


def profiles(run: ClusterRun) -> Markup | None:
    """Describe every cluster on a card, and set their centres side by side."""
    found = run.found.profile
    if not found:
        return None
    cards = [_card(run, profile) for profile in found[:_MOST_CARDS]]
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
    return join((first, more, _centres(run, found[:_MOST_CARDS])))


def _card(run: ClusterRun, profile: ProfileRecord) -> Markup:
    size, part, shown = profile.size, profile.share, run.training_examples
    width = f"width: {100 * min(1.0, max(0.0, part)):.1f}%"
    counted = opens(
        f"{size:,} {'row' if size == 1 else 'rows'}, {share(part)}",
        run.rows_of(profile.cluster), cluster_name(profile.cluster), shown=bool(run.held),
    )  # fmt: skip
    if shown or size >= _FEW:
        body = join((_features(profile), _rule(profile)))
    else:
        body = withheld(f"{WITHHELD} Figures of so few rows would show the rows.")
    return tag(
        "section",
        tag("h3", marked_name(profile.cluster), tag("small", counted)),
        tag("div", tag("i", style=width), class_="share", aria_hidden="true"),
        body,
        _rows(profile) if shown else None,
        class_="cluster",
    )


def _features(profile: ProfileRecord) -> Markup | None:
    lines = []
    for feature in profile.features[:_FEATURES]:
        told = feature.text or feature.column
        if told:
            size = f"{feature.measure or 'effect'} {fixed(feature.effect, 2)}"
            known = feature.effect is not None
            lines.append(tag("li", told, tag("small", size) if known else None))
    return tag("ul", *lines, class_="apart") if lines else None


def _rule(profile: ProfileRecord) -> Markup | None:
    if not profile.rule:
        return None
    told = []
    if profile.precision is not None:
        selected = share(profile.precision)
        told.append(f"{selected} of the rows that it selects belong here (precision)")
    if profile.recall is not None:
        told.append(f"it finds {share(profile.recall)} of the cluster (recall)")
    return tag(
        "div",
        tag("p", tag("span", "As a rule: ", class_="key-name"), tag("code", profile.rule)),
        tag("p", tag("small", f"{'; '.join(told)}.")) if told else None,
        class_="rule",
    )


def _rows(profile: ProfileRecord) -> Markup | None:
    tables = []
    for rows, title, told in (
        (profile.typical, "Typical rows", "nearest to the centre, or where rows lie densest"),
        (profile.borderline, "Borderline rows", "almost as near to another cluster"),
    ):
        if rows:
            tables += [tag("p", tag("b", title), f", {told}"), row_table(rows)]
    if not tables:
        return None
    summary = tag("summary", "Typical and borderline rows")
    return tag("details", summary, *tables, class_="data")


def row_table(rows: Sequence[ExampleRow]) -> Markup:
    """Put rows of the data in a table: what is known about each, then its values."""
    every: list[tuple[str, list[object], Callable[[Any], str]]] = [
        ("Row", [row.row for row in rows], written),
        ("Cluster", [row.cluster for row in rows], cluster_name),
        ("Distance", [row.distance for row in rows], significant),
        ("Score", [row.score for row in rows], significant),
        ("Almost in", [row.other for row in rows], cluster_name),
    ]
    shown = [one for one in every if any(value is not None for value in one[1])]
    names = dict.fromkeys(name for row in rows for name in row.values)
    head = [*(title for title, _, _ in shown), *names]
    body = [
        [
            *(write(values[place]) for _, values, write in shown),
            *(written(row.values.get(name)) for name in names),
        ]
        for place, row in enumerate(rows)
    ]
    return data_table(head, body, "rows")


def _centres(run: ClusterRun, found: Sequence[ProfileRecord]) -> Markup | None:
    order = [column.name for column in run.found.columns]
    named = dict.fromkeys(name for profile in found for name in profile.center)
    names = sorted(named, key=lambda name: order.index(name) if name in order else len(order))
    if not names:
        return None
    apart = [{feature.column for feature in profile.features} for profile in found]
    body = []
    for name in names[:_COLUMNS]:
        cells: list[object] = [name]
        for profile, own in zip(found, apart, strict=True):
            value = written(profile.center.get(name))
            hidden = not run.training_examples and profile.size < _FEW
            cells.append(MISSING if hidden else tag("b", value) if name in own else value)
        body.append(cells)
    head = ["Column", *(marked_name(profile.cluster) for profile in found)]
    left = len(names) - _COLUMNS
    note = f" The first {_COLUMNS} columns; {left} more are in evaluation.json." * (left > 0)
    told = "In the units of the data; bold is what sets a cluster apart from the rest."
    return tag(
        "section",
        tag("h3", "Their centres side by side"),
        tag("p", told + note, class_="note"),
        data_table(head, body, "centres"),
        class_="part",
    )


def rules(run: ClusterRun) -> Markup | None:
    """Write the shallow tree that describes all clusters, and how well it does."""
    found = run.found.rules
    if found is None:
        return None
    told = [tag("li", tag("code", text)) for text in found.text]
    first = None
    if found.fidelity.value is not None:
        questions = f" of at most {found.depth} questions" if found.depth else ""
        first = tag(
            "p",
            f"A tree{questions} gives {write_estimate(found.fidelity)} of rows it was not fitted "
            "on the cluster that they are in.",
            f" {found.note}" if found.note else None,
            title=method_of(found.fidelity),
        )
    return join((first, tag("ul", *told, class_="rules") if told else None))
