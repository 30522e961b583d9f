from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.linalg import sqrtm

from further.evaluate.generation import frechet_distance as frechet
from further.evaluate.generation.frechet_distance import frechet_distance
from further.evaluate.resampling import half_samples


def with_moments(n: int, mean: np.ndarray, covariance: np.ndarray, seed: int) -> np.ndarray:
    """Rows whose sample mean and covariance are exactly as asked."""
    x = np.random.default_rng(seed).normal(size=(n, len(mean)))
    x -= x.mean(axis=0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T
    return x @ np.linalg.cholesky(covariance).T + mean


def test_shifted_and_scaled_gaussians_in_closed_form():
    d = 4
    x = with_moments(50, np.zeros(d), np.eye(d), seed=0)
    y = with_moments(60, np.full(d, 1.5), 4 * np.eye(d), seed=1)
    # |shift|² + sum over dimensions of (1 - 2)²
    assert frechet_distance(x, y) == pytest.approx(d * 1.5**2 + d * 1.0)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)


def test_agrees_with_the_matrix_square_root_of_scipy():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 5)) @ rng.normal(size=(5, 5))
    y = rng.normal(size=(70, 5)) @ rng.normal(size=(5, 5)) + 1
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    shift = x.mean(axis=0) - y.mean(axis=0)
    expected = shift @ shift + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_distance(x, y) == pytest.approx(expected)


def test_fewer_rows_than_dimensions():
    x, y = np.random.default_rng(0).normal(size=(2, 4, 30))
    assert np.isfinite(frechet_distance(x, y))


def test_score_has_an_interval_that_does_not_go_below_zero():
    x, y = np.random.default_rng(0).normal(size=(2, 40, 3))
    test_halves, halves = half_samples(40, 100, 0), half_samples(40, 100, 1)
    score = frechet.score(
        SimpleNamespace(test_features=x, features=y, test_halves=test_halves, halves=halves)
    )
    assert score.value - 1.96 * score.draws.std(ddof=1) < 0.0 == score.estimate.low
    assert score.estimate.high == pytest.approx(score.value + 1.96 * score.draws.std(ddof=1), 1e-4)
