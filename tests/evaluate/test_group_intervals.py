"""Intervals of an audit hold the truth as often as they say: counted exactly, or simulated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm
from sklearn.metrics import average_precision_score, roc_auc_score

from further.evaluate.largest import largest_difference, smallest_ratio
from further.evaluate.mean import mean_interval, median_interval
from further.evaluate.ranking import area_under_curve, average_precision
from further.evaluate.recovery import difference, mean_of, ratio
from further.evaluate.share import Intervals, share_intervals
from further.evaluate.wilson import wilson
from further.trust.audit.calibration import CalibrationCurve, calibration_error

SHARES = np.linspace(0.02, 0.98, 97)
REPETITIONS = 2000


def coverage_of_shares(n: int, p: float) -> float:
    k = np.arange(n + 1)
    found = share_intervals(k, np.full(n + 1, n))
    return float(binom.pmf(k, n, p)[(found.low <= p) & (p <= found.high)].sum())


@pytest.mark.parametrize("n", [6, 10, 17, 25, 50, 99])
def test_an_interval_of_few_rows_holds_every_share_as_often_as_it_says(n):
    assert min(coverage_of_shares(n, p) for p in SHARES) >= 0.95


@pytest.mark.parametrize("n", [100, 200, 500, 3000])
def test_an_interval_of_many_rows_is_right_on_average(n):
    each = [coverage_of_shares(n, p) for p in SHARES]
    assert 0.94 <= np.mean(each) <= 0.96
    # Counts are whole numbers, so that no interval is right for every share.
    assert min(each) > 0.92


def test_nothing_is_said_of_no_rows_and_limits_are_shares():
    found = share_intervals([0, 0, 5], [0, 5, 5])
    assert np.isnan(found.values[0])
    assert np.isnan(found.low[0])
    assert (found.low[1], found.high[2]) == (0.0, 1.0)
    # By hand: 1 - 0.025 ** (1 / 5).
    assert found.high[1] == pytest.approx(0.52182, abs=1e-5)


def test_a_difference_is_that_of_newcombe_1998():
    # Example (a) of the article, 56/70 against 48/80, method 10: 0.0524 to 0.3339.
    a, b = (Intervals(*map(np.array, wilson)) for wilson in (_wilson(56, 70), _wilson(48, 80)))
    gap = difference(a, b)
    assert gap.low[0] == pytest.approx(0.0524, abs=1e-4)
    assert gap.high[0] == pytest.approx(0.3339, abs=1e-4)


def _wilson(k: int, n: int) -> tuple[list[float], list[float], list[float]]:
    low, high = wilson(k / n, n)
    return [k / n], [low], [high]


def drawn(n: int, shares: list[float], seed: int = 0) -> Intervals:
    """Return REPETITIONS times the groups, (repetitions, groups)."""
    k = np.random.default_rng(seed).binomial(n, shares, size=(REPETITIONS, len(shares)))
    return share_intervals(k, np.full(k.shape, n))


@pytest.mark.parametrize("shares", [(0.3, 0.3), (0.45, 0.23), (0.15, 0.6)])
@pytest.mark.parametrize("n", [8, 20, 50, 100, 300, 2000])
def test_differences_and_ratios_of_two_groups_hold_the_truth(n, shares):
    found = drawn(n, list(shares), seed=n)
    a, b = found[:, 0], found[:, 1]
    kinds = ((difference(a, b), shares[0] - shares[1]), (ratio(a, b), shares[0] / shares[1]))
    for of, truth in kinds:
        known = np.isfinite(of.values)
        held = ((of.low <= truth) & (truth <= of.high))[known].mean()
        # Two thousand repetitions are themselves right to within a percentage point.
        assert held >= (0.94 if n < 100 else 0.935)
        assert n < 100 or held <= 0.965


def test_a_mean_of_two_shares_holds_the_truth():
    found = drawn(150, [0.7, 0.9])
    of = mean_of([found[:, 0], found[:, 1]])
    assert 0.935 <= ((of.low <= 0.8) & (of.high >= 0.8)).mean() <= 0.965


def test_ratios_of_nothing_are_not_defined_and_have_no_false_limits():
    zero, some = share_intervals([0], [50]), share_intervals([25], [50])
    assert np.isnan(ratio(some, zero).values[0])
    of_zero = ratio(zero, some)
    assert of_zero.values[0] == of_zero.low[0] == 0
    assert 0 < of_zero.high[0] < 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shares", "at_most"),
    [((0.2, 0.5), 0.96), ((0.2, 0.3, 0.5), 0.97), ((0.3, 0.3), 1.0), ((0.3,) * 6, 1.0)],
)
@pytest.mark.parametrize("n", [20, 100, 500])
def test_the_largest_difference_knows_that_it_was_looked_for(n, shares, at_most):
    found = drawn(n, list(shares), seed=n)
    truth, least = max(shares) - min(shares), min(shares) / max(shares)
    held = of_ratio = defined = 0
    for repetition in range(REPETITIONS):
        of = largest_difference([found[repetition]], seed=repetition)
        assert of is not None
        held += of.low <= truth <= of.high
        smallest = smallest_ratio([found[repetition]], seed=repetition)
        if smallest is not None:
            defined += 1
            of_ratio += smallest.low <= least <= smallest.high
    assert held / REPETITIONS >= 0.94
    assert of_ratio / defined >= 0.94
    if n >= 100:
        assert held / REPETITIONS <= at_most + 0.005


@pytest.mark.slow
def test_equalized_odds_holds_the_truth():
    fpr, fnr = drawn(200, [0.2, 0.35], seed=1), drawn(200, [0.5, 0.3], seed=2)
    held = 0
    for repetition in range(REPETITIONS):
        of = largest_difference([fpr[repetition], fnr[repetition]], seed=repetition)
        assert of is not None
        held += of.low <= 0.2 <= of.high
    assert held / REPETITIONS >= 0.94


def counts(y: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    distinct, code = np.unique(-scores, return_inverse=True)
    return tuple(np.bincount(code, y == kind, len(distinct)) for kind in (1, 0))  # type: ignore[return-value]


def test_areas_are_those_of_scikit_learn_with_ties():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 500)
    scores = np.round(rng.normal(y, 1.0), 1)
    p, n = counts(y, scores)
    assert area_under_curve(p, n).value == pytest.approx(roc_auc_score(y, scores), abs=1e-12)
    found = average_precision(p, n)
    assert found.value == pytest.approx(average_precision_score(y, scores), abs=1e-12)
    assert found.low < found.value < found.high


def test_nothing_perfect_is_certain():
    perfect = area_under_curve(np.array([3.0, 0.0]), np.array([0.0, 3.0]))
    assert perfect.value == perfect.high == 1.0
    assert perfect.low < 0.6
    assert np.isnan(area_under_curve(np.array([3.0]), np.array([0.0])).value)
    assert np.isnan(average_precision(np.array([3.0, 0.0]), np.array([0.0, 3.0])).low)


def ranked(n: int, share: float, distance: float, seed: int) -> tuple[float, float]:
    """Return how often intervals of the area and of average precision hold the truth."""
    rng = np.random.default_rng(seed)
    area = norm.cdf(distance / np.sqrt(2))
    t = np.linspace(-8, 12, 40001)
    above, false = norm.sf(t - distance), norm.sf(t)
    precision = share * above / (share * above + (1 - share) * false + 1e-300)
    true_precision = float(np.trapezoid(precision * norm.pdf(t - distance), t))
    of_area = of_precision = known = 0
    for _ in range(REPETITIONS):
        y = (rng.random(n) < share).astype(int)
        y[:2] = 0, 1
        p, q = counts(y, rng.normal(distance * y))
        found = area_under_curve(p, q)
        of_area += found.low <= area <= found.high
        found = average_precision(p, q)
        if np.isfinite(found.low):
            known += 1
            of_precision += found.low <= true_precision <= found.high
    return of_area / REPETITIONS, of_precision / max(known, 1)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "share"), [(8, 0.5), (20, 0.3), (50, 0.2)])
def test_areas_of_few_rows_are_held_more_often_than_said(n, share):
    assert min(ranked(n, share, distance, n)[0] for distance in (0.5, 1.5)) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize(("n", "share"), [(100, 0.4), (300, 0.2), (1000, 0.1)])
def test_areas_of_many_rows_are_held_as_often_as_said(n, share):
    area, precision = ranked(n, share, 1.0, n)
    assert 0.935 <= area <= 0.965
    assert 0.92 <= precision <= 0.975


ERRORS = {
    "normal": (lambda rng, n: rng.normal(size=n), 0.0),
    "half-normal": (lambda rng, n: np.abs(rng.normal(size=n)), np.sqrt(2 / np.pi)),
    "exponential": (lambda rng, n: rng.exponential(size=n), 1.0),
    "squared": (lambda rng, n: rng.normal(size=n) ** 2, 1.0),
}


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("n", [20, 50, 100, 300])
def test_means_of_skewed_errors_are_held(n, kind):
    draw, mean = ERRORS[kind]
    rng = np.random.default_rng(n)
    found = [mean_interval(draw(rng, n)) for _ in range(REPETITIONS)]
    held = np.mean([of.low <= mean <= of.high for of in found])
    assert held >= (0.95 if n < 100 else 0.935)
    assert n < 100 or held <= 0.965


@pytest.mark.parametrize("n", [6, 7, 15, 50, 100, 400])
def test_the_median_of_any_errors_is_held(n):
    rng = np.random.default_rng(n)
    found = [median_interval(rng.exponential(size=n)) for _ in range(REPETITIONS)]
    held = np.mean([of.low <= np.log(2) <= of.high for of in found])
    assert held >= 0.94
    assert n < 100 or held <= 0.965


def test_too_few_values_have_no_interval():
    assert np.isnan(mean_interval(np.arange(19.0)).low)
    assert np.isnan(median_interval(np.arange(5.0)).low)
    assert np.isnan(mean_interval(np.ones(50)).low)


@pytest.mark.slow
@pytest.mark.parametrize("off", [0.0, 0.03, 0.1])
@pytest.mark.parametrize("n", [200, 2000])
def test_calibration_errors_are_held_at_least_as_often_as_said(n, off):
    rng = np.random.default_rng(0)
    scores = np.linspace(0.1, 0.9, 10)
    rows = np.full(10, n / 10)
    truth = np.clip(scores + off * np.where(np.arange(10) % 2, 1, -1), 0, 1)
    held = 0
    for repetition in range(REPETITIONS):
        k = rng.binomial(n // 10, truth)
        curve = CalibrationCurve(rows, scores, share_intervals(k, rows))
        of = calibration_error(curve, seed=repetition)
        held += of.low <= off + 1e-12 and off <= of.high
    assert held / REPETITIONS >= 0.95
