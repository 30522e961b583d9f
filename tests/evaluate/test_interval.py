from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from further.evaluate.interval import (
    Estimate,
    Score,
    half_samples,
    paired_difference,
    score_from_examples,
    score_from_halves,
    wilson,
)


def test_halves_are_drawn_without_replacement_and_repeat_with_the_seed():
    halves = half_samples(11, 30, seed=4)
    assert (halves.sum(axis=1) == 5).all()
    np.testing.assert_array_equal(halves, half_samples(11, 30, seed=4))
    assert (halves != half_samples(11, 30, seed=5)).any()


def test_wilson_agrees_with_scipy():
    for right, n in ((0, 10), (10, 10), (37, 50)):
        theirs = binomtest(right, n).proportion_ci(method="wilson")
        np.testing.assert_allclose(wilson(right / n, n), (theirs.low, theirs.high), atol=1e-12)


def test_bootstrap_interval_is_that_of_the_mean():
    x = np.random.default_rng(0).normal(5, 2, 400)
    score = score_from_examples(x)
    half_width = 1.96 * x.std() / 20
    assert score.value == pytest.approx(x.mean())
    assert score.estimate.high - score.value == pytest.approx(half_width, rel=0.12)
    assert score.value - score.estimate.low == pytest.approx(half_width, rel=0.12)


def test_halves_of_a_mean_give_its_standard_error():
    x = np.random.default_rng(1).normal(size=301)
    halves = half_samples(301, 2000, seed=0)
    score = score_from_halves(x.mean(), (halves @ x) / 150, 301)
    assert score.draws.mean() == pytest.approx(x.mean())
    assert score.draws.std() == pytest.approx(x.std(ddof=1) / np.sqrt(301), rel=0.06)


def test_all_right_is_not_certainty():
    score = score_from_examples(np.ones(50), limits=(0.0, 1.0))
    assert score.estimate.high == 1.0
    assert score.estimate.low == pytest.approx(0.929, abs=0.001)


def test_few_rows_get_no_interval():
    assert score_from_halves(0.3, np.empty(0), 3).estimate.low is None
    assert score_from_examples(np.array([1.0])).estimate.low is None
    difference = paired_difference(
        score_from_halves(0.3, np.empty(0), 3), score_from_halves(0.1, np.empty(0), 3)
    )
    assert difference.low is None
    assert difference.contains_zero


def test_paired_difference_sees_what_overlapping_intervals_hide():
    rng = np.random.default_rng(0)
    hard = rng.random(400) < 0.5  # the same rows are hard for both models
    better = score_from_examples(np.where(hard, 0.0, 1.0))
    worse = score_from_examples(np.where(hard | (rng.random(400) < 0.05), 0.0, 1.0))
    assert worse.estimate.high > better.estimate.low  # they overlap
    difference = paired_difference(better, worse)
    assert difference.low > 0
    assert difference.value == pytest.approx(better.value - worse.value)
    assert paired_difference(better, better).contains_zero


def test_paired_difference_refuses_other_rows():
    with pytest.raises(ValueError, match="same rows"):
        paired_difference(score_from_examples(np.ones(5)), score_from_examples(np.zeros(6)))


def test_estimate_for_json_has_no_infinity():
    assert Estimate(np.inf, None, None, 3, "x").to_dict()["value"] is None
    assert Score(Estimate(1.0, 0.5, 1.5, 3, "x")).value == 1.0


def test_infinite_scores_keep_their_value():
    score = score_from_examples(np.array([1.0, np.inf]))
    assert score.value == np.inf
    assert score.estimate.low is None
