from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.estimator_checks import parametrize_with_checks

from further.data import as_dataset
from further.errors import InputError
from further.supervised.conformal import conformal_quantile, conformal_rank
from further.trust.safety.conformal_classification import ConformalClassifier
from further.trust.safety.prediction_sets import PredictionSets
from further.trust.safety.set_scores import APS, LAC, RAPS
from safety_tables import SPLITS, Pool, Told, digits_pool, table

COVERAGES = (0.5, 0.8, 0.9, 0.95)


@parametrize_with_checks([ConformalClassifier(LogisticRegression())])
def test_scikit_learn_agrees(estimator, check) -> None:
    check(estimator)


@pytest.mark.parametrize("n", [6, 7, 9, 10, 19, 20, 21, 37, 49, 50])
@pytest.mark.parametrize("coverage", COVERAGES)
def test_coverage_is_exact_with_few_rows(n: int, coverage: float) -> None:
    """Each of n + 1 exchangeable rows is equally likely to be the new one."""
    scores = np.random.default_rng(n).normal(size=n + 1)
    inside = [s <= conformal_quantile(np.sort(np.delete(scores, i)), coverage)
              for i, s in enumerate(scores)]  # fmt: skip
    assert coverage <= np.mean(inside) + 1e-12
    assert np.mean(inside) < coverage + 1 / (n + 1) or np.mean(inside) == 1


def test_ranks_are_those_of_the_theorem() -> None:
    # ceil(0.9 * 10), ceil(0.55 * 20), where 0.55 * 20 is more than 11 in floating point, and
    # ceil(0.95 * 20).
    assert [conformal_rank(9, 0.9), conformal_rank(19, 0.55), conformal_rank(19, 0.95)] == [
        9, 11, 19
    ]  # fmt: skip


def excess(pool: Pool, model: ConformalClassifier, by: str | None, n_splits: int) -> dict:
    """Return by how many standard errors covered rows differ from the exact expectation.

    Given all rows, the rows of a stratum that calibrate are drawn at random, so that the number
    of covered ones among m others is beta-binomial, whatever the rows.
    """
    rng = np.random.default_rng(1)
    found: dict = {}
    for split in range(n_splits):
        # The random part of the scores is drawn anew, too.
        model.set_params(random_state=split)
        order = rng.permutation(len(pool.y))
        half = len(order) // 2
        old, new = order[:half], order[half:]
        given = {"attribute": pool.attribute[old]} if by == "attribute" else {}
        model.fit(pool.X[old], pool.y[old], **given)
        given = {"attribute": pool.attribute[new]} if by == "attribute" else {}
        covered = model.predict_set(pool.X[new], **given).covered(pool.y[new])
        of = {None: np.zeros(len(pool.y)), "class": pool.y, "attribute": pool.attribute}[by]
        for level in pd.unique(of):
            n, here = int((of[old] == level).sum()), of[new] == level
            m, a = int(here.sum()), conformal_rank(n, model.coverage)
            b = n + 1 - a
            variance = m * a * b * (a + b + m) / ((a + b) ** 2 * (a + b + 1))
            sums = found.setdefault(level, np.zeros(4))
            sums += covered[here].sum() - m * a / (n + 1), variance, covered[here].sum(), m
    return {level: (d / max(v, 1e-9) ** 0.5, k / m) for level, (d, v, k, m) in found.items()}


def assert_exact(found: dict, coverage: float, ties: float = 0.0) -> None:
    """Check both sides; equal scores may make the coverage larger, by that share of the rows."""
    assert min(z for z, _ in found.values()) > -3.5
    assert all(z < 3.5 or share < coverage + ties for z, share in found.values()), found
    assert all(share >= coverage - 0.01 for _, share in found.values())


@pytest.mark.parametrize("by", [None, "class", "attribute"])
def test_heart_disease_is_covered_as_promised_over_200_splits(
    by: str | None, real_data: Path
) -> None:
    """Two classes."""
    pool = table("heart_cleveland.csv", str(real_data), 0.3)
    model = ConformalClassifier(pool.model, conditional_on=by, prefit=True, random_state=0)
    assert_exact(excess(pool, model, by, SPLITS), 0.9)


