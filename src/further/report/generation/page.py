"""The page of generative models: who makes what best, with the evidence, for one model or many."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

from further.report import curves, provenance
from further.report.cost import cost, energy_of, in_range
from further.report.diagnosis import diagnoses
from further.report.generation import latent, verdict
from further.report.generation.examples import data_of, examples_of
from further.report.generation.kept import Kept
from further.report.generation.metric_table import metric_table
from further.report.generation.run import GenerationRun
from further.report.generation.scale_plot import scale_plot
from further.report.generation.sharing import TRIED
from further.report.generation.summary import summary as summary
from further.report.generation.table_rows import column_distributions
from further.report.markup import Markup, join, noted
from further.report.numbers import as_number, duration, share
from further.report.rows import row_store
from further.report.run_folder import RunFolder, mapping
from further.report.shell import LIBRARIES, Page, Section, data_name, footer, heading


def page(run: RunFolder) -> Page:
    """Describe the page of a comparison or of one model, without sections it has nothing for."""
    # In a page that is made to be shared a number is a number.
    kept = examples_of(run).kept(run) if run.training_examples else Kept()
    view = GenerationRun.of(run, kept)
    what = "A comparison of generative models" if run.is_comparison else "One generative model"
    if run.run.get("synthetic"):
        what = "Rows that another tool generated"
    return Page(
        title=f"{data_name(run)}: {'comparison' if run.is_comparison else 'run'} · further",
        kind=(what, data_name(run)),
        headline=heading(verdict.answer(run)),
        facts=_facts(run),
        warnings=verdict.warnings(run),
        sections=_sections(view),
        footer=join((_store(view), footer(run))),
        scripts=(*LIBRARIES, "rows.js") if kept.rows else LIBRARIES,
    )


def _store(run: GenerationRun) -> Markup | None:
    kept = run.kept
    if not kept.rows:
        return None
    return row_store(kept.head, examples_of(run).cells(kept), kept.told, kept.sheet)


def _sections(run: GenerationRun) -> Sequence[Section]:
    evaluated = any(model.metrics for model in run.models)
    examples = examples_of(run)
    drawn = "Rows drawn at random" if run.run.get("synthetic") else "The first that each model drew"
    return (
        Section(
            "scale",
            "Who is good at what" if run.is_comparison else "Where it stands",
            scale_plot(run) if evaluated else None,
            _scale_lead(run),
        ),
        Section(
            "goals",
            "Goal by goal",
            verdict.ranking(run),
            "Tied means that the 95 % interval of the paired difference contains zero: on these "
            "held-out rows the two cannot be distinguished. " + run.recommendation.negligible,
        ),
        Section("failures", "What to watch out for", verdict.failures(run)),
        Section(
            "repeats",
            "Other training seeds",
            verdict.repeats(run),
            "Each dot is one training from another seed; the bar is the 95 % interval of their "
            "mean. The other intervals in this report include this variation between trainings.",
        ),
        Section(
            "figures",
            "All figures",
            metric_table(run) if evaluated else None,
            "Each with its 95 % interval, drawn on the line from noise (left) to real (right) "
            "where both are known. Best and tied figures of a goal are bold; ↑ higher and ↓ lower "
            "is better; – means not defined for that model."
            + f" A dotted line marks what opens its {run.kept.unit}s."
            * bool(run.kept.rows),
        ),
        Section(
            "samples",
            "Samples",
            examples.generated(run),
            f"{drawn}, none picked by hand."
            + (" Compressed for this page; the exact ones are in the run." * run.album.compressed),
        ),
        Section(
            "columns",
            "Column by column",
            column_distributions(run),
            "How each column is distributed in generated and in real rows."
            + " A click on a bar, or on a share below it, shows those that this page holds."
            * any(run.kept.generated.values()),
        ),
        Section(
            "nearest",
            "Copied or made?",
            examples.nearest(run),
            "Samples and the training examples nearest to them. Looking alike is not copying: what "
            "counts is whether samples lie closer to the training set than held-out rows do. "
            + TRIED,
        ),
        Section(
            "curves",
            "Learning curves",
            join((diagnoses(run), curves.learning_curves(run))),
            "Training and validation rows are scored with the same weights, so a gap that opens "
            "between their lines is overfitting. The faint line is what the steps minimised while "
            "the weights still changed. Losses of different models are different quantities: "
            "compare shapes, not heights. The steep first steps are cut off at the top.",
        ),
        Section(
            "latent",
            "Latent spaces",
            latent.latent_maps(run),
            "Held-out rows as the model encodes them, flattened to two dimensions; "
            "distances in such a map are rough.",
        ),
        Section("cost", "Time, energy and carbon", cost(run)),
        Section(
            "limits",
            "What the figures cannot show",
            provenance.limits(run) if evaluated else None,
        ),
        Section("data", "What was found in the data", provenance.data_notes(run)),
        Section("reproduce", "How to get this again", provenance.reproduce(run)),
    )


def _scale_lead(run: RunFolder) -> str:
    told = "Each line runs from what noise scores (left) to what real held-out data score (right)"
    if run.is_comparison:
        told += "; where one of them has no score, from the worst to the best of these models"
    return f"{told}. The further right, the better."


def _facts(run: RunFolder) -> list[tuple[str, object]]:
    facts: list[tuple[str, object]] = []
    data = data_of(run)
    parts = ("train", "validation", "test")
    counts = [(part, data.rows[part]) for part in parts if part in data.rows]
    if counts:
        split = ", ".join(f"{count:,} {part}" for part, count in counts)
        facts.append(("Rows", noted(f"{sum(count for _, count in counts):,}", split)))
    if data.shape:
        name, size = examples_of(run).size(run)
        facts.append((name, noted(size, data.classes and f"{len(data.classes)} classes")))
    if run.is_comparison:
        controls = sum(model.is_control for model in run.models)
        facts.append(("Models", noted(len(run.models) - controls, f"and {controls} controls")))
    budget = mapping(run.evaluation.get("budget")).get("text")
    if budget:
        facts.append(("Budget each", budget))
    seconds = as_number(run.recorded("seconds"))
    if seconds is not None:
        facts.append(("Took", duration(seconds)))
    spent = [energy for model in run.models if (energy := energy_of(model)) is not None]
    if spent:
        facts.append(("Energy", f"{in_range(reduce(add, spent))} Wh"))
    seed = run.recorded("seed")
    if seed is not None:
        repeated = as_number(run.evaluation.get("repeats")) or 1
        facts.append(("Seed", noted(seed, f"{repeated:.0f} trainings each" * (repeated > 1))))
    near = data.near_duplicates
    if near.n_test:
        facts.append(("Near-duplicates", share(near.share) if near.share else "none"))
    return facts
