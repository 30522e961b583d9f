"""k-prototypes by hand, against k-means and k-modes, the kmodes package, and real tables."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import sklearn.cluster
from kmodes import kprototypes
from sklearn.datasets import load_iris
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from further.cluster.kmodes import KModes
from further.cluster.kprototypes import KPrototypes, _estimate_gamma
from further.errors import InputError
from further.train.load import load


@pytest.fixture(scope="module")
def penguins(real_data):
    frame = pd.read_csv(real_data / "tables" / "penguins.csv")
    numbers = frame.select_dtypes("number")
    frame[numbers.columns] = StandardScaler().fit_transform(numbers)
    return frame


@pytest.fixture(scope="module")
def heart(real_data):
    frame = pd.read_csv(real_data / "tables" / "heart_cleveland.csv", index_col=0)
    numbers = ["Age", "RestBP", "Chol", "MaxHR", "Oldpeak"]
    frame[numbers] = StandardScaler().fit_transform(frame[numbers])
    return frame


def test_by_hand():
    X = pd.DataFrame({"x": [0.0, 2.0, 10.0, 12.0, None], "c": ["a", "a", "b", "a", "b"]})
    start = pd.DataFrame({"x": [0.0, 10.0], "c": ["a", "b"]})
    model = KPrototypes(2, gamma=3.0, init=start).fit(X)
    np.testing.assert_array_equal(model.labels_, [0, 0, 1, 1, 1])
    assert model.cluster_centers_.tolist() == [[1.0, "a"], [11.0, "b"]]
    # Four squared differences of 1, and one category that differs.
    assert model.inertia_ == pytest.approx(4 + 3.0)
    np.testing.assert_array_equal(model.n_missing_, [1, 0])
    # The last row knows one of two columns; an unseen category differs from all.
    np.testing.assert_allclose(model.score_samples(X), [-1, -1, -1, -4, 0])
    new = pd.DataFrame({"x": [11.0, None], "c": ["unseen", "a"]})
    np.testing.assert_allclose(model.score_samples(new), [-3.0, 0.0])
    np.testing.assert_array_equal(model.predict(new), [1, 0])


def test_gamma_is_half_the_mean_deviation():
    X = np.array([[0.0, 10.0, np.nan], [2.0, 30.0, np.nan], [np.nan, 20.0, np.nan]])
    assert _estimate_gamma(X) == pytest.approx(0.5 * np.mean([1.0, np.std([10, 30, 20])]))
    assert _estimate_gamma(np.ones((3, 2))) == 1.0
    assert _estimate_gamma(np.empty((3, 0))) == 1.0


def test_numbers_only_is_k_means_and_categories_only_k_modes():
    X = load_iris().data
    ours = KPrototypes(3, init=X[::50]).fit(X)
    theirs = sklearn.cluster.KMeans(3, init=X[::50], n_init=1, tol=0).fit(X)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    assert ours.inertia_ == pytest.approx(theirs.inertia_)
    np.testing.assert_allclose(ours.cluster_centers_.astype(float), theirs.cluster_centers_)
    words = pd.DataFrame(np.random.default_rng(0).choice(list("abc"), size=(50, 4)))
    start = words.iloc[[0, 1, 2]]
    both = [cls(3, init=start).fit(words) for cls in (KPrototypes, KModes)]
    np.testing.assert_array_equal(both[0].labels_, both[1].labels_)
    assert both[0].inertia_ == both[1].inertia_


def test_many_starts_find_the_best_of_all_splits():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=9), "c": rng.choice(list("ab"), 9)})

    def cost(group):
        counts = group["c"].value_counts()
        return ((group["x"] - group["x"].mean()) ** 2).sum() + 0.5 * (len(group) - counts.max())

    least = min(
        sum(cost(X[np.array(labels) == j]) for j in set(labels))
        for labels in itertools.product(range(2), repeat=9)
    )
    model = KPrototypes(2, gamma=0.5, n_init=40, random_state=0).fit(X)
    assert model.inertia_ == pytest.approx(least)


def test_cost_beside_the_kmodes_package_from_the_same_start(heart):
    X = heart.dropna().drop(columns="AHD")
    words = [j for j, c in enumerate(X.columns) if c in ("ChestPain", "Thal")]
    numbers = [j for j in range(X.shape[1]) if j not in words]
    for seed in range(3):
        index = np.random.RandomState(seed).choice(len(X), 3, replace=False)
        ours = KPrototypes(3, init=X.iloc[index]).fit(X)
        codes = np.column_stack(
            [np.unique(X.iloc[:, j], return_inverse=True)[1] for j in words]
        ).astype(float)
        theirs = kprototypes.KPrototypes(
            3,
            n_init=1,
            init=[X.iloc[index, numbers].to_numpy(dtype=float), codes[index]],
        ).fit(np.hstack([X.iloc[:, numbers].to_numpy(dtype=float), codes]), categorical=[11, 12])
        assert ours.gamma_ == pytest.approx(theirs.gamma)
        assert ours.inertia_ == pytest.approx(theirs.cost_, rel=0.01)


def test_penguins_and_heart(penguins, heart):
    X = penguins.drop(columns="species")
    model = KPrototypes(3, n_init=5, random_state=0).fit(X)
    assert adjusted_rand_score(penguins["species"], model.labels_) > 0.55
    np.testing.assert_array_equal(model.n_missing_, X.isna().sum())
    np.testing.assert_array_equal(model.categorical_features_, [0, 5])
    two = KPrototypes(2, n_init=5, random_state=0).fit(heart.drop(columns="AHD"))
    assert adjusted_rand_score(heart["AHD"], two.labels_) > 0.2
    assert two.n_missing_.sum() == heart.isna().to_numpy().sum() == 6


def test_columns_by_name_and_number(penguins):
    X = penguins.drop(columns="species").dropna()
    a = KPrototypes(3, random_state=0).fit(X)
    for given in (["island", "sex"], [0, 5], ("sex", 0)):
        b = KPrototypes(3, categorical_features=given, random_state=0).fit(X)
        np.testing.assert_array_equal(a.labels_, b.labels_)
    c = KPrototypes(3, categorical_features=[0, 5], random_state=0).fit(X.to_numpy())
    np.testing.assert_array_equal(a.labels_, c.labels_)
    with pytest.raises(InputError, match="categorical_features names 'isle'"):
        KPrototypes(3, categorical_features=["isle"]).fit(X)
    with pytest.raises(InputError, match="numbers from 0 to 5"):
        KPrototypes(3, categorical_features=[9]).fit(X)


def test_empty_columns_of_both_kinds():
    X = pd.DataFrame(
        {
            "x": [0.0, 0.1, 9.0, 9.1],
            "none": [np.nan] * 4,
            "nothing": pd.Series([None] * 4, dtype=object),
            "c": ["a", "a", "b", "b"],
        }
    )
    model = KPrototypes(2, random_state=0).fit(X)
    np.testing.assert_array_equal(model.labels_ == model.labels_[0], [True, True, False, False])
    np.testing.assert_array_equal(model.n_missing_, [0, 4, 4, 0])
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    assert np.isfinite(model.inertia_)
    filled = X.assign(none=1.0, nothing="word")
    np.testing.assert_array_equal(model.predict(filled), model.labels_)


def test_ten_thousand_categories_and_dates():
    rng = np.random.default_rng(0)
    side = rng.integers(0, 2, 10_000)
    X = pd.DataFrame(
        {
            "x": side * 10 + rng.normal(size=10_000),
            "text": [f"free text {i}" for i in range(10_000)],
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(side, unit="D"),
        }
    )
    model = KPrototypes(2, random_state=0).fit(X)
    assert adjusted_rand_score(side, model.labels_) == 1.0
    np.testing.assert_array_equal(model.predict(X), model.labels_)


def test_words_where_numbers_were():
    X = pd.DataFrame({"x": [0.0, 1.0, 9.0], "c": ["a", "b", "b"]})
    model = KPrototypes(2, random_state=0).fit(X)
    with pytest.raises(InputError, match='Column "x" held numbers in training'):
        model.predict(pd.DataFrame({"x": ["tall"], "c": ["a"]}))
    with pytest.raises(ValueError, match="infinity"):
        model.predict(pd.DataFrame({"x": [np.inf], "c": ["a"]}))


def test_save_and_load(penguins, tmp_path):
    X = penguins.drop(columns="species")
    model = KPrototypes(3, random_state=0).fit(X)
    model.save(tmp_path)
    back = load(tmp_path)
    np.testing.assert_array_equal(back.score_samples(X), model.score_samples(X))
    assert back.cluster_centers_.tolist() == model.cluster_centers_.tolist()
    assert back.gamma_ == model.gamma_
