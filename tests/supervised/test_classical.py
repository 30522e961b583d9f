"""What every rung that scikit-learn fits promises: its contract, files, messages, explanations."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import warnings

import numpy as np
import pandas as pd
import pytest
from numpydoc.docscrape import NumpyDocString
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

import further.data
from further.data.dataset import as_dataset
from further.errors import InputError, RunError
from further.registry import find_model, models_for
from further.supervised import (
    AdditiveClassifier,
    AdditiveRegressor,
    ConstantClassifier,
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    GradientBoostingRegressor,
    LinearRegression,
    LogisticRegression,
    PolynomialRegression,
    RandomForestRegressor,
    SupportVectorClassifier,
    UnivariateClassifier,
)
from further.supervised.rungs.ridge import left_out_predictions
from further.supervised.selection import folds_of, subsample
from further.train.load import load
from further.train.scikit_learn_file import estimators_from_bytes, estimators_to_bytes
from small_models import make_small

HAS_EBM = importlib.util.find_spec("interpret") is not None
ALL = [
    line.name
    for task in ("classification", "regression")
    for line in models_for(task)
    if ".rungs." in line.module
]
RUNGS = [name for name in ALL if HAS_EBM or not name.startswith("explainable")]
CLASSIFIERS = [name for name in RUNGS if find_model(name).task == "classification"]
REGRESSORS = [name for name in RUNGS if find_model(name).task == "regression"]
#: Rungs that are fitted in a moment; the contract of the others is checked with the slow tests.
QUICK = ("constant", "logistic", "linear", "decision_tree")
N = 90


def table(n=N, seed=0):
    """Return a table with missing numbers, categories, a date and a boolean."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": np.where(rng.random(n) < 0.1, np.nan, rng.integers(18, 80, n)),
            "income": rng.lognormal(10, 1, n).round(),
            "city": rng.choice(["Bonn", "Paris", "Rome"], n),
            "since": pd.to_datetime("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D"),
            "member": rng.random(n) < 0.5,
        }
    )
    frame.loc[3, "city"] = None
    return frame


def target(name, frame, seed=0):
    rng = np.random.default_rng(seed)
    signal = frame["age"].fillna(40) / 20 + 2 * (frame["city"] == "Rome") + rng.normal(size=N) / 3
    if find_model(name).task == "regression":
        return 1000 * signal.rename("spent")
    return pd.Series(np.array(["no", "perhaps", "yes"])[np.digitize(signal, [2.2, 3.5])])


@pytest.mark.parametrize("name", RUNGS)
def test_a_table_as_it_is_and_files(name, tmp_path):
    X = table()
    y = target(name, X)
    model = make_small(name).fit(X, y, run=tmp_path / "run")
    np.testing.assert_array_equal(make_small(name).fit(X, y).predict(X), model.predict(X))
    loaded = load(tmp_path / "run")
    new = table(40, seed=1)
    new.loc[0, "city"] = "Oslo"  # never seen
    np.testing.assert_array_equal(loaded.predict(new), model.predict(new))
    if name in CLASSIFIERS:
        p = loaded.predict_proba(new)
        np.testing.assert_array_equal(p, model.predict_proba(new))
        np.testing.assert_allclose(p.sum(axis=1), 1)
        np.testing.assert_array_equal(model.classes_[p.argmax(axis=1)], model.predict(new))
    else:
        ends = loaded.predict_interval(new, coverage=0.8)
        np.testing.assert_array_equal(ends, model.predict_interval(new, coverage=0.8))
        assert (ends[:, 0] <= model.predict(new)).all()
        assert (ends[:, 1] >= model.predict(new)).all()
        assert np.isfinite(model.residuals_).all()
    assert model.n_parameters_ >= 1
    assert model.cost_["steps"] is None
    assert model.cost_["seconds"] > 0
    record = json.loads(json.dumps(loaded.explain().to_json()))
    assert record == json.loads(json.dumps(model.explain().to_json()))
    assert record["kind"] in {"constant", "coefficients", "shape functions", "tree", "importance"}
    assert all(note.endswith(".") for note in [*model.notes_, *record["notes"]])
    files = {path.name for path in (tmp_path / "run").iterdir()}
    assert not [f for f in files if f.endswith((".pkl", ".joblib"))]


@pytest.mark.parametrize("name", ALL)
def test_parameters_and_docstring(name):
    model = make_small(name)
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    assert not [attribute for attribute in vars(copied) if attribute.endswith("_")]
    cls = type(model)
    parameters = inspect.signature(cls).parameters
    described = {e.name: e for e in NumpyDocString(inspect.getdoc(cls))["Parameters"]}
    assert list(described) == list(parameters)
    for parameter in parameters.values():
        said = described[parameter.name].type.partition("default=")[2]
        assert ast.literal_eval(said) == parameter.default, parameter
    assert set(cls._parameter_constraints) == set(parameters)
    assert len(parameters) <= 7


def test_the_ladder_goes_from_the_most_transparent_to_the_most_opaque():
    for task in ("classification", "regression"):
        rungs = [line.transparency for line in models_for(task) if line.transparency is not None]
        assert rungs == sorted(rungs)
        assert len(set(rungs)) == len(rungs)
        assert rungs[0] == 0


