"""How a detector comes from one held-out picture to its boxes, step by step."""

from __future__ import annotations

import numpy as np

from further.compare.vision.stages import Stages, read_stages
from further.data.target import Boxes
from further.evaluate.vision.matching import scores_of
from further.evaluate.vision.record import VisionRecord
from further.report.markup import Markup, join, tag
from further.report.vision.marks import Mark, box_path
from further.report.vision.picture_book import PictureBook
from further.report.vision.view import VisionView

#: Boxes of one step that are drawn, those of the highest scores.
MOST_BOXES = 150
#: The score from which on a cell is marked.
SPEAKS = 0.25


def steps(view: VisionView) -> Markup | None:
    """Show cells or proposals, the boxes before suppression, and what suppression removed."""
    book = view.book
    if book is None:
        return None
    places = {int(row): place for place, row in enumerate(book.held.rows)}
    parts: list[Markup | None] = []
    for model in view.shown:
        found = read_stages(view.folder(model))
        if found is None or not book.has(places.get(found.row, -1)):
            continue
        if len(view.shown) > 1:
            parts.append(tag("h3", model.label))
        parts.append(_drawn(model, found, book, places[found.row]))
    return join(parts) if parts else None


def _drawn(model: VisionRecord, found: Stages, book: PictureBook, picture: int) -> Markup:
    panels = []
    boxes = found.steps
    kept = boxes.get("kept")
    if "cells" in boxes:
        panels += _of_cells(boxes["cells"], book, picture)
    told = {
        "proposals": "Regions that may hold an object",
        "raw": "Boxes before suppression",
        "suppressed": "Removed by suppression",
        "kept": "What is left",
    }
    kinds = {"proposals": "said proposal", "raw": "said raw", "suppressed": "said removed"}
    for name, title in told.items():
        if name not in boxes:
            continue
        marks = [_mark(boxes[name], kinds.get(name, "said right"))]
        if name == "suppressed" and kept is not None:
            marks.append(_mark(kept, "said right"))
        if name == "kept":
            marks += _words(boxes[name])
        n = len(boxes[name].codes)
        shown = f"{title}: {n:,}" + (f", the best {MOST_BOXES} drawn" if n > MOST_BOXES else "")
        panels.append((shown, book.drawn(picture, marks, f"{book.name(picture)}. {shown}.")))
    figures = [tag("figure", tag("figcaption", title), drawn) for title, drawn in panels]
    marked = ""
    if "cells" in boxes:
        marked = f" Marked are the cells that give a class a score of at least {SPEAKS}."
    note = (
        f"{model.label} on {book.name(picture)}.{marked} Non-maximum suppression goes through the "
        "boxes of a class from the highest score down and removes what overlaps one that stays too "
        "far."
    )
    return join((tag("div", *figures, class_="steps"), tag("p", note, class_="note")))


def _of_cells(cells: Boxes, book: PictureBook, picture: int) -> list[tuple[str, Markup]]:
    """Draw each grid by itself, from small cells to large ones, and which of them say something."""
    sides = np.round(cells.corners[:, 2:] - cells.corners[:, :2], 1)
    panels = []
    for side in np.unique(sides, axis=0):
        of_grid = np.flatnonzero((sides == side).all(axis=1))
        corners = cells.corners[of_grid]
        columns, rows = (len(np.unique(np.round(corners[:, axis], 1))) for axis in (0, 1))
        marks = [Mark("grid", _lines(corners))]
        strong = of_grid[scores_of(cells)[of_grid] >= SPEAKS]
        marks.append(Mark("cell", "".join(box_path(cells.corners[i]) for i in strong)))
        title = f"{columns} x {rows} cells of {side[0]:.0f} pixels"
        told = f"{book.name(picture)}. {title}, {len(strong)} of them marked."
        panels.append((title, book.drawn(picture, marks, told)))
    return panels


def _lines(corners: np.ndarray) -> str:
    """Return the lines of a grid: each of them once."""
    low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    across = np.unique(np.round(corners[:, [1, 3]], 1))
    down = np.unique(np.round(corners[:, [0, 2]], 1))
    lines = [f"M{low[0]:.1f} {y:.1f}H{high[0]:.1f}" for y in across]
    return "".join(lines + [f"M{x:.1f} {low[1]:.1f}V{high[1]:.1f}" for x in down])


def _mark(boxes: Boxes, kind: str) -> Mark:
    order = np.arange(len(boxes.codes))
    if boxes.scores is not None:
        order = np.argsort(-boxes.scores, kind="stable")
    return Mark(kind, "".join(box_path(boxes.corners[i]) for i in order[:MOST_BOXES]))


def _words(boxes: Boxes) -> list[Mark]:
    scores = np.ones(len(boxes.codes)) if boxes.scores is None else boxes.scores
    return [
        Mark("said right", "", f"{boxes.names[code]} {score:.2f}", (float(box[0]), float(box[1])))
        for code, score, box in zip(boxes.codes, scores, boxes.corners, strict=True)
    ][:12]
