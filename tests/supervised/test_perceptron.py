"""The perceptron: its rule by hand, its bound on real data, and scikit-learn's own checks."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator

import further
from further.errors import InputError
from further.supervised.perceptron import Perceptron
from further.supervised.separation import separate


def setosa() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_iris(return_X_y=True)
    return X, y == 0


def test_the_rule_by_hand():
    # Row 0 moves the line to (1, 0 | 1); row 1, of the other class, is then wrong, and so on.
    X, y = [[1.0, 0.0], [0.0, 1.0]], [1, 0]
    model = Perceptron(order="given").fit(X, y)
    steps = model.steps_
    assert steps.row.tolist() == [0, 1]
    assert steps.weights.tolist() == [[1.0, 0.0], [1.0, -1.0]]
    assert steps.bias.tolist() == [1.0, 0.0]
    assert steps.errors.tolist() == [1, 0]
    assert steps.epoch.tolist() == [1, 1]
    assert (model.converged_, model.n_updates_, model.n_iter_) == (True, 2, 2)
    # R² = 2, and the largest margin has (1, -1 | 0), of length √2: 1 / √2.
    assert model.margin_ == pytest.approx(1 / np.sqrt(2))
    assert model.bound_ == pytest.approx(4.0)


def test_one_row_at_a_time_gives_the_same_lines():
    X, y = load_breast_cancer(return_X_y=True)
    X, signs = StandardScaler().fit_transform(X), np.where(y == 1, 1, -1)
    line, bias, rows = np.zeros(X.shape[1]), 0.0, []
    for _ in range(5):
        for i, (x, sign) in enumerate(zip(X, signs, strict=True)):
            if sign * (x @ line + bias) <= 0:
                line, bias = line + sign * x, bias + sign
                rows.append(i)
    with pytest.warns(ConvergenceWarning, match="max_epochs=5"):
        model = Perceptron(max_epochs=5, order="given").fit(X, y)
    assert model.steps_.row.tolist() == rows
    np.testing.assert_allclose(model.coef_[0], line, atol=1e-9)
    assert model.intercept_[0] == bias
    assert model.n_updates_ == len(rows)


@pytest.mark.parametrize("seed", range(5))
def test_novikoffs_bound_holds_on_iris(seed):
    X, y = setosa()
    model = Perceptron(random_state=seed).fit(X, y)
    assert model.converged_
    assert model.score(X, y) == 1.0
    assert 1 <= model.n_updates_ <= model.bound_
    assert len(model.steps_) == model.n_updates_
    assert model.steps_.errors[-1] == model.n_errors_ == 0


def test_the_margin_is_that_of_a_support_vector_machine():
    X, y = setosa()
    # A constant column in place of the intercept, which the bound treats as a weight.
    rows = np.column_stack([X, np.ones(len(X))])
    signs = np.where(y, 1.0, -1.0)
    machine = SVC(kernel="linear", C=1e9, tol=1e-9)
    # Rows of both signs around the origin: then the best intercept is zero.
    machine.fit(np.vstack([rows * signs[:, None], -rows * signs[:, None]]), np.repeat([1, 0], 150))
    assert separate(X, y).margin == pytest.approx(1 / np.linalg.norm(machine.coef_), rel=1e-4)


def test_no_hyperplane_tried_at_random_has_a_larger_margin():
    X, y = setosa()
    rows = np.column_stack([X, np.ones(len(X))]) * np.where(y, 1.0, -1.0)[:, None]
    best = separate(X, y)
    found = np.append(best.weights, best.bias)
    assert (rows @ found).min() == pytest.approx(best.margin)
    tried = found + np.random.default_rng(0).normal(0, 0.05, (2000, 5))
    tried /= np.linalg.norm(tried, axis=1, keepdims=True)
    assert (rows @ tried.T).min(axis=0).max() <= best.margin + 1e-12


def test_classes_that_no_line_separates_have_no_bound_but_the_reason():
    X, y = load_iris(return_X_y=True)
    X, y = X[y > 0], y[y > 0]
    with pytest.warns(ConvergenceWarning, match="no line separates the classes"):
        model = Perceptron(random_state=0).fit(X, y)
    assert model.bound_ is None
    assert not model.converged_
    assert model.n_errors_ > 0
    shown = separate(X, y == 2)
    mixtures = [
        sum(share * X[i] for i, share in shares.items())
        for shares in (shown.positive, shown.negative)
    ]
    np.testing.assert_allclose(*mixtures, atol=1e-6)
    assert set(y[list(shown.positive)]) == {2}
    assert set(y[list(shown.negative)]) == {1}


def test_many_rows_are_separated_as_few_are():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 3))
    distance = X @ [1.0, 2.0, -1.0]
    X, y = X[np.abs(distance) > 0.1], (distance > 0)[np.abs(distance) > 0.1]
    model = Perceptron(random_state=0).fit(X, y)
    assert model.converged_
    assert model.n_updates_ <= model.bound_
    assert model.margin_ >= 0.1 / np.sqrt(6) - 1e-9


def test_only_so_many_lines_are_kept():
    X, y = setosa()
    whole = Perceptron(order="given").fit(X, y)
    model = Perceptron(n_recorded=2, order="given").fit(X, y)
    assert len(model.steps_) == 2
    assert model.n_updates_ == whole.n_updates_ > 2
    frame = whole.steps_.to_frame()
    assert list(frame) == ["epoch", "row", "w1", "w2", "w3", "w4", "bias", "errors"]
    assert isinstance(frame, pd.DataFrame)
    assert frame.index[-1] == whole.n_updates_
    np.testing.assert_array_equal(frame.loc[:, "w1":"w4"].to_numpy()[-1], whole.coef_[0])


def test_three_classes_are_refused_with_the_way_out():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(InputError, match="OneVsRestClassifier"):
        Perceptron().fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = OneVsRestClassifier(Perceptron(random_state=0)).fit(X, y)
    assert model.score(X, y) > 0.6
    with pytest.raises(InputError, match="y has one class, 7"):
        Perceptron().fit(X, np.full(150, 7))


def test_saved_and_loaded(tmp_path):
    X, y = setosa()
    names = np.where(y, "setosa", "other")
    model = Perceptron(random_state=0).fit(X, names)
    loaded = further.load(model.save(tmp_path))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(loaded.steps_.weights, model.steps_.weights)
    assert loaded.bound_ == model.bound_
    assert loaded.classes_.tolist() == ["other", "setosa"]


def test_scikit_learns_checks():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(Perceptron(), on_fail=None)
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []
