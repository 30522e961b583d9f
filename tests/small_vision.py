"""Pictures of bright rectangles with boxes and masks, and what trains on them in seconds."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from further.data.dataset import Dataset
from further.data.target import Instances
from further.errors import InputError
from further.vision.backbone import torchvision

SMALL: dict[str, Any] = {
    "channels": (4, 8, 8, 8, 8), "size": 64, "budget": "3 steps", "precision": "float32",
    "random_state": 0, "training": {"batch_size": 4},
}  # fmt: skip


def rectangles(n: int = 12, channels: int = 3, seed: int = 0) -> Dataset:
    """Return pictures (64 x 48) of two rectangles each, red and green, with a mask for each."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 40, (n, channels, 48, 64)).astype(np.uint8)
    masks, codes = [], []
    for picture in x:
        of_picture = np.zeros((2, 48, 64), dtype=bool)
        for i in range(2):
            left, top, code = 32 * i + rng.integers(0, 12), rng.integers(0, 24), rng.integers(0, 2)
            rows, columns = slice(top, top + 20), slice(left, left + 18)
            picture[code % channels, rows, columns] = 230
            of_picture[i, rows, columns] = True
            codes.append(code)
        masks.append(of_picture)
    target = dataclasses.replace(
        Instances.pack(masks), codes=np.array(codes, dtype=np.int64), names=("red", "green")
    )
    return Dataset("rectangles", "images", x, levels=256, target=target)


def has_torchvision() -> bool:
    """Say whether torchvision is there and made for this torch."""
    try:
        torchvision("a test")
    except InputError:
        return False
    return True


needs_torchvision = pytest.mark.skipif(
    not has_torchvision(), reason="no torchvision that is made for this torch"
)
