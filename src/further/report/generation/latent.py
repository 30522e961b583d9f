"""Latent spaces: held-out rows in two dimensions, and the way between two of them."""

from __future__ import annotations

from statistics import median
from typing import Any

from further.report.chart import chart, columns
from further.report.generation.examples import data_of
from further.report.generation.run import GenerationRun
from further.report.markup import Markup, join, tag
from further.report.numbers import as_number, significant
from further.report.rows import opens
from further.report.run_folder import ModelRun, mapping, read_json

_MOST_POINTS = 800
_CLASSES = 40


def latent_maps(run: GenerationRun) -> Markup | None:
    """Draw the latent space of each model that has one."""
    cards = [card for model in run.models if (card := _card(run, model)) is not None]
    return join((_by_class(run), tag("div", *cards, class_="latents"))) if cards else None


def _by_class(run: GenerationRun) -> Markup | None:
    """Open the held-out rows of each class, for whoever cannot click on a point."""
    kept = run.kept
    if not kept.held:
        return None
    classes = mapping(read_json(run.path / "held_out.json")).get("class")
    of: dict[str, list[int]] = {}
    for i, place in enumerate(kept.held):
        of.setdefault(str(classes[i]) if classes else "all", []).append(place)
    names = data_of(run).classes
    order = sorted(of, key=lambda name: names.index(name) if name in names else len(names))
    every = join(
        (opens(name, of[name], f"held-out {kept.unit}s, {name}") for name in order[:_CLASSES]), " "
    )
    return tag(
        "p",
        f"A click on one of {len(kept.held)} points shows its {kept.unit}. Those "
        + ("of a class: " if classes else "all: "),
        every,
        class_="note",
    )


def _card(run: GenerationRun, model: ModelRun) -> Markup | None:
    scatter = _scatter(run, model, data_of(run).classes)
    strip = run.album.picture(
        model.picture("interpolation"),
        alt=f"{model.label}: rows of pictures that lead from one held-out picture to another "
        "through the latent space",
        columns=10,
        width=440,
    )
    # What a model that copies draws between two pictures are pictures of the training set.
    if model.shows_training_rows and not run.training_examples:
        strip = None
    if scatter is None and strip is None:
        return None
    path = tag("figure", tag("figcaption", "from one held-out picture to another"), strip)
    return tag("section", tag("h3", model.label), scatter, path if strip else None, class_="latent")


def _scatter(run: GenerationRun, model: ModelRun, classes: tuple[str, ...]) -> Markup | None:
    latent = mapping(read_json(model.folder / "pictures" / "latent.json"))
    xs, ys = latent.get("x") or [], latent.get("y") or []
    labels = latent.get("label") or []
    # The first points are the rows that the run keeps.
    held = run.kept.held[: int(latent.get("kept") or 0)]
    every = [
        (x, y, _class_name(labels[row], classes) if row < len(labels) else "",
         held[row] if row < len(held) else None)
        for row, (x, y) in enumerate(zip(xs, ys, strict=False))
        if as_number(x) is not None and as_number(y) is not None
    ]  # fmt: skip
    if not every:
        return None
    n = len(held)
    points = every[:n] + every[n :: max(1, -(-(len(every) - n) // (_MOST_POINTS - n)))]
    shown = {name for _, _, name, _ in points}
    names = [name for name in classes if name in shown] + sorted(shown - set(classes))
    method = str(latent.get("method") or "two dimensions")
    spec = {
        "mark": "map",
        "data": columns(
            ("x", "y", "label", "row"),
            [(round(x, 3), round(y, 3), name, row) for x, y, name, row in points],
        ),
        "opens": f"held-out {run.kept.unit}",
        "labels": names,
        "centres": _centres(points, names),
    }
    is_whole = len(points) == len(every)
    return chart(
        spec,
        title=method + ("" if is_whole else f", {len(points):,} of {len(every):,} drawn"),
        description=f"Map of the latent space of {model.label} by {method}: {len(points)} held-out "
        f"rows coloured by class ({', '.join(names[:12])}).",
        head=("x", "y", "class"),
        rows=[(significant(x), significant(y), name) for x, y, name, _ in points],
        summary="Data",
    )


def _class_name(label: Any, classes: tuple[str, ...]) -> str:
    if isinstance(label, int) and 0 <= label < len(classes):
        return classes[label]
    return "" if label is None else str(label)


def _centres(
    points: list[tuple[float, float, str, int | None]], names: list[str]
) -> dict[str, list[Any]]:
    """Place each class's name at its median, so that colour is not the only way to tell it."""
    groups = {name: [(x, y) for x, y, own, _ in points if own == name] for name in names}
    centres = [
        (median(x for x, _ in own), median(y for _, y in own), name) for name, own in groups.items()
    ]
    return columns(("x", "y", "label"), centres if 2 <= len(names) <= 24 else [])
