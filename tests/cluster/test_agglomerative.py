"""Agglomerative clustering against scikit-learn's, SciPy's trees, and brute force."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.cluster
from scipy.cluster import hierarchy
from scipy.sparse import csr_array
from sklearn.datasets import load_iris, make_blobs
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import kneighbors_graph

from further.cluster.agglomerative import AgglomerativeClustering
from further.errors import InputError

LINKAGES = ("ward", "average", "complete", "single")


@pytest.fixture(scope="module")
def iris():
    return load_iris().data


@pytest.mark.parametrize("linkage", LINKAGES)
def test_equals_scikit_learn(iris, linkage):
    options = {"n_clusters": 4, "linkage": linkage}
    ours = AgglomerativeClustering(**options).fit(iris)
    theirs = sklearn.cluster.AgglomerativeClustering(compute_distances=True, **options).fit(iris)
    for name in ("labels_", "children_", "distances_"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    assert ours.n_clusters_ == theirs.n_clusters_ == 4


def test_threshold_and_graph_equal_scikit_learn(iris):
    graph = kneighbors_graph(iris, 10, include_self=False)
    for options in ({"n_clusters": None, "distance_threshold": 5.0}, {"connectivity": graph}):
        ours = AgglomerativeClustering(**options).fit(iris)
        theirs = sklearn.cluster.AgglomerativeClustering(**options).fit(iris)
        np.testing.assert_array_equal(ours.labels_, theirs.labels_)


@pytest.mark.parametrize("linkage", LINKAGES)
def test_new_rows_by_brute_force(iris, linkage):
    model = AgglomerativeClustering(n_clusters=3, linkage=linkage).fit(iris[::2])
    new, labels = iris[1::2], model.labels_
    far = np.sqrt(((new[:, None] - iris[::2][None]) ** 2).sum(-1))
    of = {
        "average": lambda c: far[:, labels == c].mean(1),
        "complete": lambda c: far[:, labels == c].max(1),
        "single": lambda c: far[:, labels == c].min(1),
        "ward": lambda c: np.linalg.norm(new - iris[::2][labels == c].mean(0), axis=1),
    }
    distance = np.stack([of[linkage](c) for c in range(3)], axis=1)
    predicted = model.predict(new)
    np.testing.assert_array_equal(predicted, distance.argmin(1))
    scored = distance if linkage == "ward" else np.stack([of["average"](c) for c in range(3)], 1)
    expected = -scored[np.arange(len(new)), predicted]
    np.testing.assert_allclose(model.score_samples(new), expected, rtol=1e-6)


@pytest.mark.parametrize("linkage", LINKAGES)
def test_dendrogram_is_the_top_of_the_tree(iris, linkage):
    model = AgglomerativeClustering(n_clusters=3, linkage=linkage).fit(iris)
    top = model.dendrogram(n_leaves=12)
    assert top.merges.shape == (11, 4)
    assert top.leaf_sizes.sum() == top.merges[-1, 3] == len(iris)
    np.testing.assert_array_equal(top.merges[:, 2], model.distances_[-11:])
    assert sorted(top.merges[:, :2].ravel()) == list(range(22))
    # The cut falls between the merges of three clusters and of two.
    assert (top.merges[:, 2] > top.cut).sum() == 2
    sizes = [top.leaf_sizes[top.leaf_clusters == c].sum() for c in range(3)]
    np.testing.assert_array_equal(sizes, np.bincount(model.labels_))
    assert set(top.to_dict()) == {"merges", "leaf_sizes", "leaf_clusters", "cut", "note"}


def test_whole_dendrogram_is_scipys(iris):
    X = iris + np.random.default_rng(0).normal(0, 1e-3, iris.shape)  # no ties
    whole = AgglomerativeClustering().fit(X).dendrogram(n_leaves=1000)
    theirs = hierarchy.linkage(X, "ward")
    np.testing.assert_allclose(whole.merges[:, 2:], theirs[:, 2:])
    assert hierarchy.is_valid_linkage(whole.merges)
    np.testing.assert_array_equal(whole.leaf_sizes, 1)


def test_dendrogram_of_one_and_of_all_clusters():
    X = np.array([[0.0], [1.0], [5.0]])
    heights = AgglomerativeClustering().fit(X).distances_
    assert AgglomerativeClustering(n_clusters=1).fit(X).dendrogram().cut > heights[-1]
    assert 0 < AgglomerativeClustering(n_clusters=3).fit(X).dendrogram().cut < heights[0]
    by_height = AgglomerativeClustering(n_clusters=None, distance_threshold=2.5).fit(X)
    assert by_height.dendrogram().cut == 2.5


def test_tree_that_was_not_finished_has_no_dendrogram(iris):
    graph = kneighbors_graph(iris, 10, include_self=False)
    options = {"connectivity": csr_array(graph), "n_clusters": 120}
    model = AgglomerativeClustering(compute_full_tree=False, **options).fit(iris)
    with pytest.raises(InputError, match="compute_full_tree=True"):
        model.dendrogram()


@pytest.mark.parametrize("linkage", ["ward", "average"])
def test_sample_stands_for_all_rows(linkage, tmp_path):
    X, y = make_blobs(1000, centers=4, cluster_std=0.7, random_state=1)
    options = {"n_clusters": 4, "linkage": linkage, "sample_size": 200, "random_state": 0}
    model = AgglomerativeClustering(**options).fit(X)
    assert len(model.sample_indices_) == model.n_leaves_ == 200
    assert adjusted_rand_score(y, model.labels_) > 0.95
    outside = np.setdiff1d(np.arange(1000), model.sample_indices_)
    np.testing.assert_array_equal(model.labels_[outside], model.predict(X[outside]))
    assert "a sample of 200 of 1000 rows" in model.dendrogram().note
    again = AgglomerativeClustering(**options).fit(X)
    np.testing.assert_array_equal(again.labels_, model.labels_)
    far = np.sqrt(((X[:, None] - X[None]) ** 2).sum(-1))
    given = AgglomerativeClustering(metric="precomputed", **{**options, "linkage": "average"})
    average = AgglomerativeClustering(**{**options, "linkage": "average"}).fit(X)
    np.testing.assert_array_equal(given.fit(far).labels_, average.labels_)


def test_more_rows_than_memory_carries_are_refused(monkeypatch):
    monkeypatch.setattr("further.cluster.dissimilarity.distances.total_memory", lambda: 32 * 10**5)
    X = np.random.default_rng(0).normal(size=(400, 2))
    with pytest.raises(InputError, match="at most 316 rows, or sample_size=316"):
        AgglomerativeClustering().fit(X)
    with pytest.raises(InputError, match="at most 182 rows"):
        AgglomerativeClustering(linkage="average", metric="great_circle").fit(X)
    assert AgglomerativeClustering(sample_size=316).fit(X).labels_.shape == (400,)
    assert AgglomerativeClustering(linkage="single").fit(X).labels_.shape == (400,)


def test_what_cannot_be_done_is_said(iris):
    with pytest.raises(InputError, match="n_clusters=200 but X has 150 rows"):
        AgglomerativeClustering(n_clusters=200).fit(iris)
    with pytest.raises(InputError, match="n_clusters=60 but the sample has 50 rows"):
        AgglomerativeClustering(n_clusters=60, sample_size=50).fit(iris)
    with pytest.raises(InputError, match="give one of the two"):
        AgglomerativeClustering(connectivity=np.ones((150, 150)), sample_size=50).fit(iris)
    with pytest.raises(InputError, match="n_leaves=1"):
        AgglomerativeClustering().fit(iris).dendrogram(n_leaves=1)
