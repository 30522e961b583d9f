from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap, ttest_ind
from sklearn.metrics import f1_score, roc_auc_score

from further.evaluate.interval import (
    Estimate,
    Score,
    paired_difference,
    score_from_examples,
    score_from_halves,
    score_from_resamples,
)
from further.evaluate.resampling import Resampling, half_samples
from further.evaluate.wilson import wilson


def test_halves_are_drawn_without_replacement_and_repeat_with_the_seed():
    halves = half_samples(11, 30, seed=4).chosen
    assert (halves.sum(axis=1) == 5).all()
    np.testing.assert_array_equal(halves, half_samples(11, 30, seed=4).chosen)
    assert (halves != half_samples(11, 30, seed=5).chosen).any()


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
    score = score_from_halves(x.mean(), (halves.chosen @ x) / 150, 301, halves)
    assert score.draws.mean() == pytest.approx(x.mean())
    assert score.draws.std() == pytest.approx(x.std(ddof=1) / np.sqrt(301), rel=0.06)


def test_all_right_is_not_certainty():
    score = score_from_examples(np.ones(50), limits=(0.0, 1.0))
    assert score.estimate.high == 1.0
    assert score.estimate.low == pytest.approx(0.929, abs=0.001)


def test_few_rows_get_no_interval():
    halves = half_samples(3, 200, seed=0)
    assert score_from_halves(0.3, np.empty(0), 3, halves).estimate.low is None
    assert score_from_examples(np.array([1.0])).estimate.low is None
    difference = paired_difference(
        score_from_halves(0.3, np.empty(0), 3, halves),
        score_from_halves(0.1, np.empty(0), 3, halves),
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


def test_a_share_at_its_edge_is_never_surer_than_its_rows():
    none = score_from_examples(np.zeros(35), limits=(0.0, 1.0))
    assert (none.estimate.low, none.estimate.high) == (0.0, pytest.approx(wilson(0.0, 35)[1]))
    halves = half_samples(13, 50, seed=0)
    nearly = np.ones(50)
    nearly[0] = 0.99
    every = score_from_halves(1.0, nearly, 13, halves, limits=(0.0, 1.0)).estimate
    assert every.low == pytest.approx(wilson(1.0, 13)[0])
    some = score_from_halves(0.5, np.r_[0.5, 0.4, 0.6], 13, halves, limits=(0.0, 1.0)).estimate
    assert some.high == pytest.approx(0.5 + 1.96 * 0.1 * halves.scale, abs=1e-3)


def test_what_is_the_same_in_every_resample_has_no_interval():
    halves = half_samples(35, 50, seed=0)
    density = score_from_halves(0.0, np.zeros(50), 35, halves, limits=(0.0, np.inf)).estimate
    assert (density.value, density.low, density.high) == (0.0, None, None)
    assert "same value in every resample" in density.method
    assert score_from_examples(np.full(35, 2.5)).estimate.low is None


def test_two_models_that_never_differ_are_tied_no_more_surely_than_their_rows_say():
    none, every = (score_from_examples(np.full(35, v), limits=(0.0, 1.0)) for v in (0.0, 1.0))
    most = wilson(0.0, 35)[1]
    tied = paired_difference(none, none)
    assert (tied.low, tied.high) == pytest.approx((-most, most))
    apart = paired_difference(every, none)
    assert (apart.low, apart.high) == pytest.approx((1 - 2 * most, 1))
    same = score_from_examples(np.arange(35) % 2 * 1.0, limits=(0.0, 1.0))
    assert paired_difference(same, same).low is None


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


def weighted_auc(y, scores):
    return lambda weights: float(roc_auc_score(y, scores, sample_weight=weights))


def test_resamples_agree_with_the_standard_error_of_delong():
    rng = np.random.default_rng(0)
    y = np.repeat([1, 0], [60, 140])
    scores = rng.normal(y)
    found = score_from_resamples(weighted_auc(y, scores), 200, strata=y, limits=(0.0, 1.0))
    pairs = (scores[y == 1][:, None] > scores[y == 0]).astype(float)
    # DeLong, DeLong, Clarke-Pearson (1988): variances of the placements of both classes.
    error = np.sqrt(pairs.mean(1).var(ddof=1) / 60 + pairs.mean(0).var(ddof=1) / 140)
    assert found.value == pytest.approx(pairs.mean())
    assert found.draws.mean() == pytest.approx(found.value)
    assert found.draws.std() == pytest.approx(error, rel=0.08)
    v = found.value
    limits = 1 / (
        1 + np.exp(-np.log(v / (1 - v)) + 1.97 * error / (v * (1 - v)) * np.array([1, -1]))
    )
    assert [found.estimate.low, found.estimate.high] == pytest.approx(limits, abs=0.006)


def test_resampled_intervals_are_near_those_of_scipy():
    y = np.repeat([1, 0], [60, 140])
    hits = (np.random.default_rng(0).random(200) < np.where(y == 1, 0.8, 0.1)).astype(int)

    def f1(weights):
        return float(f1_score(y, hits, sample_weight=weights))

    ours = score_from_resamples(f1, 200, limits=(0.0, 1.0)).estimate
    theirs = bootstrap(
        (y, hits), lambda a, b: f1_score(a, b), paired=True, vectorized=False,
        n_resamples=999, rng=np.random.default_rng(0), method="BCa",
    ).confidence_interval  # fmt: skip
    assert ours.value == f1_score(y, hits)
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=0.015)


