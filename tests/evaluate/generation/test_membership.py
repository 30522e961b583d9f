from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from further.evaluate.generation.evaluator import GenerativeEvaluator
from further.evaluate.generation.flags import flags
from further.evaluate.generation.membership import MembershipInference


@pytest.fixture(scope="module")
def attack(digits):
    return MembershipInference(digits.train.x, digits.validation.x, digits.test.x)


def jittered(x: np.ndarray, times: int, noise: float) -> np.ndarray:
    rows = np.repeat(x, times, axis=0)
    return rows + noise * x.std(0) * np.random.default_rng(0).normal(size=rows.shape)


def test_the_figure_is_a_point_of_the_roc_curve(attack):
    rng = np.random.default_rng(0)
    members, others = rng.integers(0, 8, (2, 300)) + np.array([[1], [0]])
    score = attack.score_known(members, others)
    truth = np.repeat([1, 0], 300), np.r_[members, others]
    wrong, right, _ = roc_curve(*truth, drop_intermediate=False)
    assert score.value == pytest.approx(np.interp(0.1, wrong, right))
    assert score.detail["auc"]["value"] == pytest.approx(roc_auc_score(*truth))
    assert score.estimate.low < score.value < score.estimate.high


def test_scores_that_are_all_equal_are_a_guess(attack):
    assert attack.score_known(np.ones(50), np.ones(50)).value == pytest.approx(0.1)


def test_copies_are_found_and_new_rows_are_not(attack, digits):
    x = digits.train.x
    assert attack.copy > 0.99
    assert attack.score(np.repeat(x, 5, axis=0)).value > 0.99
    assert attack.score(jittered(x, 5, 0.3)).value > 0.85
    assert attack.score(jittered(x, 20, 0.5)).value > 0.7
    # Rows that neither side has: half of the validation rows, with the others as reference.
    fair = MembershipInference(x, digits.validation.x[:180], digits.test.x)
    score = fair.score(jittered(digits.validation.x[180:], 5, 0.3))
    assert score.value < 0.2
    assert score.estimate.low < 0.1


def test_a_tenth_of_the_rows_copied_gives_little_away(digits):
    x, half = digits.train.x, digits.validation.x[180:]
    attack = MembershipInference(x, digits.validation.x[:180], digits.test.x)
    samples = np.concatenate([np.repeat(x[: len(x) // 10], 5, axis=0), np.repeat(half, 5, axis=0)])
    assert 0.15 < attack.score(samples).value < 0.25


def test_more_samples_see_more(attack, digits):
    once, often = (attack.score(jittered(digits.train.x, times, 0.8)).value for times in (1, 20))
    assert often > 1.5 * once


def test_nothing_below_fifty_test_rows(digits):
    parts = digits.train, digits.validation, digits.test.take(np.arange(49))
    evaluator = GenerativeEvaluator(*parts, kind="images")
    assert evaluator.real["membership"] is None
    assert evaluator.protocol["membership"] is None
    assert evaluator.score(digits.train)["membership"] is None


def test_rows_of_a_group_are_drawn_together():
    rng = np.random.default_rng(0)
    rows = [np.repeat(rng.normal(size=(12, 5)), 10, axis=0) for _ in range(3)]
    groups = np.arange(120) // 10
    alone = MembershipInference(*rows)
    together = MembershipInference(*rows, train_groups=groups, test_groups=groups + 12)
    samples = np.repeat(rows[0][:30], 5, axis=0)
    wide, narrow = (a.score(samples).estimate for a in (together, alone))
    assert "groups (24" in wide.method
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_the_flag_needs_a_figure_and_a_limit(evaluator, samplers, digits):
    copies = evaluator.score(samplers["copy"](360, 0), samplers["copy"](5000, 1))
    names, sentences = flags(copies, evaluator.real)
    assert names == ("memorizes", "leaks_membership")
    assert "99% of the training rows from its samples alone" in sentences[1]
    attack = evaluator.membership
    rng = np.random.default_rng(0)
    known = {
        "membership_white_box": attack.score_known(rng.normal(1, 1, 300), rng.normal(0, 1, 300))
    }
    assert "from its weights" in flags(known, {})[1][0]
    few = attack.score_known(rng.normal(0.5, 1, 20), rng.normal(0, 1, 20))
    assert few.value >= 0.2 > 0.1 > few.estimate.low
    assert flags({"membership_white_box": few}, {}) == ((), ())


def test_further_samples_change_the_attack_alone(evaluator, samplers):
    samples = samplers["mixture"](360, 0)
    before, after = evaluator.score(samples), evaluator.score(samples, samplers["copy"](1000, 0))
    assert after["membership"].value > before["membership"].value + 0.2
    assert all(
        a.value == b.value for name, a in before.items() if name != "membership"
        for b in [after[name]]
    )  # fmt: skip


def test_the_reference_as_samples_is_no_evidence(attack, digits):
    assert attack.score(digits.validation.x).value == pytest.approx(0.1)
