"""What every network that predicts a target promises: scikit-learn's contract, files, messages."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

import further.data
from further.errors import InputError
from further.registry import find_model, models_for
from further.train.load import load
from small_models import make_small

NETWORKS = [
    line.name
    for task in ("classification", "regression")
    for line in models_for(task)
    if line.family == "network"
]
CLASSIFIERS = [name for name in NETWORKS if find_model(name).task == "classification"]
OF_TABLES = [name for name in NETWORKS if not name.startswith("cnn")]
N = 60


def rows(name):
    """Return rows and a target that such a model can predict."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 4))
    if name.startswith("cnn"):
        X = rng.integers(0, 17, size=(N, 8, 8)).astype(np.uint8)
        X[0, 0, :2] = 0, 16
    if find_model(name).task == "regression":
        return X, X.reshape(N, -1)[:, 0] * 3.0 + 100
    return X, np.array(["cat", "dog", "owl"])[np.arange(N) % 3]


@pytest.mark.parametrize("name", NETWORKS)
def test_fit_predict_save(name, tmp_path):
    X, y = rows(name)
    model = make_small(name).fit(X, y, run=tmp_path / "run")
    predicted = model.predict(X[:7])
    assert predicted.shape == (7,)
    np.testing.assert_array_equal(make_small(name).fit(X, y).predict(X[:7]), predicted)
    loaded = load(tmp_path / "run")
    assert type(loaded) is type(model)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    if name in CLASSIFIERS:
        assert set(predicted) <= set(y)
        p = loaded.predict_proba(X)
        np.testing.assert_array_equal(p, model.predict_proba(X))
        np.testing.assert_allclose(p.sum(axis=1), 1)
        np.testing.assert_array_equal(model.classes_[p.argmax(axis=1)], model.predict(X))
    else:
        interval = loaded.predict_interval(X, coverage=0.5)
        assert (interval[:, 0] <= model.predict(X)).all()
        assert (interval[:, 1] >= model.predict(X)).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_half_precision_predicts_nearly_the_same(name):
    X, y = rows(name)  # "auto" takes it on processors that have it, which others never try
    half, whole = (make_small(name, precision=p).fit(X, y) for p in ("bfloat16", "float32"))
    method = "predict_proba" if name in CLASSIFIERS else "predict"
    one, other = (np.asarray(getattr(model, method)(X)) for model in (half, whole))
    assert np.isfinite(one).all()
    assert np.abs(one - other).max() < 0.1 * max(1, np.ptp(y) if other.ndim == 1 else 1)
    assert half.net_.state_dict().keys() == whole.net_.state_dict().keys()
    assert {v.dtype for v in half.net_.state_dict().values()} <= {torch.float32, torch.int64}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_gradient_reaches_every_parameter(name):
    X, y = rows(name)
    model = make_small(name, budget="8 steps", training={"keep": "last", "averaging": 0.0})
    net = model.fit(X, y).net_.train()
    (objective,) = model.objectives(net)
    batch = model._batch(model._dataset(X, y, reset=False))
    loss = objective.loss(batch, torch.Generator().manual_seed(0))["loss"]
    gradients = torch.autograd.grad(loss, objective.parameters)
    for gradient in gradients:
        assert gradient.isfinite().all()
        assert gradient.abs().sum() > 0


@pytest.mark.parametrize("name", NETWORKS)
def test_messages(name):
    X, y = rows(name)
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        make_small(name).predict(X)
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        make_small(name).fit(X)
    with pytest.raises(InputError, match=r"y has 3 (labels|numbers) but there are 60 rows"):
        make_small(name).fit(X, y[:3])
    model = make_small(name).fit(X, y)
    with pytest.raises(ValueError, match=r"pictures of the shape|is expecting 4 features"):
        model.predict(X[:, :3])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_bad_classes(name):
    X, y = rows(name)
    with pytest.raises(InputError, match=r"all rows are of the class cat; .* at least two classes"):
        make_small(name).fit(X, np.full(N, "cat"))
    with pytest.raises(InputError, match=r"y has no label in row 5 \(NaN\) and in 1 rows in all"):
        make_small(name).fit(X, pd.Series(y).mask(np.arange(N) == 5))
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        make_small(name).fit(X, np.linspace(0, 1, N))
    # A class of one row is learnt, in training rows or in those that are held out.
    alone = np.where(np.arange(N) == 0, "emu", y)
    assert make_small(name).fit(X, alone).predict_proba(X).shape == (N, 4)


def test_numbers_that_are_none():
    X, y = rows("mlp_regressor")
    with pytest.raises(InputError, match='y holds "dear", which is no number; give numbers'):
        make_small("mlp_regressor").fit(X, [*map(str, y[:-1]), "dear"])
    with pytest.raises(InputError, match="y is NaN in row 7, and NaN or infinity in 1 rows in all"):
        make_small("mlp_regressor").fit(X, np.where(np.arange(N) == 7, np.nan, y))
    with pytest.raises(InputError, match="covers 99% needs 99 held-out rows, but there were 12"):
        make_small("mlp_regressor").fit(X, y).predict_interval(X, coverage=0.99)


@pytest.mark.parametrize("name", OF_TABLES)
def test_a_data_set_and_a_table_as_they_are(name, real_data):
    path = real_data / "tables" / "penguins.csv"
    data = further.data.load(path)
    if name not in CLASSIFIERS:
        frame = data.frame.dropna()
        y = frame.pop("body_mass_g")
        model = make_small(name).fit(frame, y)
        assert model.predict(frame[::-1]).shape == (len(frame),)
        return
    model = make_small(name).fit(data)
    assert data.frame.isna().any(axis=None)
    assert set(model.predict(data)) <= {"Adelie", "Chinstrap", "Gentoo"}
    by_frame = make_small(name).fit(data.frame, data.classes.values)
    np.testing.assert_array_equal(by_frame.predict(data.frame), model.predict(data))


@pytest.mark.parametrize("name", OF_TABLES)
def test_cross_validation_and_grid_search(name):
    X, y = rows(name)
    scores = cross_val_score(make_small(name), X, y, cv=2)
    assert np.isfinite(scores).all()
    search = GridSearchCV(make_small(name), {"dropout": [0.0, 0.2]}, cv=2).fit(X, y)
    assert search.best_params_["dropout"] in (0.0, 0.2)


@parametrize_with_checks([make_small(name, budget="60 steps") for name in OF_TABLES])
def test_scikit_learn(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)
