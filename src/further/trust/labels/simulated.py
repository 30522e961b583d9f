"""Labels with errors that we put there ourselves, so that we know what errors look like.

Of every label one thing happens at most: it is deleted (a missing label), moved and stretched
(misplaced), or gets another class (swapped); and copies of labels are put where nothing is
(spurious).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from further.data.target import Boxes
from further.trust.labels.evidence import SAME_PLACE, overlaps, rows_of

Kind = Literal["missing", "spurious", "misplaced", "swapped"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: A misplaced box is moved by so much of its sides, and its sides change by such a factor.
MOVED, STRETCHED = (0.15, 0.5), 1.3
_RIGHT = ""


@dataclass(frozen=True, eq=False)
class Simulated:
    """Labels with errors.

    Attributes
    ----------
    labels : Boxes
        The labels, some of them wrong, without those that were deleted.
    kinds : array of shape (labels,), str
        What is wrong with each; "" where nothing was done to it.
    missing : Boxes
        Those that were deleted.
    """

    labels: Boxes
    kinds: NDArray[np.str_]
    missing: Boxes


def simulate(labels: Boxes, sizes: NDArray[np.int64], rate: float, seed: int) -> Simulated:
    """Return labels with errors of each kind.

    Parameters
    ----------
    labels : Boxes
        As they are given.
    sizes : array of shape (n, 2)
        Width and height of the pictures.
    rate : float
        The share of the labels that gets an error of each kind, at most a quarter.
    seed : int
        Of what is drawn.

    Returns
    -------
    Simulated
        The labels, and what was done to each.
    """
    rng = np.random.default_rng(seed)
    rows = rows_of(labels)
    drawn = rng.choice([*KINDS, _RIGHT], len(rows), p=[rate] * len(KINDS) + [1 - 4 * rate])
    codes, corners = labels.codes.copy(), labels.corners.copy()
    n_classes = len(labels.names)
    swapped, moved = drawn == "swapped", drawn == "misplaced"
    if n_classes > 1:
        steps = rng.integers(1, n_classes, swapped.sum())
        codes[swapped] = (codes[swapped] + steps) % n_classes
    else:
        drawn[swapped] = _RIGHT
    corners[moved] = _moved(corners[moved], sizes[rows[moved]], rng)
    copied = np.flatnonzero(drawn == "spurious")
    elsewhere, is_free = _elsewhere(labels, rows, copied, sizes, rng)
    copied, elsewhere = copied[is_free], elsewhere[is_free]
    drawn[drawn == "spurious"] = _RIGHT
    stays = drawn != "missing"
    # Copies come after the labels of their picture.
    row = np.concatenate([rows[stays], rows[copied]])
    order = np.argsort(row, kind="stable")
    wrong = replace(
        labels,
        counts=np.bincount(row, minlength=len(sizes)),
        codes=np.concatenate([codes[stays], codes[copied]])[order],
        corners=np.concatenate([corners[stays], elsewhere])[order],
    )
    missing = replace(
        labels,
        counts=np.bincount(rows[~stays], minlength=len(sizes)),
        codes=labels.codes[~stays],
        corners=labels.corners[~stays],
    )
    kinds = np.concatenate([drawn[stays], np.full(len(copied), "spurious")])[order]
    return Simulated(wrong, kinds, missing)


def _moved(
    corners: NDArray[np.float32], sizes: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return boxes in another place and of other sides, cut where the picture ends."""
    n = len(corners)
    sides = corners[:, 2:] - corners[:, :2]
    angle, share = rng.uniform(0, 2 * np.pi, n), rng.uniform(*MOVED, n)
    step = np.column_stack([np.cos(angle), np.sin(angle)]) * share[:, None] * sides
    stretch = STRETCHED ** rng.uniform(-1, 1, (n, 2))
    centres = (corners[:, 2:] + corners[:, :2]) / 2 + step
    half = sides * stretch / 2
    found = np.column_stack([centres - half, centres + half])
    cut = np.clip(found, 0, np.tile(sizes, 2)).astype(np.float32)
    whole = (cut[:, 2:] - cut[:, :2]).min(axis=1, initial=np.inf) >= 1
    return np.where(whole[:, None], cut, corners)


def _elsewhere(
    labels: Boxes,
    rows: NDArray[np.int64],
    copied: NDArray[np.int64],
    sizes: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return labels at random places of their pictures, and whether no label is there."""
    corners = labels.corners[copied]
    sides = corners[:, 2:] - corners[:, :2]
    low = rng.uniform(0, 1, (len(copied), 2)) * np.maximum(sizes[rows[copied]] - sides, 0)
    found = np.column_stack([low, low + sides]).astype(np.float32)
    is_free = np.array([
        overlaps(labels.corners[labels.of_row(row)], box[None])[0].max(initial=0) < SAME_PLACE / 2
        for row, box in zip(rows[copied], found, strict=True)
    ], dtype=bool)  # fmt: skip
    return found, is_free
