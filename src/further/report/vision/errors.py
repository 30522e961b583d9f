"""What is taken for what, and what kinds of error there are; each count opens its objects."""

from __future__ import annotations

import numpy as np

from further.evaluate.vision.errors import KINDS
from further.evaluate.vision.record import ErrorKind, VisionRecord
from further.report.chart import data_table
from further.report.confusion import Behind, confusion_table
from further.report.markup import Markup, join, tag
from further.report.numbers import fixed, listing, share
from further.report.rows import opens
from further.report.vision.view import VisionView

#: A confusion matrix of more classes is a list of the most frequent confusions.
MOST_CLASSES, MOST_CONFUSIONS = 16, 15
#: Objects behind a count, of the highest scores, and pictures behind one of pixels.
MOST_OPENED, MOST_PICTURES = 60, 3
#: Of a count of pixels: the share of its class from which on it opens its pictures.
LEAST_SHARE = 0.002

WORDS: dict[ErrorKind, tuple[str, str]] = {
    "classification": ("Wrong class", "an object is met by half or more, under another class"),
    "localisation": ("Wrong place", "the right class, but an overlap between 0.1 and 0.5"),
    "both": ("Both wrong", "another class, and an overlap between 0.1 and 0.5"),
    "duplicate": ("Found twice", "a better prediction has that object already"),
    "background": ("Nothing there", "an overlap of at most 0.1 with anything that is labelled"),
    "missed": ("Missed", "an object that nothing meets and no such error points at"),
}


def confusions(view: VisionView) -> Markup | None:
    """Write the confusion matrix of each model that is looked at."""
    parts: list[Markup | None] = []
    for model in view.shown:
        if model.confusion is None or not model.confusion.counts:
            continue
        if len(view.shown) > 1:
            parts.append(tag("h3", model.label))
        parts.append(_confusion(view, model))
    return join((*parts, _how_counted(view))) if parts else None


def _confusion(view: VisionView, model: VisionRecord) -> Markup:
    assert model.confusion is not None
    names, counts = model.confusion.names, np.array(model.confusion.counts)
    is_pixels = model.confusion.unit == "pixels"

    def behind(i: int, j: int) -> Behind:
        return _behind(view, model, i, j)

    def write(count: int, of_row: float) -> str:
        return share(of_row) if is_pixels else f"{count:,}"

    if len(names) - (not is_pixels) > MOST_CLASSES:
        return _most_frequent(model, behind)
    return confusion_table(
        names,
        counts,
        behind,
        label=f"Confusion matrix of {model.label}",
        background=not is_pixels,
        write=write,
    )


def _behind(view: VisionView, model: VisionRecord, i: int, j: int) -> Behind:
    assert model.confusion is not None
    names, count = model.confusion.names, model.confusion.counts[i][j]
    title = _title(names, i, j, model.confusion.unit == "objects")
    masks, objects = view.masks(model), view.objects(model)
    if masks is not None:
        whole = sum(model.confusion.counts[i])
        if count < LEAST_SHARE * whole:
            return Behind((), title)
        return Behind(masks.open_pixels(i, j, MOST_PICTURES), title)
    if objects is None or not count:
        return Behind((), title)
    background, p = len(names) - 1, objects.p
    if j == background:
        of_class = np.flatnonzero((p.truth.codes == i) & (objects.prediction_of < 0))
        return Behind(objects.open_objects(of_class, MOST_OPENED), title, count)
    said = objects.counted & (p.predicted.codes == j)
    found = objects.objects >= 0
    if i == background:
        which = said & ~found
    else:
        is_class = np.zeros(len(found), dtype=bool)
        is_class[found] = p.truth.codes[objects.objects[found]] == i
        which = said & is_class
    return Behind(objects.open_predictions(np.flatnonzero(which), MOST_OPENED), title, count)


def _title(names: tuple[str, ...], i: int, j: int, of_objects: bool) -> str:
    if of_objects and j == len(names) - 1:
        return f"{names[i]} missed"
    if of_objects and i == len(names) - 1:
        return f"{names[j]} found where nothing is labelled"
    if i == j:
        return f"{names[i]} recognised"
    return f"{names[i]} taken for {names[j]}"


def _most_frequent(model: VisionRecord, behind: object) -> Markup:
    assert model.confusion is not None
    assert callable(behind)
    names, counts = model.confusion.names, np.array(model.confusion.counts)
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSIONS]
    rows = []
    for i, j in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if not wrong[i, j]:
            break
        opened, title, count = behind(int(i), int(j))
        number = opens(f"{wrong[i, j]:,}", opened, title, count=count)
        rows.append((names[i], names[j], number, share(wrong[i, j] / counts[i].sum())))
    head = ("True", "Predicted", model.confusion.unit.capitalize(), "Of the true class")
    return data_table(head, rows, "", f"Most frequent confusions of {model.label}")


def _how_counted(view: VisionView) -> Markup:
    known = [(model, model.confusion) for model in view.shown if model.confusion is not None]
    told = "Shares are of the pixels of the true class."
    first = known[0][1]
    if first.unit == "objects":
        several = len(known) > 1
        scores = listing(
            [fixed(of.score, 2) + f" ({model.label})" * several for model, of in known]
        )
        told = (
            f"A prediction counts from a score of {scores} on, where F1 is highest on these very "
            f"pictures, and is an object from an overlap of {fixed(first.iou, 1)} on. In the row "
            "of the background stands what was found where nothing is labelled, in its column "
            "what was missed."
        )
    if view.book is not None:
        told += " A click on a count shows what it is made of."
    return tag("p", told, class_="note")


def breakdown(view: VisionView) -> Markup | None:
    """Write how many errors of each kind there are, and what mending them would bring."""
    parts: list[Markup | None] = []
    gains = [error.gain or 0.0 for model in view.shown for error in model.errors]
    for model in view.shown:
        if not model.errors:
            continue
        if len(view.shown) > 1:
            parts.append(tag("h3", model.label))
        parts.append(_kinds(view, model, max(gains) or 1.0))
    if not parts:
        return None
    note = (
        "Counted over predictions of all scores (TIDE), so read the gain first: a thousand "
        "predictions of nothing with low scores hardly matter. The gains do not add up to what is "
        "missing: mending one kind changes what another costs."
    )
    return join((*parts, tag("p", note, class_="note")))


def _kinds(view: VisionView, model: VisionRecord, most: float) -> Markup:
    rows = []
    for error in sorted(model.errors, key=lambda error: -(error.gain or 0.0)):
        name, meaning = WORDS[error.kind]
        opened = _of_kind(view, model, error.kind)
        title = f"{name}: {meaning}"
        gain = error.gain or 0.0
        bar = tag("span", class_="bar", style=f"--share: {max(0.0, gain / most):.3f}")
        rows.append((
            join((tag("b", name), tag("small", meaning)), " "),
            opens(f"{error.count:,}", opened, title, count=error.count),
            opens(join((bar, "–" if error.gain is None else fixed(gain, 3)), " "), opened, title,
                  count=error.count, spoken=fixed(gain, 3)),
        ))  # fmt: skip
    head = ("Error", "How many", "AP50 gained if all were mended")
    return data_table(head, rows, "kinds", f"Errors of {model.label} by kind")


def _of_kind(view: VisionView, model: VisionRecord, kind: ErrorKind) -> list[int]:
    objects = view.objects(model)
    if objects is None:
        return []
    if kind == "missed":
        return objects.open_objects(np.flatnonzero(objects.is_missed), MOST_OPENED)
    of_kind = np.flatnonzero(objects.kinds == KINDS.index(kind))
    return objects.open_predictions(of_kind, MOST_OPENED)
