"""The forecast of a fit, by a clock of its own."""

from __future__ import annotations

import numpy as np
import pytest

import further.data
from further.compare import timing

DATA = further.data.load("digits")


@pytest.mark.parametrize(
    ("power", "n", "expected"),
    [(1.0, 9_000, 9_000), (0.7, 9_000, 9_000**0.7), (0.0, 9_000, 10**0.5),
     (2.0, 9_000, 10 * 900**2), (2.0, 200, 200**2)],
)  # fmt: skip
def test_the_power_of_the_rows_is_that_of_two_timings_within_bounds(
    monkeypatch, power, n, expected
) -> None:
    monkeypatch.setattr(timing, "_seconds", lambda estimator, rows: float(len(rows)) ** power)
    rows = DATA.take(np.resize(np.arange(len(DATA)), n))
    assert timing.classical_seconds(None, rows, seed=0) == pytest.approx(expected)
