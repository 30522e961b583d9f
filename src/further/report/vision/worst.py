"""The pictures with most errors, and some drawn at random: what is there beside what is said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from further.evaluate.vision.record import VisionRecord
from further.report.markup import Markup, join, tag
from further.report.numbers import listing, share
from further.report.rows import opens
from further.report.shell import withheld
from further.report.vision.marks import swatch
from further.report.vision.masks import PredictedMasks
from further.report.vision.objects import FoundObjects
from further.report.vision.picture_book import View
from further.report.vision.view import VisionView

#: Pictures that are seen at once, that are folded away, and that are drawn at random.
MOST_SEEN, MOST_FOLDED, MOST_RANDOM = 6, 14, 4
#: Of every further model of a comparison fewer are shown.
MOST_OF_OTHERS = 4
#: Objects behind a count of a picture.
MOST_OPENED = 40


def worst_pictures(view: VisionView) -> Markup | None:
    """Show the pictures with most errors, the worst first, model by model."""
    if not view.run.training_examples:
        return withheld()
    book = view.book
    if book is None:
        return None
    parts: list[Markup | None] = []
    for number, model in enumerate(view.shown):
        looked = view.objects(model) or view.masks(model)
        if looked is None:
            continue
        places = {int(row): place for place, row in enumerate(book.held.rows)}
        worst = [places[one.row] for one in model.worst if one.row in places]
        worst = [place for place in worst if book.has(place)]
        seen = MOST_OF_OTHERS if number else MOST_SEEN
        if len(view.shown) > 1:
            parts.append(tag("h3", model.label))
        pictures = worst[:seen] + (worst[seen : seen + MOST_FOLDED] if not number else [])
        parts.append(_legend(looked, pictures))
        parts.append(_cards(model, looked, worst[:seen]))
        if not number:
            parts += _folded(view, model, looked, worst[seen : seen + MOST_FOLDED])
    return join(parts) if any(parts) else None


def _folded(
    view: VisionView,
    model: VisionRecord,
    looked: FoundObjects | PredictedMasks,
    further: Sequence[int],
) -> list[Markup | None]:
    """Fold away further pictures, and show some that nobody chose."""
    book = looked.book
    kept = np.random.default_rng(view.found.seed or 0).permutation(sorted(book.held.pictures))
    chosen = [int(place) for place in kept[:MOST_RANDOM]]
    more = None
    if further:
        more = tag(
            "details",
            tag("summary", f"{len(further)} more, with fewer errors"),
            _cards(model, looked, further),
            class_="more",
        )
    told = "Drawn at random, since the worst are not typical"
    return [more, tag("h3", told), _cards(model, looked, chosen)]


def _cards(
    model: VisionRecord, looked: FoundObjects | PredictedMasks, pictures: Sequence[int]
) -> Markup | None:
    if not pictures:
        return None
    if isinstance(looked, FoundObjects):
        cards = [_of_objects(model, looked, picture) for picture in pictures]
        return tag("div", *cards, class_="worst")
    cards = [_of_masks(model, looked, picture) for picture in pictures]
    return tag("div", *cards, class_="worst masks")


def _of_objects(model: VisionRecord, looked: FoundObjects, picture: int) -> Markup:
    """Show one picture twice: what is there, and what was predicted."""
    book = looked.book
    there, said = looked.of_picture(picture)
    own, predicted = looked.p.truth.of_row(picture), looked.p.predicted.of_row(picture)
    objects = np.arange(own.start, own.stop)
    found = np.arange(predicted.start, predicted.stop)[looked.counted[predicted]]
    missed = objects[looked.prediction_of[objects] < 0]
    spurious = found[looked.objects[found] < 0]
    swapped = np.array([i for i in found if looked.state(i) == "swapped"], dtype=np.int64)
    name, whole = book.name(picture), book.whole(picture)
    row = book.row(
        (looked.name, "whole", picture),
        [View(picture, whole, there), View(picture, whole, said)],
        f"{name}: what is there, and what {model.label} says",
    )
    counts = [
        (missed, "missed", looked.open_objects(missed, MOST_OPENED)),
        (spurious, "spurious", looked.open_predictions(spurious, MOST_OPENED)),
        (swapped, "under another class", looked.open_predictions(swapped, MOST_OPENED)),
    ]
    written = [
        opens(f"{len(which)} {word}", rows, f"{word} in {name}") for which, word, rows in counts
    ]
    right = len(found) - len(spurious) - len(swapped)
    told = join((f"{right} of {len(objects)} found", *written), " · ")
    classes = listing(_counted(looked, objects)) or "nothing"
    alt = f"{name}. There: {classes}; {len(missed)} missed, {len(swapped)} under another class."
    alt_said = (
        f"{name}. Said by {model.label}: {right} right, {len(spurious)} spurious, "
        f"{len(swapped)} under another class."
    )
    return tag(
        "figure",
        _title(name, row),
        tag(
            "div",
            _panel("There", book.drawn(picture, there, alt)),
            _panel("Predicted", book.drawn(picture, said, alt_said)),
            class_="panels",
        ),
        tag("p", told, class_="counts"),
    )


def _counted(looked: FoundObjects, objects: np.ndarray) -> list[str]:
    """Return how many objects there are of each class, in words."""
    names, codes = looked.p.truth.names, looked.p.truth.codes[objects]
    return [f"{int((codes == k).sum())} {names[k]}" for k in np.unique(codes)]


def _of_masks(model: VisionRecord, looked: PredictedMasks, picture: int) -> Markup:
    """Show one picture, its true and its predicted mask, and where they differ."""
    book, wrong = looked.book, looked.wrong_pixels(picture)
    there, said = looked.p.picture(picture)
    of_all = float((there != said).mean())
    name = book.name(picture)
    view = View(picture, book.whole(picture), wrong)
    row = book.row((looked.name, "whole", picture), [view], f"{name}: wrong pixels")
    present = listing([looked.names[code] for code in np.unique(there)])
    panels = [
        ("Picture", book.drawn(picture, [], name)),
        ("There", looked.drawn(picture, predicted=False, told=f"{name}. There: {present}.")),
        (
            "Predicted",
            looked.drawn(picture, predicted=True, told=f"{name}. Said by {model.label}."),
        ),
        ("Wrong", book.drawn(picture, wrong, f"{name}: {share(of_all)} of the pixels are wrong.")),
    ]
    return tag(
        "figure",
        _title(name, row),
        tag("div", *(_panel(*panel) for panel in panels), class_="panels"),
        tag("p", f"{share(of_all)} of the pixels are wrong", class_="counts"),
    )


def _title(name: str, row: int) -> Markup:
    enlarged = opens(name, [row], name, spoken=f"{name}, enlarged")
    return tag("figcaption", enlarged)


def _panel(title: str, picture: Markup) -> Markup:
    return tag("div", tag("span", title, class_="side"), picture)


def _legend(looked: FoundObjects | PredictedMasks, pictures: Sequence[int]) -> Markup:
    """Explain what lines and colours mean."""
    if isinstance(looked, PredictedMasks):
        return looked.legend(pictures)
    signs = [
        ("truth found", "there (dashed), and found"),
        ("truth missed", "there, but missed"),
        ("said right", "predicted, and right"),
        ("said spurious", "predicted, but meets no object by half"),
        ("said swapped", "found, but under another class"),
    ]
    words = [tag("span", swatch(kind), told) for kind, told in signs]
    return tag("p", join(words, " "), class_="legend")
