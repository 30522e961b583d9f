"""KMeans is scikit-learn's, with the labels of its float64."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn.cluster
from sklearn.base import clone
from sklearn.datasets import load_iris, make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import further
from further.cluster import KMeans
from further.cluster.exact.selection import COMPILED_WORK
from further.errors import InputError

#: What scikit-learn grants its own KMeans: its starts are drawn from the rows.
GRANTED = {
    f"check_sample_weight_equivalence_on_{kind}_data": "weights are not repetitions of rows"
    for kind in ("dense", "sparse")
}


@parametrize_with_checks(
    [KMeans(n_clusters=2, n_init=2, max_iter=5), KMeans(n_clusters=2, init="random", record=False)],
    expected_failed_checks=lambda estimator: GRANTED,
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def blobs(n: int, d: int, k: int, dtype: type = np.float64) -> np.ndarray:
    return make_blobs(n, d, centers=k, cluster_std=2.5, random_state=0)[0].astype(dtype)


def both(X: np.ndarray, weights: np.ndarray | None = None, **parameters):
    ours = KMeans(**parameters).fit(X, sample_weight=weights)
    theirs = sklearn.cluster.KMeans(**parameters).fit(X.astype(float), sample_weight=weights)
    return ours, theirs


def assert_same(ours: KMeans, theirs: sklearn.cluster.KMeans) -> None:
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    scale = np.abs(theirs.cluster_centers_).max()
    rtol = 1e-6 if ours.cluster_centers_.dtype == np.float32 else 1e-9
    np.testing.assert_allclose(
        ours.cluster_centers_, theirs.cluster_centers_, rtol=0, atol=rtol * scale
    )
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("init", ["k-means++", "random"])
@pytest.mark.parametrize(("n", "d", "k"), [(300, 3, 4), (20000, 10, 45), (20000, 25, 20)])
def test_same_seed_same_result_as_scikit_learn_on_float64(dtype, init, n, d, k):
    X = blobs(n, d, k, dtype)
    ours, theirs = both(X, n_clusters=k, init=init, n_init=2, random_state=3)
    assert (X.size * k * 2 >= COMPILED_WORK) == (n == 20000)
    assert_same(ours, theirs)
    assert ours.cluster_centers_.dtype == dtype
    assert ours.labels_.dtype == np.int32
    np.testing.assert_array_equal(ours.predict(X), ours.labels_)
    np.testing.assert_array_equal(clone(ours).fit_predict(X), ours.labels_)


@pytest.mark.parametrize(("n", "d", "k"), [(400, 3, 6), (30000, 6, 50)])
def test_weights(n, d, k):
    X = blobs(n, d, k)
    weights = np.random.default_rng(0).random(n).round(1)
    ours, theirs = both(X, weights, n_clusters=k, random_state=0)
    assert_same(ours, theirs)
    expected = theirs.score(X, sample_weight=weights)
    assert ours.score(X, sample_weight=weights) == pytest.approx(expected)


@pytest.mark.parametrize("n", [500, 40000])
def test_given_centroids_functions_and_one_draw(n):
    X = blobs(n, 8, 30)
    assert_same(*both(X, n_clusters=30, init=X[:30]))

    def last_rows(X, n_clusters, random_state):
        return X[-n_clusters:].copy()

    assert_same(*both(X, n_clusters=30, init=last_rows, n_init=1))
    plain = KMeans(30, init="k-means++ (single draw)", random_state=0).fit(X)
    _, rows = sklearn.cluster.kmeans_plusplus(X, 30, random_state=0, n_local_trials=1)
    assert_same(plain, sklearn.cluster.KMeans(30, init=X[rows], n_init=1).fit(X))
    with pytest.raises(ValueError, match="init"):
        KMeans(30, init="k-means").fit(X)
    with pytest.warns(RuntimeWarning, match="only one init"):
        KMeans(30, init=X[:30], n_init=3).fit(X)
    with pytest.raises(ValueError, match="does not match"):
        KMeans(3, init=X[:4]).fit(X)


@pytest.mark.parametrize("options", [{"max_iter": 1}, {"max_iter": 3}, {"tol": 0}, {"tol": 0.1}])
@pytest.mark.parametrize("n", [500, 60000])
def test_it_stops_where_scikit_learn_stops(options, n):
    X = blobs(n, 5, 40)
    ours, theirs = both(X, n_clusters=40, init=X[:40], **options)
    assert_same(ours, theirs)
    np.testing.assert_array_equal(ours.predict(X), ours.labels_)


@pytest.mark.parametrize("n", [60, 60000])
def test_awkward_tables(n):
    X = blobs(n, 4, 3)
    constant = np.column_stack([X, np.full(n, 7.0)])
    assert_same(*both(constant, n_clusters=40, random_state=0))
    strided = np.asfortranarray(X)[::2]
    assert_same(*both(strided, n_clusters=20, random_state=0))
    with pytest.warns(ConvergenceWarning, match="distinct clusters"):
        few = KMeans(40, random_state=0).fit(np.repeat(X[:5], n // 5, axis=0))
    assert few.inertia_ == pytest.approx(0, abs=1e-9)
    assert len(np.unique(few.labels_)) == 5
    with pytest.warns(ConvergenceWarning, match=r"clusters \(1\)"):
        one = KMeans(40, random_state=0).fit(np.ones((n, 4)))
    assert one.inertia_ == 0
    with pytest.raises(InputError, match="n_samples=3"):
        KMeans(4).fit(X[:3])


def test_as_many_clusters_as_rows():
    X = np.random.default_rng(0).random((1500, 5))
    model = KMeans(1500, random_state=0).fit(X)
    assert model.inertia_ == pytest.approx(0, abs=1e-20)
    assert sorted(model.labels_) == list(range(1500))


def test_history_is_every_iteration():
    X = load_iris().data
    model = KMeans(3, init="random", n_init=1, random_state=4, record=True).fit(X)
    inertias = [step.inertia for step in model.history_]
    assert inertias == sorted(inertias, reverse=True)
    assert model.history_[0].moved == 150
    assert model.history_[-1].moved == 0
    assert len(model.history_) == model.n_iter_
    np.testing.assert_allclose(model.history_[-1].centers, model.cluster_centers_)
    stopped = clone(model).set_params(max_iter=2).fit(X)
    assert len(stopped.history_) == 3
    assert stopped.history_[-1].inertia == stopped.inertia_
    np.testing.assert_allclose(stopped.history_[-1].centers, stopped.cluster_centers_)
    assert not hasattr(KMeans(3).fit(X), "history_")


def test_answers_for_new_rows():
    X = blobs(3000, 6, 5)
    ours, theirs = both(X[:2000], n_clusters=5, random_state=0)
    new = X[2000:]
    np.testing.assert_array_equal(ours.predict(new), theirs.predict(new))
    np.testing.assert_allclose(ours.transform(new), theirs.transform(new))
    np.testing.assert_allclose(ours.score_samples(new), -theirs.transform(new).min(axis=1))
    assert ours.score(new) == pytest.approx(theirs.score(new))
    np.testing.assert_array_equal(ours.get_feature_names_out(), theirs.get_feature_names_out())
    np.testing.assert_allclose(clone(ours).fit_transform(new), clone(ours).fit(new).transform(new))
    assert ours.score_samples(new.astype(np.float32)).shape == (1000,)


def test_sparse_input_is_scikit_learns():
    X = sp.random(400, 30, density=0.2, random_state=0, format="csr")
    ours, theirs = (
        cls(4, random_state=0, n_init=2).fit(X) for cls in (KMeans, sklearn.cluster.KMeans)
    )
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    assert ours.score(X) == pytest.approx(theirs.score(X))
    np.testing.assert_allclose(ours.score_samples(X), -theirs.transform(X).min(axis=1))
    single = KMeans(4, init="k-means++ (single draw)", random_state=0).fit(X)
    assert single.cluster_centers_.shape == (4, 30)
    with pytest.raises(InputError, match="sparse"):
        KMeans(4, record=True).fit(X)


def test_x_is_left_alone_and_models_travel(tmp_path):
    X = blobs(40000, 6, 40, np.float32)
    before = X.copy()
    model = KMeans(40, copy_x=False, random_state=0).fit(X)
    np.testing.assert_array_equal(X, before)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.labels_)
    model.save(tmp_path)
    loaded = further.load(tmp_path)
    assert loaded.inertia_ == model.inertia_
    assert (loaded.predict(X) != model.labels_).sum() <= 1
    np.testing.assert_array_equal(loaded.transform(X[:9]), model.transform(X[:9]))


def test_frames_and_pipelines():
    frame = pd.DataFrame(load_iris().data, columns=list("abcd"))
    model = KMeans(3, random_state=0).fit(frame)
    assert list(model.feature_names_in_) == list("abcd")
    pipeline = make_pipeline(StandardScaler(), KMeans(3, random_state=0)).fit(frame)
    assert pipeline.predict(frame).shape == (150,)


@pytest.mark.parametrize("name", ["digits", "wine"])
def test_real_tables(name):
    from sklearn import datasets

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    X = StandardScaler().fit_transform(X) if name == "wine" else X
    k = len(np.unique(y))
    ours, theirs = both(X, n_clusters=k, random_state=0, n_init=3)
    assert_same(ours, theirs)
    assert adjusted_rand_score(y, ours.labels_) > 0.5


def test_float32_of_a_million_rows_of_small_integers():
    X = np.random.default_rng(0).integers(0, 4, (1_000_000, 2)).astype(np.float32)
    start = np.array([[0.5, 0.5], [2.5, 0.5], [0.5, 2.5], [2.5, 2.5]])
    model = KMeans(4, init=start).fit(X)
    assert model.n_iter_ == 1
    np.testing.assert_array_equal(model.labels_, (X[:, 0] > 1) + 2 * (X[:, 1] > 1))
