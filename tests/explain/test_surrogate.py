"""Surrogates: a tree in place of a model, and how much of it that explains."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from further.errors import InputError
from further.explain import surrogate_tree
from further.supervised import (
    ConstantRegressor,
    DecisionTreeRegressor,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)


def test_a_tree_is_its_own_surrogate():
    X = np.random.default_rng(0).normal(size=(300, 2))
    model = DecisionTreeRegressor(max_leaf_nodes=4, random_state=0).fit(X, X[:, 0] ** 2)
    found = surrogate_tree(model, X[:200], X[200:], max_leaf_nodes=4)
    assert found.fidelity.value > 0.999
    assert found.metric == "r2"
    assert found.tree.n_leaves == 4


def test_fidelity_is_r2_against_the_model(real_data):
    frame = pd.read_csv(real_data / "tables" / "boston_housing.csv", header=None)
    y = frame.pop(13)
    frame.columns = [f"c{i}" for i in range(13)]
    model = GradientBoostingRegressor(max_iter=100, random_state=0).fit(frame[:300], y[:300])
    found = surrogate_tree(model, frame[:300], frame[300:], max_leaf_nodes=8)
    tree = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
    imitated = tree.fit(frame[:300], model.predict(frame[:300])).predict(frame[300:])
    np.testing.assert_allclose(found.fidelity.value, r2_score(model.predict(frame[300:]), imitated))
    assert found.fidelity.low < found.fidelity.value < found.fidelity.high
    small = surrogate_tree(model, frame[:300], frame[300:], max_leaf_nodes=2)
    assert small.fidelity.value < found.fidelity.value
    json.dumps(found.to_json())


def test_agreement_of_classes(real_data):
    frame = pd.read_csv(real_data / "tables" / "penguins.csv").sample(frac=1, random_state=0)
    y = frame.pop("species")  # the rows alternate between the sexes
    model = RandomForestClassifier(n_estimators=50, random_state=0).fit(frame[::2], y[::2])
    found = surrogate_tree(model, frame[::2], frame[1::2])
    assert found.metric == "agreement"
    assert 0.85 < found.fidelity.low <= found.fidelity.value <= found.fidelity.high <= 1
    assert found.tree.root.column in frame.columns


def test_what_has_none():
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = ConstantRegressor().fit(X, X[:, 0])
    with pytest.raises(InputError, match=r"predicts .* for all rows, so no tree is needed"):
        surrogate_tree(model, X, X)
    pictures = np.random.default_rng(0).integers(0, 17, size=(60, 4, 4)).astype(np.uint8)
    pictures[0, 0, :2] = 0, 16
    model = RandomForestRegressor(n_estimators=5).fit(pictures, X[:, 0])
    assert surrogate_tree(model, pictures, pictures) is None