TABLES = {
    "heart_cleveland.csv": 0.3, "german_credit_readable.csv": 0.4, "penguins.csv": 0.3, "digits": 0,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("score", ["lac", "aps", "raps"])
@pytest.mark.parametrize("by", [None, "class", "attribute"])
@pytest.mark.parametrize("name", TABLES)
def test_real_rows_are_covered_as_promised_over_200_splits(
    name: str, by: str | None, score: str, real_data: Path
) -> None:
    pool = digits_pool() if name == "digits" else table(name, str(real_data), TABLES[name])
    model = ConformalClassifier(
        pool.model, nonconformity=score, conditional_on=by, prefit=True, random_state=0
    )
    # Of penguins, bills are measured to a tenth of a millimetre, so that many are equal.
    ties = 0.02 if name == "penguins.csv" and score == "lac" else 0.0
    found = excess(pool, model, by, SPLITS)
    assert_exact(found, 0.9, ties)


def test_a_marginal_promise_is_none_for_a_rare_class(real_data: Path) -> None:
    """What makes the conditional promise worth its price."""
    pool = table("german_credit_readable.csv", str(real_data), 0.4)
    half = len(pool.y) // 2
    shares = {}
    for by in (None, "class"):
        model = ConformalClassifier(pool.model, coverage=0.8, conditional_on=by, prefit=True)
        sets = model.fit(pool.X[:half], pool.y[:half]).predict_set(pool.X[half:])
        shares[by] = sets.measured(pool.y[half:]).set_index("of")["coverage"]
    rare = pd.Series(pool.y).value_counts().index[-1]
    assert shares[None][rare] < 0.72 < shares["class"][rare]


def test_coverage_holds_where_the_estimator_is_fitted_too(real_data: Path) -> None:
    pool = table("penguins.csv", str(real_data), 0.1)
    rng, covered = np.random.default_rng(0), []
    for seed in range(60):
        order = rng.permutation(len(pool.y))
        old, new = order[:150], order[150:]
        model = ConformalClassifier(LogisticRegression(), nonconformity="aps", random_state=seed)
        covered.append(model.fit(pool.X[old], pool.y[old]).predict_set(pool.X[new])
                       .covered(pool.y[new]).mean())  # fmt: skip
    # Of 45 calibration rows the 42nd: 42 / 46 = 0.913, with a deviation of 0.05 between splits.
    assert np.mean(covered) == pytest.approx(42 / 46, abs=3 * 0.05 / 60**0.5)


def test_scores_by_hand() -> None:
    p, u = np.array([[0.2, 0.5, 0.3]]), np.array([0.5])
    assert LAC().of_classes(p, u).ravel() == pytest.approx([0.8, 0.5, 0.7])
    assert APS().of_classes(p, u).ravel() == pytest.approx([0.9, 0.25, 0.65])
    raps = RAPS(penalty=0.1, free=1).of_classes(p, u).ravel()
    assert raps == pytest.approx([1.1, 0.25, 0.75])


def test_adaptive_scores_fit_their_sets_to_the_row() -> None:
    """With true probabilities, easy and hard rows are both covered by APS, not by LAC."""
    rng = np.random.default_rng(0)
    p = np.where(rng.random(4000) < 0.5, 0.97, 0.6)
    X, y = p[:, None], (rng.random(4000) < p).astype(int)
    hard = p[2000:] == 0.6
    share = {}
    for score in ("lac", "aps"):
        model = ConformalClassifier(Told(), nonconformity=score, prefit=True, random_state=0)
        covered = model.fit(X[:2000], y[:2000]).predict_set(X[2000:]).covered(y[2000:])
        share[score] = covered[hard].mean(), covered[~hard].mean()
    assert min(share["aps"]) > 0.87
    assert max(share["aps"]) < 0.93


def test_a_class_with_too_few_rows_is_in_every_set_and_is_named() -> None:
    rng = np.random.default_rng(0)
    X = rng.random((60, 1))
    y = np.r_[np.zeros(55, int), np.ones(5, int)]
    model = ConformalClassifier(Told(), conditional_on="class", prefit=True).fit(X, y)
    assert model.predict_set(X).included[:, 1].all()
    (note,) = model.notes_
    assert note.startswith("Of 1 there are 5 rows")
    assert "at least 9" in note


def test_a_value_that_did_not_calibrate_has_full_sets() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.random((60, 1)), rng.integers(0, 2, 60)
    model = ConformalClassifier(Told(), conditional_on="attribute", prefit=True)
    model.fit(X, y, attribute=["a"] * 59 + [None])
    sets = model.predict_set(X[:3], attribute=["a", "b", None])
    assert sets.sizes[1:].tolist() == [2, 2]
    assert "missing" in model.notes_[0]
    with pytest.raises(InputError, match="attribute="):
        model.predict_set(X)
    with pytest.raises(InputError, match="2 values, but there are 60"):
        model.predict_set(X, attribute=["a", "b"])


def test_a_class_that_the_model_does_not_know_counts_against_it() -> None:
    X, y = np.full((20, 1), 0.9), np.array([1] * 10 + [7] * 10)
    model = ConformalClassifier(Told(), prefit=True, coverage=0.8).fit(X, y)
    assert model.predict_set(X).sizes.tolist() == [2] * 20


def test_sets_say_what_they_are() -> None:
    included = np.array([[1, 0, 0], [1, 1, 0], [1, 1, 1], [0, 0, 0]], dtype=bool)
    sets = PredictionSets(included, np.array(["a", "b", "c"]), 0.9)
    assert sets.told.startswith("Of 4 rows, 1 have one class, 1 several, 1 all 3")
    assert sets.to_lists() == [["a"], ["a", "b"], ["a", "b", "c"], []]
    assert sets.to_frame()["set"].tolist() == ["a", "a, b", "a, b, c", ""]
    assert sets.covered(["a", "c", "c", "z"]).tolist() == [True, False, True, False]
    measured = sets.measured(["a", "c", "c", "a"]).set_index("of")
    assert measured.loc["all rows", "coverage"] == 0.5
    assert measured.loc["c", "n"] == 2
    with pytest.raises(InputError, match="3 classes, but there are 4 sets"):
        sets.covered(["a", "b", "c"])


def test_datasets_and_texts_are_welcome(real_data: Path) -> None:
    path = real_data / "tables" / "penguins.csv"
    frame = pd.read_csv(path).dropna()
    numbers = frame.select_dtypes("number")
    dataset = as_dataset(numbers, frame["species"])
    made = [
        ConformalClassifier(GaussianNB(), random_state=0).fit(*given).predict_set(new).included
        for given, new in [((dataset,), dataset), ((numbers, frame["species"]), numbers)]
    ]
    assert (made[0] == made[1]).all()


def test_the_same_seed_gives_the_same_sets() -> None:
    pool = digits_pool()
    made = [
        ConformalClassifier(pool.model, nonconformity="aps", prefit=True, random_state=3)
        .fit(pool.X[:300], pool.y[:300]).predict_set(pool.X[300:]).included
        for _ in range(2)
    ]  # fmt: skip
    assert (made[0] == made[1]).all()
