"""k-medoids against all choices of medoids, plain PAM, and each kind of row and distance."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import vega_datasets
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.datasets import load_iris, make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from further.cluster import fasterpam
from further.cluster.dissimilarity import distances
from further.cluster.fasterpam import alternate_medoids, build_medoids
from further.cluster.kmedoids import KMedoids
from further.errors import InputError, RunError
from further.train.load import load


@parametrize_with_checks(
    [
        KMedoids(),
        KMedoids(method="alternate", init="build"),
        KMedoids(metric="cosine"),
        KMedoids(metric="gower"),
    ]
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


def cost(D, medoids):
    return D[list(medoids)].min(axis=0).sum()


def plain_pam(D, medoids):
    """Swap the best pair of medoid and row, over and over, each sum written out."""
    medoids = list(medoids)
    while True:
        swaps = [
            (cost(D, [*medoids[:i], c, *medoids[i + 1 :]]), i, c)
            for i in range(len(medoids))
            for c in range(len(D))
            if c not in medoids
        ]
        best, i, c = min(swaps)
        if best >= cost(D, medoids) - 1e-12:
            return medoids
        medoids[i] = c


@pytest.fixture(params=["NumPy", "compiled"])
def way(request, monkeypatch):
    monkeypatch.setattr(fasterpam, "COMPILED_FROM", 0 if request.param == "compiled" else np.inf)


@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.usefixtures("way")
def test_many_starts_find_the_best_medoids_of_all(k):
    X = np.random.default_rng(k).normal(size=(12, 2))
    D = cdist(X, X)
    least = min(cost(D, medoids) for medoids in itertools.combinations(range(12), k))
    model = KMedoids(k, n_init=30, random_state=0).fit(X)
    assert model.inertia_ == pytest.approx(least)
    assert cost(D, model.medoid_indices_) == pytest.approx(least)


@pytest.mark.usefixtures("way")
def test_no_worse_than_plain_pam_over_many_starts():
    D = cdist(*[load_iris().data[::3]] * 2)
    rng = np.random.default_rng(0)
    starts = [rng.choice(50, 4, replace=False) for _ in range(10)]
    eager = [cost(D, fasterpam.fasterpam(D, start, 100)[0]) for start in starts]
    plain = [cost(D, plain_pam(D, start)) for start in starts]
    assert np.mean(eager) <= np.mean(plain) * 1.005
    assert min(eager) <= min(plain) + 1e-9


@pytest.mark.usefixtures("way")
def test_no_single_swap_improves():
    D = cdist(*[np.random.default_rng(1).normal(size=(40, 3))] * 2)
    medoids, n_iter = fasterpam.fasterpam(D, np.arange(5), 100)
    assert cost(D, plain_pam(D, medoids)) == pytest.approx(cost(D, medoids))
    assert n_iter >= 2


def test_both_ways_are_the_same(monkeypatch):
    D = cdist(*[np.random.default_rng(2).normal(size=(150, 3))] * 2)
    found = []
    for limit in (0, np.inf):
        monkeypatch.setattr(fasterpam, "COMPILED_FROM", limit)
        found.append(fasterpam.fasterpam(D, np.arange(6), 100))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_cost_never_rises_with_more_passes(seed, k):
    X = np.random.default_rng(seed).normal(size=(30, 2)).round()
    D = cdist(X, X)
    start = np.random.RandomState(seed).choice(30, k, replace=False)
    for search in (fasterpam.fasterpam, alternate_medoids):
        costs = [cost(D, start), *(cost(D, search(D, start, i)[0]) for i in range(1, 5))]
        assert np.all(np.diff(costs) <= 1e-9)


def test_build_by_hand():
    x = np.array([0.0, 1.0, 2.0, 10.0, 11.0])
    # 2 is the middle; then 10 takes 8 + 8 off the sum, and 11 as much, the first of them is taken.
    np.testing.assert_array_equal(build_medoids(np.abs(x[:, None] - x), 2), [2, 3])


def test_order_of_rows_does_not_matter():
    X, _ = make_blobs(60, centers=3, random_state=0)
    order = np.random.RandomState(0).permutation(60)
    a = KMedoids(3, init="build").fit(X)
    b = KMedoids(3, init="build").fit(X[order])
    assert set(order[b.medoid_indices_]) == set(a.medoid_indices_)
    assert adjusted_rand_score(a.labels_[order], b.labels_) == 1.0


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "minkowski", "cosine"])
def test_precomputed_and_function_as_the_name(metric):
    X = load_iris().data[::5]
    D = distances.pairwise(X, metric=metric, p=3.0)
    named = KMedoids(3, metric=metric, p=3.0, random_state=0).fit(X)
    given_ = KMedoids(3, metric="precomputed", random_state=0).fit(D)
    np.testing.assert_array_equal(named.medoid_indices_, given_.medoid_indices_)
    np.testing.assert_array_equal(named.labels_, given_.labels_)
    np.testing.assert_array_equal(given_.predict(D[:7]), named.labels_[:7])
    np.testing.assert_array_equal(named.predict(X), named.labels_)
    assert -named.score_samples(X).sum() == pytest.approx(named.inertia_)
    np.testing.assert_array_equal(named.cluster_centers_, X[named.medoid_indices_])
    if metric == "manhattan":
        called = KMedoids(3, metric=lambda a, b: np.abs(a - b).sum(), random_state=0).fit(X)
        np.testing.assert_array_equal(called.labels_, named.labels_)


def test_texts_under_a_function(tmp_path):
    words = ["tea", "teas", "teal", "coffee", "coffees", "toffee"]

    def letters(a, b):
        return len(set(a) ^ set(b))

    model = KMedoids(2, metric=letters, n_init=5, random_state=0).fit(words)
    np.testing.assert_array_equal(model.labels_ == model.labels_[0], [True] * 3 + [False] * 3)
    assert model.predict(["toffees"]) == model.labels_[3]
    with pytest.raises(RunError, match="cannot be kept in a run"):
        model.save(tmp_path)


def test_sets_and_their_columns(tmp_path):
    baskets = [{"a", "b"}, {"a", "b", "c"}, {"a"}, {"x", "y"}, {"x"}, {"x", "y", "z"}]
    model = KMedoids(2, metric="jaccard", n_init=5, random_state=0).fit(baskets)
    np.testing.assert_array_equal(model.labels_ == model.labels_[0], [True] * 3 + [False] * 3)
    columns = np.array([[m in basket for m in "abcxyz"] for basket in baskets])
    as_columns = KMedoids(2, metric="jaccard", n_init=5, random_state=0).fit(columns)
    np.testing.assert_array_equal(as_columns.labels_, model.labels_)
    model.save(tmp_path)
    assert load(tmp_path).predict([{"y", "unseen"}]) == model.labels_[3]


def test_zoo_by_jaccard(real_data):
    zoo = pd.read_csv(real_data / "tables" / "zoo.csv")
    X = zoo.drop(columns=["legs", "type"]).astype(bool)
    model = KMedoids(7, metric="jaccard", n_init=10, random_state=0).fit(X)
    assert adjusted_rand_score(zoo["type"], model.labels_) > 0.55


def test_penguins_by_gower(real_data, tmp_path):
    penguins = pd.read_csv(real_data / "tables" / "penguins.csv")
    X = penguins.drop(columns=["species"])
    assert X.isna().to_numpy().any()
    model = KMedoids(3, metric="gower", init="build").fit(X)
    assert adjusted_rand_score(penguins["species"], model.labels_) > 0.25
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    np.testing.assert_array_equal(model.predict(X.iloc[:5]), model.labels_[:5])
    assert model.cluster_centers_[0, 0] in {"Torgersen", "Biscoe", "Dream"}
    model.save(tmp_path)
    back = load(tmp_path)
    np.testing.assert_array_equal(back.score_samples(X), model.score_samples(X))
    new = X.iloc[:2].assign(island=["Nowhere", None])
    assert np.isfinite(back.score_samples(new)).all()


def test_airports_by_great_circle():
    airports = vega_datasets.data.airports()
    X = airports[["latitude", "longitude"]].to_numpy()[::5]
    model = KMedoids(6, metric="great_circle", random_state=0).fit(X)
    D = distances.pairwise(X, metric="great_circle")
    assert model.inertia_ == pytest.approx(cost(D, model.medoid_indices_))
    assert model.inertia_ / len(X) < 700


def test_save_and_load(tmp_path):
    X = load_iris().data
    for name, options in (("all", {}), ("sample", {"sample_size": 50})):
        model = KMedoids(3, random_state=0, **options).fit(X)
        model.save(tmp_path / name)
        back = load(tmp_path / name)
        np.testing.assert_array_equal(back.predict(X), model.labels_)
        np.testing.assert_array_equal(back.medoid_indices_, model.medoid_indices_)
        assert (back.sample_indices_ is None) == (name == "all")


def test_a_sample_assigns_all_rows_and_is_seeded():
    X, y = make_blobs(3000, centers=4, cluster_std=0.5, random_state=2)
    model = KMedoids(4, sample_size=300, n_init=3, random_state=0).fit(X)
    assert adjusted_rand_score(y, model.labels_) > 0.95
    assert len(model.labels_) == 3000
    assert set(model.medoid_indices_) <= set(model.sample_indices_)
    assert model.inertia_ == pytest.approx(cost(cdist(X, X), model.medoid_indices_))
    again = KMedoids(4, sample_size=300, n_init=3, random_state=0).fit(X)
    np.testing.assert_array_equal(again.medoid_indices_, model.medoid_indices_)


def test_what_does_not_fit_is_refused_with_what_would(monkeypatch):
    monkeypatch.setattr(distances, "total_memory", lambda: 4 * 8 * 100 * 100)
    X = np.random.default_rng(0).normal(size=(150, 2))
    with pytest.raises(InputError, match=r"all 150 rows take .* sample_size to at most 100"):
        KMedoids(2).fit(X)
    assert len(KMedoids(2, sample_size=100, random_state=0).fit(X).labels_) == 150


def test_duplicates_only_and_too_few_rows():
    X = np.ones((10, 2))
    with pytest.warns(ConvergenceWarning, match="1 clusters for n_clusters=3"):
        model = KMedoids(3, random_state=0).fit(X)
    assert model.inertia_ == 0.0
    with pytest.raises(InputError, match=r"n_clusters=20 but medoids are sought in 10 rows"):
        KMedoids(20).fit(X)


@pytest.mark.parametrize(
    ("D", "message"),
    [
        (np.ones((2, 3)), "2 by 3"),
        (np.array([[0.0, -1.0], [-1.0, 0.0]]), "negative"),
        (np.array([[0.0, 1.0], [2.0, 0.0]]), "not symmetric"),
    ],
)
def test_what_is_no_matrix_of_distances(D, message):
    with pytest.raises(InputError, match=message):
        KMedoids(1, metric="precomputed").fit(D)


def test_unknown_distance():
    with pytest.raises(InputError, match='did you mean "manhattan"'):
        KMedoids(2, metric="manhatan").fit(np.eye(3))
