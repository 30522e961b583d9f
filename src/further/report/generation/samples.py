"""Samples of every model beside real pictures, and beside the training pictures nearest to them."""

from __future__ import annotations

from further.report.generation.kept import Kept
from further.report.generation.run import GenerationRun
from further.report.markup import Markup, join, tag
from further.report.numbers import share
from further.report.rows import opens
from further.report.run_folder import ModelRun, RunFolder, mapping, read_json
from further.report.shell import withheld

#: The sheets of a model. What it draws is judged; what it expects is how an eye prefers it.
SHEETS = {"samples": "", "expected": ", the same without the noise of single pixels"}
WITHHELD = "Left out on request: these samples are rows of the training set, or made of two."


def sample_sheets(run: RunFolder) -> Markup | None:
    """Show what every model draws, next to pictures that none of them was trained on."""
    real = run.album.picture(
        run.path / "pictures" / "real.png",
        alt="Real pictures that no model was trained on, in rows of eight",
        columns=8,
    )
    figures = [_sheet("Real, held out", real, "real")] if real else []
    for model in run.models:
        if model.shows_training_rows and not run.training_examples:
            figures.append(_sheet(model.label, withheld(WITHHELD), model.role))
            continue
        for name, note in SHEETS.items():
            alt = f"Samples of {model.label}{note}, in rows of eight"
            picture = run.album.picture(model.picture(name), alt=alt, columns=8)
            if picture:
                title = join((f"{model.label}{note}", model.flag), " ")
                figures.append(_sheet(title, picture, model.role))
    return tag("div", *figures, class_="sheets") if figures else None


def _sheet(title: object, content: Markup, kind: str) -> Markup:
    return tag("figure", tag("figcaption", title), content, class_=f"sample {kind}")


_PAIRS = 10


def kept_pictures(run: RunFolder) -> Kept:
    """Hold the held-out pictures that the run keeps, and the pairs of nearest pictures."""
    kept = Kept(
        ("pictures", "what"), "picture",
        "Held-out pictures that the run keeps, and samples beside the training pictures nearest "
        "to them.",
    )  # fmt: skip
    held = mapping(read_json(run.path / "held_out.json"))
    names, classes = held.get("row") or [], held.get("class") or []
    kept.sheet = run.album.picture(
        run.path / "pictures" / "held_out.png", alt="Held-out pictures", columns=8, sheet="held out"
    )
    if kept.sheet is not None:
        kept.tested = list(held.get("place") or [])
        kept.held = [
            kept.add([[("held out", i)], f"row {name}" + (f": {classes[i]}" if classes else "")])
            for i, name in enumerate(names)
        ]
    for model in run.models:
        if model.picture("nearest").is_file():
            sheet = _nearest_sheet(model)
            kept.pairs[model.name] = [
                [kept.add([[(sheet, i), (sheet, _PAIRS + i)], "generated, nearest in training"])]
                for i in range(_PAIRS)
            ]
    return kept


def _nearest_sheet(model: ModelRun) -> str:
    return f"nearest {model.name}"


def nearest_pairs(run: GenerationRun) -> Markup | None:
    """Show samples above the training pictures they are nearest to."""
    figures = []
    for model in run.models:
        picture = run.album.picture(
            model.picture("nearest"),
            alt=f"Ten samples of {model.label}, each above the training picture nearest to it",
            columns=_PAIRS,
            width=440,
            sheet=_nearest_sheet(model),
        )
        if picture is None:
            continue
        told = tag("span", memorization(run, model), class_="aside")
        sides = tag("div", tag("span", "generated"), tag("span", "nearest in training"))
        figures.append(
            tag(
                "figure",
                tag("figcaption", join((model.label, model.flag), " "), told),
                tag("div", sides, picture, class_="pairs"),
                class_=f"nearest {model.role}",
            )
        )
    return tag("div", *figures, class_="strips") if figures else None


def memorization(run: GenerationRun, model: ModelRun) -> Markup:
    """Say how many samples are suspiciously near to training rows, and what they give away.

    Parameters
    ----------
    run : GenerationRun
        With the pairs that its page holds, which the share opens.
    model : ModelRun
        Whose samples they are.

    Returns
    -------
    Markup
        A line.
    """
    near, found, pairs = model.figure("memorization"), model.figure("membership"), run.kept.pairs
    told: list[object] = []
    if near is not None:
        behind = run.copied(model)
        number = share(near.value)
        if behind is not None:
            number = opens(number, behind.rows, behind.title, count=behind.count)
        held_out = "" if near.real is None else f"; held-out rows {share(near.real)}"
        told.append(join(("suspiciously near ", number, held_out)))
    if found is not None:
        drawn = found.detail.get("samples")
        means = f" with {drawn:,} samples" if drawn else ""
        ends = f"guessing {share(found.real)}, a copy {share(found.copy)}"
        told.append(f"an attacker{means} finds {share(found.value)} of the training rows ({ends})")
    nearest = [place for pair in pairs.get(model.name, []) for place in pair]
    if nearest:
        of = f"{model.label}: samples nearest to training {run.kept.unit}s"
        told.append(opens(f"the {len(pairs[model.name])} nearest", nearest, of))
    return join(told, "; ")
