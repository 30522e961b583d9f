"""What every clusterer and every anomaly detector of the table promises."""

from __future__ import annotations

import inspect
import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from further.registry import find_model, models_for
from further.train.load import load

CLUSTERERS = tuple(line.name for line in models_for("clustering"))
DETECTORS = tuple(line.name for line in models_for("anomaly"))
ALL = (*CLUSTERERS, *DETECTORS)
#: Rows of categories; places in degrees; all others take numbers.
CATEGORIES, PLACES = ("kmodes",), ("great_circle_kmeans",)
PARTS = 3
#: A parameter of each that takes no negative number, and what the message calls it.
LIMITED = {
    "n_clusters": "(n_clusters|n_components)",
    "min_samples": "min_samples",
    "bandwidth": "bandwidth",
    "n_estimators": "n_estimators",
    "n_neighbors": "n_neighbors",
}


@cache
def rows_of(name):
    """Return 60 rows in three groups, an outlier far away, and the group of each row."""
    rng = np.random.default_rng(0)
    group = np.arange(60) % PARTS
    if name in CATEGORIES:
        X = np.array([[f"{g}{j}" for j in range(4)] for g in group], dtype=object)
        for i in range(0, 60, 6):  # a few values of other groups
            X[i, i % 4] = f"{(group[i] + 1) % PARTS}{i % 4}"
        return X, np.array([["?", "?", "?", "?"]], dtype=object), group
    if name in PLACES:
        X = np.array([[50.0, 10.0], [-30.0, 140.0], [10.0, -90.0]])[group]
        return X + rng.normal(0, 1, X.shape), np.array([[-80.0, 0.0]]), group
    centres = np.array([[0.0, 9.0, 1.0], [9.0, 0.0, 1.0], [9.0, 9.0, 9.0]])
    far = np.array([[-400.0, 300.0, -500.0]])
    return centres[group] + rng.normal(0, 0.5, (60, 3)), far, group


def make(name, seed=0):
    model = find_model(name).load()()
    wanted = {"n_clusters": PARTS, "random_state": seed, "n_init": 3, "eps": 2.0}
    known = set(model.get_params()) | ({"n_clusters"} if hasattr(model, "n_clusters") else set())
    return model.set_params(**{key: value for key, value in wanted.items() if key in known})


def fit(name, X=None, seed=0):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return make(name, seed).fit(rows_of(name)[0] if X is None else X)


@pytest.mark.parametrize("name", ALL)
def test_docstring(name):
    cls = find_model(name).load()
    text = inspect.getdoc(cls)
    text = " ".join(text.split())
    order = ["When to use:", "When it fails:", "Parameters ---", "Attributes ---", "Examples ---"]
    places = [text.find(part) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


@pytest.mark.parametrize("name", CLUSTERERS)
def test_a_cluster_for_every_row_and_for_the_same_rows_anew(name):
    X, _, group = rows_of(name)
    model = fit(name)
    assert model.labels_.shape == (60,)
    assert model.labels_.dtype.kind == "i"
    assert model.labels_.min() >= -1
    predicted = model.predict(X)
    clustered = model.labels_ >= 0
    assert clustered.mean() > 0.7
    np.testing.assert_array_equal(predicted[clustered], model.labels_[clustered])
    assert len({*zip(group[clustered], predicted[clustered], strict=True)}) == PARTS


@pytest.mark.parametrize("name", DETECTORS)
def test_minus_one_for_an_anomaly_and_one_for_other_rows(name):
    X, far, _ = rows_of(name)
    model = fit(name, np.vstack([X, far]))
    assert set(model.labels_) <= {-1, 1}
    assert model.labels_[-1] == -1
    np.testing.assert_array_equal(model.predict(np.vstack([X, far])), model.labels_)


@pytest.mark.parametrize("name", ALL)
def test_higher_scores_are_more_typical(name):
    X, far, _ = rows_of(name)
    model = fit(name)
    scores, alone = model.score_samples(X), model.score_samples(far)
    assert scores.shape == (60,)
    assert alone.shape == (1,)
    assert np.isfinite(scores).all()
    assert alone[0] < scores.min()


@pytest.mark.parametrize("name", ALL)
def test_the_same_seed_twice(name):
    np.testing.assert_array_equal(fit(name, seed=3).labels_, fit(name, seed=3).labels_)


@pytest.mark.parametrize("name", ALL)
def test_a_saved_model_is_the_same_model(name, tmp_path):
    X, far, _ = rows_of(name)
    both = np.vstack([X, far])
    model = fit(name)
    model.save(tmp_path)
    loaded = load(tmp_path)
    assert type(loaded) is type(model)
    assert loaded.get_params() == model.get_params()
    np.testing.assert_array_equal(loaded.labels_, model.labels_)
    np.testing.assert_array_equal(loaded.predict(both), model.predict(both))
    np.testing.assert_allclose(loaded.score_samples(both), model.score_samples(both), rtol=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_float32_and_tables(name):
    X, _, _ = rows_of(name)
    plain = fit(name).labels_
    frame = pd.DataFrame(X, columns=["latitude", "longitude", "c", "d"][: X.shape[1]])
    by_frame = fit(name, frame)
    np.testing.assert_array_equal(by_frame.labels_, plain)
    assert list(by_frame.feature_names_in_) == list(frame)
    if name not in CATEGORIES:
        np.testing.assert_array_equal(fit(name, X.astype(np.float32)).labels_, plain)


@pytest.mark.parametrize("name", ALL)
def test_messages_for_bad_input(name):
    X, _, _ = rows_of(name)
    with pytest.raises(NotFittedError):
        make(name).predict(X)
    with pytest.raises(ValueError, match=r"(?i)2D array|two-dimensional|2-dimensional"):
        fit(name, X[:, 0])
    with pytest.raises(ValueError, match="0 sample"):
        fit(name, X[:0])
    with pytest.raises(ValueError, match=r"features?|columns"):
        fit(name).predict(X[:, :1])
    model = make(name)
    parameter = next(p for p in LIMITED if hasattr(model, p))
    with pytest.raises(ValueError, match=f"(?s)'?{LIMITED[parameter]}'? parameter .* must be"):
        model.set_params(**{parameter: -2}).fit(X)
