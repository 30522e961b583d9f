"""Rules say on the original columns which rows are in which cluster, and how well."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris, load_wine
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier

from further.data import load
from further.errors import InputError
from further.evaluate.clustering.rules import cluster_rules, find_rules


@pytest.fixture
def iris():
    data = load_iris(as_frame=True)
    return data.data, data.target.to_numpy()


def test_setosa_is_told_by_one_question(iris):
    table, labels = iris
    rules = cluster_rules(table, labels, random_state=0)
    setosa = rules.of(0)
    # Any petal narrower than this: the source has one decimal, the gap is from 0.6 to 1.0.
    assert setosa.text in ("petal width (cm) <= 0.8", "petal length (cm) <= 2.4")
    assert (setosa.precision, setosa.recall, setosa.rows) == (1.0, 1.0, 50)
    assert rules.baseline == pytest.approx(1 / 3)
    assert "33%" in rules.note
    assert rules.depth == 3


def test_fidelity_is_the_accuracy_of_cross_validation(iris):
    table, labels = iris
    rules = cluster_rules(table, labels, random_state=0)
    tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=1, random_state=0)
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    assert rules.fidelity.value == pytest.approx(
        cross_val_score(tree, table, labels, cv=folds).mean(), abs=0.03
    )
    assert rules.fidelity.low < rules.fidelity.value < rules.fidelity.high
    assert rules.fidelity.n == 150


def test_no_structure_has_a_fidelity_no_better_than_the_largest_cluster():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(400, 4)))
    rules = cluster_rules(table, rng.integers(0, 3, 400), random_state=0)
    assert rules.fidelity.low < rules.baseline + 0.05


def test_what_is_printed_is_what_was_measured():
    table, labels = load_wine(as_frame=True, return_X_y=True)
    labels = labels.to_numpy()
    for rule in cluster_rules(table, labels, random_state=0).clusters:
        spelled = rule.text.replace("od280/od315_of_diluted_wines", "od")
        named = table.rename(columns={"od280/od315_of_diluted_wines": "od"})
        rows = named.query(spelled).index.to_numpy()
        assert len(rows) == rule.rows
        assert (labels[rows] == rule.cluster).mean() == pytest.approx(rule.precision)
        assert (labels[rows] == rule.cluster).sum() / (labels == rule.cluster).sum() == (
            pytest.approx(rule.recall)
        )


def test_conditions_on_one_column_come_to_one():
    table = pd.DataFrame({"x": np.arange(90)})
    rules = cluster_rules(table, np.repeat([0, 1, 2], 30), random_state=0)
    assert [rule.text for rule in rules.clusters] == ["x <= 29", "29 < x <= 59", "x > 59"]
    assert rules.text[1] == "Cluster 1: 29 < x <= 59"


def test_categories_truth_values_and_missing_numbers():
    table = pd.DataFrame(
        {
            "colour": ["red"] * 20 + ["blue"] * 20 + ["green"] * 20,
            "even": [True, False] * 30,
            "height": [1.5, 1.25, np.nan, 1.75] * 15,
        }
    )
    red = (table["colour"] == "red").to_numpy()
    assert cluster_rules(table, red.astype(int)).of(1).text == "colour is red"
    assert cluster_rules(table, red.astype(int)).of(0).text == "colour is not red"
    even = table["even"].to_numpy().astype(int)
    assert cluster_rules(table[["even", "colour"]], even).of(0).text == "even is False"
    tall = (table["height"] > 1.6).to_numpy().astype(int)
    rule = cluster_rules(table[["height"]], tall).of(0)
    assert rule.text == "(height <= 1.62 or missing)"
    assert (rule.precision, rule.recall) == (1.0, 1.0)


def test_missing_alone_may_be_the_rule():
    table = pd.DataFrame({"x": [1.0, 2.0, np.nan, np.nan, 3.0] * 10, "none": np.nan})
    rules = cluster_rules(table, table["x"].isna().astype(int))
    assert rules.of(1).text == "x is missing"
    assert rules.of(0).text == "x is there"
    assert rules.of(1).recall == 1.0
    binary = table[["x"]].replace(3.0, np.nan)
    rules = cluster_rules(binary, binary["x"].isna().astype(int))
    assert rules.of(1).text == "x is missing"
    assert rules.of(0).text == "x is 1 or x is 2"


def test_dates_and_large_numbers_keep_their_digits():
    days = pd.date_range("2020-01-01", periods=60, freq="D")
    rules = cluster_rules(pd.DataFrame({"when": days}), np.repeat([0, 1], 30), random_state=0)
    assert rules.text == ["Cluster 0: when <= 2020-01-30", "Cluster 1: when > 2020-01-30"]
    # In float32 all of these are equal.
    numbers = pd.DataFrame({"n": 10**12 + np.arange(60)})
    rules = cluster_rules(numbers, np.repeat([0, 1], 30), random_state=0)
    assert rules.of(0).text == "n <= 1000000000029"
    assert rules.fidelity.value > 0.9


def test_noise_is_told_as_noise_and_more_clusters_ask_more_questions():
    table = pd.DataFrame({"x": np.arange(120)})
    labels = np.repeat([-1, 0, 1, 2, 3, 4], 20)
    rules = cluster_rules(table, labels, random_state=0)
    assert rules.depth == 4
    assert rules.text[0] == "Noise: x <= 19"
    assert all(rule.precision == rule.recall == 1.0 for rule in rules.clusters)


def test_a_cluster_without_a_leaf_has_no_rule():
    rng = np.random.default_rng(0)
    labels = np.zeros(300, dtype=int)
    labels[:100] = 1
    labels[rng.choice(300, 2, replace=False)] = 7
    rules = cluster_rules(pd.DataFrame({"x": rng.random(300)}), labels, max_depth=1)
    assert rules.of(7).text is None
    assert rules.of(7).precision is None
    assert json.loads(json.dumps(rules.to_dict()))["clusters"][2]["text"] is None


def test_rules_do_not_depend_on_the_seed_of_the_folds(iris):
    table, labels = iris
    assert (
        cluster_rules(table, labels, random_state=0).clusters
        == cluster_rules(table, labels, random_state=5).clusters
        == find_rules(table, labels)
    )


def test_mammals_have_milk_and_the_page_gets_text(real_data):
    zoo = load(real_data / "tables" / "zoo.csv", tidy=False).frame
    rules = cluster_rules(zoo.drop(columns="type"), pd.factorize(zoo["type"])[0], random_state=0)
    assert rules.of(0).text == "milk is True"
    assert (rules.of(0).precision, rules.of(0).recall) == (1.0, 1.0)
    assert rules.fidelity.low > rules.baseline
    found = json.loads(json.dumps(rules.to_dict()))
    assert found["text"][0] == "Cluster 0: milk is True"
    assert found["fidelity"]["n"] == 101
    assert rules.to_frame().shape == (7, 5)


def test_edible_mushrooms_are_told_by_odour(real_data):
    table = load(real_data / "tables" / "mushrooms.csv", tidy=False).frame
    rules = cluster_rules(
        table.drop(columns="class"), pd.factorize(table["class"])[0], random_state=0
    )
    assert "odor" in rules.of(0).text
    assert rules.fidelity.value > 0.95


@pytest.mark.parametrize(
    ("labels", "settings", "message"),
    [
        ([0, 0, 0, 0], {}, "labels has one cluster"),
        ([0, 0, 1, 1], {"max_depth": 0}, "max_depth=0; give an int of at least 1"),
    ],
)
def test_wrong_use_is_refused(labels, settings, message):
    with pytest.raises(InputError, match=message):
        cluster_rules(pd.DataFrame({"x": [1, 2, 3, 4]}), labels, **settings)


def test_a_table_that_does_not_vary_is_refused():
    with pytest.raises(InputError, match="no column of frame varies"):
        cluster_rules(pd.DataFrame({"x": [1, 1]}), [0, 1])
