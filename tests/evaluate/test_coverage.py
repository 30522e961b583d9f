"""How often intervals of AUC, F1 and gaps between groups hold the truth, in simulated worlds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from further.evaluate.interval import (
    Estimate,
    paired_difference,
    score_from_halves,
    score_from_resamples,
)
from further.evaluate.resampling import Floats, half_samples, on_halves

Statistic = Callable[[Floats], float]


@dataclass
class Rows:
    """A data set drawn from a world; the target also says what a stratified split keeps."""

    target: np.ndarray
    found: np.ndarray  # scores, predictions or hits
    groups: np.ndarray | None = None


def auc(rows: Rows) -> Statistic:
    order = np.argsort(rows.found)
    positive = rows.target[order] == 1

    def weighted(weights: Floats) -> float:
        weights = weights[order]
        below = np.cumsum(np.where(positive, 0.0, weights))
        pairs = weights[positive].sum() * below[-1]
        return float(weights[positive] @ below[positive] / pairs) if pairs else np.nan

    return weighted


def f1(rows: Rows) -> Statistic:
    both, either = rows.target * rows.found, rows.target + rows.found

    def weighted(weights: Floats) -> float:
        total = weights @ either
        return float(2 * (weights @ both) / total) if total else np.nan

    return weighted


def gap(rows: Rows) -> Statistic:
    first = rows.target == 0

    def weighted(weights: Floats) -> float:
        a, b = np.where(first, weights, 0.0), np.where(first, 0.0, weights)
        if not a.sum() * b.sum():
            return np.nan
        return float(a @ rows.found / a.sum() - b @ rows.found / b.sum())

    return weighted


def clusters(rng: np.random.Generator, number: int) -> np.ndarray:
    """Groups of 2 to 40 rows, most of them small."""
    return np.repeat(np.arange(number), np.minimum(1 + rng.geometric(0.12, number), 40))


def scored(rng: np.random.Generator, positive: int, negative: int, apart: float) -> Rows:
    target = np.repeat([1, 0], [positive, negative])
    return Rows(target, rng.normal(apart * target))


def classified(rng: np.random.Generator, positive: int, negative: int) -> Rows:
    target = np.repeat([1, 0], [positive, negative])
    return Rows(target, (rng.random(len(target)) < np.where(target == 1, 0.8, 0.1)).astype(int))


def compared(rng: np.random.Generator, first: int, second: int) -> Rows:
    target = np.repeat([0, 1], [first, second])
    return Rows(target, (rng.random(len(target)) < np.where(target == 0, 0.85, 0.75)) * 1.0)


def clustered_target(rng: np.random.Generator, groups: np.ndarray) -> np.ndarray:
    share = expit(-0.7 + rng.normal(size=groups[-1] + 1))
    return (rng.random(len(groups)) < share[groups]).astype(int)


def clustered_scores(rng: np.random.Generator, number: int) -> Rows:
    groups = clusters(rng, number)
    target = clustered_target(rng, groups)
    effect = 0.7 * rng.normal(size=number)
    return Rows(target, rng.normal(1.2 * target + effect[groups]), groups)


def clustered_classes(rng: np.random.Generator, number: int) -> Rows:
    groups = clusters(rng, number)
    target = clustered_target(rng, groups)
    effect = 0.8 * rng.normal(size=number)
    hit = expit(np.where(target == 1, 1.4, -2.0) + effect[groups])
    return Rows(target, (rng.random(len(groups)) < hit).astype(int), groups)


def clustered_comparison(rng: np.random.Generator, number: int) -> Rows:
    """A third of the groups, each within one of the two sides that are compared."""
    groups = clusters(rng, number)
    target = (groups >= 2 * number // 3).astype(int)
    effect = 0.8 * rng.normal(size=number)
    hit = expit(np.where(target == 0, 1.8, 1.1) + effect[groups])
    return Rows(target, (rng.random(len(groups)) < hit) * 1.0, groups)


@dataclass
class World:
    draw: Callable[[np.random.Generator], Rows]
    statistic: Callable[[Rows], Statistic]
    truth: float | Callable[[np.random.Generator], Rows]
    limits: tuple[float, float]
    stratified: bool = True

    def true_value(self) -> float:
        if not callable(self.truth):
            return self.truth
        rows = self.truth(np.random.default_rng(99))
        return self.statistic(rows)(np.ones(len(rows.target)))

    def estimate(self, rng: np.random.Generator, draws: int) -> Estimate:
        rows = self.draw(rng)
        strata = rows.target if self.stratified else None
        return score_from_resamples(
            self.statistic(rows),
            len(rows.target),
            strata=strata,
            groups=rows.groups,
            limits=self.limits,
            draws=draws,
        ).estimate


SHARE, DIFFERENCE = (0.0, 1.0), (-1.0, 1.0)
F1 = 2 * 0.3 * 0.8 / (0.3 * 0.8 + 0.3 + 0.7 * 0.1)
MANY = 60_000
WORLDS = {
    "AUC 0.76 of 60 and 140 rows": World(
        lambda rng: scored(rng, 60, 140, 1.0), auc, norm.cdf(1 / 2**0.5), SHARE
    ),
    "AUC 0.95 of 30 and 100 rows": World(
        lambda rng: scored(rng, 30, 100, 2.3), auc, norm.cdf(2.3 / 2**0.5), SHARE
    ),
    "AUC 0.76 of 20 and 40 rows": World(
        lambda rng: scored(rng, 20, 40, 1.0), auc, norm.cdf(1 / 2**0.5), SHARE
    ),
    "F1 of 60 and 140 rows": World(lambda rng: classified(rng, 60, 140), f1, F1, SHARE),
    "F1 of 200 rows": World(
        lambda rng: classified(rng, *[(k := rng.binomial(200, 0.3)), 200 - k]), f1, F1, SHARE, False
    ),
    "gap between 300 and 40 rows": World(lambda rng: compared(rng, 300, 40), gap, 0.1, DIFFERENCE),
    "gap between 100 and 100 rows": World(
        lambda rng: compared(rng, 100, 100), gap, 0.1, DIFFERENCE
    ),
    "AUC of 12 unequal groups": World(
        lambda rng: clustered_scores(rng, 12), auc, lambda rng: clustered_scores(rng, MANY), SHARE
    ),
    "AUC of 30 unequal groups": World(
        lambda rng: clustered_scores(rng, 30), auc, lambda rng: clustered_scores(rng, MANY), SHARE
    ),
    "F1 of 12 unequal groups": World(
        lambda rng: clustered_classes(rng, 12), f1, lambda rng: clustered_classes(rng, MANY), SHARE
    ),
    "F1 of 30 unequal groups": World(
        lambda rng: clustered_classes(rng, 30), f1, lambda rng: clustered_classes(rng, MANY), SHARE
    ),
    "gap between 12 and 6 unequal groups": World(
        lambda rng: clustered_comparison(rng, 18),
        gap,
        lambda rng: clustered_comparison(rng, MANY),
        DIFFERENCE,
    ),
    "gap between 24 and 12 unequal groups": World(
        lambda rng: clustered_comparison(rng, 36),
        gap,
        lambda rng: clustered_comparison(rng, MANY),
        DIFFERENCE,
    ),
}


def coverage(world: World, runs: int, draws: int = 200) -> float:
    rng, truth, held = np.random.default_rng(1), world.true_value(), 0
    for _ in range(runs):
        estimate = world.estimate(rng, draws)
        held += estimate.low <= truth <= estimate.high
    return held / runs


@pytest.mark.parametrize("name", ["AUC 0.95 of 30 and 100 rows", "F1 of 12 unequal groups"])
def test_intervals_hold_the_truth_most_of_the_time(name):
    # Of 150 intervals with a coverage of 0.95, between 0.90 and 0.99 hold it in 98 % of all cases.
    assert 0.90 <= coverage(WORLDS[name], 150, draws=100) <= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_intervals_hold_the_truth_nineteen_times_in_twenty(name):
    assert 0.93 <= coverage(WORLDS[name], 1000) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("number", [12, 30])
def test_paired_differences_hold_the_truth_nineteen_times_in_twenty(number):
    """Two scores of the same rows, of which the second adds noise to the first."""

    def both(rng: np.random.Generator, number: int) -> tuple[Rows, Rows]:
        rows = clustered_scores(rng, number)
        noisy = rows.found + rng.normal(size=len(rows.found))
        return rows, Rows(rows.target, noisy, rows.groups)

    def difference(rows: tuple[Rows, Rows]) -> float:
        values = [auc(one)(np.ones(len(one.target))) for one in rows]
        return values[0] - values[1]

    truth, rng = difference(both(np.random.default_rng(99), MANY)), np.random.default_rng(1)
    held, runs = 0, 1000
    for _ in range(runs):
        scores = [
            score_from_resamples(
                auc(one), len(one.target), groups=one.groups, limits=SHARE, draws=200
            )
            for one in both(rng, number)
        ]
        found = paired_difference(*scores)
        held += found.low <= truth <= found.high
    # What is common to a group cancels, so few groups are worth more than their number says.
    assert 0.93 <= held / runs <= 0.98


@pytest.mark.slow
def test_halves_of_groups_hold_the_truth_nineteen_times_in_twenty():
    """A difference of means between rows in unequal groups and samples that are independent."""
    rng, held, runs = np.random.default_rng(1), 0, 1000
    for _ in range(runs):
        groups = clusters(rng, 20)
        real = rng.normal(size=20)[groups] + rng.normal(size=len(groups))
        fake = rng.normal(1.0, 1.0, 150)
        halves = half_samples(len(real), 200, 0, groups), half_samples(150, 200, 1)
        draws = on_halves(lambda a, b: real[a].mean() - fake[b].mean(), *halves)  # noqa: B023
        value = real.mean() - fake.mean()
        found = score_from_halves(value, draws, len(real), *halves).estimate
        held += found.low <= -1.0 <= found.high
    assert 0.93 <= held / runs <= 0.97
