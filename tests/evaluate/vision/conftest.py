"""True boxes of real pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from further.data import load
from further.data.target import Boxes


@pytest.fixture(scope="session")
def blood_cells(real_data: Path) -> Boxes:
    """Return the boxes of the 72 pictures that the authors set aside for tests."""
    dataset = load(str(real_data / "bccd"))
    target = dataset.take(np.flatnonzero(dataset.official_split == "test")).target
    assert isinstance(target, Boxes)
    return target
