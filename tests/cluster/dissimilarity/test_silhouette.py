"""Silhouettes against scikit-learn, on samples, and where they are not defined."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.metrics import pairwise_distances, silhouette_samples, silhouette_score

from further.cluster import silhouette_values
from further.cluster.dissimilarity.distances import pairwise
from further.errors import InputError


@pytest.mark.parametrize("load", [load_iris, load_wine, load_digits])
def test_values_are_those_of_scikit_learn(load):
    X = load().data
    labels = KMeans(4, n_init=1, random_state=0).fit_predict(X)
    labels[5] = 9  # alone in its cluster
    found = silhouette_values(X, labels, random_state=0)
    assert np.allclose(found.values, silhouette_samples(X, labels), atol=1e-12)
    assert found.estimate.value == pytest.approx(silhouette_score(X, labels))
    assert found.estimate.low < found.estimate.value < found.estimate.high
    assert not found.sampled
    assert found.rows.tolist() == list(range(len(X)))
    assert found.values[5] == 0


@pytest.mark.parametrize(
    ("metric", "theirs"),
    [("manhattan", "manhattan"), ("cosine", "cosine"), ("chebyshev", "chebyshev")],
)
def test_other_distances(metric, theirs):
    X, labels = load_wine(return_X_y=True)
    found = silhouette_values(X, labels, metric=metric)
    assert np.allclose(found.values, silhouette_samples(X, labels, metric=theirs))


def test_distances_given_and_by_function_agree_with_names():
    X, labels = load_iris(return_X_y=True)
    X, labels = X[::3], labels[::3]
    named = silhouette_values(X, labels, metric="manhattan").values
    given = silhouette_values(
        pairwise_distances(X, metric="manhattan"), labels, metric="precomputed"
    )
    by_function = silhouette_values(X, labels, metric=lambda a, b: float(np.abs(a - b).sum()))
    assert np.allclose(given.values, named)
    assert np.allclose(by_function.values, named)


def test_sets_and_mixed_tables():
    sets = [{"a", "b"}, {"a"}, {"x", "y"}, {"y"}]
    found = silhouette_values(sets, [0, 0, 1, 1], metric="jaccard")
    assert found.values.tolist() == [0.5, 0.5, 0.5, 0.5]
    table = pd.DataFrame(
        {"size": [1.0, 2.0, np.nan, 9.0], "colour": pd.Categorical(["r", "r", "b", None])}
    )
    labels = [0, 0, 1, 1]
    D = pairwise(table, metric="gower")
    expected = silhouette_samples(D, labels, metric="precomputed")
    assert np.allclose(silhouette_values(table, labels, metric="gower").values, expected)


def test_by_hand():
    # Row 0: 1 to its own, (10 + 11) / 2 to the others, so 1 - 1 / 10.5.
    found = silhouette_values([[0.0], [1.0], [10.0], [11.0]], [0, 0, 1, 1])
    assert found.values == pytest.approx([1 - 1 / 10.5, 1 - 1 / 9.5, 1 - 1 / 9.5, 1 - 1 / 10.5])


def test_noise_takes_no_part():
    X, labels = load_iris(return_X_y=True)
    noisy = np.where(np.arange(150) % 10 == 0, -1, labels)
    found = silhouette_values(X, noisy)
    kept = noisy >= 0
    assert np.allclose(found.values, silhouette_samples(X[kept], noisy[kept]))
    assert found.rows.tolist() == np.flatnonzero(kept).tolist()
    assert -1 not in found.neighbours


def test_a_sample_estimates_the_mean_of_all_rows_and_keeps_small_clusters():
    rng = np.random.default_rng(0)
    sizes = (3000, 1000, 40)
    X = np.vstack([rng.normal(c, 1, (m, 2)) for c, m in zip((0, 3, 9), sizes, strict=True)])
    labels = np.repeat([0, 1, 2], sizes)
    whole = silhouette_samples(X, labels)
    found = silhouette_values(X, labels, sample_size=1000, random_state=0)
    assert found.sampled
    assert found.estimate.low <= whole.mean() <= found.estimate.high
    assert "seeded sample of 1,021 of 4,040 rows" in found.estimate.method
    assert np.bincount(found.labels).tolist() == [743, 248, 30]
    assert np.abs(found.values - whole[found.rows]).mean() < 0.02
    again = silhouette_values(X, labels, sample_size=1000, random_state=0)
    assert np.array_equal(found.rows, again.rows)
    assert found.estimate == again.estimate


def test_for_a_page_values_fall_and_are_few():
    X, labels = load_digits(return_X_y=True)
    found = silhouette_values(X, labels > 4, random_state=0).to_dict()
    assert found["n"] == 1797
    for cluster in found["clusters"]:
        assert len(cluster["values"]) == 200
        assert cluster["values"] == sorted(cluster["values"], reverse=True)
        values = silhouette_samples(X, labels > 4)[(labels > 4) == cluster["cluster"]]
        assert cluster["negative_share"] == pytest.approx((values < 0).mean())
    assert sum(c["n"] for c in found["clusters"]) == 1797
    assert sum(c["n"] * c["mean"] for c in found["clusters"]) / 1797 == pytest.approx(
        found["value"]
    )


@pytest.mark.parametrize("columns", [3, 50])
def test_equal_rows_have_no_silhouette(columns):
    X = np.full((40, columns), 1e6 / 3)
    found = silhouette_values(X, np.arange(40) % 2)
    assert (found.values == 0).all()


@pytest.mark.parametrize("labels", [[0, 0, 0], [-1, -1, 0]])
def test_one_cluster_is_refused(labels):
    with pytest.raises(InputError, match="labels has 1 clusters besides noise"):
        silhouette_values([[0.0], [1.0], [2.0]], labels)


def test_unknown_distance_is_refused_with_the_nearest():
    with pytest.raises(InputError, match='did you mean "manhattan"'):
        silhouette_values([[0.0], [1.0]], [0, 1], metric="manhatan")
