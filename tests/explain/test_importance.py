"""Permutation importance: what it finds, its intervals, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance as of_scikit_learn
from sklearn.linear_model import LinearRegression as Line

from further.data import load
from further.errors import InputError
from further.explain import permutation_importance
from further.supervised import GradientBoostingClassifier, LogisticRegression, RandomForestRegressor


def test_it_is_twice_the_variance_of_what_a_column_adds():
    # E (b x' - b x)² with x' independent of x is 2 b² Var x.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 3))
    y = 2 * X[:, 0] - X[:, 1]
    model = Line().fit(X, y)
    found = permutation_importance(model, X, y, n_repeats=20)
    assert [line.column for line in found.columns] == ["x0", "x1", "x2"]
    np.testing.assert_allclose([line.value for line in found.columns], [8, 2, 0], atol=0.3)
    assert found.columns[0].low < 8 < found.columns[0].high
    assert (found.metric, found.n, found.n_repeats) == ("squared_error", 2000, 20)
    theirs = of_scikit_learn(model, X, y, n_repeats=20, scoring="neg_mean_squared_error")
    np.testing.assert_allclose(
        [line.value for line in found.columns], theirs.importances_mean, atol=0.3
    )


def test_the_same_seed_gives_the_same_figures_and_json_is_plain():
    X = pd.DataFrame({"a": np.arange(60.0), "b": ["x", "y", None] * 20})
    y = X["a"] * (X["b"] == "x")
    model = RandomForestRegressor(n_estimators=10, random_state=0).fit(X, y)
    first = permutation_importance(model, X, y, "absolute_error", seed=3)
    assert first == permutation_importance(model, X, y, "absolute_error", seed=3)
    assert first.to_json()["columns"][0].keys() == {"column", "value", "low", "high"}
    assert first.kind == model.explain().kind == "importance"


def test_by_column_of_the_source_on_a_real_table(real_data):
    data = load(real_data / "tables" / "penguins.csv")
    rows = np.random.default_rng(0).permutation(len(data))
    model = GradientBoostingClassifier(random_state=0).fit(data.take(rows[:200]))
    for metric in ("log_loss", "error_rate", "brier"):
        found = permutation_importance(model, data.take(rows[200:]), metric=metric)
        assert {line.column for line in found.columns} == set(data.frame.columns)
        assert found.columns[0].column == "bill_length_mm"
        assert found.columns[0].low > 0
        by_name = {line.column: line for line in found.columns}
        assert by_name["sex"].value < found.columns[0].value / 5


def test_pictures_have_none():
    X = np.random.default_rng(0).integers(0, 17, size=(60, 4, 4)).astype(np.uint8)
    X[0, 0, :2] = 0, 16
    model = LogisticRegression(C=1.0).fit(X, X[:, 1, 1] > 8)
    assert permutation_importance(model, X, X[:, 1, 1] > 8) is None


def test_messages():
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = LogisticRegression(C=1.0).fit(X, X[:, 0] > 0)
    with pytest.raises(InputError, match="did you mean"):
        permutation_importance(model, X, X[:, 0] > 0, "logloss")
    with pytest.raises(InputError, match="give y"):
        permutation_importance(model, X)
    with pytest.raises(InputError, match="y has 3 entries but there are 60 rows"):
        permutation_importance(model, X, [True, False, True])
    with pytest.raises(InputError, match="y has the class maybe, which the model does not know"):
        permutation_importance(model, X, ["maybe"] * 60)
    with pytest.raises(InputError, match="n_repeats=0 must be at least 1"):
        permutation_importance(model, X, X[:, 0] > 0, n_repeats=0)
