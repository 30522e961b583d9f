from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from further.evaluate.equivalence import practical_difference
from further.evaluate.estimate import Estimate, Score
from further.evaluate.interval import score_from_examples
from further.evaluate.repeats import mean_over_trainings, measured_score


def of_rows(values: np.ndarray) -> Score:
    return score_from_examples(values, seed=0)


@pytest.mark.parametrize("margin", [0.02, 0.1, 0.4])
def test_of_means_it_is_the_posterior_of_a_paired_t_test(margin: float) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(0, 1, 500)
    a, b = rows + rng.normal(0.1, 0.5, 500), rows
    found = practical_difference(of_rows(a), of_rows(b), margin)
    # Under a flat prior, the mean difference is Student's t around what was seen.
    posterior = stats.t(len(a) - 1, (a - b).mean(), stats.sem(a - b))
    assert found.above == pytest.approx(posterior.sf(margin), abs=0.03)
    assert found.below == pytest.approx(posterior.cdf(-margin), abs=0.03)
    assert found.above + found.within + found.below == pytest.approx(1)


def test_measurements_of_a_clock_are_those_of_welch() -> None:
    a, b = [1.0, 1.2, 1.1, 1.3], [1.0, 1.1, 1.2]
    found = practical_difference(measured_score(a, 1, ""), measured_score(b, 1, ""), 0.05)
    test = stats.ttest_ind(a, b, equal_var=False)
    error = (np.mean(a) - np.mean(b)) / test.statistic
    posterior = stats.t(test.df, np.mean(a) - np.mean(b), error)
    assert found.above == pytest.approx(posterior.sf(0.05))
    assert found.below == pytest.approx(posterior.cdf(-0.05))


def test_trainings_that_vary_make_a_difference_less_sure() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.3, 1, 400), rng.normal(0.0, 1, 400)

    def trained(rows: np.ndarray, spread: float) -> Score:
        steps = spread * np.array([-1.0, 0.0, 1.0])
        return mean_over_trainings([of_rows(rows + step) for step in steps])

    steady, shaky = (
        practical_difference(trained(a, spread), trained(b, spread), 0.05) for spread in (1e-6, 0.5)
    )
    assert steady.above > 0.98
    assert 0.5 < shaky.above < 0.9


def test_without_an_interval_nothing_is_said() -> None:
    once = Score(Estimate(1.0, None, None, 10, "once"))
    assert practical_difference(once, once, 0.1) is None
