"""Scores of predicted classes against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from further.evaluate.prediction.classes import (
    SCORERS,
    ClassPredictions,
    auc_of,
    floored,
)
from further.evaluate.reliability import equal_bins
from further.evaluate.repeats import difference


def predictions(n=400, k=3, seed=0, sharpness=2.0):
    rng = np.random.default_rng(seed)
    codes = rng.choice(k, n, p=np.arange(1, k + 1) / np.arange(1, k + 1).sum())
    logits = rng.normal(size=(n, k)) + sharpness * np.eye(k)[codes]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return ClassPredictions(codes, p, tuple("abcdef"[:k]))


def by_scikit_learn(p):
    """Return the metrics of predictions of two classes, the second of which is the commoner."""
    one_hot, second = np.eye(2)[p.codes], p.probabilities[:, 1]
    return {
        "log_loss": metrics.log_loss(p.codes, p.probabilities),
        "auc": metrics.roc_auc_score(p.codes, second),
        "accuracy": metrics.accuracy_score(p.codes, p.predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(p.codes, p.predicted),
        "brier": np.square(p.probabilities - one_hot).sum(axis=1).mean() / 2,
    }


@pytest.mark.parametrize("k", [2, 3])
def test_values_are_those_of_scikit_learn(k):
    p = predictions(k=k)
    found = {name: score.value for name, score in p.scores().items()}
    one_hot = np.eye(k)[p.codes]
    rare = int(np.bincount(p.codes).argmin())
    if k == 2:
        auc = metrics.roc_auc_score(p.codes == rare, p.probabilities[:, rare])
        precision = metrics.average_precision_score(p.codes == rare, p.probabilities[:, rare])
        brier = metrics.brier_score_loss(p.codes, p.probabilities[:, 1])
    else:
        auc = metrics.roc_auc_score(p.codes, p.probabilities, multi_class="ovr")
        precision = metrics.average_precision_score(one_hot, p.probabilities)
        brier = np.square(p.probabilities - one_hot).sum(axis=1).mean() / 2
    assert found["auc"] == pytest.approx(auc)
    assert found["average_precision"] == pytest.approx(precision)
    assert found["brier"] == pytest.approx(brier)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(p.codes, p.probabilities))
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(p.codes, p.predicted))
    balanced = metrics.balanced_accuracy_score(p.codes, p.predicted)
    assert found["balanced_accuracy"] == pytest.approx(balanced)


def test_ties_count_as_half():
    positive = np.array([True, False, True, False])
    assert auc_of(positive, np.array([1.0, 1.0, 2.0, 0.0]))(np.ones(4)) == 3.5 / 4


def test_rows_are_ranked_among_those_of_the_same_model():
    folds = np.repeat(np.arange(4), 25)
    rng = np.random.default_rng(0)
    codes = (rng.random(100) < 0.3).astype(int)
    # The constant of each part is the share of the others, so that it orders parts the wrong way.
    share = np.array([codes[folds != fold].mean() for fold in folds])
    constant = ClassPredictions(
        codes, np.stack([1 - share, share], axis=1), ("no", "yes"), folds=folds
    )
    found = constant.scores()
    assert found["auc"].value == 0.5
    each = [metrics.average_precision_score(codes[folds == f], share[folds == f]) for f in range(4)]
    assert found["average_precision"].value == pytest.approx(np.mean(each))
    assert metrics.roc_auc_score(codes, share) < 0.45


def test_a_part_without_a_class_is_left_out():
    folds, codes = np.repeat([0, 1], 20), np.repeat([0, 1, 0], [15, 5, 20])
    p = np.random.default_rng(0).dirichlet([1, 1], 40)
    found = ClassPredictions(codes, p, ("no", "yes"), folds=folds).scores()["auc"].value
    assert found == pytest.approx(metrics.roc_auc_score(codes[:20], p[:20, 1]))


def test_calibration_error_by_hand():
    # Forty rows: twenty with confidence 0.6, of which 15 are right, twenty with 0.9, 18 right.
    confidence = np.repeat([0.6, 0.9], 20)
    right = np.r_[np.ones(15), np.zeros(5), np.ones(18), np.zeros(2)]
    p = np.column_stack([1 - confidence, confidence])
    codes = right.astype(int)
    found = ClassPredictions(codes, p, ("no", "yes")).scores()["calibration_error"]
    assert found.value == pytest.approx(0.5 * abs(0.75 - 0.6) + 0.5 * abs(0.9 - 0.9))


def test_bins_keep_equal_values_together():
    values = np.r_[np.zeros(100), np.linspace(0.1, 1, 100)]
    bins = equal_bins(values)
    assert len(set(bins[:100])) == 1
    assert (np.diff(bins) >= 0).all()


@pytest.mark.slow
def test_intervals_hold_the_truth():
    """About 95 in 100 intervals hold the value of a very large sample; 51 of 60 are 85."""
    truth = by_scikit_learn(predictions(100_000, k=2))
    held = dict.fromkeys(truth, 0)
    for seed in range(1, 61):
        p = predictions(300, k=2, seed=seed)
        for name in held:
            score = SCORERS[name](p).estimate
            held[name] += score.low <= truth[name] <= score.high
    assert all(count >= 51 for count in held.values()), held


def test_a_model_beside_a_copy_of_itself_differs_by_nothing():
    p = predictions()
    same = difference(p.scores()["log_loss"], p.scores()["log_loss"])
    assert same.value == 0
    assert same.low in (None, 0)


def test_no_probability_is_below_what_the_training_rows_can_say():
    p = floored(np.array([[0.0, 1.0], [0.5, 0.5]]), 100)
    assert p[0, 0] == pytest.approx(0.005, rel=0.01)
    np.testing.assert_allclose(p.sum(axis=1), 1)


def test_one_class_alone_has_no_area():
    p = ClassPredictions(np.zeros(30, dtype=int), np.tile([0.7, 0.3], (30, 1)), ("a", "b"))
    found = p.scores()
    assert found["auc"] is None
    assert found["accuracy"].value == 1
