"""Means over trainings: their limits hold in simulation, by hand, and where data are missing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from further.evaluate.estimate import Estimate, Score
from further.evaluate.interval import paired_difference, score_from_examples
from further.evaluate.repeats import difference, mean_over_trainings, measured_score


def score(value: float, draws: np.ndarray | None = None) -> Score:
    half = 0.0 if draws is None else 1.96 * float(draws.std(ddof=1))
    return Score(Estimate(value, value - half, value + half, 100, "by hand"), draws=draws)


@pytest.mark.slow
@pytest.mark.parametrize("trainings", [2, 3, 5])
@pytest.mark.parametrize(("rows", "seeds"), [(1.0, 0.3), (0.3, 1.0), (1.0, 1.0)])
def test_limits_hold_where_rows_and_trainings_vary(
    trainings: int, rows: float, seeds: float
) -> None:
    """Two models that are the same on all rows and seeds, 2,000 times, tied in 95 % or more."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=100)
    draws = rows * (shared - shared.mean()) / shared.std(ddof=1)

    def model(of_rows: float, spread: np.ndarray) -> Score:
        # The test rows favour a model in all its trainings alike.
        return mean_over_trainings(
            [score(of_rows + float(value), of_rows + draws * (of_rows != 0)) for value in spread]
        )

    tied = alone = 0
    for _ in range(2000):
        spreads = seeds * rng.normal(size=(2, trainings))
        a, b = model(rows * rng.normal(), spreads[0]), model(0.0, spreads[1])
        tied += difference(a, b).contains_zero
        alone += paired_difference(a, b).contains_zero
    assert 0.94 <= tied / 2000 <= 0.99
    assert alone < tied


def test_the_mean_of_three_trainings_by_hand() -> None:
    found = mean_over_trainings([score(v) for v in (0.1, 0.2, 0.4)])
    low, high = stats.t.interval(0.95, 2, np.mean([0.1, 0.2, 0.4]), stats.sem([0.1, 0.2, 0.4]))
    assert found.value == pytest.approx(0.7 / 3)
    assert (found.estimate.low, found.estimate.high) == pytest.approx((low, high))


def test_of_one_training_all_stays_as_it_is() -> None:
    one = score(0.3, np.arange(5.0))
    assert mean_over_trainings([one]) is one
    other = score(0.1, np.zeros(5))
    assert difference(one, other) == paired_difference(one, other)


def test_two_clocks_are_compared_by_the_test_of_welch() -> None:
    a, b = [1.0, 1.1, 1.3, 1.2], [1.5, 1.9, 1.4]
    found = difference(measured_score(a, 10, ""), measured_score(b, 10, ""))
    theirs = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))


def test_a_model_with_one_training_left_cannot_be_told_apart() -> None:
    one, three = score(0.1, np.zeros(9)), [score(v, np.zeros(9)) for v in (0.5, 0.6, 0.7)]
    found = difference(one, mean_over_trainings(three))
    assert found.low is None
    assert found.contains_zero


def test_a_share_of_0_in_every_training_is_no_certain_0():
    none = score_from_examples(np.zeros(35), limits=(0.0, 1.0))
    found = mean_over_trainings([none, none, none]).estimate
    assert (found.low, found.high) == (0.0, pytest.approx(none.estimate.high))
