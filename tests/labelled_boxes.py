"""Pictures with known objects, labels with known errors, and what a fair detector says of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from further.data import Dataset
from further.data.target import Boxes

N_PICTURES, SIDE, NAMES = 60, 120, ("ring", "disc")


@dataclass
class Labelled:
    """The data with wrong labels, the predictions, and which picture has which error."""

    dataset: Dataset
    predictions: Boxes
    #: By kind the picture and the place of each error.
    errors: dict[str, list[tuple[int, tuple[float, ...]]]]


def boxes_of(rows: list[list[tuple[int, np.ndarray]]], scores: list[float] | None = None) -> Boxes:
    """Return boxes from a list of (class, corners) a picture."""
    every = [one for row in rows for one in row]
    return Boxes(
        "boxes",
        np.array([len(row) for row in rows], dtype=np.int64),
        np.array([code for code, _ in every], dtype=np.int64),
        NAMES,
        np.array([box for _, box in every], dtype=np.float32).reshape(-1, 4),
        None if scores is None else np.array(scores, dtype=np.float32),
    )


def labelled(seed: int = 0, per_kind: int = 6) -> Labelled:
    """Return pictures of nine objects each, of which some labels are wrong.

    The detector sees every object at nearly the right place, with a score of 0.5 to 0.9, and now
    and then something that is not there, with a score below 0.3.
    """
    rng = np.random.default_rng(seed)
    values = np.zeros((N_PICTURES, 1, SIDE, SIDE), dtype=np.uint8)
    truth: list[list[tuple[int, np.ndarray]]] = []
    found: list[list[tuple[int, np.ndarray]]] = []
    scores: list[float] = []
    for row in range(N_PICTURES):
        cells = rng.permutation(16)
        objects, seen = [], []
        for cell in cells[:9]:
            corner = np.array([cell % 4, cell // 4]) * 30 + rng.uniform(2, 6, 2)
            box = np.concatenate([corner, corner + rng.uniform(16, 22, 2)])
            code = int(rng.integers(2))
            objects.append((code, box))
            seen.append((code, box + rng.normal(0, 0.7, 4)))
            left, top, right, bottom = box.astype(int)
            values[row, 0, top:bottom, left:right] = 100 + 100 * code
        sure = list(rng.uniform(0.5, 0.9, 9))
        for cell in cells[9:11]:
            corner = np.array([cell % 4, cell // 4]) * 30 + 4.0
            seen.append((int(rng.integers(2)), np.concatenate([corner, corner + 18])))
            sure.append(rng.uniform(0.06, 0.3))
        truth.append(objects)
        found.append(seen)
        scores += sure
    errors: dict[str, list[tuple[int, tuple[float, ...]]]] = {}
    rows = rng.permutation(N_PICTURES)
    for i, kind in enumerate(("missing", "spurious", "misplaced", "swapped")):
        errors[kind] = []
        for row in rows[i * per_kind : (i + 1) * per_kind]:
            code, box = truth[row].pop(0)
            if kind == "swapped":
                truth[row].append((1 - code, box))
            elif kind == "misplaced":
                box = box + np.tile([7.0, 4.0], 2)
                truth[row].append((code, box))
            elif kind == "spurious":
                truth[row].append((code, box))
                box = np.array([SIDE - 8, SIDE - 8, SIDE - 0.5, SIDE - 0.5]) - rng.uniform(0, 1)
                box[:2] -= 6
                truth[row].append((code, box))
            errors[kind].append((int(row), tuple(np.float32(box).tolist())))
    dataset = Dataset("toy", "images", values, target=boxes_of(truth), levels=256)
    return Labelled(dataset, boxes_of(found, scores), errors)


def without_scores(boxes: Boxes) -> Boxes:
    """Return boxes as if people had drawn them."""
    return replace(boxes, scores=None)
