"""The page of generative models: who makes what best, with the evidence, for one model or many."""

from __future__ import annotations

from collections.abc import Sequence

from further.report import curves, provenance
from further.report.cost import cost
from further.report.generation import latent, table_rows, verdict
from further.report.generation.examples import examples_of
from further.report.generation.metric_table import metric_table
from further.report.generation.scale_plot import scale_plot
from further.report.generation.summary import summary as summary
from further.report.markup import join, tag
from further.report.numbers import as_number, duration, share, significant
from further.report.pictures import Album, tile_of
from further.report.run_folder import RunFolder, mapping
from further.report.shell import (
    Page,
    Section,
    data_name,
    footer,
    heading,
    kind_line,
    section,
    withheld,
)

_PICTURES = ("samples.png", "nearest.png", "interpolation.png")


def page(run: RunFolder, training_examples: bool) -> Page:
    """Describe the page of a comparison, or of one model.

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
    folders = [model.folder / "pictures" for model in run.models]
    paths = [run.path / "pictures" / "real.png"]
    paths += [folder / name for folder in folders for name in _PICTURES]
    album = Album(paths, tile_of(run.data.get("shape")))
    what = "A comparison of generative models" if run.is_comparison else "One generative model"
    return Page(
        title=f"{data_name(run)}: {'comparison' if run.is_comparison else 'run'} · further",
        kind=kind_line(what, data_name(run)),
        headline=heading(verdict.answer(run)),
        facts=_facts(run),
        warnings=verdict.warnings(run, training_examples),
        sections=_sections(run, album, training_examples),
        footer=footer(run),
    )


def _sections(run: RunFolder, album: Album, training_examples: bool) -> Sequence[Section | None]:
    evaluated = any(model.metrics for model in run.models)
    examples = examples_of(run)
    pairs = examples.nearest(run, album)
    if pairs and not training_examples:
        pairs = withheld()
    return (
        section(
            "scale",
            "Who is good at what" if run.is_comparison else "Where it stands",
            scale_plot(run) if evaluated else None,
            _scale_lead(run),
        ),
        section(
            "goals",
            "Goal by goal",
            verdict.ranking(run),
            "Tied means that the 95 % interval of the paired difference contains zero: on these "
            "held-out rows the two cannot be distinguished.",
        ),
        section(
            "failures",
            "What to watch out for",
            verdict.failures(run),
        ),
        section(
            "repeats",
            "Other training seeds",
            verdict.repeats(run),
            "Each dot is one training from another seed; the bar is the 95 % interval of their "
            "mean. The other intervals in this report include this variation between trainings.",
        ),
        section(
            "figures",
            "All figures",
            metric_table(run) if evaluated else None,
            "Each with its 95 % interval, drawn on the line from noise (left) to real (right) "
            "where both are known. Best and tied figures of a goal are bold; ↑ higher and ↓ lower "
            "is better; – means not defined for that model.",
        ),
        section(
            "samples",
            "Samples",
            examples.generated(run, album, training_examples),
            "The first that each model drew, none picked by hand."
            + (" Compressed for this page; the exact ones are in the run." * album.compressed),
        ),
        section(
            "columns",
            "Column by column",
            table_rows.column_distributions(run, _leader(run)),
            "How each column is distributed in generated and in real rows.",
        ),
        section(
            "nearest",
            "Copied or made?",
            pairs,
            "Samples and the training examples nearest to them. Looking alike is not copying: what "
            "counts is whether samples lie closer to the training set than held-out rows do.",
        ),
        section(
            "curves",
            "Learning curves",
            curves.learning_curves(run),
            "Training and validation rows are scored with the same weights, so a gap that opens "
            "between their lines is overfitting. The faint line is what the steps minimised while "
            "the weights still changed. Losses of different models are different quantities: "
            "compare shapes, not heights. The steep first steps are cut off at the top.",
        ),
        section(
            "latent",
            "Latent spaces",
            latent.latent_maps(run, album, training_examples),
            "Held-out rows as the model encodes them, flattened to two dimensions; "
            "distances in such a map are rough.",
        ),
        section("cost", "Time, energy and carbon", cost(run)),
        section(
            "limits",
            "What the figures cannot show",
            provenance.limits(run) if evaluated else None,
        ),
        section("data", "What was found in the data", provenance.data_notes(run)),
        section("reproduce", "How to get this again", provenance.reproduce(run)),
    )


def _leader(run: RunFolder) -> str | None:
    for goal in run.goals.values():
        if goal.get("ranking"):
            return str(goal["ranking"][0])
    return None


def _scale_lead(run: RunFolder) -> str:
    told = "Each line runs from what noise scores (left) to what real held-out data score (right)"
    if run.is_comparison:
        told += "; where one of them has no score, from the worst to the best of these models"
    return f"{told}. The further right, the better."


def _facts(run: RunFolder) -> list[tuple[str, object]]:
    rows = mapping(run.data.get("rows"))
    deep = sum(not model.is_control for model in run.models)
    controls = len(run.models) - deep
    facts: list[tuple[str, object]] = []
    counts = [(part, as_number(rows.get(part))) for part in ("train", "validation", "test")]
    known = [(part, count) for part, count in counts if count is not None]
    if known:
        total = sum(count for _, count in known)
        split = ", ".join(f"{count:,.0f} {part}" for part, count in known)
        facts.append(("Rows", join((f"{total:,.0f}", tag("small", split)), " ")))
    shape = run.data.get("shape")
    if isinstance(shape, (list, tuple)) and shape:
        name, size = examples_of(run).size(run, shape)
        classes = len(run.data.get("classes") or [])
        note = tag("small", f"{classes} classes") if classes else None
        facts.append((name, join((size, note), " ")))
    if run.is_comparison:
        facts.append(("Models", join((deep, tag("small", f"and {controls} controls")), " ")))
    budget = mapping(run.evaluation.get("budget")).get("text")
    if budget:
        facts.append(("Budget each", budget))
    seconds = as_number(run.evaluation.get("seconds", run.run.get("seconds")))
    if seconds is not None:
        facts.append(("Took", duration(seconds)))
    spent = [model.energy_wh for model in run.models]
    if any(value is not None for value in spent):
        total = sum(value for value in spent if value is not None)
        facts.append(("Energy", f"{significant(total, 2)} Wh"))
    seed = run.evaluation.get("seed", run.run.get("seed"))
    if seed is not None:
        repeated = as_number(run.evaluation.get("repeats")) or 1
        note = tag("small", f"{repeated:.0f} trainings each") if repeated > 1 else None
        facts.append(("Seed", join((seed, note), " ")))
    near = as_number(mapping(run.data.get("near_duplicates")).get("share"))
    if near is not None:
        facts.append(("Near-duplicates", share(near) if near else "none"))
    return facts
