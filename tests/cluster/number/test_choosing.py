from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.cluster import DBSCAN
from sklearn.datasets import load_iris, load_wine, make_blobs
from sklearn.preprocessing import scale

from further.cluster import (
    AgglomerativeClustering,
    GaussianMixture,
    KMedians,
    KMedoids,
    KModes,
    KPrototypes,
)
from further.cluster.kmeans import KMeans
from further.cluster.number.choosing import choose_k
from further.cluster.number.observations import read_observations
from further.cluster.number.references import References, _principal_axes, _same_covariance
from further.cluster.number.tendency import _compare, tendency_test
from further.cluster.number.voting import most_stable, vote
from further.errors import InputError
from further.evaluate.clustering.choice import CriterionRecord


def centers_of(k):
    """Return k centres at least 9 apart in three dimensions, in no regular order."""
    rng = np.random.default_rng(k)
    found = [rng.normal(0, 9, 3)]
    while len(found) < k:
        one = rng.normal(0, 9, 3)
        if min(np.linalg.norm(one - other) for other in found) > 9:
            found.append(one)
    return np.array(found)


def tendency(X, seed=0, k_max=4):
    rows = read_observations(X, KMeans(), "test")
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        return tendency_test(rows, range(2, k_max + 1), estimator=KMeans(), random_state=seed)


@pytest.fixture(scope="module")
def three():
    X, _ = make_blobs(150, centers=centers_of(3), random_state=5)
    return choose_k(X, k_max=6, n_bootstrap=8, random_state=0)


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 8])
def test_known_mixtures_get_their_number(k):
    X, _ = make_blobs(200, centers=centers_of(k), random_state=21)
    assert choose_k(X, k_max=9, n_bootstrap=5, n_references=19, random_state=3).k == k


@pytest.mark.slow
@pytest.mark.parametrize("k", [3, 5])
def test_unequal_sizes_and_spreads_and_long_clusters_get_their_number(k):
    rng = np.random.default_rng(8)
    sizes = np.linspace(15, 80, k).astype(int)
    parts = [
        center + rng.normal(size=(size, 3)) * spread * np.roll([2.0, 1.0, 1.0], place)
        for place, (center, size, spread) in enumerate(
            zip(1.3 * centers_of(k), sizes, np.linspace(0.5, 1.2, k), strict=True)
        )
    ]
    assert choose_k(np.vstack(parts), k_max=7, n_bootstrap=5, random_state=0).k == k


@pytest.mark.slow
@pytest.mark.parametrize(("n", "d"), [(200, 1), (150, 2), (30, 10)])
def test_uniform_data_have_no_structure(n, d):
    found = [tendency(np.random.default_rng([seed, n]).random((n, d))).found for seed in (1, 2)]
    assert not any(found)


@pytest.mark.slow
@pytest.mark.parametrize("d", [1, 2, 12])
def test_one_gaussian_has_no_structure_whatever_its_covariance(d):
    rng = np.random.default_rng(d)
    assert not tendency(rng.normal(size=(80, d))).found
    assert not tendency(rng.normal(size=(80, d)) @ rng.normal(size=(d, d))).found


@pytest.mark.parametrize("d", [1, 2, 6])
def test_one_skewed_cluster_has_no_structure(d):
    X = np.exp(np.random.default_rng(d).normal(size=(120, d)))
    found = tendency(scale(X))
    assert not found.found


def test_few_valued_columns_alone_are_no_structure():
    X = np.random.default_rng(4).integers(0, 2, (120, 5)).astype(float)
    assert not tendency(X).found


@pytest.mark.slow
def test_the_level_of_the_tendency_test_is_exact_where_the_rows_are_a_draw_like_the_others():
    rng = np.random.default_rng(0)
    runs, found = 4000, 0
    for _ in range(runs):
        # The figures for three k of one set go together, as those of one clustering do.
        figures = rng.normal(size=(21, 1)) + 0.3 * rng.normal(size=(21, 3))
        found += _compare(figures[0], figures[1:], [2, 3, 4], "gaussian").found
    # 1 of 21 is meant; set against the references alone, it was 3.4 %.
    assert found / runs == pytest.approx(1 / 21, abs=0.008)


