"""Differences of shares of the same rows: a value from the paper's formula, and coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest

from further.evaluate.paired_shares import paired_difference
from further.evaluate.recovery import difference
from further.evaluate.share import Intervals


def test_the_limits_are_those_of_the_formula_worked_by_hand() -> None:
    found = paired_difference([30], [10], [198])
    # (31 - 11) / 200 = 0.1 and its standard error, the root of (0.21 - 0.01) / 200.
    half = 1.959964 * math.sqrt(0.2 / 200)
    assert found.values[0] == pytest.approx(20 / 198)
    assert (found.low[0], found.high[0]) == pytest.approx((0.1 - half, 0.1 + half), abs=1e-6)


def test_no_rows_have_no_difference_and_no_change_has_width() -> None:
    assert np.isnan(paired_difference([0], [0], [0]).values[0])
    few = paired_difference([0], [0], [20])
    assert few.values[0] == 0
    assert few.low[0] < 0 < few.high[0]


def test_what_varies_together_differs_by_less() -> None:
    a, b = (
        Intervals(*(np.array([x]) for x in ends)) for ends in ((0.5, 0.4, 0.6), (0.3, 0.2, 0.4))
    )
    widths = []
    for r in (-1.0, 0.0, 0.9, 1.0):
        found = difference(a, b, r)
        widths.append(found.high[0] - found.low[0])
    assert widths == pytest.approx([0.4, math.sqrt(0.08), math.sqrt(0.008), 0.0], abs=1e-7)


@pytest.mark.parametrize(
    ("n", "least", "most"), [(6, 0.95, 1.0), (20, 0.95, 1.0), (50, 0.95, 1.0), (200, 0.94, 0.97)]
)
def test_the_intervals_hold_the_difference(n: int, least: float, most: float) -> None:
    rng = np.random.default_rng(n)
    for p, q in ((0.1, 0.1), (0.3, 0.1), (0.3, 0.3)):
        b, c, _ = rng.multinomial(n, [p, q, 1 - p - q], size=20_000).T
        found = paired_difference(b, c, np.full(20_000, n))
        held = np.mean((found.low <= p - q + 1e-12) & (found.high >= p - q - 1e-12))
        assert least <= held <= most, (p, q, held)
