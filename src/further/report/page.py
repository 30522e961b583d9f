"""A run folder in, one HTML file out: styles, charts, pictures and data inlined."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template

from further.report import curves, latent, provenance, samples, table_rows, verdict
from further.report.cost import cost
from further.report.markup import Markup, join, tag
from further.report.metric_table import metric_table
from further.report.numbers import as_number, duration, share, significant
from further.report.pictures import Album, tile_of
from further.report.run_folder import RunFolder, mapping, read_csv, read_run
from further.report.scale_plot import scale_plot

_PICTURES = ("samples.png", "nearest.png", "interpolation.png")
_SCRIPTS = ("vendor/d3.min.js", "vendor/plot.min.js", "charts.js")


def render(run: str | Path, *, training_examples: bool = True) -> Path:
    """Write the report of a run: one HTML file that opens from a disk or an e-mail.

    Use it after a comparison or an evaluation, or again later: it reads only what stands in the run
    folder. It fails where the folder is no run; what the run lacks, the report leaves out.

    Parameters
    ----------
    run : str or Path
        The run folder, of a comparison or of a single model.
    training_examples : bool, default=True
        Whether to show rows or pictures of the training set (nearest pairs, samples of models that
        copy); without them the report can be shared, and says that they are left out.

    Returns
    -------
    Path
        ``report.html`` in the run folder, written whole or not at all.

    Raises
    ------
    further.errors.RunError
        There is no such folder, it is no run, or a file in it is damaged.
    """
    content = read_run(run)
    page = _page(content, training_examples)
    target = content.path / "report.html"
    _write(target, page)
    return target


def _write(path: Path, page: str) -> None:
    from further.train.files import write_text

    write_text(path, page)


@cache
def _asset(name: str) -> str:
    return files("further.report").joinpath(name).read_text(encoding="utf-8")


def _page(run: RunFolder, training_examples: bool) -> str:
    folders = [model.folder / "pictures" for model in run.models]
    paths = [run.path / "pictures" / "real.png"]
    paths += [folder / name for folder in folders for name in _PICTURES]
    album = Album(paths, tile_of(run.data.get("shape")))
    sections = [section for section in _sections(run, album, training_examples) if section]
    scripts = [_asset(name).strip() for name in _SCRIPTS]
    # Only the scripts written here may run: even markup smuggled in by data would stay dead.
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()) for script in scripts)
    policy = "script-src " + " ".join(f"'sha256-{digest.decode()}'" for digest in hashes)
    contents = tag("nav", *(link for link, _ in sections), aria_label="Contents", class_="contents")
    name = str(run.data.get("name") or run.path.name)
    return Template(_asset("template.html")).substitute(
        title=tag("title", f"{name}: {'comparison' if run.is_comparison else 'run'} · further"),
        policy=policy,
        style=_asset("style.css"),
        kind=_kind(run),
        headline=verdict.headline(run),
        facts=_facts(run),
        warnings=verdict.warnings(run, training_examples) or "",
        contents=contents if len(sections) > 3 else "",
        sections=join(section for _, section in sections),
        footer=_footer(run),
        scripts=join(tag("script", Markup(script)) for script in scripts),
    )


def _section(
    anchor: str, title: str, content: Markup | None, lead: str | None = None
) -> tuple[Markup, Markup] | None:
    if not content:
        return None
    body = tag(
        "section",
        tag("h2", title),
        tag("p", lead, class_="lead") if lead else None,
        content,
        id=anchor,
    )
    return tag("a", title, href=f"#{anchor}"), body


def _sections(
    run: RunFolder, album: Album, training_examples: bool
) -> Sequence[tuple[Markup, Markup] | None]:
    evaluated = any(model.figures for model in run.models)
    withheld = tag("p", "Left out on request, so that this page can be shared.", class_="withheld")
    pairs = samples.nearest_pairs(run, album) if not run.is_table else table_rows.nearest_rows(run)
    if pairs and not training_examples:
        pairs = withheld
    return (
        _section(
            "scale",
            "Who is good at what" if run.is_comparison else "Where it stands",
            scale_plot(run) if evaluated else None,
            _scale_lead(run),
        ),
        _section(
            "goals",
            "Goal by goal",
            verdict.ranking(run),
            "Tied means that the 95 % interval of the paired difference contains zero: on these "
            "held-out rows the two cannot be told apart.",
        ),
        _section(
            "failures",
            "What to watch out for",
            verdict.failures(run),
        ),
        _section(
            "repeats",
            "Other training seeds",
            verdict.repeats(run),
            "Each dot is one training from another seed; the bar is the 95 % interval of their "
            "mean. All other intervals in this report are about held-out rows only.",
        ),
        _section(
            "figures",
            "All figures",
            metric_table(run) if evaluated else None,
            "Each with its 95 % interval, drawn on the line from noise (left) to real (right) "
            "where both are known. Best and tied figures of a goal are bold; ↑ higher and ↓ lower "
            "is better; – is not defined for that model.",
        ),
        _section(
            "samples",
            "Samples",
            table_rows.generated_rows(run, training_examples)
            if run.is_table
            else samples.sample_sheets(run, album, training_examples),
            "The first that each model drew, none picked by hand."
            + (" Compressed for this page; the exact ones stand in the run." * album.compressed),
        ),
        _section(
            "columns",
            "Column by column",
            table_rows.column_distributions(run, _leader(run)),
            "How each column is distributed in generated and in real rows.",
        ),
        _section(
            "nearest",
            "Copied or made?",
            pairs,
            "Samples and the training examples nearest to them. Looking alike is no copying: what "
            "counts is whether samples lie nearer to the training set than held-out rows do.",
        ),
        _section(
            "curves",
            "Learning curves",
            curves.learning_curves(run),
            "Losses of different models are different quantities: compare shapes, not heights. "
            "The steep first steps are cut off at the top.",
        ),
        _section(
            "latent",
            "Latent spaces",
            latent.latent_maps(run, album, training_examples),
            "Held-out rows as the model encodes them, flattened to two dimensions; "
            "distances in such a map are rough.",
        ),
        _section("cost", "Time, energy and carbon", cost(run)),
        _section(
            "limits",
            "What the figures cannot show",
            provenance.limits(run) if evaluated else None,
        ),
        _section("data", "What was found in the data", provenance.data_notes(run)),
        _section("reproduce", "How to get this again", provenance.reproduce(run)),
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


def _kind(run: RunFolder) -> Markup:
    name = str(run.data.get("name") or run.path.name)
    what = "A comparison of generative models" if run.is_comparison else "One generative model"
    return join((tag("b", "further"), what, name), " · ")


def _facts(run: RunFolder) -> Markup:
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
        # The shape is that of encoded rows; what a table looks like, only its rows tell.
        head = read_csv(run.path / "real.csv", 1)
        size = str(len(head[0])) if run.is_table and head else " × ".join(map(str, shape))
        classes = len(run.data.get("classes") or [])
        note = tag("small", f"{classes} classes") if classes else None
        facts.append(("Columns" if run.is_table and head else "Shape", join((size, note), " ")))
    if run.is_comparison:
        facts.append(("Models", join((deep, tag("small", f"and {controls} controls")), " ")))
    budget = mapping(run.evaluation.get("budget")).get("text")
    if budget:
        facts.append(("Budget each", budget))
    seconds = as_number(run.evaluation.get("seconds", run.run.get("seconds")))
    if seconds is not None:
        facts.append(("Took", duration(seconds)))
    spent = [as_number(model.entry.get("energy_wh")) for model in run.models]
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
    return tag(
        "dl",
        *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts),
        class_="key-facts",
    )


def _footer(run: RunFolder) -> str:
    version = run.evaluation.get("further") or mapping(run.run.get("versions")).get("further")
    made = f"Made by further {version}. " if version else "Made by further. "
    return str(
        join((made, "Charts: Observable Plot and D3 (ISC licence). This page fetches nothing."))
    )
