"""The forecast of a ladder, by a clock of its own."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import further.data
from further.compare.prediction import cost

DATA = further.data.load("digits")


@pytest.mark.parametrize(
    ("power", "n", "expected"),
    [(1.0, 9_000, 9_000), (2.0, 9_000, 9_000**2), (0.0, 9_000, 10.0), (4.0, 1_800, 900**4 * 2**2.5),
     (2.0, 200, 200**2)],
)  # fmt: skip
def test_what_takes_more_than_in_proportion_is_foreseen(monkeypatch, power, n, expected) -> None:
    monkeypatch.setattr(cost, "_seconds", lambda estimator, rows: float(len(rows)) ** power)
    rows = np.resize(np.arange(len(DATA)), n)
    setting = SimpleNamespace(seed=0, dataset=DATA, folds=[SimpleNamespace(train=rows)])
    assert cost._classical_seconds(setting, None, n) == pytest.approx(expected)
