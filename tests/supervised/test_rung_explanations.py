"""What a rung says of itself is what it predicts, and closed forms say the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from further.data.dataset import as_dataset
from further.supervised import (
    AdditiveClassifier,
    ConstantClassifier,
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    LinearRegression,
    LogisticRegression,
    PolynomialRegression,
    UnivariateClassifier,
)
from further.supervised.rungs.ridge import left_out_predictions
from small_models import make_small
from small_rungs import HAS_EBM, N, table, target


def test_linear_coefficients_are_those_of_the_normal_equations():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3)) * [1, 10, 100] + [5, 0, -300]
    y = X @ [2.0, -0.3, 0.01] + 7 + rng.normal(size=50)
    found = LinearRegression(alpha=0.0).fit(X, y).explain()
    exact = np.linalg.lstsq(np.c_[np.ones(50), X], y, rcond=None)[0]
    by_name = {line.column: line for line in found.coefficients}
    np.testing.assert_allclose([by_name[f"x{i}"].value for i in range(3)], exact[1:], rtol=1e-8)
    np.testing.assert_allclose(found.intercept["y"], exact[0], rtol=1e-8)
    sizes = exact[1:] * X.std(axis=0) / y.std()
    np.testing.assert_allclose([by_name[f"x{i}"].standardised for i in range(3)], sizes)


@pytest.mark.parametrize("shape", [(30, 4), (12, 20)])
def test_rows_left_out_at_once_are_as_if_left_out_one_by_one(shape):
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=shape), rng.normal(size=shape[0])
    n = len(y)
    slow = [
        Ridge(alpha=0.1 * n).fit(np.delete(x, i, 0), np.delete(y, i)).predict(x[[i]])[0]
        for i in range(n)
    ]
    # The means are those of all rows, which Ridge takes anew without the row: the same in exact
    # arithmetic, as the intercept is not penalised.
    np.testing.assert_allclose(left_out_predictions(x, y, [0.1])[0], slow, rtol=1e-8)


def test_logistic_coefficients_make_the_log_odds():
    X = table()
    y = target("logistic_regression", X) == "yes"
    model = LogisticRegression(random_state=0).fit(X, y)
    found = model.explain()
    p = model.predict_proba(X)[:, 1]
    total = np.full(N, found.intercept["True"])
    filled = X.fillna({"age": X["age"].mean()})
    for line in found.coefficients:
        assert line.outcome == "True"
        np.testing.assert_allclose(line.odds_ratio, np.exp(line.value))
        column = filled[line.column]
        if line.column == "since":
            column = (column - pd.Timestamp(0)).dt.total_seconds()
        if line.category is None:
            total += line.value * column
        elif line.category == "missing":
            total += line.value * X[line.column].isna()
        elif line.category == "given":
            total += line.value * X[line.column].notna()
        else:
            total += line.value * (column.astype(str) == line.category)
    np.testing.assert_allclose(total, np.log(p / (1 - p)), atol=1e-6)
    cities = [line.value for line in found.coefficients if line.column == "city"]
    assert abs(sum(cities)) < 1e-4  # each is a distance from their middle


def test_a_polynomial_is_found_again():
    x = np.linspace(0, 10, 80)
    y = 3 - 2 * x + 0.5 * x**2 + np.random.default_rng(0).normal(size=80) / 20
    model = PolynomialRegression(random_state=0).fit(x[:, None], y)
    found = model.explain()
    total = np.full(80, found.intercept["y"])
    for line in found.coefficients:
        total += line.value * x**line.power
    np.testing.assert_allclose(total, model.predict(x[:, None]), atol=1e-6)
    assert model.chosen_["degree"] >= 2
    assert np.abs(total - (3 - 2 * x + 0.5 * x**2)).max() < 0.1


def follow(rule, row, missing):
    """Return the answer of nested rules for a row."""
    while rule.column is not None:
        value = row[rule.column]
        if rule.threshold is not None:
            if pd.isna(value):
                value = missing[rule.column]
            elif isinstance(value, pd.Timestamp):
                value = value.timestamp()
            yes = value <= rule.threshold
        elif rule.category in ("missing", "given"):
            yes = pd.isna(value) == (rule.category == "missing")
        else:
            yes = str(value) == rule.category
        rule = rule.yes if yes else rule.no
    return rule.value


@pytest.mark.parametrize("cls", [DecisionTreeClassifier, DecisionTreeRegressor])
def test_the_rules_of_a_tree_predict_what_it_predicts(cls):
    X = table()
    y = target("decision_tree_" + cls.__name__[12:].lower(), X)
    model = cls(max_leaf_nodes=12, min_samples_leaf=2, random_state=0).fit(X, y)
    found = model.explain()
    assert found.n_leaves == 12
    assert found.root.n == N
    answers = [follow(found.root, row, found.missing) for _, row in X.iterrows()]
    if cls is DecisionTreeRegressor:
        np.testing.assert_allclose(answers, model.predict(X))
    else:
        np.testing.assert_allclose([list(a.values()) for a in answers], model.predict_proba(X))


@pytest.mark.parametrize(
    "name",
    ["additive_classifier", "additive_regressor"]
    + (["explainable_boosting_regressor"] if HAS_EBM else []),
)
def test_shape_functions_sum_to_the_decision(name):
    X = table()
    y = target(name, X)
    if name.endswith("classifier"):
        y = y == "yes"
    model = make_small(name).fit(X, y)
    found = model.explain()
    (intercept,) = found.intercept.values()
    total = np.full(N, intercept)
    for function in found.functions:
        column = X[function.column]
        added = column.astype(str).where(column.notna(), "missing").map(function.categories)
        if function.x:
            if function.column == "since":
                column = (column - pd.Timestamp(0)).dt.total_seconds()
            numbers = np.interp(column.fillna(0), function.x, function.y)
            added = added.astype(float).where(column.isna(), numbers)
        if name.startswith("additive"):
            assert abs(added.astype(float).mean()) < 1e-6 * max(1, abs(intercept))
        total += added.astype(float).to_numpy()
    if name.endswith("classifier"):
        p = model.predict_proba(X)[:, 1]
        np.testing.assert_allclose(total, np.log(p / (1 - p)), atol=1e-6)
    else:
        np.testing.assert_allclose(total, model.predict(X), rtol=1e-6)


@pytest.mark.skipif(not HAS_EBM, reason="needs interpret")
@pytest.mark.parametrize("name", ["classifier", "regressor"])
def test_the_steps_say_what_interpret_says(name):
    X = table()
    model = make_small(f"explainable_boosting_{name}")
    y = target(f"explainable_boosting_{name}", X)
    kept = {}
    record = type(model)._record
    type(model)._record = lambda self, machine: record(self, kept.setdefault("m", machine))
    try:
        model.n_folds = 1
        model.fit(X, y)
    finally:
        type(model)._record = record
    rows = model._frame(model._encoded(as_dataset(X)))
    if name == "classifier":
        np.testing.assert_allclose(model.predict_proba(X), kept["m"].predict_proba(rows))
    else:
        expected = kept["m"].predict(rows) * model.scale_ + model.center_
        np.testing.assert_allclose(model.predict(X), expected)


def test_the_constant_is_the_shares():
    model = ConstantClassifier().fit(np.zeros((4, 1)), [1, 1, 2, 1])
    assert model.explain().value == {"1": 0.75, "2": 0.25}
    assert model.predict(np.ones((2, 1))).tolist() == [1, 1]


def test_the_best_column_is_found():
    X = table()
    model = UnivariateClassifier(random_state=0).fit(X, X["city"].fillna("none") == "Rome")
    assert model.chosen_ == {"column": "city"}
    assert {line.column for line in model.explain().coefficients} == {"city"}


def test_additive_classes_are_smooth():
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 3, size=(1500, 1))
    y = rng.random(1500) < 1 / (1 + np.exp(-3 * np.cos(X[:, 0])))
    (function,) = AdditiveClassifier(random_state=0).fit(X, y).explain().functions
    x, f = np.asarray(function.x), np.asarray(function.y)
    wanted = 3 * np.cos(x)
    assert np.abs((f - f.mean()) - (wanted - wanted.mean())).max() < 1.0
