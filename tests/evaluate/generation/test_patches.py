"""Patch features see what principal components of pictures do not."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler

from further.evaluate.generation.features import FeatureSpace
from further.evaluate.generation.patches import PatchFeatures

SHAPE = (3, 24, 24)


def leaves(n: int, seed: int) -> np.ndarray:
    """Return pictures of coloured rectangles that hide each other, as objects do."""
    rng = np.random.default_rng(seed)
    pictures = np.empty((n, *SHAPE))
    for picture in pictures:
        picture[:] = rng.random((3, 1, 1))
        for _ in range(12):
            top, left = rng.integers(0, 20, 2)
            tall, wide = rng.integers(3, 12, 2)
            picture[:, top : top + tall, left : left + wide] = rng.random((3, 1, 1))
    return pictures.reshape(n, -1)


def smears(rows: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Return draws of the Gaussian with the mean and covariance of pictures."""
    pca = PCA().fit(rows)
    scores = np.random.default_rng(seed).normal(size=(n, len(pca.explained_variance_)))
    return pca.mean_ + (scores * np.sqrt(pca.explained_variance_)) @ pca.components_


def told_apart(a: np.ndarray, b: np.ndarray) -> float:
    rows = StandardScaler().fit_transform(np.concatenate([a, b]))
    labels = np.r_[np.zeros(len(a)), np.ones(len(b))]
    return float(cross_val_score(LogisticRegression(max_iter=300), rows, labels, cv=5).mean())


def test_a_gaussian_with_the_right_covariance_is_told_from_pictures_of_objects() -> None:
    train, test, other = leaves(600, 0), leaves(200, 1), leaves(200, 2)
    fake = smears(train, 200, 3)
    components = PCA(32).fit(train).transform
    assert told_apart(components(test), components(fake)) < 0.65
    features = PatchFeatures(train, SHAPE, seed=0)
    assert told_apart(features(test), features(fake)) > 0.95
    assert told_apart(features(test), features(other)) < 0.6


def test_the_feature_space_of_colour_pictures_holds_them() -> None:
    train, test = leaves(300, 0), leaves(200, 1)
    space = FeatureSpace(train, None, seed=0, shape=SHAPE)
    assert "kinds of patches" in space.name
    assert space(test).shape == (200, space.size)
    plain = FeatureSpace(train, None, seed=0)
    assert "patches" not in plain.name
    fake = smears(train, 200, 3)

    def apart(features: FeatureSpace) -> float:
        # The last is the distance from the plane of the components, which sees something too.
        return told_apart(features(test)[:, :-1], features(fake)[:, :-1])

    assert apart(space) > apart(plain) + 0.1
    real, made = (space.detailed(x, space(x)) for x in (test, fake))
    assert told_apart(real, made) > 0.95


def test_flat_and_tiny_pictures_have_features() -> None:
    flat = np.full((20, 3 * 4 * 5), 0.5)
    features = PatchFeatures(flat, (3, 4, 5), seed=0)(flat)
    assert len(features) == 20
    assert np.isfinite(features).all()
