"""The local outlier factor against scikit-learn's two modes, which are one here."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.neighbors
from sklearn.datasets import load_wine

from further.cluster.local_outlier_factor import LocalOutlierFactor


@pytest.fixture(scope="module")
def halves():
    X = load_wine().data
    X = (X - X.mean(0)) / X.std(0)
    return X[::2], X[1::2]


@pytest.mark.parametrize("metric", ["minkowski", "cosine"])
def test_training_rows_as_without_novelty(halves, metric):
    X = halves[0]
    ours = LocalOutlierFactor(metric=metric, contamination=0.1).fit(X)
    theirs = sklearn.neighbors.LocalOutlierFactor(metric=metric, contamination=0.1)
    np.testing.assert_array_equal(ours.labels_, theirs.fit_predict(X))
    np.testing.assert_array_equal(ours.negative_outlier_factor_, theirs.negative_outlier_factor_)
    np.testing.assert_array_equal(ours.score_samples(X), ours.negative_outlier_factor_)
    np.testing.assert_array_equal(ours.predict(X), ours.labels_)
    assert set(ours.labels_) == {-1, 1}


def test_new_rows_as_with_novelty(halves):
    ours = LocalOutlierFactor().fit(halves[0])
    theirs = sklearn.neighbors.LocalOutlierFactor(novelty=True).fit(halves[0])
    np.testing.assert_allclose(
        ours.score_samples(halves[1]), theirs.score_samples(halves[1]), rtol=1e-12
    )
    np.testing.assert_array_equal(ours.predict(halves[1]), theirs.predict(halves[1]))
    np.testing.assert_allclose(
        ours.decision_function(halves[1]), theirs.decision_function(halves[1]), rtol=1e-9
    )


def test_mixed_rows_are_scored_one_by_one(halves):
    model = LocalOutlierFactor().fit(halves[0])
    both = np.concatenate([halves[0][:5], halves[1][:5]])
    expected = np.concatenate(
        [model.negative_outlier_factor_[:5], model.score_samples(halves[1][:5])]
    )
    np.testing.assert_allclose(model.score_samples(both), expected, rtol=1e-12)