NULL_DATA = {
    "gaussian": lambda rng: rng.normal(size=(40, 2)) @ rng.normal(size=(2, 2)),
    "uniform": lambda rng: _same_covariance(
        rng, 40, "uniform", _principal_axes(rng.normal(size=(40, 2)) * [1, 3])
    ),
    "unimodal": lambda rng: np.exp(rng.normal(size=(40, 2))),
    "shuffled": lambda rng: pd.DataFrame({name: rng.choice(list("pqr"), 30) for name in "abc"}),
}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "runs"), [(kind, 300) for kind in NULL_DATA])
def test_the_tendency_test_has_its_level_for_null_data_of_each_kind(kind, runs, monkeypatch):
    monkeypatch.setattr(References, "kinds", (kind,))
    estimator = KModes(n_init=1) if kind == "shuffled" else KMeans()
    found = 0
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        for seed in range(runs):
            X = NULL_DATA[kind](np.random.default_rng([7, seed]))
            rows = read_observations(X, estimator, "test")
            test = tendency_test(rows, [2, 3], estimator=estimator, random_state=seed)
            found += test.found
    # Ties of categories and the estimated shapes of columns may only make it more cautious.
    error = 3 * (1 / 21 * 20 / 21 / runs) ** 0.5
    assert found / runs <= 1 / 21 + error
    if kind in ("gaussian", "uniform"):
        assert found / runs >= 1 / 21 - error


@pytest.mark.slow
def test_the_tendency_test_holds_its_level():
    runs, found = 60, dict.fromkeys(("uniform", "gaussian", "lognormal"), 0)
    for seed in range(runs):
        rng = np.random.default_rng([9, seed])
        n, d = int(rng.integers(30, 200)), int(rng.integers(1, 12))
        found["uniform"] += tendency(rng.random((n, d)), seed).found
        found["gaussian"] += tendency(rng.normal(size=(n, d)), seed).found
        found["lognormal"] += tendency(scale(np.exp(rng.normal(size=(n, d)))), seed).found
    # Binomial with p = 0.05: more than 7 of 60 has a probability of 0.5 %.
    assert all(count <= 7 for count in found.values()), found


def test_data_of_no_structure_get_one_and_what_the_criteria_would_say():
    choice = choose_k(
        np.random.default_rng(3).random((120, 2)), k_max=5, n_bootstrap=8, random_state=0
    )
    assert choice.k == 1
    assert not choice.tendency.found
    assert choice.tendency.p_value > 0.05
    assert "no better than data of the same spread without clusters (p = " in choice.sentence
    assert "if a number is needed" in choice.sentence


def test_the_answer_comes_with_its_criteria(three):
    assert three.k == 3
    assert three.tendency.found
    assert three.tendency.p_value == pytest.approx(1 / 21)
    assert three.tendency.statistic > three.tendency.high
    names = [c.name for c in three.criteria]
    assert names == [
        "elbow", "silhouette", "calinski_harabasz", "davies_bouldin", "gap", "bic", "stability",
    ]  # fmt: skip
    from_one = {c.name for c in three.criteria if c.ks[0] == 1}
    assert from_one == {"elbow", "gap", "bic"}
    assert three.estimators[3].n_clusters == 3
    assert three.stability[3].value > 0.99
    # Only the elbow, whose bend is the sharpest at 2, says otherwise.
    assert [c.k for c in three.criteria] == [2, 3, 3, 3, 3, 3, 3]
    assert not three.agree


def test_the_answer_goes_to_json_and_to_a_table(three):
    told = json.loads(json.dumps(three.to_dict(), allow_nan=False))
    assert told["k"] == 3
    assert set(told) >= {"sentence", "rule", "agree", "tendency", "items", "stability"}
    assert set(told["tendency"]) >= {"found", "statistic", "low", "high", "p_value", "method"}
    assert told["stability"]["3"]["value"] == pytest.approx(1, abs=0.01)
    frame = three.to_frame()
    assert list(frame.index) == [1, 2, 3, 4, 5, 6]
    assert frame["silhouette"].idxmax() == 3
    assert frame.index[frame["chosen"]].tolist() == [3]


def test_where_criteria_disagree_the_answer_names_who_says_what():
    # Two pairs of clusters: two groups and four clusters are both right.
    centers = np.array([[0, 0], [6, 0], [40, 0], [46, 0]])
    X, _ = make_blobs(160, centers=centers, random_state=1)
    choice = choose_k(X, k_max=5, n_bootstrap=8, random_state=0)
    answers = {c.k for c in choice.criteria}
    assert len(answers - {None}) > 1
    assert not choice.agree
    assert "disagree" in choice.sentence
    for k in answers - {None}:
        assert f"say {k}" in choice.sentence or f"says {k}" in choice.sentence


@pytest.mark.parametrize(("load", "expected"), [(load_iris, {2, 3}), (load_wine, {3})])
def test_real_flowers_and_wines(load, expected):
    X = scale(load(return_X_y=True)[0])
    assert choose_k(X, k_max=5, n_bootstrap=5, random_state=0).k in expected


