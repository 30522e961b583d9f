"""Profiles: effect sizes by hand, texts in the source's units, rows that are typical or not."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris

from further.cluster import silhouette_values
from further.data import TablePreparation, load
from further.errors import InputError
from further.evaluate.clustering.effects import _cohen_h, _hedges_g
from further.evaluate.clustering.profiles import profile_clusters
from further.evaluate.clustering.rules import cluster_rules


@pytest.fixture
def iris():
    table = load_iris(as_frame=True).data
    labels = KMeans(3, n_init=5, random_state=0).fit_predict(table)
    return table, labels


def test_hedges_g_by_hand():
    # Means 3 and 6, pooled variance (2 + 8) / 3, factor 1 - 3 / (4 * 5 - 9).
    found = _hedges_g(np.array([2.0, 4.0]), np.array([4.0, 6.0, 8.0]))
    assert found == pytest.approx((1 - 3 / 11) * (3 - 6) / math.sqrt(10 / 3))


def test_without_spread_within_the_spread_of_all_counts():
    found = _hedges_g(np.array([1.0, 1.0]), np.array([3.0, 3.0]))
    assert found == pytest.approx((1 - 3 / 7) * -2.0)
    assert _hedges_g(np.array([1.0]), np.array([1.0])) == 0.0


def test_cohen_h_by_hand():
    assert _cohen_h(1.0, 0.0) == pytest.approx(math.pi)
    assert _cohen_h(0.5, 0.25) == pytest.approx(2 * math.asin(math.sqrt(0.5)) - math.pi / 3)


def test_setosa_in_the_units_of_the_source(iris):
    table, labels = iris
    setosa = next(p for p in profile_clusters(table, labels, X=table.to_numpy()) if p.size == 50)
    first = setosa.features[0]
    assert first.text == "petal length is lower: 1.46 against 4.91 cm"
    own = labels == setosa.cluster
    petal = table["petal length (cm)"].to_numpy()
    assert first.effect == pytest.approx(_hedges_g(petal[own], petal[~own]))
    assert first.measure == "Hedges' g"
    assert setosa.center["petal length (cm)"] == pytest.approx(1.462)
    sizes = [abs(effect.effect) for effect in setosa.features]
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) >= 0.2
    assert setosa.rule.precision == setosa.rule.recall == 1.0
    assert "circular" in setosa.note
    assert "p-value" not in json.dumps(setosa.to_dict())


def test_categories_and_whole_numbers(real_data):
    penguins = load(real_data / "tables" / "penguins.csv", tidy=False).frame
    labels = (penguins["species"] == "Gentoo").to_numpy().astype(int)
    texts = {e.column: e for e in profile_clusters(penguins, labels)[1].features}
    assert texts["species"].text == "species is always Gentoo: 100 % against 0 %"
    assert texts["species"].measure == "Cohen's h"
    assert texts["species"].effect == pytest.approx(math.pi)
    mass = penguins["body_mass_g"]
    own, other = mass[labels == 1].mean(), mass[labels == 0].mean()
    assert texts["body_mass_g"].text == f"body_mass is higher: {own:.0f} against {other:.0f} g"
    assert "sex" not in texts  # as many of either
    profile = profile_clusters(penguins, labels)[1]
    assert profile.center["island"] == "Biscoe"
    assert profile.center["body_mass_g"] == pytest.approx(mass[labels == 1].mean())


def test_shares_are_told_in_words_that_fit():
    table = pd.DataFrame(
        {
            "a": ["x"] * 30 + ["y"] * 10 + ["y"] * 30 + ["z"] * 30,
            "b": ["p", "q", "r", "s"] * 10 + ["p"] * 60,
            "c": [False] * 40 + [True] * 30 + [False] * 30,
        }
    )
    first, second = profile_clusters(table, [0] * 40 + [1] * 60)
    texts = {e.column: e.text for e in first.features}
    assert texts["a"] == "a is mostly x: 75 % against 0 %"
    assert texts["b"] == "b is less often p: 25 % against 100 %"
    assert texts["c"] == "c is always False: 100 % against 50 %"
    assert {e.column: e.text for e in second.features}["b"] == "b is always p: 100 % against 25 %"


def test_dates_and_missing_values():
    table = pd.DataFrame(
        {
            "when": pd.to_datetime(["2020-01-01", "2020-01-03", "2021-01-01", "2021-01-03"]),
            "x": [1.5, np.nan, 3.5, 4.0],
            "nothing": [None, None, None, None],
        }
    )
    profile = profile_clusters(table, [0, 0, 1, 1])[0]
    assert {e.column: e.text for e in profile.features} == {
        "when": "when is earlier: 2020-01-02 against 2021-01-02",
        "x": "x is lower: 1.50 against 3.75",
    }
    assert profile.center == {"when": "2020-01-02", "x": 1.5, "nothing": None}


def test_names_set_nothing_apart():
    table = pd.DataFrame({"name": [f"n{i}" for i in range(30)], "x": np.arange(30.0)})
    profile = profile_clusters(table, [0] * 10 + [1] * 20)[0]
    assert [effect.column for effect in profile.features] == ["x"]


def test_typical_rows_are_nearest_and_borderline_rows_name_the_other_cluster(iris):
    table, labels = iris
    X = table.to_numpy()
    centers = np.array([X[labels == c].mean(axis=0) for c in range(3)])
    away = np.linalg.norm(X[:, None] - centers[None], axis=2)
    for profile in profile_clusters(table, labels, X=X):
        members = np.flatnonzero(labels == profile.cluster)
        typical = profile.typical[0]
        assert typical.distance == pytest.approx(away[members, profile.cluster].min())
        assert typical.values["petal width (cm)"] == X[typical.row, 3]
        edge = profile.borderline[0]
        ordered = np.sort(away[members], axis=1)
        margins = 1 - ordered[:, 0] / ordered[:, 1]
        assert edge.row == members[margins.argmin()]
        assert edge.other == int(np.argsort(away[edge.row])[1])
        assert labels[edge.row] == profile.cluster


def test_borderline_by_silhouette_and_distances_given(iris):
    table, labels = iris
    found = silhouette_values(table.to_numpy(), labels)
    distances = np.arange(150.0)[::-1]
    profiles = profile_clusters(table, labels, distances=distances, silhouettes=found)
    for profile in profiles:
        members = np.flatnonzero(labels == profile.cluster)
        assert profile.typical[0].row == members[-1]
        worst = members[found.values[members].argmin()]
        assert profile.borderline[0].row == worst
        assert profile.borderline[0].other == found.neighbours[worst]


def test_copies_of_a_row_are_shown_once():
    table = pd.DataFrame({"x": [1.0] * 10 + [1.5, 1.75] + [9.0] * 5})
    profile = profile_clusters(table, [0] * 12 + [1] * 5)[0]
    assert sorted(example.values["x"] for example in profile.typical) == [1.0, 1.5, 1.75]


def test_noise_is_described_as_noise_and_comes_last():
    table = pd.DataFrame({"x": [1.0, 1.1, 1.2, 5.0, 5.1, 5.2, 90.0]})
    profiles = profile_clusters(table, [0, 0, 0, 1, 1, 1, -1])
    assert [p.cluster for p in profiles] == [0, 1, -1]
    noise = profiles[-1].to_dict()
    assert noise["noise"] is True
    assert noise["typical"] == noise["borderline"] == []
    assert noise["features"][0]["text"] == "x is higher: 90.00 against 3.10"


def test_one_cluster_has_a_profile_without_features(iris):
    table, _ = iris
    (profile,) = profile_clusters(table, np.zeros(150, dtype=int))
    assert profile.features == ()
    assert profile.rule.text is None
    assert profile.share == 1.0
    assert profile.borderline == ()
    assert len(profile.typical) == 3


def test_rules_given_are_used(iris):
    table, labels = iris
    rules = cluster_rules(table, labels, max_depth=1, random_state=0)
    profiles = profile_clusters(table, labels, rules=rules)
    assert [p.rule for p in profiles] == list(rules.clusters)


@pytest.mark.parametrize("name", ["penguins", "zoo", "heart_cleveland", "german_credit_readable"])
def test_real_tables_are_told_in_json(real_data, name):
    table = load(real_data / "tables" / f"{name}.csv", tidy=False).frame
    X = TablePreparation().fit(table).transform(table)
    rows = X if isinstance(X, np.ndarray) else pd.get_dummies(X, dtype=float).fillna(0).to_numpy()
    labels = KMeans(3, n_init=2, random_state=0).fit_predict(rows)
    profiles = profile_clusters(table, labels, X=X)
    found = json.loads(json.dumps([p.to_dict() for p in profiles], allow_nan=False))
    assert sum(p["size"] for p in found) == len(table)
    for profile in found:
        assert profile["features"]
        assert set(profile["center"]) == set(table)
        assert profile["typical"][0].keys() == {"row", "values", "distance"}
        assert profile["borderline"][0]["other"] != profile["cluster"]
    assert profiles[0].to_frame().columns.tolist() == ["column", "effect", "measure", "text"]


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match='frame has no column "b"'):
        profile_clusters(pd.DataFrame({"a": [1.0, 2.0]}), [0, 1], feature_names=["b"])
