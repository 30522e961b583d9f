"""Small pictures with light and dark squares, and a network that learns from them in a moment."""

from __future__ import annotations

from typing import Any

import numpy as np

from further.data.dataset import Dataset
from further.data.target import Instances

SIDE = 64
#: A detector that trains in a moment.
TINY: dict[str, Any] = {
    "channels": (4, 8, 8, 8, 8), "size": SIDE, "budget": "2 epochs", "precision": "float32",
}  # fmt: skip
#: The same on a command line.
TINY_OPTIONS = (
    "--channels",
    "4,8,8,8,8",
    "--size",
    SIDE,
    "--epochs",
    "2",
    "--precision",
    "float32",
)


def squares(train: int = 16, test: int = 8, *, seed: int = 0) -> Dataset:
    """Return grey pictures of one to three squares, an instance each, divided into two parts."""
    rng = np.random.default_rng(seed)
    n = train + test
    pictures = rng.normal(128, 12, (n, SIDE, SIDE))
    masks, codes, counts = [], [], rng.integers(1, 4, n)
    for picture, count in zip(pictures, counts, strict=True):
        for _ in range(count):
            side = rng.integers(12, 28)
            top, left = rng.integers(0, SIDE - side, 2)
            mask = np.zeros((SIDE, SIDE), dtype=bool)
            mask[top : top + side, left : left + side] = True
            codes.append(int(rng.integers(2)))
            picture[mask] = (230, 30)[codes[-1]]
            masks.append(mask)
    packed = np.packbits(np.stack(masks), axis=2)
    target = Instances("squares", counts, np.array(codes), ("light", "dark"), packed, SIDE)
    return Dataset(
        "squares", "images", np.clip(pictures, 0, 255).astype(np.uint8)[:, None], target=target,
        levels=256, official_split=np.array(["train"] * train + ["test"] * test),
        files=np.array([f"{i:03d}.png" for i in range(n)], dtype=object),
    )  # fmt: skip
