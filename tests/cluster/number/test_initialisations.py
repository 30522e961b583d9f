from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs

from further.cluster import AgglomerativeClustering, KMedoids, KPrototypes
from further.cluster.kmeans import KMeans
from further.cluster.number.initialisations import _match_clusters, init_sensitivity
from further.errors import InputError


@pytest.fixture(scope="module")
def uneven():
    """Two tight blobs near each other and two far away: random initialisations often miss one."""
    centers = [[0, 0], [3, 0], [60, 0], [60, 40]]
    X, _ = make_blobs([30, 30, 60, 60], centers=centers, cluster_std=0.5, random_state=0)
    return X


@pytest.fixture(scope="module")
def found(uneven):
    return init_sensitivity(uneven, 4, n_init=20, random_state=0)


def test_kinds_of_initialisation_are_compared_with_the_best_of_all(found):
    kinds = {kind.kind: kind for kind in found.kinds}
    assert {"random", "k-means++"} <= set(kinds)
    assert all(len(kind.inertia) == 20 for kind in found.kinds)
    assert found.best_inertia == min(kind.inertia.min() for kind in found.kinds)
    assert kinds["k-means++"].best_share > kinds["random"].best_share
    assert kinds["random"].low <= kinds["random"].median <= kinds["random"].high <= 1
    assert found.sentence.startswith("The initialisation matters: ")


def test_an_initialisation_is_one_fit_with_that_init(uneven, found):
    assert found.best_inertia == pytest.approx(
        KMeans(4, n_init=20, random_state=1).fit(uneven).inertia_
    )


def test_rows_that_leave_their_side_are_the_ones_between(uneven, found):
    # The far blobs are split when the near ones are merged; the best keeps all four apart.
    assert found.changing.shape == (len(uneven),)
    assert 0 < found.changing.max() < 1
    assert len(np.unique(found.labels)) == 4


def test_where_the_initialisation_hardly_matters_no_row_changes():
    X, _ = make_blobs(90, centers=[[0, 0], [50, 0]], random_state=0)
    found = init_sensitivity(X, 2, n_init=5, random_state=0)
    assert found.changing.max() == 0
    assert all(kind.best_share == 1 and kind.median == 1 for kind in found.kinds)
    assert found.sentence.startswith("The initialisation makes little difference")


def test_shares_are_counts_of_initialisations(found):
    frame = found.to_frame()
    assert frame["relative"].min() == 1.0
    for kind in found.kinds:
        mine = frame[frame["kind"] == kind.kind]
        assert mine["reaches_best"].mean() == pytest.approx(kind.best_share)
    np.testing.assert_allclose(found.changing * len(frame), np.rint(found.changing * len(frame)))


def test_json_lists_the_rows_that_change_most_first(found):
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert set(told) >= {"n_init", "kinds", "changing", "sentence"}
    assert set(told["kinds"][0]) == {"kind", "inertia", "best_share", "ari"}
    values = told["changing"]["values"]
    assert values == sorted(values, reverse=True)
    assert len(values) == len(told["changing"]["rows"]) > 0
    assert found.changing[told["changing"]["rows"][0]] == values[0]


def test_clusters_are_matched_so_that_most_rows_stay():
    reference = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    labels = np.array([2, 2, 0, 0, 0, 0, 1, 1, 1])
    assert _match_clusters(labels, reference).tolist() == [0, 0, 1, 1, 1, 1, 2, 2, 2]
    # One cluster more than the reference has: the smaller part leaves.
    split = np.array([0, 0, 3, 1, 1, 1, 2, 2, 2])
    assert (_match_clusters(split, reference) != reference).tolist() == [
        False, False, True, *[False] * 6,
    ]  # fmt: skip


def test_other_estimators_have_their_own_kinds():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=40), "c": rng.choice(list("pq"), 40)})
    mixed = init_sensitivity(frame, 2, estimator=KPrototypes(), n_init=4, random_state=0)
    assert {kind.kind for kind in mixed.kinds} == {"random", "k-means++"}
    medoids = init_sensitivity(
        rng.normal(size=(40, 2)), 3, estimator=KMedoids(), n_init=4, random_state=0
    )
    build = next(kind for kind in medoids.kinds if kind.kind == "build")
    assert len(build.inertia) == 1  # nothing is left to chance
    assert build.median is None


def test_an_estimator_without_an_init_always_gives_the_same():
    X = np.random.default_rng(0).random((40, 2))
    found = init_sensitivity(X, 3, estimator=AgglomerativeClustering(), n_init=3, random_state=0)
    assert [kind.kind for kind in found.kinds] == ["its own"]
    assert found.changing.max() == 0


def test_one_cluster_and_rows_alone():
    X = np.random.default_rng(0).random((8, 2))
    assert init_sensitivity(X, 1, n_init=3, random_state=0).changing.max() == 0
    assert init_sensitivity(X, 8, n_init=3, random_state=0).best_inertia == 0


def test_the_same_seed_gives_the_same(uneven):
    first, second = (init_sensitivity(uneven, 4, n_init=4, random_state=3) for _ in range(2))
    assert first.to_dict() == second.to_dict()


def test_large_data_are_sampled_and_it_is_said(monkeypatch):
    monkeypatch.setattr("further.cluster.number.initialisations.FITTED_ROWS", 200)
    X, _ = make_blobs(500, centers=2, random_state=0)
    found = init_sensitivity(X, 2, n_init=3, random_state=0)
    assert len(found.changing) == len(found.rows) == 200
    assert found.notes == ("A random sample of 200 of 500 rows was clustered.",)


@pytest.mark.parametrize(
    ("k", "options", "message"),
    [
        (30, {}, "n_clusters=30 but X has 20 rows"),
        (0, {}, "n_clusters=0 must be at least 1"),
        (2, {"n_init": 1}, "n_init=1 shows no spread"),
        (2, {"kinds": ("nearest",)}, 'KMeans has no init "nearest"; choose from random'),
    ],
)
def test_what_cannot_be_is_refused(k, options, message):
    with pytest.raises(InputError, match=message):
        init_sensitivity(np.random.default_rng(0).random((20, 2)), k, **options)
