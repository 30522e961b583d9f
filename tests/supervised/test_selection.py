"""Choosing by cross-validation, subsamples, and the intervals that left-out rows make."""

from __future__ import annotations

import numpy as np
import pytest

from further.supervised import (
    AdditiveRegressor,
    GradientBoostingRegressor,
    LinearRegression,
    RandomForestRegressor,
    SupportVectorClassifier,
)
from further.supervised.selection import folds_of, subsample


def test_folds_keep_shares_and_groups():
    y = np.repeat([0, 1], [80, 20])
    folds = folds_of(100, 5, seed=0, strata=y)
    assert [(y[folds == fold] == 1).sum() for fold in range(5)] == [4] * 5
    groups = np.repeat(np.arange(20), 5)
    folds = folds_of(100, 5, seed=0, groups=groups)
    assert all(len(set(folds[groups == group])) == 1 for group in range(20))
    assert set(folds) == set(range(5))


def test_a_subsample_keeps_every_class():
    y = np.repeat([0, 1, 2], [9000, 990, 10])
    rows = subsample(len(y), 500, seed=0, strata=y)
    counts = np.bincount(y[rows])
    assert len(set(rows)) == 500
    assert counts[2] >= 1
    assert abs(counts[0] - 450) <= 2


def test_a_large_table_is_subsampled_and_that_is_said():
    X = np.random.default_rng(0).normal(size=(4500, 2))
    model = SupportVectorClassifier(C=1.0, gamma=0.5, random_state=0).fit(X, X[:, 0] > 0)
    assert model.notes_ == ["Fitted to 4000 of 4500 rows, drawn at random."]


@pytest.mark.parametrize(
    "model",
    [
        LinearRegression(),
        RandomForestRegressor(n_estimators=60, random_state=0),
        GradientBoostingRegressor(max_iter=60, random_state=0),
        AdditiveRegressor(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_intervals_cover_what_they_promise(model):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(2400, 3))
    y = X[:, 0] + np.sin(2 * X[:, 1]) + rng.standard_t(4, size=2400)
    ends = model.fit(X[:400], y[:400]).predict_interval(X[400:], coverage=0.9)
    covered = ((ends[:, 0] <= y[400:]) & (y[400:] <= ends[:, 1])).mean()
    assert 0.87 < covered < 0.94


def test_rows_that_are_given_for_it_make_the_interval():
    X = np.arange(60.0)[:, None]
    y = 2 * X[:, 0]
    model = LinearRegression().fit(X[:40], y[:40], validation=(X[40:], y[40:] + 5))
    np.testing.assert_allclose(model.residuals_.ravel(), 5, atol=0.1)
