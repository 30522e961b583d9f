from __future__ import annotations

import numpy as np
import pytest

from further.evaluate.generation.support_vectors import kernel_width
from further.evaluate.generation.two_sample import (
    FEATURE_CLASSIFIER,
    RAW_CLASSIFIER,
    two_sample_accuracy,
)


def accuracy(x, y, seed=0):
    return two_sample_accuracy(x, y, x, y, kernel_width(x), seed)


def test_equal_distributions_cannot_be_told_apart():
    rng = np.random.default_rng(0)
    values = [accuracy(*rng.normal(size=(2, 150, 5))).value for _ in range(20)]
    # The better of two classifiers counts, which lifts the mean a little.
    assert 0.47 < np.mean(values) < 0.55


def test_known_difference_comes_near_the_bayes_accuracy():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 1000, 2))
    y[:, 0] += 2
    score = accuracy(x, y)
    assert score.value == pytest.approx(0.841, abs=0.025)  # Φ(1)
    assert score.estimate.low < 0.841 < score.estimate.high
    assert score.estimate.n == 2000


def test_the_stricter_judge_counts_and_both_are_kept():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 300, 2))
    y /= np.linalg.norm(y, axis=1, keepdims=True)  # a ring: no straight line parts them
    score = accuracy(x, y)
    assert score.detail["counts"] == RAW_CLASSIFIER
    assert score.value == score.detail[RAW_CLASSIFIER] > 0.8
    assert score.detail[FEATURE_CLASSIFIER] < 0.65


def test_repeated_samples_are_found_out():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = np.repeat(rng.normal(size=(10, 3)), 20, axis=0)
    assert accuracy(x, y).value > 0.8


def test_few_rows():
    x, y = np.random.default_rng(0).normal(size=(2, 3, 2))
    assert accuracy(x, y) is None
    x, y = np.random.default_rng(0).normal(size=(2, 10, 2))
    score = accuracy(x, y + 20)
    assert score.value == 1.0
    # Of twenty rows: Wilson's interval for 20 of 20.
    assert score.estimate.low == pytest.approx(1 / (1 + 1.96**2 / 20), abs=1e-3)


def test_constant_features():
    x = np.ones((30, 3))
    assert accuracy(x, x + np.array([0, 0, 1])).value == 1.0
