"""k-modes by hand, against brute force, against the kmodes package, and on real tables."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from kmodes import kmodes
from kmodes.util import init_methods
from kmodes.util.dissim import matching_dissim
from sklearn.metrics import adjusted_rand_score

from further.cluster.dissimilarity.mixed import MixedDissimilarity
from further.cluster.kmodes import KModes, _cao_centers, _huang_centers
from further.errors import InputError
from further.train.load import load


@pytest.fixture(scope="module")
def mushrooms(real_data):
    return pd.read_csv(real_data / "tables" / "mushrooms.csv")


def encoded(frame):
    return np.column_stack([np.unique(frame[c], return_inverse=True)[1] for c in frame])


def test_by_hand():
    X = [["a", "x"], ["a", "y"], ["a", None], ["b", "z"], ["c", "z"], [None, None]]
    model = KModes(2, init=[["a", "x"], ["b", "z"]]).fit(X)
    np.testing.assert_array_equal(model.labels_, [0, 0, 0, 1, 1, 0])
    assert model.cluster_centers_.tolist() == [["a", "x"], ["b", "z"]]
    assert model.inertia_ == 2.0
    np.testing.assert_array_equal(model.n_missing_, [1, 2])
    # Row 2 knows one of two columns; the last knows none.
    np.testing.assert_array_equal(model.score_samples(X), [0, -1, 0, 0, -1, 0])
    assert model.score_samples([["q", None]])[0] == -2.0
    np.testing.assert_array_equal(model.predict([["unseen", "z"], ["a", "unseen"]]), [1, 0])


@pytest.mark.parametrize("init", ["huang", "random", "k-means++"])
def test_many_starts_find_the_best_of_all_splits(init):
    codes = np.random.default_rng(0).integers(0, 3, size=(9, 4))

    def cost(group):
        return sum(len(group) - np.bincount(column).max() for column in group.T)

    least = min(
        sum(cost(codes[np.array(labels) == j]) for j in set(labels))
        for labels in itertools.product(range(2), repeat=9)
    )
    found = KModes(2, init=init, n_init=40, random_state=0).fit(codes).inertia_
    assert found == least


def test_cost_beside_the_kmodes_package_from_the_same_start(mushrooms):
    X = mushrooms.drop(columns="class").iloc[::8]
    codes = encoded(X)
    ratios = []
    for seed in range(6):
        start = np.random.RandomState(seed).choice(len(X), 6, replace=False)
        ours = KModes(6, init=X.to_numpy()[start]).fit(X)
        theirs = kmodes.KModes(6, init=codes[start], n_init=1).fit(codes)
        own = (codes != codes_of(ours, X)[ours.labels_]).sum()
        assert ours.inertia_ == own
        ratios.append(ours.inertia_ / theirs.cost_)
    # Theirs moves a mode with every row, ours with every pass: local minima differ a little.
    assert np.mean(ratios) < 1.01


def codes_of(model, X):
    columns = [np.unique(X[c]).tolist() for c in X]
    return np.array(
        [
            [columns[j].index(value) for j, value in enumerate(mode)]
            for mode in model.cluster_centers_
        ]
    )


def test_their_result_is_a_fixed_point_of_ours(mushrooms):
    X = mushrooms.drop(columns="class").iloc[::8]
    codes = encoded(X)
    theirs = kmodes.KModes(4, init="Cao").fit(codes)
    ours = KModes(4, init=theirs.cluster_centroids_).fit(codes)
    assert ours.inertia_ <= theirs.cost_


def test_cao_as_in_the_kmodes_package(mushrooms):
    codes = encoded(mushrooms.drop(columns="class").iloc[::8])
    rows = MixedDissimilarity(np.empty((len(codes), 0)), codes, [c + 1 for c in codes.max(axis=0)])
    ours = _cao_centers(rows, 5)
    np.testing.assert_array_equal(
        ours, init_methods.init_cao(codes, 5, matching_dissim).astype(float)
    )


def test_huang_starts_at_distinct_rows():
    codes = np.random.default_rng(0).integers(0, 2, size=(50, 3))
    rows = MixedDissimilarity(np.empty((50, 0)), codes, [2, 2, 2])
    for seed in range(5):
        start = _huang_centers(rows, 6, np.random.RandomState(seed))
        assert len(np.unique(start, axis=0)) == 6
        assert all((codes == center).all(axis=1).any() for center in start)
    # There are only eight distinct rows.
    assert _huang_centers(rows, 9, np.random.RandomState(0)).shape == (9, 3)


def test_mushrooms_and_zoo(mushrooms, real_data):
    X = mushrooms.drop(columns="class")
    edible = KModes(2, init="cao").fit(X)
    assert adjusted_rand_score(mushrooms["class"], edible.labels_) > 0.5
    zoo = pd.read_csv(real_data / "tables" / "zoo.csv")
    model = KModes(7, random_state=0).fit(zoo.drop(columns="type"))
    assert adjusted_rand_score(zoo["type"], model.labels_) > 0.6
    assert model.cluster_centers_.shape == (7, 16)


def test_every_missing_value_counts_for_nothing(mushrooms):
    X = mushrooms.drop(columns="class").iloc[::20].reset_index(drop=True)
    holes = np.random.default_rng(0).random(X.shape) < 0.2
    model = KModes(2, init="cao").fit(X.mask(holes))
    np.testing.assert_array_equal(model.n_missing_, holes.sum(axis=0))
    different = X.to_numpy() != model.cluster_centers_[model.labels_]
    assert model.inertia_ == (different & ~holes).sum()


def test_an_empty_column():
    X = pd.DataFrame({"a": ["x", "x", "y", "y"], "b": [None] * 4})
    model = KModes(2, random_state=0).fit(X)
    assert model.inertia_ == 0.0
    assert model.cluster_centers_[:, 1].tolist() == [None, None]
    np.testing.assert_array_equal(model.n_missing_, [0, 4])
    assert model.predict(pd.DataFrame({"a": ["y"], "b": ["new"]})) == model.labels_[2]


def test_ten_thousand_categories():
    rng = np.random.default_rng(0)
    side = rng.integers(0, 2, 10_000)
    X = pd.DataFrame(
        {"id": [f"customer {i}" for i in range(10_000)], "a": side, "b": 1 - side, "c": side}
    )
    model = KModes(2, init="cao").fit(X)
    assert adjusted_rand_score(side, model.labels_) == 1.0
    assert model.inertia_ == 10_000 - 2
    assert model.predict(X.iloc[:3].assign(id="new")).tolist() == model.labels_[:3].tolist()


def test_save_and_load_keeps_words(tmp_path):
    X = pd.DataFrame(
        {"a": ["x", "y", None, "x"], "b": [True, False, True, True], "n": [1, 2, 1, 1]}
    )
    model = KModes(2, init="cao").fit(X)
    model.save(tmp_path)
    back = load(tmp_path)
    assert back.cluster_centers_.tolist() == model.cluster_centers_.tolist()
    np.testing.assert_array_equal(back.predict(X), model.labels_)
    np.testing.assert_array_equal(back.n_missing_, [1, 0, 0])


def test_a_start_with_an_unknown_category():
    with pytest.raises(InputError, match='init has "q" in column 1, which no row'):
        KModes(1, init=[["a", "q"]]).fit([["a", "x"], ["b", "x"]])
