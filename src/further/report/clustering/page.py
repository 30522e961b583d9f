"""The page of a clustering: how many clusters, what they are, whether they hold, k-means played."""

from __future__ import annotations

from further.evaluate.clustering.record import ClusteringEvaluation
from further.report.clustering import choice, pictures, profiles, tables
from further.report.clustering.kmeans_player import player
from further.report.clustering.limits import limits
from further.report.clustering.marks import cluster_name
from further.report.clustering.run import ClusterRun
from further.report.clustering.summary import summary as summary
from further.report.clustering.tree import dendrogram
from further.report.cost import in_range, in_words
from further.report.estimates import write_interval
from further.report.markup import Markup, join, noted, tag
from further.report.numbers import duration, fixed, listing, share, significant
from further.report.provenance import data_notes, reproduce
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
from further.train.energy import Energy

_SCRIPTS = (
    *LIBRARIES, "cluster_charts.js", "kmeans.js", "kmeans_hand.js", "kmeans_player.js", "rows.js",
)  # fmt: skip
_NOTES_SHOWN = 3


def page(run: RunFolder) -> Page:
    """Describe the page of a clustering, without the sections that the run has nothing for."""
    clustering = ClusterRun.of(run)
    return Page(
        title=f"{data_name(run)}: clusters · further",
        kind=("A clustering", data_name(run)),
        headline=heading(_answer(clustering)),
        facts=_facts(clustering),
        warnings=join((warning_box(_warnings(clustering)), _notes(clustering.found.notes))),
        sections=_sections(clustering),
        footer=join((_store(clustering), footer(run))),
        scripts=_SCRIPTS,
        styles=(*STYLES, "cluster.css"),
    )


def _answer(run: ClusterRun) -> str:
    """Write the answer as one sentence of plain text."""
    sentence = run.found.sentence.strip()
    if sentence:
        return sentence
    if run.k is None:
        return f"{data_name(run)}: no clustering was recorded."
    if run.k == 1:
        return f"No cluster structure was found in {data_name(run)}."
    return f"{run.k} clusters were found in {data_name(run)}."


def _store(run: ClusterRun) -> Markup | None:
    if not run.held:
        return None
    head = list(run.held[0])
    told = "Rows of the table with what the clustering says of each."
    return row_store(head, [[row[name] for name in head] for row in run.held], told)


def _facts(run: ClusterRun) -> list[tuple[str, object]]:
    found, rows = run.found, run.table.rows
    facts: list[tuple[str, object]] = []
    if rows:
        facts.append(("Rows", f"{rows:,}"))
    total = run.table.columns or len(found.columns)
    if found.columns:
        used = sum(column.used for column in found.columns)
        facts.append(("Columns used", noted(used, f"of {total}")))
    elif total:
        facts.append(("Columns", str(total)))
    if run.k is not None:
        facts.append(("Clusters", noted(run.k, "no structure found" * run.found_none)))
    if found.noise:
        part = share(found.noise / rows) if rows else None
        facts.append(("In no cluster", noted(f"{found.noise:,}", part)))
    # What was decided about the columns: "auto", where that was asked for, says nothing.
    scales = dict.fromkeys(column.scale for column in found.columns if column.used and column.scale)
    for name, value in (
        ("Method", found.label or found.method),
        ("Distance", found.distance),
        ("Scaling", " and ".join(filter(None, scales)) or found.scale),
    ):
        if value:
            facts.append((name, value.replace("_", " ")))
    stability = found.stability
    if stability is not None and stability.value is not None:
        facts.append(("Stability", noted(fixed(stability.value, 2), write_interval(stability))))
    if found.inertia is not None:
        facts.append(("Inertia", significant(found.inertia, 4)))
    if found.seed is not None:
        facts.append(("Seed", str(found.seed)))
    if found.seconds is not None:
        facts.append(("Took", duration(found.seconds)))
    spent, carbon = found.energy.watt_hours, found.energy.carbon_g
    if spent is not None:
        grams = f"{significant(carbon, 2)} g CO₂e" if carbon is not None else None
        facts.append(("Energy", noted(f"{in_range(_energy(found))} Wh", grams)))
    return facts


