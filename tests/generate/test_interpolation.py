"""The control between neighbours: where its rows lie, and why their use must not choose."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from further import Interpolation


def test_samples_lie_between_a_row_and_a_near_one_of_its_class() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [40, 20, 1])
    X = rng.normal(size=(61, 2))
    model = Interpolation(random_state=0).fit(X, y, validation=(X, y))
    rows, labels = model.rows_, model.labels_
    wanted = rng.integers(0, 3, 200)
    made = model.sample_encoded(200, {"y": wanted}, seed=1)
    for row, label in zip(made, wanted, strict=True):
        own = rows[labels == label].astype(float)
        near = np.argsort(cdist(own, own), axis=1)[:, :6]
        starts = np.repeat(own, near.shape[1], axis=0)
        ways = own[near.ravel()] - starts
        length = np.maximum((ways**2).sum(axis=1), 1e-12)
        u = (((row - starts) * ways).sum(axis=1) / length).clip(0, 1)
        apart = np.abs(row - starts - u[:, None] * ways).max(axis=1)
        assert apart.min() < 1e-5
    # New rows: few of them are training rows, but in the class that has one row.
    copies = (cdist(made, rows).min(axis=1) < 1e-6)[wanted < 2]
    assert copies.mean() < 0.05
    np.testing.assert_allclose(made[wanted == 2], np.repeat(rows[60:], sum(wanted == 2), axis=0))


def test_categories_and_missing_numbers_are_those_of_an_end() -> None:
    rng = np.random.default_rng(0)
    high = rng.random(300) < 0.5
    size = np.where(high, rng.uniform(9, 10, 300), rng.uniform(0, 1, 300))
    frame = pd.DataFrame(
        {
            "size": np.where(rng.random(300) < 0.3, np.nan, size),
            "kind": np.where(high, "high", "low"),
            "more": rng.choice(list("abc"), 300),
        }
    )
    made = Interpolation(random_state=0).fit(frame).sample(500)
    assert set(made["kind"]) == {"high", "low"}
    assert set(made["more"]) == set("abc")
    assert 0.2 < made["size"].isna().mean() < 0.4
    # Between a missing number, encoded as the median, and another there would be some of these.
    between = made["size"].between(1.5, 8.5)
    assert between.mean() < 0.01


def test_its_rows_teach_nearly_all_and_tell_who_was_in_the_training_set() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
    model = Interpolation(random_state=0).fit(train, y_train, validation=(test, y_test))
    made, labels = model.sample(5 * len(train), return_y=True)
    tree = HistGradientBoostingClassifier(random_state=0).fit(made, labels)
    assert tree.score(test, y_test) > 0.92
    scaler = StandardScaler().fit(train)
    made, train, test = map(scaler.transform, (made, train, test))
    near = [cdist(rows, made).min(axis=1) for rows in (train, test)]
    inside = np.repeat([1, 0], [len(train), len(test)])
    assert roc_auc_score(inside, -np.concatenate(near)) > 0.9
