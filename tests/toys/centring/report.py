"""What shows a run of the task."""

from __future__ import annotations

from further.report.markup import tag
from further.report.shell import Page, footer, kind_line, section
from further.report.summary import Summary, TextTable


def page(run, training_examples):
    items = [tag("li", model["name"]) for model in run.evaluation["models"]]
    return Page(
        title="centring",
        kind=kind_line("Centring", "toy"),
        headline=tag("h1", "How far rows lie from one number"),
        facts=(),
        warnings=None,
        sections=(section("models", "Models", tag("ul", *items)),),
        footer=footer(run),
    )


def summary(path, evaluation):
    rows = [[m["name"], f"{m['error']['value']:.3f}"] for m in evaluation["models"]]
    return Summary(evaluation, [TextTable(["model", "error"], rows, 1)])
