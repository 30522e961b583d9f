"""The page of models that find something in pictures: the answer, figures, errors, pictures."""

from __future__ import annotations

from further.report.cost import cost
from further.report.curves import learning_curves
from further.report.decided import decided, failures
from further.report.diagnosis import diagnoses
from further.report.markup import Markup, join, noted
from further.report.numbers import duration
from further.report.provenance import data_notes, limits, reproduce
from further.report.run_folder import RunFolder
from further.report.shell import (
    LIBRARIES,
    STYLES,
    Page,
    Section,
    data_name,
    footer,
    heading,
    unfinished,
    warning_box,
)
from further.report.vision.answer import answer
from further.report.vision.errors import breakdown, confusions
from further.report.vision.figures import by_class, differences, drawing, figures
from further.report.vision.more_pictures import more_pictures
from further.report.vision.steps import steps
from further.report.vision.summary import summary as summary
from further.report.vision.thresholds import thresholds
from further.report.vision.view import VisionView
from further.report.vision.worst import worst_pictures

_SCRIPTS = (*LIBRARIES, "prediction_charts.js", "rows.js", "vision.js")
#: What a task is called at the top of the page.
KINDS = {
    "detection": "A detection",
    "segmentation": "A semantic segmentation",
    "instances": "An instance segmentation",
}


def page(run: RunFolder) -> Page:
    """Describe the page of a comparison of models for pictures, or of one of them."""
    view = VisionView.of(run)
    best = view.shown[0] if view.shown else None
    sections = _sections(view)  # what they show is then stored in the footer
    return Page(
        title=f"{data_name(run)}: {view.found.task} · further",
        kind=(KINDS[view.found.task], data_name(run)),
        headline=heading(answer(view.found, best, view.control)),
        facts=_facts(view),
        warnings=warning_box(_warnings(view)),
        sections=sections,
        footer=join((_store(view), footer(run))),
        scripts=_SCRIPTS,
        styles=(*STYLES, "prediction.css", "vision.css"),
    )


def _facts(view: VisionView) -> list[tuple[str, object]]:
    found = view.found
    facts: list[tuple[str, object]] = [
        ("Pictures", f"{found.data.rows.get('all', 0):,}"),
        ("Held out", noted(f"{found.held_out.rows:,}", found.held_out.method)),
        ("Classes", f"{len(found.data.classes):,}"),
    ]
    if view.shown and view.shown[0].curves:
        facts.append(("Held-out objects", f"{sum(c.objects for c in view.shown[0].curves):,}"))
    if view.shown and view.shown[0].seconds_per_picture is not None:
        seconds = duration(view.shown[0].seconds_per_picture)
        facts.append(("A picture takes", noted(seconds, view.shown[0].label)))
    if found.budget is not None and found.budget.text:
        facts.append(("Budget", found.budget.text))
    if found.seed is not None:
        facts.append(("Seed", str(found.seed)))
    if found.seconds is not None:
        facts.append(("Took", duration(found.seconds)))
    return facts


def _warnings(view: VisionView) -> list[str]:
    told = [*failures(view.models), *unfinished(view.run)]
    if not view.run.training_examples:
        told.append("Made to be shared: no pictures of the data are in this page.")
    return told


def _store(view: VisionView) -> Markup | None:
    if view.book is None:
        return None
    told = (
        "From held-out pictures, which no model has seen. Dashed lines are what is there, solid "
        "ones what was predicted."
    )
    return view.book.store(told)


def _sections(view: VisionView) -> list[Section]:
    run = view.run
    return [
        Section(
            "figures", "How good they are" if len(view.shown) > 1 else "How good it is",
            join((drawing(view), figures(view))),
            "Every model is judged on the same held-out pictures; intervals are by resampling "
            "them. A line runs from what the best control scores to perfection.",
        ),
        Section("differences", "How far apart they are", differences(view)),
        Section("classes", "Class by class", by_class(view)),
        Section(
            "worst", "The pictures with most errors", worst_pictures(view),
            "The worst first. A click on a name enlarges a picture, one on a count shows what was "
            "counted.",
        ),
        Section("confusion", "What is taken for what", confusions(view)),
        Section("errors", "What kinds of error there are", breakdown(view)),
        Section(
            "thresholds", "From which score on to believe it", thresholds(view),
            "Precision is the share of the predictions that are right, recall the share of the "
            "objects that are found; an overlap of 0.5 is enough.",
        ),
        Section("steps", "How a picture comes to its boxes", steps(view)),
        Section(
            "more", "How many more pictures?", more_pictures(view),
            "The same model with a part of the training pictures, and what to expect of twice as "
            "many.",
        ),
        Section("curves", "How the training went", join((diagnoses(run), learning_curves(run)))),
        Section("decided", "What the models decided for themselves", decided(view.models)),
        Section("data", "What was found in the data", data_notes(run)),
        Section("cost", "Time, energy and carbon", cost(run)),
        Section("limits", "What the figures cannot show", limits(run)),
        Section("reproduce", "How to get this again", reproduce(run)),
    ]  # fmt: skip
