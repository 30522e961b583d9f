"""Samples of every model beside real pictures, and beside the training pictures nearest to them."""

from __future__ import annotations

from further.report.markup import Markup, join, tag
from further.report.numbers import share
from further.report.run_folder import ModelRun, RunFolder
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


def nearest_pairs(run: RunFolder) -> Markup | None:
    """Show samples above the training pictures they are nearest to."""
    figures = []
    for model in run.models:
        picture = run.album.picture(
            model.picture("nearest"),
            alt=f"Ten samples of {model.label}, each above the training picture nearest to it",
            columns=10,
            width=440,
        )
        if picture is None:
            continue
        told = tag("span", memorization(model), class_="aside")
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


def memorization(model: ModelRun) -> str:
    """Say how many samples are suspiciously near to training rows, and what they give away."""
    near, found = model.figure("memorization"), model.figure("membership")
    told = []
    if near is not None:
        held_out = "" if near.real is None else f"; held-out rows {share(near.real)}"
        told.append(f"suspiciously near {share(near.value)}{held_out}")
    if found is not None:
        drawn = found.detail.get("samples")
        means = f" with {drawn:,} samples" if drawn else ""
        ends = f"guessing {share(found.real)}, a copy {share(found.copy)}"
        told.append(f"an attacker{means} finds {share(found.value)} of the training rows ({ends})")
    return "; ".join(told)
