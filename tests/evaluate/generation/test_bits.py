from __future__ import annotations

import math

import numpy as np
import pytest

from further.evaluate.generation.bits import bits_per_dimension


def test_uniform_over_grey_levels_has_their_logarithm():
    score = bits_per_dimension(np.full(10, -64 * math.log(256)), 64, "exact")
    assert score.value == pytest.approx(8.0)
    assert score.basis == "exact"


def test_interval_and_basis():
    nats = -np.random.default_rng(0).normal(100, 10, 300)
    score = bits_per_dimension(nats, 64, "bound")
    assert score.value == pytest.approx(-nats.mean() / (64 * math.log(2)))
    assert score.estimate.low < score.value < score.estimate.high
    assert score.basis == "bound"


def test_no_likelihood_no_score():
    assert bits_per_dimension(np.zeros(3), 64, None) is None


def test_impossible_rows_are_not_hidden():
    for impossible in (-np.inf, np.nan):
        score = bits_per_dimension(np.array([-1.0, impossible]), 4, "exact")
        assert score.value == math.inf
        assert score.detail["impossible_rows"] == 1
        assert score.estimate.to_dict()["value"] is None