def _warnings(run: ClusterRun) -> list[str]:
    """Say what limits every figure below, before any of them is read."""
    k, by_rule, told = run.k, run.k_by_rule, []
    if k == by_rule == 1:
        told.append(
            "These rows show no more cluster structure than rows without any. A method such as "
            "k-means would still cut them into as many parts as it is asked for; such parts mean "
            "nothing."
        )
    if k is not None and by_rule is not None and by_rule != k:
        judged = "no cluster structure" if by_rule == 1 else f"k = {by_rule}"
        told.append(f"k = {k} was asked for; the rule of this report would say {judged}.")
    if k != 1 and run.found.criteria is not None and not run.criteria.agree:
        answers = choice.write_answers(run.criteria)
        told.append(f"The criteria disagree on how many clusters there are: {answers}.")
    stabilities = run.found.cluster_stability
    every = stabilities.clusters if stabilities is not None and k != 1 else ()
    unstable = [cluster_name(one.cluster) for one in every if one.verdict == "unstable"]
    if unstable:
        told.append(
            f"{listing(unstable)} {'is' if len(unstable) == 1 else 'are'} not stable: another "
            "sample of such rows would be clustered differently there."
        )
    told += run.found.doubts
    sampled = _sampled(run.found)
    if sampled:
        told.append(f"Computed on a seeded sample of the rows: {sampled}.")
    told += unfinished(run)
    if not run.training_examples:
        told.append(
            "Made to be shared: whatever shows rows of the data is left out, namely typical, "
            "borderline and unusual rows, where each row lies and which cluster it is in, and the "
            "step-by-step k-means, which shows the rows themselves."
        )
    return told


def _sampled(found: ClusteringEvaluation) -> str:
    parts = []
    if found.silhouette is not None and found.silhouette.sampled:
        parts.append(f"silhouette ({found.silhouette.n:,} rows)")
    if found.projection is not None and found.projection.sampled:
        parts.append(f"projection ({len(found.projection.x):,} rows)")
    return ", ".join(parts)


def _cost(run: ClusterRun) -> Markup | None:
    spent = run.found.energy
    if run.found.seconds is None and spent.watt_hours is None:
        return None
    told = in_words(run, "All of it", run.found.seconds, _energy(run.found), spent.carbon_g)
    return tag("p", told)


def _energy(found: ClusteringEvaluation) -> Energy | None:
    spent = found.energy
    return Energy.from_json({
        "energy_wh": spent.watt_hours, "energy_method": spent.method,
        "energy_low_wh": spent.low_watt_hours, "energy_high_wh": spent.high_watt_hours,
        "cpu_seconds": spent.cpu_seconds,
    })  # fmt: skip


def _notes(notes: tuple[str, ...]) -> Markup | None:
    if not notes:
        return None
    listed = tag("ul", *(tag("li", note) for note in notes), class_="notes")
    if len(notes) <= _NOTES_SHOWN:
        return listed
    return tag("details", tag("summary", f"{len(notes)} notes on what was decided"), listed)


def _sections(run: ClusterRun) -> list[Section]:
    how_many = Section(
        "how-many",
        "Why no clusters" if run.found_none else "How many clusters?",
        choice.how_many(run),
        "Each criterion for every k that was tried, with its own answer.",
    )
    # Where there are no clusters, why comes before what the rows look like.
    first, later = ([how_many], []) if run.found_none else ([], [how_many])
    return [
        *first,
        Section("clusters", "The clusters", profiles.profiles(run)),
        Section("label", "Compared with a label that took no part", tables.agreement(run)),
        Section("projection", "Seen in a plane", pictures.projection(run)),
        Section("map", "On the map", pictures.world(run)),
        Section("silhouettes", "Row by row", pictures.silhouettes(run)),
        *later,
        Section(
            "stability",
            "Does it hold?",
            choice.whether_it_holds(run),
            "Stability is how far clusterings of bootstrap samples of the rows agree (adjusted "
            "Rand index; 1: the same clusters, 0: no better than chance). The samples are the same "
            "for every method and every k.",
        ),
        Section(
            "initialisations",
            "How much the initialisation matters",
            choice.initialisations(run),
            "The algorithm begins at centroids drawn at random, and stops at the nearest optimum: "
            "this is what many initialisations came to.",
        ),
        Section("steps", "k-means, step by step", player(run)),
        Section("anomalies", "The most unusual rows", tables.anomalies(run)),
        Section("dendrogram", "Merge by merge", dendrogram(run)),
        Section("rules", "The clusters as rules", profiles.rules(run)),
        Section("columns", "What each column was taken for", tables.column_decisions(run)),
        Section("data", "What was found in the data", data_notes(run)),
        Section("cost", "Time, energy and carbon", _cost(run)),
        Section("limits", "What the figures cannot show", limits(run)),
        Section("reproduce", "How to get this again", reproduce(run)),
    ]
