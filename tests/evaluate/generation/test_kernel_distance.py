from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.metrics.pairwise import rbf_kernel

from further.evaluate.distance import distances
from further.evaluate.generation.kernel_distance import kernel_distance, median_bandwidth
from further.evaluate.interval import paired_difference
from further.evaluate.resampling import half_samples


def score(x, y, bandwidth, draws=200, seed=0):
    return kernel_distance(
        distances(x),
        distances(x, y),
        distances(y),
        bandwidth,
        half_samples(len(x), draws, seed),
        half_samples(len(y), draws, seed + 1),
    )


def truth(shift: float, dimensions: int, bandwidth: float) -> float:
    """Squared discrepancy of two standard Gaussians, one shifted, in closed form."""
    s = bandwidth**2
    within = (s / (s + 2)) ** (dimensions / 2)
    return 2 * within * (1 - np.exp(-(shift**2) / (2 * (s + 2))))


def test_agrees_with_sums_over_pairs():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(15, 3)), rng.normal(0.5, 1, (12, 3))
    gamma = 1 / (2 * 1.3**2)
    first, second = rbf_kernel(x, gamma=gamma), rbf_kernel(y, gamma=gamma)
    expected = (
        first[~np.eye(15, dtype=bool)].mean()
        + second[~np.eye(12, dtype=bool)].mean()
        - 2 * rbf_kernel(x, y, gamma=gamma).mean()
    )
    assert score(x, y, 1.3).value == pytest.approx(expected)


def test_is_unbiased_and_squared():
    rng = np.random.default_rng(0)
    for shift in (0.0, 1.0):
        values = [
            score(rng.normal(size=(20, 2)), rng.normal((shift, 0), 1, (20, 2)), 1.5, 0).value
            for _ in range(400)
        ]
        error = np.std(values) / 20
        assert np.mean(values) == pytest.approx(truth(shift, 2, 1.5), abs=3 * error)


def test_halves_agree_with_the_statistic_on_submatrices():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(10, 3)), rng.normal(0.5, 1, (10, 3))
    whole = score(x, y, 1.0, draws=3)
    halves = half_samples(10, 3, 0), half_samples(10, 3, 1)
    direct = np.array(
        [score(x[a], y[b], 1.0, 0).value for a, b in zip(*halves[0].paired(halves[1]), strict=True)]
    )
    np.testing.assert_allclose(whole.draws, whole.value + direct - direct.mean())


def test_bandwidth_is_the_median_distance():
    x = np.random.default_rng(0).normal(size=(40, 3))
    assert median_bandwidth(x) == pytest.approx(np.median(pdist(x)))
    assert median_bandwidth(np.ones((5, 2))) == 1.0
    mostly_equal = np.zeros((10, 1))
    mostly_equal[0] = 9.0
    assert median_bandwidth(mostly_equal) == pytest.approx(9 * 9 / 45)


@pytest.mark.parametrize(("n", "shift"), [(60, 0.7), (120, 0.7), (120, 1.5)])
def test_interval_covers_the_truth_nineteen_times_in_twenty(n, shift):
    rng = np.random.default_rng(0)
    runs = 250
    covered = 0
    for _ in range(runs):
        x, y = rng.normal(size=(n, 3)), rng.normal(size=(n, 3))
        y[:, 0] += shift
        estimate = score(x, y, 2.0, 100).estimate
        covered += estimate.low <= truth(shift, 3, 2.0) <= estimate.high
    assert 0.92 <= covered / runs <= 0.985


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.0, 0.5, 1.0])
def test_interval_and_paired_interval_hold_what_they_promise(shift):
    rng = np.random.default_rng(1)
    runs, n = 600, 150
    own = paired = 0
    for _ in range(runs):
        x = rng.normal(size=(n, 5))
        y, z = rng.normal(size=(2, n, 5))
        y[:, 0] += shift
        z[:, 0] += 1.0
        first, second = score(x, y, 3.0), score(x, z, 3.0)
        own += first.estimate.low <= truth(shift, 5, 3.0) <= first.estimate.high
        difference = paired_difference(first, second)
        expected = truth(shift, 5, 3.0) - truth(1.0, 5, 3.0)
        paired += difference.low <= expected <= difference.high
    # Equal distributions are the degenerate case: too wide, never too narrow.
    assert 0.93 <= own / runs <= (1.0 if shift == 0 else 0.985)
    assert 0.93 <= paired / runs <= 0.985


def test_two_rows_have_a_value_and_no_interval():
    estimate = score(np.array([[0.0], [1.0]]), np.array([[0.0], [2.0]]), 1.0).estimate
    assert np.isfinite(estimate.value)
    assert estimate.low is None
