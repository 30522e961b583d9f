"""Real trainings that several tests look at."""

from __future__ import annotations

import pytest

from trust.doctor.trainings import load, logged, train


@pytest.fixture(scope="session")
def overfitted() -> dict[str, list[float]]:
    """Return the history of a large net on the wine data, trained for far too long."""
    history = train(load("wine", seed=0), epochs=60, width=128, depth=2, rate=5e-3)
    return logged(history, "epoch", "train_loss", "val_loss", "val_accuracy")