def test_a_figure_next_to_its_limit_has_an_interval_as_narrow_as_its_spread():
    # One of 640 objects is missed, in one of 20 pictures.
    hits = np.full(20, 32.0)
    hits[3] -= 1

    def recall(weights):
        return float(weights @ hits / (32 * weights.sum()))

    found = score_from_resamples(recall, 20, limits=(0.0, 1.0)).estimate
    assert found.value == pytest.approx(639 / 640)
    assert 0.985 < found.low < 0.997
    assert 0.9995 < found.high <= 1.0


def test_the_same_seed_pairs_two_models():
    rng = np.random.default_rng(0)
    y = np.repeat([1, 0], 100)
    scores = rng.normal(1.5 * y)
    rivals = scores, scores + rng.normal(0, 0.4, 200)
    one, two = (
        score_from_resamples(weighted_auc(y, s), 200, strata=y, limits=(0, 1)) for s in rivals
    )
    assert two.estimate.high > one.estimate.low, "the two intervals overlap"
    difference = paired_difference(one, two)
    assert difference.low < difference.value < difference.high
    assert difference.high - difference.low < 0.5 * (one.estimate.high - one.estimate.low)
    other_seed = score_from_resamples(weighted_auc(y, rivals[1]), 200, strata=y, seed=1)
    unpaired = paired_difference(one, other_seed)
    assert unpaired.high - unpaired.low > 1.5 * (difference.high - difference.low)


def test_several_statistics_come_from_the_same_resamples():
    x = np.random.default_rng(0).normal(size=(50, 2))
    both = score_from_resamples(lambda w: w @ x / w.sum(), 50)
    alone = score_from_resamples(lambda w: float(w @ x[:, 1] / w.sum()), 50)
    assert [score.value for score in both] == pytest.approx(x.mean(axis=0))
    np.testing.assert_allclose(both[1].draws, alone.draws)
    assert both[1].estimate.method == alone.estimate.method


def test_copied_rows_in_groups_are_worth_one_row():
    rows = np.random.default_rng(0).normal(size=40)
    copies, groups = np.repeat(rows, 5), np.repeat(np.arange(40), 5)
    one = score_from_resamples(lambda w: float(w @ rows / w.sum()), 40)
    for other in (
        score_from_resamples(lambda w: float(w @ copies / w.sum()), 200, groups=groups),
        score_from_examples(copies, groups=groups),
    ):
        np.testing.assert_allclose(other.draws, one.draws)
        assert other.estimate.low == pytest.approx(one.estimate.low)
        assert other.estimate.n == 200
        assert "whole groups (40," in other.estimate.method
    half = score_from_examples(copies).estimate
    assert half.high - half.low < 0.6 * (one.estimate.high - one.estimate.low)


def test_halves_of_groups_keep_groups_together():
    groups = np.array(["a", "b", "c", "d", "e"])[[0, 0, 0, 1, 1, 2, 3, 3, 4, 4]]
    halves = half_samples(10, 50, 0, groups)
    assert halves.units == 5
    assert halves.largest == 3
    for chosen in halves.chosen:
        assert len(set(groups[chosen])) == 2
        assert not set(groups[chosen]) & set(groups[~chosen])
    assert not len(half_samples(9, 50, 0, np.repeat([1, 2, 3], 3)).chosen), "three cannot be halved"


