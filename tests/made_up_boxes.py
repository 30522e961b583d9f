"""Boxes by hand, and predictions made up from true boxes: moved, dropped, repeated, swapped."""

from __future__ import annotations

import numpy as np

from further.data.target import Boxes


def made_up(truth: Boxes, seed: int = 0, *, spurious: int = 20, jitter: float = 0.08) -> Boxes:
    """Return predictions with scores, no two of which are equal."""
    rng = np.random.default_rng(seed)
    counts, codes, corners = [], [], []
    for row in range(len(truth)):
        own = truth.of_row(row)
        c, k = truth.corners[own].astype(float), truth.codes[own]
        kept = rng.random(len(k)) < 0.85
        c, k = c[kept], k[kept]
        again = rng.random(len(k)) < 0.3
        c, k = np.concatenate([c, c[again]]), np.concatenate([k, k[again]])
        c = c + rng.normal(0, jitter, c.shape) * np.tile(c[:, 2:] - c[:, :2], 2)
        air = rng.uniform(0, 400, (rng.integers(0, spurious + 1), 2))
        air = np.hstack([air, air + rng.uniform(10, 90, air.shape)])
        c = np.concatenate([c, air])
        k = np.concatenate([k, rng.integers(0, len(truth.names), len(air))])
        k = np.where(rng.random(len(k)) < 0.05, rng.integers(0, len(truth.names), len(k)), k)
        c[:, 2:] = np.maximum(c[:, 2:], c[:, :2] + 1)
        counts.append(len(k))
        codes.append(k)
        corners.append(c)
    total = sum(counts)
    scores = rng.permutation(np.arange(1, total + 1) / (total + 1)).astype(np.float32)
    return Boxes(
        "found", np.array(counts), np.concatenate(codes), truth.names,
        np.concatenate(corners).astype(np.float32), scores,
    )  # fmt: skip


def boxes(*pictures: list[tuple[float, ...]], names: tuple[str, ...] = ("a", "b")) -> Boxes:
    """Return boxes of pictures, each a list of (class, x, y, x, y), a score behind if there is."""
    every = [box for picture in pictures for box in picture]
    scored = bool(every) and len(every[0]) == 6
    return Boxes(
        "boxes",
        np.array([len(picture) for picture in pictures]),
        np.array([box[0] for box in every], dtype=np.int64),
        names,
        np.array([box[1:5] for box in every], dtype=np.float32).reshape(-1, 4),
        np.array([box[5] for box in every], dtype=np.float32) if scored else None,
    )
