"""Scores of predicted numbers against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from further.evaluate.prediction.numbers import NumberPredictions


def test_values_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    values = rng.normal(1e6, 10, 300)
    predicted = values + rng.normal(0, 4, 300)
    interval = np.column_stack([predicted - 6, predicted + 7])
    found = NumberPredictions(values, predicted, interval).scores()
    assert found["r2"].value == pytest.approx(metrics.r2_score(values, predicted))
    assert found["rmse"].value == pytest.approx(metrics.root_mean_squared_error(values, predicted))
    assert found["mae"].value == pytest.approx(metrics.mean_absolute_error(values, predicted))
    ends = [metrics.mean_pinball_loss(values, interval[:, i], alpha=q)
            for i, q in enumerate((0.05, 0.95))]  # fmt: skip
    assert found["pinball"].value == pytest.approx(np.mean(ends))
    held = (interval[:, 0] <= values) & (values <= interval[:, 1])
    assert found["interval_coverage"].value == pytest.approx(held.mean())
    for score in found.values():
        assert score.estimate.low < score.value < score.estimate.high


def test_a_constant_target_has_no_r2():
    found = NumberPredictions(np.full(20, 3.0), np.full(20, 2.0)).scores()
    assert found["r2"] is None
    assert found["pinball"] is None
    assert found["rmse"].value == 1