def test_strata_keep_their_numbers_and_single_rows_are_put_together():
    strata = np.repeat(["a", "b", "c", "d"], [20, 10, 1, 1])
    plan = Resampling.plan(32, strata)
    assert [len(units) for units in plan.strata] == [2, 10, 20]
    for weights in plan.weights(20, seed=0):
        assert weights[:20].sum() == pytest.approx(20)
        assert weights[20:30].sum() == pytest.approx(10)
        assert weights[30:].sum() == pytest.approx(2)
    mixed = Resampling.plan(6, [0, 1, 0, 0, 1, 1], groups=[0, 0, 1, 1, 2, 2])
    assert len(mixed.strata) == 1, "group 0 lies in both strata"
    assert mixed.units == 3


def test_a_variance_of_resamples_has_no_bias_with_few_units():
    x = np.array([1.0, 4.0, 9.0, 2.0])
    draws = [weights @ x / 4 for weights in Resampling.plan(4).weights(20_000, seed=0)]
    assert np.var(draws) == pytest.approx(x.var(ddof=1) / 4, rel=0.03)


def test_degrees_of_freedom_are_those_of_welch():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=12), rng.normal(size=12)
    side = np.repeat([0, 1], 12)
    x = np.r_[a, b]
    found = score_from_resamples(
        lambda w: float(np.average(x[side == 0], weights=w[side == 0]))
        - float(np.average(x[side == 1], weights=w[side == 1])),
        24, strata=side, draws=4000,
    ).estimate  # fmt: skip
    theirs = ttest_ind(a, b).confidence_interval()
    assert "22 degrees of freedom" in found.method
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), rel=0.05)


def test_a_rare_class_that_hardly_matters_does_not_widen_the_interval():
    y = np.repeat([0, 1, 2], [150, 148, 2])
    right = (np.random.default_rng(0).random(300) < 0.8).astype(float)

    def accuracy(weights):
        return float(weights @ right / weights.sum())

    with_rare, without = (
        score_from_resamples(accuracy, 300, strata=strata, limits=(0, 1)).estimate
        for strata in (y, None)
    )
    assert with_rare.high - with_rare.low < 1.15 * (without.high - without.low)


def test_undefined_resamples_are_left_out_and_counted():
    y = np.r_[np.ones(3), np.zeros(57)]
    hits = np.array([1.0, 0.0, 1.0])

    def recall(weights):
        positive = weights[:3]
        return float(positive @ hits / positive.sum()) if positive.sum() else np.nan

    some = score_from_resamples(recall, 60, limits=(0, 1))
    undefined = int(np.isnan(some.draws).sum())
    # A resample of 59 rows misses all three with probability (57 / 60)^59.
    assert undefined == pytest.approx(1000 * 0.95**59, abs=25)
    assert f"undefined in {undefined} of 1,000 resamples" in some.estimate.method
    assert some.estimate.low < some.value
    assert paired_difference(some, some).contains_zero
    kept = score_from_resamples(recall, 60, strata=y, limits=(0, 1))
    assert not np.isnan(kept.draws).any()
    often = score_from_resamples(lambda w: 1.0 if w[0] else np.nan, 60)
    assert often.estimate.low is None
    assert "no interval" in often.estimate.method


def test_a_perfect_statistic_is_not_certain_and_a_constant_has_no_interval():
    y = np.repeat([1, 0], [30, 70])
    perfect = score_from_resamples(weighted_auc(y, y), 100, strata=y, limits=(0, 1)).estimate
    assert perfect.value == perfect.high == 1.0
    assert perfect.low == pytest.approx(wilson(1.0, 30)[0])
    assert score_from_resamples(weighted_auc(y, y), 100, limits=(0, 1)).estimate.low is None
    right = score_from_examples(np.ones(60), groups=np.arange(60) // 3, limits=(0.0, 1.0)).estimate
    assert right.low == pytest.approx(wilson(1.0, 20)[0])
    constant = score_from_resamples(lambda w: 0.5, 100, limits=(0, 1))
    assert constant.estimate.low is None
    assert constant.estimate.contains_zero
    assert score_from_resamples(lambda w: 1.0, 1).estimate.low is None
    assert score_from_resamples(lambda w: np.nan, 9).estimate.method == "not defined"


def test_strata_of_another_length_are_refused():
    with pytest.raises(ValueError, match="groups has 3 entries but there are 4 rows"):
        score_from_resamples(lambda w: 1.0, 4, groups=[0, 1, 2])
