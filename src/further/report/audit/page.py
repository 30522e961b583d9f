"""The page of an audit: the answer, the groups, how far they differ, and what a threshold does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from further.errors import RunError
from further.evaluate.metrics import find_metric, metrics_for
from further.report.audit.differences import differences
from further.report.audit.figures import calibration, groups
from further.report.audit.summary import summary as summary
from further.report.audit.thresholds import decision, impossible, thresholds
from further.report.audit.who import representation, slices
from further.report.markup import Markup, join, tag
from further.report.provenance import limits_table, reproduce
from further.report.rows import row_store
from further.report.run_folder import RunFolder, mapping, read_json, read_run, sentences
from further.report.shell import LIBRARIES, STYLES, Page, Section, footer, heading, warning_box

RECORD, FILE, REPORT = "audit.json", "audit.html", "report.html"
_SCRIPTS = (*LIBRARIES, "prediction_charts.js", "audit.js", "rows.js")
_HOW = {
    "binary": "Of two classes, the positive one is “{positive}”.",
    "classes": "Of {classes} classes.",
    "numbers": "Of a quantity.",
    "objects": "Of objects in pictures: those that are there, found or not, and false alarms.",
}


def write_page(run: str | Path, *, training_examples: bool = True) -> Path:
    """Write the page of the audit in a run: ``audit.html``, or its report where it is all there is.

    Parameters
    ----------
    run : path
        The folder.
    training_examples : bool, default=True
        Whether to show rows of the data.

    Returns
    -------
    Path
        The file, written whole or not at all.
    """
    from further.train.files import write_text

    content = read_run(run, training_examples=training_examples)
    name = REPORT if content.run.get("task") == "audit" else FILE
    return write_text(content.path / name, page(content).html())


def page(run: RunFolder) -> Page:
    """Describe the page of an audit."""
    record = mapping(read_json(run.path / RECORD))
    if not record:
        raise RunError(f'"{run.path}" has no {RECORD}; audit it again.')
    shown = run.training_examples
    rows = mapping(record.get("behind"))
    warnings = [] if shown else ["Made to be shared: no rows of the data are in this page."]
    return Page(
        title=f"{record['data']}: audit · further",
        kind=("An audit by group", str(record["data"])),
        headline=heading(str(record["sentence"])),
        facts=_facts(record),
        warnings=warning_box(warnings),
        sections=_sections(run, record),
        footer=join((_store(rows) if shown else None, footer(run))),
        scripts=_SCRIPTS,
        styles=(*STYLES, "prediction.css", "audit.css"),
    )


def _facts(record: Mapping[str, Any]) -> list[tuple[str, object]]:
    facts: list[tuple[str, object]] = [("Rows", f"{record['n']:,}")]
    if record["kind"] == "binary":
        facts.append(("Positive", record["positive"]))
    if record["threshold"] is not None:
        facts.append(("Selected from a score of", f"{record['threshold']:g}"))
    facts.append(("Groups", f"{len(record['groups']):,}"))
    fixed = record.get("decision")
    if fixed:
        facts.append(("Threshold decided by", fixed["decided_by"]))
    return facts


def _store(rows: Mapping[str, Any]) -> Markup | None:
    if not rows:
        return None
    told = "Some of the rows behind the number, drawn at random, with columns as they were read."
    return row_store(rows["head"], rows["rows"], told)


def _sections(run: RunFolder, record: Mapping[str, Any]) -> list[Section]:
    return [
        Section(
            "groups", "How often it is wrong about whom", groups(record, run.training_examples),
            "Every figure with its 95 % interval. Groups that are too small to say much are marked "
            "with an asterisk.",
        ),
        Section(
            "differences", "How far apart the groups are", differences(record),
            "The largest difference of each figure between two groups, with an interval that knows "
            "that it was looked for.",
        ),
        Section(
            "thresholds", "What a threshold does to whom", thresholds(record),
            "Choose by what should be equal, and see what it does to 1,000 people of each group. "
            "Nothing is sent anywhere.",
        ),
        Section("decision", "Who decided", decision(record)),
        Section("impossible", "What no threshold can give", impossible(record)),
        Section(
            "calibration", "Does a score mean the same for everybody?", calibration(record),
            "In bins of equally many rows: how many are positive of those that were given about "
            "the same score.",
        ),
        Section(
            "slices", "Where it is wrong that nobody named", slices(record),
        ),
        Section(
            "representation", "Who the rows are", representation(record),
            "Too few to learn from: fewer than 100 rows of either label, with which even a model "
            "for the group alone would be judged no better than to ±10 points.",
        ),
        Section("data", "What was read and decided", _notes(record)),
        Section("limits", "What the figures cannot show", _limits(record)),
        Section("reproduce", "How to get this again", join((_methods(record), reproduce(run)))),
    ]  # fmt: skip


def _notes(record: Mapping[str, Any]) -> Markup | None:
    how = _HOW[record["kind"]].format(positive=record["positive"], classes=len(record["classes"]))
    return tag("ul", *(tag("li", note) for note in (how, *sentences(record["notes"]))))


def _limits(record: Mapping[str, Any]) -> Markup:
    measured = {name.partition(":")[0] for name in record["overall"]["metrics"]}
    known = [metric for metric in metrics_for("audit") if metric.name in measured]
    known += [find_metric(name) for name in sorted(measured - {m.name for m in known})]
    return limits_table((metric.label, metric.shows, metric.cannot) for metric in known)


def _methods(record: Mapping[str, Any]) -> Markup:
    items = []
    for name, method in record["methods"].items():
        items += [tag("dt", find_metric(name).plain), tag("dd", method)]
    return tag("dl", *items, class_="facts")