def test_penguins(real_data):
    frame = pd.read_csv(real_data / "tables" / "penguins.csv")
    names = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    X = scale(frame[names].dropna().to_numpy())
    assert choose_k(X, k_max=5, n_bootstrap=5, random_state=0).k in (2, 3)


@pytest.mark.slow
def test_digits_have_about_as_many_clusters_as_digits():
    from sklearn.datasets import load_digits

    assert choose_k(load_digits().data, k_max=13, random_state=0).k in range(8, 13)


def mixed(k, n=120):
    rng = np.random.default_rng(k)
    y = np.arange(n) % k
    word = np.array(["red", "green", "blue", "white"])
    frame = pd.DataFrame({"x": rng.normal(6 * y, 1), "z": rng.normal(6 * (y % 2), 1)})
    for name in "abc":
        frame[name] = word[np.where(rng.random(n) < 0.9, y, rng.integers(0, 4, n))]
    frame.loc[3, "a"] = None
    return frame


def test_mixed_tables_through_kprototypes():
    choice = choose_k(
        mixed(3), k_max=4, estimator=KPrototypes(n_init=2), n_bootstrap=5, n_references=19,
        random_state=0,
    )  # fmt: skip
    assert choice.k == 3
    assert {c.name for c in choice.criteria} == {"elbow", "silhouette", "stability"}
    assert "left out" in " ".join(choice.notes)


def test_categories_that_do_not_go_together_have_no_structure():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.choice(list("pqr"), 90) for name in "abcde"})
    choice = choose_k(
        frame, k_max=4, estimator=KModes(n_init=1), n_bootstrap=4, n_references=19, random_state=0
    )
    assert choice.k == 1
    assert choice.tendency.kind == "shuffled"


@pytest.mark.parametrize(
    "estimator", [KMedoids(metric="manhattan"), GaussianMixture(), AgglomerativeClustering()]
)
def test_other_estimators_of_numbers(estimator):
    X, _ = make_blobs(75, centers=centers_of(3), random_state=2)
    choice = choose_k(X, k_max=4, estimator=estimator, n_bootstrap=4, random_state=0)
    assert choice.k == 3
    assert type(choice.estimators[3]) is type(estimator)


def test_fewer_rows_than_clusters_lower_the_limit():
    X = np.random.default_rng(0).random((6, 2))
    choice = choose_k(X, k_max=10, n_bootstrap=4, random_state=0)
    assert max(choice.criteria[0].ks) == 5
    assert "k_max was lowered from 10 to 5: there are 6 rows." in choice.notes


def test_few_different_rows_lower_the_limit_and_are_the_clusters():
    X = np.repeat([[0.0, 0.0], [10.0, 3.0], [5.0, 11.0]], 20, axis=0)
    choice = choose_k(X, n_bootstrap=4, random_state=0)
    assert choice.k == 3
    assert any("3 different rows" in note for note in choice.notes)


@pytest.mark.parametrize(
    ("X", "why"),
    [
        (np.ones((50, 3)), "50 rows that are all the same make no clusters"),
        (np.array([[1.0, 2.0]]), "1 row makes no clusters"),
        (np.array([[1.0], [2.0]]), "2 rows, 2 of them different, are too few for 2 clusters"),
    ],
)
def test_what_cannot_have_clusters_is_one_with_the_reason(X, why):
    choice = choose_k(X)
    assert (choice.k, choice.criteria, choice.tendency.found) == (1, (), False)
    assert choice.sentence == f"{why}."
    json.dumps(choice.to_dict(), allow_nan=False)


def test_constant_columns_change_nothing():
    X, _ = make_blobs(90, centers=centers_of(3), random_state=4)
    wide = np.column_stack([X, np.full(90, 7.0)])
    assert choose_k(wide, k_max=5, n_bootstrap=4, random_state=0).k == 3


def test_no_limit_of_the_stability_lies_above_what_an_index_can_be():
    found = most_stable({2: np.array([1.0, 1.0, 1.0, 0.8])})
    assert found.high == (1.0,)
    assert found.low[0] == pytest.approx(0.95 - 0.1)


def test_clusterings_that_do_not_hold_have_no_vote():
    found = most_stable({k: np.full(20, value) for k, value in {2: 0.3, 3: 0.4, 10: 0.5}.items()})
    assert found.k is None
    assert "no value reaches 0.6" in found.note
    assert found.values == pytest.approx((0.3, 0.4, 0.5))


