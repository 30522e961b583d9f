"""The page of models that predict: the answer, the ladder, in own terms, where they err."""

from __future__ import annotations

from further.report.cost import cost
from further.report.curves import learning_curves
from further.report.decided import decided, failures
from further.report.diagnosis import diagnoses
from further.report.markup import Markup, join, noted
from further.report.numbers import duration
from further.report.prediction.errors import where_it_errs
from further.report.prediction.ladder import drawing, figures, price
from further.report.prediction.ladder_run import LadderView
from further.report.prediction.summary import summary as summary
from further.report.prediction.terms import in_own_terms
from further.report.provenance import data_notes, limits, reproduce
from further.report.rows import row_store
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

_SCRIPTS = (*LIBRARIES, "prediction_charts.js", "rows.js")


def page(run: RunFolder) -> Page:
    """Describe the page of a ladder, or of one model that predicts."""
    view = LadderView.of(run)
    return Page(
        title=f"{data_name(run)}: {view.found.task} · further",
        kind=(f"A {view.found.task}", data_name(run)),
        headline=heading(_answer(view)),
        facts=_facts(view),
        warnings=warning_box(_warnings(view)),
        sections=_sections(view),
        footer=join((_store(view), footer(run))),
        scripts=_SCRIPTS,
        styles=(*STYLES, "prediction.css"),
    )


def _answer(view: LadderView) -> str:
    if view.advice.sentence:
        return view.advice.sentence
    model = view.shown[0] if view.shown else None
    if model is None:
        return f"{data_name(view.run)}: no model was fitted."
    names = ("balanced_accuracy", "auc") if view.is_classes else ("r2", "mae")
    told = ", ".join(
        f"{name.replace('_', ' ').replace('auc', 'AUC').replace('r2', 'R²').replace('mae', 'MAE')}"
        f" {figure.value:.3g}"
        for name in names
        if (figure := model.metrics.get(name)) is not None and figure.value is not None
    )
    return f"{model.label} on {data_name(view.run)}: {told} on held-out rows."


def _facts(view: LadderView) -> list[tuple[str, object]]:
    found = view.found
    facts: list[tuple[str, object]] = [
        ("Predicted", noted(found.data.target or "target", f"{found.task}")),
        ("Rows", f"{found.data.rows.get('all', 0):,}"),
        ("Held out", noted(f"{found.held_out.rows:,}", found.held_out.method)),
    ]
    if found.data.classes:
        facts.append(("Classes", f"{len(found.data.classes):,}"))
    if found.seed is not None:
        facts.append(("Seed", str(found.seed)))
    if found.seconds is not None:
        facts.append(("Took", duration(found.seconds)))
    return facts


def _warnings(view: LadderView) -> list[str]:
    found = view.found
    told = [found.embarrassing] if found.embarrassing else []
    told += [f'The column "{name}" is left out: {why}.' for name, why in found.left_out.items()]
    told += [*failures(view.models), *unfinished(view.run)]
    if not view.run.training_examples:
        told.append("Made to be shared: no rows of the data are in this page.")
    return told


def _store(view: LadderView) -> Markup | None:
    if view.rows is None:
        return None
    head, rows = view.rows
    told = (
        "Held-out rows, each predicted by a model that never saw it; columns as they were read, "
        "those that matter most to the chosen model first."
    )
    return row_store(head, rows, told)


def _sections(view: LadderView) -> list[Section]:
    run = view.run
    ladder = len(view.found.models) > 1
    return [
        Section(
            "ladder",
            "From transparent to opaque" if ladder else "How good it is",
            join((drawing(view), figures(view))),
            "Every model is judged on the same held-out rows. A line runs from what a constant "
            "scores to perfection.",
        ),
        Section("price", "What transparency costs", price(view)),
        Section(
            "terms", "In their own terms", in_own_terms(view),
            "The model that is kept, explained as it is made; and what is lost on held-out rows "
            "when one column is shuffled.",
        ),
        Section("errors", "Where they err" if ladder else "Where it errs", where_it_errs(view)),
        Section("curves", "How the training went", join((diagnoses(run), learning_curves(run)))),
        Section("decided", "What the models decided for themselves", decided(view.models)),
        Section("data", "What was found in the data", data_notes(run)),
        Section("cost", "Time, energy and carbon", cost(run)),
        Section("limits", "What the figures cannot show", limits(run)),
        Section("reproduce", "How to get this again", reproduce(run)),
    ]  # fmt: skip
