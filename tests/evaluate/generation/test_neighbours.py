from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from prdc import compute_prdc

from further.evaluate.distance import distances
from further.evaluate.generation.neighbours import NAMES, neighbour_scores
from further.evaluate.resampling import half_samples


def shares(x, y, k=5):
    halves = half_samples(len(x), 2, 0), half_samples(len(y), 2, 1)
    scores = neighbour_scores(distances(x), distances(x, y), distances(y), *halves, k)
    return {name: score.value for name, score in scores.items()}


def theirs(x, y, k=5):
    with contextlib.redirect_stdout(io.StringIO()):
        return compute_prdc(x, y, k)


@pytest.mark.parametrize(("shift", "scale"), [(0, 1), (1, 1), (0, 0.3), (0, 3)])
def test_agrees_with_the_prdc_package(shift, scale):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(90, 6)), shift + scale * rng.normal(size=(70, 6))
    assert shares(x, y) == pytest.approx(theirs(x, y))


def test_identical_samples():
    x = np.random.default_rng(0).normal(size=(60, 4))
    found = shares(x, x.copy())
    assert found["precision"] == found["recall"] == found["coverage"] == 1.0
    assert found == pytest.approx(theirs(x, x))


def test_collapsed_generator_is_precise_and_covers_nothing():
    # The two are easily swapped: toshas/torch-fidelity#58.
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4))
    y = np.repeat(x[:1], 200, axis=0) + 1e-3 * rng.normal(size=(200, 4))
    found = shares(x, y)
    assert found["precision"] == 1.0
    assert found["recall"] <= 0.01
    assert found["coverage"] < 0.1


def test_noise_is_neither_precise_nor_covering():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 8)), rng.uniform(-20, 20, (200, 8))
    found = shares(x, y)
    assert found["precision"] < 0.05
    assert found["coverage"] < 0.05


def test_on_a_line_by_hand():
    x, y = np.array([[0.0], [1.0], [10.0]]), np.array([[0.5], [20.0], [21.0]])
    # k=1: balls of radius 1, 1, 9 around 0, 1, 10; of radius 19.5, 1, 1 around 0.5, 20, 21.
    assert shares(x, y, k=1) == pytest.approx(
        {"precision": 1 / 3, "recall": 1.0, "density": 2 / 3, "coverage": 2 / 3}
    )


def test_intervals_are_as_wide_as_the_shares_vary_from_sample_to_sample():
    rng = np.random.default_rng(0)

    def scores():
        x, y = rng.normal(size=(2, 80, 3))
        halves = half_samples(80, 60, 0), half_samples(80, 60, 1)
        return neighbour_scores(distances(x), distances(x, y), distances(y), *halves)

    found = [scores() for _ in range(40)]
    assert tuple(found[0]) == NAMES
    for name in NAMES:
        spread = np.std([one[name].value for one in found], ddof=1)
        widths = [one[name].estimate.high - one[name].estimate.low for one in found]
        assert 0.6 < np.mean(widths) / (2 * 1.96 * spread) < 1.5, name


def test_a_share_cannot_pass_one_but_density_can():
    x = np.random.default_rng(0).normal(size=(60, 3))
    halves = half_samples(60, 100, 0), half_samples(60, 100, 1)
    between = distances(x), distances(x, 0.3 * x), distances(0.3 * x)
    scores = neighbour_scores(*between, *halves)
    precision, density = scores["precision"], scores["density"]
    assert precision.value == precision.estimate.high == 1.0
    assert density.estimate.high > density.value > 1.0


@pytest.mark.parametrize("n", [11, 150])
def test_halves_agree_with_the_shares_on_submatrices(n):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(n, 3)), rng.normal(0.3, 0.8, (n, 3))
    x[1] = x[0]  # a copy
    halves = half_samples(n, 6, 0), half_samples(n, 6, 1)
    scores = neighbour_scores(distances(x), distances(x, y), distances(y), *halves)
    direct = np.array(
        [
            list(shares(x[a], y[b]).values())
            for a, b in zip(*halves[0].paired(halves[1]), strict=True)
        ]
    )
    scale = np.sqrt((n // 2) / (n - n // 2))
    for column, name in enumerate(NAMES):
        spread = direct[:, column] - direct[:, column].mean()
        np.testing.assert_allclose(
            scores[name].draws - scores[name].value, scale * spread, atol=1e-9
        )


@pytest.mark.slow
def test_coverage_interval_holds_what_it_promises():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        x, y = rng.normal(size=(2, 150, 5))
        y *= 0.7
        halves = half_samples(150, 100, 0), half_samples(150, 100, 1)
        scores = neighbour_scores(distances(x), distances(x, y), distances(y), *halves)
        found.append([[s.value, s.estimate.low, s.estimate.high] for s in scores.values()])
    values, low, high = np.moveaxis(np.array(found), 2, 0)
    truth = values.mean(axis=0)
    inside = ((low <= truth) & (truth <= high)).mean(axis=0)
    assert (inside >= 0.9).all(), dict(zip(NAMES, inside, strict=True))


def test_fewer_rows_than_neighbours():
    x, y = np.random.default_rng(0).normal(size=(2, 3, 2))
    assert np.isfinite(list(shares(x, y).values())).all()
