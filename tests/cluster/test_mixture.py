"""The Gaussian mixture against scikit-learn's, and its second name for k."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.mixture
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

from further.cluster.mixture import GaussianMixture


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_scikit_learn(dtype):
    X = load_iris().data.astype(dtype)
    ours = GaussianMixture(n_components=3, random_state=0).fit(X)
    theirs = sklearn.mixture.GaussianMixture(n_components=3, random_state=0).fit(X)
    np.testing.assert_array_equal(ours.labels_, theirs.predict(X))
    np.testing.assert_array_equal(ours.score_samples(X), theirs.score_samples(X))
    assert ours.bic(X) == theirs.bic(X)
    assert ours.inertia_ is None


def test_k_has_two_names():
    model = GaussianMixture().set_params(n_clusters=4, random_state=0)
    assert model.n_components == model.n_clusters == 4
    assert clone(model).n_clusters == 4
    model.n_clusters = 2
    assert model.get_params()["n_components"] == 2
    search = GridSearchCV(GaussianMixture(random_state=0), {"n_clusters": [1, 2]}, cv=3)
    X = np.random.default_rng(0).permutation(load_iris().data)
    assert search.fit(X).best_params_ == {"n_clusters": 2}
    with pytest.raises(ValueError, match="Invalid parameter"):
        model.set_params(n_cluster=3)
