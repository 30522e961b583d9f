"""The isolation forest against scikit-learn's; saved, it is grown again."""

from __future__ import annotations

import numpy as np
import sklearn.ensemble
from sklearn.datasets import load_iris

from further.cluster.isolation_forest import IsolationForest


def test_equals_scikit_learn():
    X = load_iris().data
    for options in ({}, {"contamination": 0.1, "max_features": 2, "bootstrap": True}):
        ours = IsolationForest(n_estimators=20, random_state=3, **options).fit(X)
        theirs = sklearn.ensemble.IsolationForest(n_estimators=20, random_state=3, **options)
        np.testing.assert_array_equal(ours.labels_, theirs.fit(X).predict(X))
        np.testing.assert_array_equal(ours.score_samples(X), theirs.score_samples(X))
        assert ours.offset_ == theirs.offset_


def test_unseeded_forest_is_known_by_its_seed():
    X = load_iris().data
    ours = IsolationForest(n_estimators=10).fit(X)
    again = IsolationForest(n_estimators=10, random_state=ours.seed_).fit(X)
    np.testing.assert_array_equal(ours.score_samples(X), again.score_samples(X))
    assert IsolationForest(n_estimators=10).fit(X).seed_ != ours.seed_


def test_warm_start_grows_on():
    X = load_iris().data
    model = IsolationForest(n_estimators=5, warm_start=True, random_state=0).fit(X)
    model.set_params(n_estimators=10).fit(X)
    whole = IsolationForest(n_estimators=10, random_state=0).fit(X)
    np.testing.assert_array_equal(model.score_samples(X), whole.score_samples(X))
