from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score
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
    machine = SVC(C=COST, gamma="scale", class_weight="balanced")
    predicted = machine.fit(digits.train.x, digits.train.y).predict(digits.test.x)
    expected = balanced_accuracy_score(digits.test.y, predicted)
    assert learning.real.value == pytest.approx(expected, abs=0.003)
    assert learning.real.value > 0.98
    assert (learning.real.by_row == (predicted == digits.test.y)).mean() > 0.99


def test_real_rows_are_worth_what_they_are(digits, learning):
    assert learning.learn(digits.train.x, digits.train.y)[0].value == learning.real.value


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
    assert gain.by_row is None
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
    assert score.value == pytest.approx(0.1)
    assert score.detail["plain"] == pytest.approx((digits.test.y == 3).mean())


def test_naming_the_commonest_class_is_worth_nothing(real_data):
    from further.data import load
    from further.data.kind import fit_encoding

    # Nine law students in ten pass the bar.
    dataset = load(real_data / "tables/law_school.csv", target="pass_bar")
    split = dataset.split(seed=0)
    train, test = dataset.take(split.train[:600]), dataset.take(split.test[:600])
    encoding = fit_encoding(train)
    x, x_test = encoding.encode(train), encoding.encode(test)
    learning = TrainOnSynthetic(x, train.codes, x_test, test.codes, kernel_width(x), seed=0)
    commonest = np.full(len(x), np.bincount(train.codes).argmax())
    lazy = learning.learn(x, commonest)[0]
    assert lazy.value == 0.5
    assert lazy.detail["plain"] == lazy.detail["majority_share"] > 0.87
    assert learning.real.estimate.low > 0.5
    assert learning.real.detail["plain"] < lazy.detail["plain"]
