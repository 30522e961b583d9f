"""What every rung that scikit-learn fits promises: its contract, tables as they are, messages."""

from __future__ import annotations

import json
import sys
import warnings

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from further.errors import InputError
from further.registry import models_for
from further.train.load import load
from small_models import make_small
from small_rungs import CLASSIFIERS, REGRESSORS, RUNGS, N, table, target

#: Rungs that are fitted in a moment; the contract of the others is checked with the slow tests.
QUICK = ("constant", "logistic", "linear", "decision_tree")


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


def test_what_is_not_installed_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "interpret", None)
    with pytest.raises(InputError, match=r'install it with: pip install "further-ml\[ebm\]"'):
        make_small("explainable_boosting_classifier").fit(np.eye(3), [0, 1, 1])


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
