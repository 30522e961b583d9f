from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA

from further.evaluate.generation.features import MOST_ROWS, FeatureSpace


def test_labels_give_a_classifier_that_knows_the_classes(digits):
    space = FeatureSpace(digits.train.x, digits.train.y, seed=0)
    assert "classifier" in space.name
    assert "FID" not in space.name
    train, test = space(digits.train.x), space(digits.test.x)
    assert train.shape == (1078, 32)
    assert np.isclose(train.var(axis=0).mean(), 1.0)
    centres = np.array([train[digits.train.y == c].mean(axis=0) for c in range(10)])
    nearest = np.linalg.norm(test[:, None] - centres, axis=2).argmin(axis=1)
    assert (nearest == digits.test.y).mean() > 0.93


def test_same_seed_same_features(digits):
    one, two = (FeatureSpace(digits.train.x, digits.train.y, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one(digits.test.x), two(digits.test.x))


def test_no_labels_or_one_class_give_principal_components():
    x = np.random.default_rng(0).normal(size=(50, 40))
    for labels in (None, np.zeros(50, dtype=int)):
        space = FeatureSpace(x, labels, seed=0)
        name = (
            "32 principal components of the training rows, and the distance from these components"
        )
        assert space.name == name
        assert space(x).shape == (50, 33)


def test_noise_is_far_from_the_plane_of_the_components(digits):
    space = FeatureSpace(digits.train.x, None, seed=0)
    noise = np.random.default_rng(0).random((100, 64))
    assert space(noise)[:, -1].min() > space(digits.test.x)[:, -1].max()


def test_wide_rows_are_reduced_first():
    x = np.random.default_rng(0).normal(size=(60, 3000)).astype(np.float32)
    space = FeatureSpace(x, np.arange(60) % 3, seed=0)
    assert "60 principal components" in space.name
    assert np.isfinite(space(x)).all()


def test_many_rows_are_thinned_and_the_name_says_so():
    x = np.random.default_rng(0).normal(size=(MOST_ROWS + 10, 3))
    assert f"{MOST_ROWS:,} training rows" in FeatureSpace(x, None, seed=0).name


def test_constant_columns_and_constant_rows():
    for x in (np.ones((20, 4)), np.c_[np.ones(20), np.arange(20.0)]):
        for labels in (None, np.arange(20) % 2):
            assert np.isfinite(FeatureSpace(x, labels, seed=0)(x)).all()


def test_the_distance_from_the_components_is_in_proportion_to_what_stands_for_them():
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    x = rng.normal(size=(400, 300)) + y[:, None]
    space = FeatureSpace(x, y, seed=0)
    components = PCA(128, random_state=0, svd_solver="full").fit(x)
    inside = components.transform(x)
    outside = np.linalg.norm(x - components.inverse_transform(inside), axis=1)
    # The 32 values of the classifier stand for the variance within.
    scale = np.sqrt(inside.var(axis=0).sum() / 32)
    np.testing.assert_allclose(space(x)[:, -1], outside / scale, rtol=1e-3)