@pytest.mark.parametrize("name", RUNGS)
def test_messages(name):
    X = table()
    y = target(name, X)
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        make_small(name).predict(X)
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        make_small(name).fit(X)
    with pytest.raises(InputError, match=r"y has 3 (labels|numbers) but there are 90 rows"):
        make_small(name).fit(X, y.to_numpy()[:3])
    if name in CLASSIFIERS:
        with pytest.raises(InputError, match="there have to be at least two classes"):
            make_small(name).fit(X, np.full(N, "no"))
    else:
        with pytest.raises(InputError, match="predicts one number, but y has 2 columns"):
            make_small(name).fit(X, np.stack([y, y], axis=1))
        with pytest.raises(InputError, match='holds "dear", which is no number'):
            make_small(name).fit(X, [*map(str, y[:-1]), "dear"])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_class_of_one_row_is_learnt(name):
    X = table()
    y = target(name, X).to_numpy().copy()
    y[0] = "alone"
    model = make_small(name).fit(X, y)
    assert model.predict_proba(X).shape == (N, 4)
    assert np.isfinite(model.predict_proba(X)).all()
    two = np.where(np.arange(N) == 7, "alone", "others")
    assert make_small(name).fit(X, two).predict_proba(X).shape == (N, 2)


@pytest.mark.parametrize("name", RUNGS)
def test_huge_constant_and_few_values(name):
    X = np.random.default_rng(0).normal(size=(12, 3))
    X[:, 1] = 7.0
    X[:, 2] *= 1e300
    y = X[:, 0] * 1e200 if name in REGRESSORS else X[:, 0] > 0
    model = make_small(name).fit(X, y)
    p = model.predict_proba(X) if name in CLASSIFIERS else model.predict(X)
    assert np.isfinite(p).all()
    assert make_small(name).fit(X[:2], [0, 1]).predict(X).shape == (12,)


@pytest.mark.parametrize("name", [n for n in RUNGS if "explainable" not in n])
def test_pictures_are_their_values(name):
    X = np.random.default_rng(0).integers(0, 17, size=(60, 4, 4)).astype(np.uint8)
    X[0, 0, :2] = 0, 16
    y = X[:, 1, 2].astype(float) if name in REGRESSORS else X[:, 1, 2] > 8
    model = make_small(name).fit(X, y)
    assert model.predict(X[:5]).shape == (5,)
    model.explain()


@pytest.mark.skipif(HAS_EBM, reason="interpret is installed")
def test_what_is_not_installed_is_said():
    with pytest.raises(InputError, match=r'install it with: pip install "further-ml\[ebm\]"'):
        make_small("explainable_boosting_classifier").fit(np.eye(3), [0, 1, 1])


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


# Against closed forms ----------------------------------------------------------------------------


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


def test_the_constant_is_the_shares():
    model = ConstantClassifier().fit(np.zeros((4, 1)), [1, 1, 2, 1])
    assert model.explain().value == {"1": 0.75, "2": 0.25}
    assert model.predict(np.ones((2, 1))).tolist() == [1, 1]


def test_the_best_column_is_found():
    X = table()
    model = UnivariateClassifier(random_state=0).fit(X, X["city"].fillna("none") == "Rome")
    assert model.chosen_ == {"column": "city"}
    assert {line.column for line in model.explain().coefficients} == {"city"}


# Choosing, subsamples, intervals -----------------------------------------------------------------


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


# Files -------------------------------------------------------------------------------------------


class Foreign:
    """Of a type that no file of ours may name."""


def test_a_file_that_names_another_type_is_refused(tmp_path):
    from sklearn.linear_model import Ridge
    from skops.io import dumps

    model = Ridge().fit(np.eye(3), [1.0, 2.0, 3.0])
    model.extra = Foreign()
    with pytest.raises(InputError, match="cannot be saved, since reading it could run code"):
        estimators_to_bytes({"model_": model})
    with pytest.raises(RunError, match=r"names the type .*Foreign.* and was not read"):
        estimators_from_bytes(dumps({"model_": model}), "model.skops")
    with pytest.raises(RunError, match=r'"model\.skops" is damaged'):
        estimators_from_bytes(b"no archive", "model.skops")


# On real data ------------------------------------------------------------------------------------


def test_the_rungs_beat_the_constant_on_real_tables(real_data):
    data = further.data.load(real_data / "tables" / "penguins.csv")
    constant = ConstantClassifier().fit(data).score(data, data.classes.values)
    for name in CLASSIFIERS:
        if name != "constant_classifier":
            assert make_small(name).fit(data).score(data, data.classes.values) > constant + 0.2
    frame = pd.read_csv(real_data / "tables" / "fish.csv").drop(columns="Category")
    y = frame.pop("Weight")
    for name in REGRESSORS:
        if name != "constant_regressor":
            model = make_small(name).fit(frame[::2], y[::2])
            assert model.score(frame[1::2], y[1::2]) > 0.5, name


def test_additive_models_see_what_linear_ones_do_not(real_data):
    frame = pd.read_csv(real_data / "tables" / "boston_housing.csv", header=None)
    y = frame.pop(13)
    frame.columns = [f"c{i}" for i in range(13)]
    linear = LinearRegression().fit(frame[::2], y[::2]).score(frame[1::2], y[1::2])
    additive = AdditiveRegressor().fit(frame[::2], y[::2]).score(frame[1::2], y[1::2])
    assert additive > linear + 0.05


def checked(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


@parametrize_with_checks([make_small(name) for name in RUNGS if name.startswith(QUICK)])
def test_scikit_learn(estimator, check):
    checked(estimator, check)


@pytest.mark.slow
@parametrize_with_checks([make_small(name) for name in RUNGS if not name.startswith(QUICK)])
def test_scikit_learn_of_slower_rungs(estimator, check):
    checked(estimator, check)


def test_additive_classes_are_smooth():
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 3, size=(1500, 1))
    y = rng.random(1500) < 1 / (1 + np.exp(-3 * np.cos(X[:, 0])))
    (function,) = AdditiveClassifier(random_state=0).fit(X, y).explain().functions
    x, f = np.asarray(function.x), np.asarray(function.y)
    wanted = 3 * np.cos(x)
    assert np.abs((f - f.mean()) - (wanted - wanted.mean())).max() < 1.0
