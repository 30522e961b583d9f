"""Samples of every model beside real pictures, and beside the training pictures nearest to them."""

from __future__ import annotations

from further.report.markup import Markup, join, tag
from further.report.numbers import share
from further.report.pictures import Album
from further.report.run_folder import ModelRun, RunFolder

WITHHELD = "Left out on request: these samples are rows of the training set."


def sample_sheets(run: RunFolder, album: Album, training_examples: bool) -> Markup | None:
    """Show what every model draws, next to pictures that none of them was trained on.

    Parameters
    ----------
    run : RunFolder
        The run.
    album : Album
        Its pictures.
    training_examples : bool
        Whether samples of models that copy may be shown.

    Returns
    -------
    Markup or None
        None where the run has no pictures.
    """
    real = album.picture(
        run.path / "pictures" / "real.png",
        alt="Real pictures that no model was trained on, in rows of eight",
        columns=8,
    )
    figures = [_sheet("Real, held out", real, "real")] if real else []
    for model in run.models:
        if model.shows_training_rows and not training_examples:
            figures.append(_sheet(model.label, tag("p", WITHHELD, class_="withheld"), model.role))
            continue
        picture = album.picture(
            model.folder / "pictures" / "samples.png",
            alt=f"Samples of {model.label}, in rows of eight",
            columns=8,
        )
        if picture:
            figures.append(_sheet(_name(model), picture, model.role))
    return tag("div", *figures, class_="sheets") if figures else None


def _sheet(title: object, content: Markup, kind: str) -> Markup:
    return tag("figure", tag("figcaption", title), content, class_=f"sample {kind}")


def _name(model: ModelRun) -> Markup:
    flag = tag("span", "⚑", class_="flag", title=", ".join(model.flags)) if model.flags else None
    return join((model.label, flag), " ") if flag else join((model.label,))


def nearest_pairs(run: RunFolder, album: Album) -> Markup | None:
    """Show samples above the training pictures they are nearest to.

    Parameters
    ----------
    run : RunFolder
        The run.
    album : Album
        Its pictures.

    Returns
    -------
    Markup or None
        None where the run has no such pictures.
    """
    figures = []
    for model in run.models:
        picture = album.picture(
            model.folder / "pictures" / "nearest.png",
            alt=f"Ten samples of {model.label}, each above the training picture nearest to it",
            columns=10,
            width=440,
        )
        if picture is None:
            continue
        figures.append(
            tag(
                "figure",
                tag("figcaption", _name(model), tag("span", memorization(model), class_="aside")),
                tag(
                    "div",
                    tag("div", tag("span", "generated"), tag("span", "nearest in training")),
                    picture,
                    class_="pairs",
                ),
                class_=f"nearest {model.role}",
            )
        )
    return tag("div", *figures, class_="strips") if figures else None


def memorization(model: ModelRun) -> str:
    """Say how many samples are suspiciously near to training rows, against held-out ones."""
    figure = model.figure("memorization")
    if figure is None:
        return ""
    held_out = "" if figure.real is None else f"; held-out rows {share(figure.real)}"
    return f"suspiciously near {share(figure.value)}{held_out}"
