"""The page of a clustering: how many clusters, what they are, whether they hold, k-means played."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from further.report.clustering import choice, pictures, profiles, tables
from further.report.clustering.choice import chosen_k, found_none, write_answers
from further.report.clustering.kmeans_player import player
from further.report.clustering.limits import limits
from further.report.clustering.marks import cluster_name
from further.report.clustering.summary import summary as summary
from further.report.clustering.tree import dendrogram
from further.report.cost import in_words
from further.report.estimates import read_estimate, write_interval
from further.report.markup import Markup, join, tag
from further.report.numbers import as_number, duration, fixed, listing, share, significant
from further.report.provenance import data_notes, reproduce
from further.report.run_folder import RunFolder, mapping, objects, sentences, whole
from further.report.shell import (
    LIBRARIES,
    STYLES,
    Page,
    Section,
    data_name,
    footer,
    heading,
    kind_line,
    section,
    warning_box,
)

_SCRIPTS = (*LIBRARIES, "cluster_charts.js", "kmeans.js", "kmeans_player.js")
_NOTES_SHOWN = 3


def page(run: RunFolder, training_examples: bool) -> Page:
    """Describe the page of a clustering.

    Parameters
    ----------
    run : RunFolder
        The run.
    training_examples : bool
        Whether rows of the training set may be shown.

    Returns
    -------
    Page
        Without the sections that the run has nothing for.
    """
    return Page(
        title=f"{data_name(run)}: clusters · further",
        kind=kind_line("A clustering", data_name(run)),
        headline=heading(answer(run)),
        facts=_facts(run),
        warnings=join((warning_box(_warnings(run, training_examples)), _notes(run))),
        sections=_sections(run, training_examples),
        footer=footer(run),
        scripts=_SCRIPTS,
        styles=(*STYLES, "cluster.css"),
    )


def answer(run: RunFolder) -> str:
    """Write the answer as one sentence of plain text."""
    sentence = run.evaluation.get("sentence")
    if isinstance(sentence, str) and sentence.strip():
        return sentence.strip()
    k, data = chosen_k(run), data_name(run)
    if k is None:
        return f"{data}: no clustering was recorded."
    if k == 1:
        return f"No cluster structure was found in {data}."
    return f"{k} clusters were found in {data}."


def _facts(run: RunFolder) -> list[tuple[str, object]]:
    evaluation, data = run.evaluation, run.data
    facts: list[tuple[str, object]] = []
    rows = whole(data.get("rows"))
    if rows is not None:
        facts.append(("Rows", f"{rows:,}"))
    columns = objects(evaluation.get("columns"))
    total = whole(data.get("columns")) or len(columns)
    if columns:
        used = sum(column.get("used") is True for column in columns)
        facts.append(("Columns used", _with(str(used), f"of {total}")))
    elif total:
        facts.append(("Columns", str(total)))
    k = chosen_k(run)
    if k is not None:
        facts.append(("Clusters", _with(str(k), "no structure found" if found_none(run) else None)))
    noise = whole(evaluation.get("noise"))
    if noise:
        facts.append(("In no cluster", _with(f"{noise:,}", share(noise / rows) if rows else None)))
    method = evaluation.get("label") or evaluation.get("method")
    for name, value in (
        ("Method", method),
        ("Distance", evaluation.get("distance")),
        ("Scaling", _scaling(columns) or evaluation.get("scale")),
    ):
        if value:
            facts.append((name, str(value).replace("_", " ")))
    stability = read_estimate(evaluation.get("stability"))
    if stability is not None and stability.value is not None:
        interval = write_interval(stability) or None
        facts.append(("Stability", _with(fixed(stability.value, 2), interval)))
    inertia = as_number(evaluation.get("inertia"))
    if inertia is not None:
        facts.append(("Inertia", significant(inertia, 4)))
    if evaluation.get("seed") is not None:
        facts.append(("Seed", str(evaluation["seed"])))
    seconds = as_number(evaluation.get("seconds"))
    if seconds is not None:
        facts.append(("Took", duration(seconds)))
    energy = mapping(evaluation.get("energy"))
    spent = as_number(energy.get("watt_hours"))
    if spent is not None:
        carbon = as_number(energy.get("carbon_g"))
        grams = f"{significant(carbon, 2)} g CO₂e" if carbon is not None else None
        facts.append(("Energy", _with(f"{significant(spent, 2)} Wh", grams)))
    return facts


def _scaling(columns: list[Mapping[str, Any]]) -> str:
    """Name what was decided: "auto", where that was asked for, says nothing."""
    found = {str(c["scale"]): None for c in columns if c.get("used") and c.get("scale")}
    return " and ".join(found)


def _with(value: str, note: str | None) -> Markup:
    return join((value, tag("small", note) if note else None), " ")


def _warnings(run: RunFolder, training_examples: bool) -> list[str]:
    """Say what limits every figure below, before any of them is read."""
    evaluation = run.evaluation
    criteria, told = mapping(evaluation.get("criteria")), []
    k = chosen_k(run)
    if k == 1 and whole(criteria.get("k")) == 1:
        told.append(
            "These rows show no more cluster structure than rows without any. A method such as "
            "k-means would still cut them into as many parts as it is asked for; such parts mean "
            "nothing."
        )
    found = whole(criteria.get("k"))
    if k is not None and found is not None and found != k:
        judged = "no cluster structure" if found == 1 else f"k = {found}"
        told.append(f"k = {k} was asked for; the rule of this report would say {judged}.")
    if k != 1 and criteria.get("agree") is False:
        told.append(
            f"The criteria disagree on how many clusters there are: {write_answers(criteria)}."
        )
    if k != 1 and (unstable := choice.unstable_clusters(run)):
        told.append(
            f"{listing([cluster_name(number) for number in unstable])} "
            f"{'is' if len(unstable) == 1 else 'are'} not stable: another sample of such rows "
            "would be clustered differently there."
        )
    sampled = _sampled(evaluation)
    if sampled:
        told.append(f"Computed on a seeded sample of the rows: {sampled}.")
    if run.run.get("status") in ("interrupted", "failed"):
        told.append(f"This run was {run.run['status']}; resume it with further resume.")
    if not training_examples:
        told.append(
            "Made to be shared: whatever shows rows of the data is left out, namely typical, "
            "borderline and unusual rows, where each row lies and which cluster it is in, and the "
            "step-by-step k-means, which shows the rows themselves."
        )
    return told


def _cost(run: RunFolder) -> Markup | None:
    energy = mapping(run.evaluation.get("energy"))
    seconds, spent, carbon = (
        as_number(value)
        for value in (
            run.evaluation.get("seconds"),
            energy.get("watt_hours"),
            energy.get("carbon_g"),
        )
    )
    if seconds is None and spent is None:
        return None
    return tag("p", in_words(run, "All of it", seconds, spent, carbon))


def _sampled(evaluation: Mapping[str, Any]) -> str:
    parts = []
    for key in ("silhouette", "projection"):
        found = mapping(evaluation.get(key))
        if found.get("sampled") is True:
            drawn = found.get("x") if key == "projection" else None
            n = len(drawn) if isinstance(drawn, list) else whole(found.get("n"))
            parts.append(key if n is None else f"{key} ({n:,} rows)")
    return ", ".join(parts)


def _notes(run: RunFolder) -> Markup | None:
    notes = sentences(run.evaluation.get("notes"))
    if not notes:
        return None
    listed = tag("ul", *(tag("li", note) for note in notes), class_="notes")
    if len(notes) <= _NOTES_SHOWN:
        return listed
    return tag("details", tag("summary", f"{len(notes)} notes on what was decided"), listed)


def _sections(run: RunFolder, training_examples: bool) -> list[Section | None]:
    none = found_none(run)
    how_many = section(
        "how-many",
        "Why no clusters" if none else "How many clusters?",
        choice.how_many(run),
        "Each criterion for every k that was tried, with its own answer.",
    )
    # Where there are no clusters, why comes before what the rows look like.
    first = [how_many] if none else []
    return [
        *first,
        section(
            "clusters",
            "The clusters",
            profiles.profiles(run, training_examples),
        ),
        section(
            "label",
            "Compared with a label that took no part",
            tables.agreement(run),
        ),
        section(
            "projection",
            "Seen in a plane",
            pictures.projection(run, training_examples),
        ),
        section("map", "On the map", pictures.world(run, training_examples)),
        section("silhouettes", "Row by row", pictures.silhouettes(run)),
        *([] if first else [how_many]),
        section(
            "stability",
            "Does it hold?",
            choice.whether_it_holds(run),
            "Stability is how far clusterings of bootstrap samples of the rows agree (adjusted "
            "Rand index; 1: the same clusters, 0: no better than chance). The samples are the same "
            "for every method and every k.",
        ),
        section(
            "initialisations",
            "How much the initialisation matters",
            choice.initialisations(run, training_examples),
            "The algorithm begins at centroids drawn at random, and stops at the nearest optimum: "
            "this is what many initialisations came to.",
        ),
        section("steps", "k-means, step by step", player(run, training_examples)),
        section(
            "anomalies",
            "The most unusual rows",
            tables.anomalies(run, training_examples),
        ),
        section("dendrogram", "Merge by merge", dendrogram(run)),
        section("rules", "The clusters as rules", profiles.rules(run)),
        section("columns", "What each column was taken for", tables.column_decisions(run)),
        section("data", "What was found in the data", data_notes(run)),
        section("cost", "Time, energy and carbon", _cost(run)),
        section("limits", "What the figures cannot show", limits(run)),
        section("reproduce", "How to get this again", reproduce(run)),
    ]