def test_more_bootstrap_samples_do_not_shrink_the_error_that_decides():
    # The best k is ahead by half a standard deviation of single samples, whatever their number.
    rng = np.random.default_rng(0)
    answers = []
    for m in (10, 50, 200, 2000):
        noise = rng.normal(size=m)
        noise = 0.04 * (noise - noise.mean()) / noise.std(ddof=1)
        found = most_stable({3: 0.92 + noise, 4: 0.90 + noise, 5: 0.80 + noise})
        answers.append(found.k)
        assert found.high[1] - found.values[1] == pytest.approx(0.04)
    assert answers == [4, 4, 4, 4]


def mixture_of(k, d=2, seed=1):
    return make_blobs(150, centers=centers_of(k)[:, :d], cluster_std=1.5, random_state=seed)[0]


STABILITY_DATA = {
    "iris": lambda: load_iris().data,
    "wine": lambda: scale(load_wine().data),
    "three": lambda: mixture_of(3),
    "five": lambda: mixture_of(5, 3),
    "uniform": lambda: np.random.default_rng(3).random((120, 2)),
    "gaussian": lambda: np.random.default_rng(4).normal(size=(120, 4)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STABILITY_DATA)
def test_the_number_does_not_depend_on_the_number_of_bootstrap_samples(name):
    X = STABILITY_DATA[name]()
    found = {
        m: choose_k(X, k_max=7, n_bootstrap=m, n_references=19, random_state=0)
        for m in (10, 50, 200)
    }
    expected = {"iris": 2, "wine": 3, "three": 3, "five": 5, "uniform": 1, "gaussian": 1}[name]
    assert {m: choice.k for m, choice in found.items()} == dict.fromkeys(found, expected)
    # The error that decides is as large with 200 samples as with 10, not a quarter of it.
    spread = {}
    for m, choice in found.items():
        stability = choice.criteria[-1]
        spread[m] = np.mean(np.subtract(stability.high, stability.values))
    assert spread[200] > 0.6 * spread[10]


def test_centres_that_are_given_for_one_number_do_not_hinder_the_others():
    X, _ = make_blobs(60, 2, centers=3, cluster_std=0.5, random_state=1)
    settings = {"k_max": 4, "n_bootstrap": 3, "n_references": 19, "random_state": 0}
    given = choose_k(X, estimator=KMedians(2, init=X[:2]), **settings)
    assert given.to_dict() == choose_k(X, estimator=KMedians(), **settings).to_dict()


def test_of_as_many_votes_the_more_stable_wins():
    said = [
        CriterionRecord(str(i), "", "higher", k, (2, 4), (0, 0)) for i, k in enumerate([2, 4, 1])
    ]
    assert vote(said, {2: 0.4, 4: 0.5}, 2) == 4
    assert vote(said, {2: 0.5, 4: 0.4}, 2) == 2
    assert vote(said, {2: 0.5, 4: 0.4}, 3) == 4
    assert vote(said[2:], {2: 0.5}, 2) is None


def test_one_column():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(c, 1, 40) for c in (0, 10, 20)])[:, None]
    assert choose_k(X, k_max=6, n_bootstrap=6, random_state=0).k == 3


def test_many_rows_are_sampled_and_it_is_said():
    X, _ = make_blobs(30_000, centers=centers_of(4), random_state=0)
    choice = choose_k(X.astype(np.float32), k_max=5, n_bootstrap=4, sample_size=300, random_state=0)
    assert choice.k == 4
    assert any("random sample of 300 of 30,000 rows" in note for note in choice.notes)


def test_the_same_seed_gives_the_same_answer():
    X = np.random.default_rng(0).normal(size=(40, 2))
    first, second = (choose_k(X, k_max=3, n_bootstrap=4, random_state=5) for _ in range(2))
    assert first.to_dict() == second.to_dict()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k_max": 1}, "k_max=1 must be at least 2"),
        ({"k_min": 6, "k_max": 4}, "k_max=4 must be at least 2 and at least k_min=6"),
        ({"k_min": 0}, "k_min=0 must be at least 1"),
        ({"n_bootstrap": 1}, "n_bootstrap=1 gives no pair"),
        ({"n_references": 10}, "choose at least 19"),
        ({"sample_size": 3}, "sample_size=3"),
        ({"estimator": KMedoids(metric="precomputed")}, "give the rows"),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        choose_k(np.random.default_rng(0).random((20, 2)), **options)


def test_words_are_refused_by_estimators_of_numbers():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "colour": ["red", "blue", "red"]})
    with pytest.raises(InputError, match='column "colour" holds no numbers'):
        choose_k(frame)
    with pytest.raises(InputError, match="DBSCAN has no n_clusters"):
        choose_k(frame[["x"]], estimator=DBSCAN())
