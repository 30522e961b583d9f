from __future__ import annotations

import numpy as np
import pytest
from sklearn.svm import SVC

from further.evaluate.generation.support_vectors import COST, kernel_width
from further.evaluate.generation.train_on_synthetic import TrainOnSynthetic


@pytest.fixture(scope="module")
def learning(digits):
    return TrainOnSynthetic(
        digits.train.x,
        digits.train.y,
        digits.test.x,
        digits.test.y,
        kernel_width(digits.train.x),
        seed=0,
    )


def test_train_on_real_is_scikit_learns_machine(digits, learning):
    machine = SVC(C=COST, gamma="scale").fit(digits.train.x, digits.train.y)
    assert learning.real == pytest.approx(machine.score(digits.test.x, digits.test.y), abs=0.003)
    assert learning.real > 0.98


def test_real_rows_are_worth_what_they_are(digits, learning):
    assert learning.learn(digits.train.x, digits.train.y)[0].value == learning.real


def test_swapped_labels_are_worth_nothing(digits, learning):
    wrong = (digits.train.y + 1) % 10
    accuracy, gain = learning.learn(digits.train.x, wrong)
    assert accuracy.value < 0.05
    assert gain.estimate.high < -0.5


def test_good_rows_gain_and_noise_does_not(digits, learning):
    validation = digits.validation
    _, gain = learning.learn(validation.x, validation.y)
    assert gain.estimate.low > 0
    assert gain.detail["accuracy_without"] + gain.value < 1
    assert gain.value == pytest.approx(np.mean(gain.detail["gain_by_subset"]))
    rng = np.random.default_rng(0)
    noise = rng.random((359, 64)), rng.integers(0, 10, 359)
    assert learning.learn(*noise)[1].value < gain.estimate.low


def test_gain_is_the_difference_of_two_machines(digits, learning):
    _, gain = learning.learn(digits.validation.x, digits.validation.y)
    expected = []
    gamma = kernel_width(digits.train.x)
    for rows in learning.subsets:
        x, y = digits.train.x[rows], digits.train.y[rows]
        before = SVC(C=COST, gamma=gamma).fit(x, y)
        both = np.r_[x, digits.validation.x], np.r_[y, digits.validation.y]
        after = SVC(C=COST, gamma=gamma).fit(*both)
        test = digits.test.x, digits.test.y
        expected.append(after.score(*test) - before.score(*test))
    assert gain.value == pytest.approx(np.mean(expected), abs=0.002)


def test_samples_of_one_class_only(digits, learning):
    score, _ = learning.learn(digits.train.x[:20], np.full(20, 3))
    assert score.value == pytest.approx((digits.test.y == 3).mean())
