from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from further.evaluate.generation.memorization import QUANTILE, NearestTraining


@pytest.fixture(scope="module")
def training(digits):
    return NearestTraining(digits.train.x, digits.validation.x)


def test_agrees_with_brute_force(digits, training, samplers):
    near = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(digits.train.x)
    threshold = np.quantile(near.kneighbors(digits.validation.x)[0], QUANTILE)
    assert training.threshold == pytest.approx(threshold, rel=1e-5)
    samples = samplers["copies half"](200, 0).x
    expected = (near.kneighbors(samples)[0][:, 0] < threshold - 1e-5).mean()
    assert training.score(samples).value == pytest.approx(expected)


def test_copies_lie_within_and_honest_samples_beyond(digits, training, samplers):
    assert training.score(samplers["copy"](200, 0).x).detail["exact_copies"] == 1.0
    assert training.score(samplers["copy with jitter"](200, 0).x).value > 0.95
    assert training.score(samplers["copies half"](200, 0).x).value > 0.4
    for name in ("mixture", "fine mixture", "blurred mixture"):
        assert training.score(samplers[name](360, 0).x).value < 0.1, name
    assert training.score(digits.test.x).value < 0.05


def test_repeated_real_rows_put_the_threshold_at_zero():
    rng = np.random.default_rng(0)
    train, validation, test = rng.integers(0, 2, (3, 300, 3)).astype(float)
    training = NearestTraining(train, validation)
    assert training.threshold == 0.0
    assert training.score(test).value == training.score(train).value == 1.0


def test_copies_are_told_from_rows_that_are_one_category_away():
    rng = np.random.default_rng(0)
    # Eight columns of three categories, where every row differs from all others.
    cells = np.array(np.unravel_index(rng.permutation(3**8)[:4000], (3,) * 8)).T
    rows = np.eye(3)[cells].reshape(4000, 24)
    training = NearestTraining(rows[:3000], rows[3000:3500])
    assert training.threshold == pytest.approx(np.sqrt(2))
    assert training.tied
    assert training.score(rows[3500:]).value == 0.0
    assert training.score(rows[:300]).value == 1.0


def test_nearest_pairs(digits, training):
    rows, far = training.nearest(digits.train.x[[5, 9]])
    assert rows.tolist() == [5, 9]
    assert (far == 0).all()
