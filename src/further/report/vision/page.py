"""The page of models that find something in pictures: how good they are, and what it took."""

from __future__ import annotations

from further.evaluate.typed_json import from_json
from further.evaluate.vision.record import VisionEvaluation
from further.report.cost import cost
from further.report.curves import learning_curves
from further.report.diagnosis import diagnoses
from further.report.markup import join
from further.report.provenance import data_notes, limits, reproduce
from further.report.run_folder import RunFolder
from further.report.shell import Page, Section, data_name, footer, heading, unfinished, warning_box
from further.report.vision.summary import summary as summary


def page(run: RunFolder) -> Page:
    """Describe the page of a comparison, or of one model."""
    found = from_json(VisionEvaluation, run.evaluation)
    sentence = "" if found.recommendation is None else found.recommendation.sentence
    labels = ", ".join(model.label for model in found.models) or "no model"
    return Page(
        title=f"{data_name(run)}: {found.task} · further",
        kind=(found.task.capitalize(), data_name(run)),
        headline=heading(sentence or f"{labels} on {data_name(run)}"),
        facts=[("Held out", found.held_out.method)],
        warnings=warning_box(unfinished(run)),
        sections=[
            Section(
                "curves", "How the training went", join((diagnoses(run), learning_curves(run)))
            ),
            Section("data", "What was found in the data", data_notes(run)),
            Section("cost", "Time, energy and carbon", cost(run)),
            Section("limits", "What the figures cannot show", limits(run)),
            Section("reproduce", "How to get this again", reproduce(run)),
        ],
        footer=footer(run),
    )
