from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from further.errors import InputError
from further.trust.safety.abstention import Abstainer
from further.trust.safety.fixed_sequence import certify, least_rows
from further.trust.safety.risk_coverage import risk_coverage
from safety_tables import SPLITS, Pool, Told, digits_pool, table

TARGET = 0.05


@parametrize_with_checks([Abstainer(LogisticRegression())])
def test_scikit_learn_agrees(estimator, check) -> None:
    check(estimator)


def test_so_many_rows_certify_five_per_cent() -> None:
    """0.95 ** 59 = 0.0485 and 0.95 ** 58 = 0.0510."""
    assert least_rows(0.05, 0.95) == 59
    for n, threshold in ((58, np.inf), (59, 0.9)):
        found = certify(np.full(n, 0.9), np.zeros(n, bool), 0.05, 0.95)
        assert found.threshold == threshold
    assert "59" in certify(np.full(58, 0.9), np.zeros(58, bool), 0.05, 0.95).note


def test_each_test_is_the_exact_one_and_the_first_failure_ends_the_sequence() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.5, 1, 900)
    wrong = rng.random(900) > p
    found = certify(p, wrong, 0.1, 0.9)
    for step in found.steps:
        inside = p >= step.threshold
        exact = binomtest(int(wrong[inside].sum()), int(inside.sum()), 0.1, alternative="less")
        assert step.p_value == pytest.approx(exact.pvalue)
        assert step.passed == (exact.pvalue <= 0.1)
    assert [step.passed for step in found.steps] == [True] * (len(found.steps) - 1) + [False]
    assert found.threshold == found.steps[-2].threshold
    assert (np.diff([step.threshold for step in found.steps]) < 0).all()


def test_a_sequence_that_is_given_is_tested_as_it_is() -> None:
    p = np.linspace(1, 0.5, 400)
    found = certify(p, p < 0.6, 0.05, 0.95, thresholds=np.array([0.7, 0.9, 0.5]))
    assert [step.threshold for step in found.steps] == [0.9, 0.7, 0.5]
    assert found.threshold == 0.7
    assert certify(p, p < 0.6, 0.05, 0.95, thresholds=np.array([0.99, 0.7])).threshold == np.inf


#: The probability of an error where a share q of the rows is surer: from all in order to an order
#: that is upside down in places.
SHAPES = {
    "well ranked": lambda q: 0.3 * q**3,
    "hardly ranked": lambda q: 0.04 + 0.04 * q,
    "too many errors everywhere": lambda q: np.full_like(q, 0.06),
    "wrong where surest": lambda q: np.where(q < 0.2, 0.1, 0.02 + 0.1 * q),
    "up and down": lambda q: np.where((10 * q).astype(int) % 2 == 1, 0.11, 0.0),
    "steps": lambda q: np.where(q < 0.3, 0.0, np.where(q < 0.35, 0.5, np.where(q < 0.6, 0.0, 0.3))),
}
GRID = (np.arange(4000) + 0.5) / 4000


def true_error(shape: str, share: float) -> float:
    """Return the error of new rows if the surest are accepted."""
    return float(SHAPES[shape](GRID * share).mean()) if share > 0 else 0.0


def scanned(p: np.ndarray, wrong: np.ndarray) -> float:
    """Return the lowest threshold of all whose observed error meets the target."""
    order = np.argsort(-p)
    fine = np.cumsum(wrong[order]) / np.arange(1, len(p) + 1) <= TARGET
    return float(p[order][np.flatnonzero(fine)[-1]]) if fine.any() else np.inf


def failures(shape: str, n: int, repeats: int) -> tuple[float, float, float]:
    """Return how often the true error is above the target: certified, scanned; and the coverage.

    X is the probability of the second class, which is 1 - q / 2 for the rank q, so that the true
    error at each threshold is known.
    """
    rng = np.random.default_rng(0)
    above, coverage = np.zeros(2), []
    for _ in range(repeats):
        q = rng.random(n)
        p = 1 - q / 2
        y = (rng.random(n) >= SHAPES[shape](q)).astype(int)
        model = Abstainer(Told(), max_error=TARGET, prefit=True).fit(p[:, None], y)
        (threshold,) = model.thresholds_.values()
        shares = [np.clip(2 * (1 - t), 0, 1) for t in (threshold, scanned(p, y == 0))]
        above += [true_error(shape, share) > TARGET + 1e-9 for share in shares]
        coverage.append(shares[0])
    return (*(above / repeats), float(np.mean(coverage)))


def test_a_promised_error_is_kept_and_a_scanned_one_is_not() -> None:
    certified, by_scan, coverage = failures("well ranked", 500, SPLITS)
    assert certified <= 0.05
    assert by_scan > 0.25
    # The best threshold accepts 0.87.
    assert coverage > 0.6


@pytest.mark.slow
@pytest.mark.parametrize("n", [100, 400])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_promise_fails_in_at_most_one_of_twenty_calibrations(shape: str, n: int) -> None:
    repeats = 1000
    certified, _, _ = failures(shape, n, repeats)
    # Were it 5 %, more than this would be seen once in a thousand times.
    assert certified <= binom.ppf(0.999, repeats, 0.05) / repeats


def on_splits(pool: Pool, n: int, error: float, n_splits: int = SPLITS) -> np.ndarray:
    """Return errors among accepted new rows and shares, certified and scanned, split by split."""
    rng, found = np.random.default_rng(3), []
    for _ in range(n_splits):
        order = rng.permutation(len(pool.y))
        old, new = order[:n], order[n:]
        model = Abstainer(pool.model, max_error=error, prefit=True).fit(pool.X[old], pool.y[old])
        wrong = model.predict(pool.X[new]) != pool.y[new]
        p_old, p_new = (model.predict_proba(pool.X[part]).max(axis=1) for part in (old, new))
        accepted = model.accepts(pool.X[new])
        order = np.argsort(-p_old)
        mistakes = (model.predict(pool.X[old]) != pool.y[old])[order]
        fine = np.cumsum(mistakes) / np.arange(1, n + 1) <= error
        by_scan = p_new >= (p_old[order][np.flatnonzero(fine)[-1]] if fine.any() else np.inf)
        found.append([
            wrong[accepted].mean() if accepted.any() else 0, wrong[by_scan].mean(),
            accepted.mean(), by_scan.mean(),
        ])  # fmt: skip
    return np.array(found)


def test_digits_keep_the_promise_over_200_splits() -> None:
    found = on_splits(digits_pool(), 500, 0.02, 60)
    assert (found[:, 0] > 0.02).mean() <= 0.05 < 0.25 < (found[:, 1] > 0.02).mean()
    assert found[:, 2].mean() > 0.4


@pytest.mark.slow
def test_incomes_keep_the_promise_over_200_splits(real_data: Path) -> None:
    """Each split has 12,000 new rows, so that their error is nearly the true one."""
    found = on_splits(table("adult_test.csv", str(real_data), 0.2), 1000, TARGET)
    assert (found[:, 0] > TARGET).mean() <= 0.05
    assert (found[:, 1] > TARGET).mean() > 0.25
    assert found[:, 2].mean() > 0.4


def test_each_predicted_class_has_its_own_threshold() -> None:
    rng = np.random.default_rng(0)
    X = rng.random((4000, 1))
    # The second class is right as often as it says, the first one much less.
    y = (rng.random(4000) < np.where(X[:, 0] > 0.5, X[:, 0], 0.25 + X[:, 0] / 2)).astype(int)
    model = Abstainer(Told(), max_error=0.15, conditional_on="class", prefit=True)
    model.fit(X[:2000], y[:2000])
    assert model.thresholds_[0] == np.inf
    assert 0.6 < model.thresholds_[1] < 0.8
    assert model.notes_[0].startswith("Of 0, ")
    answers = model.predict_or_abstain(X[2000:])
    assert set(answers.compressed()) == {1}
    assert (answers != y[2000:]).mean() < 0.15


def test_each_group_has_its_own_threshold_and_a_small_one_none() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(0.5, 1, (1020, 1))
    group = np.repeat(["easy", "hard", "few"], [500, 500, 20])
    y = (rng.random(1020) < np.where(group == "hard", X[:, 0] ** 3, 0.97)).astype(int)
    model = Abstainer(Told(), max_error=0.1, conditional_on="attribute", prefit=True)
    model.fit(X, y, attribute=group)
    assert model.thresholds_["easy"] < 0.6
    assert model.thresholds_["hard"] > model.thresholds_["easy"]
    assert model.thresholds_["few"] == np.inf
    assert any(note.startswith("Of few there are 20") for note in model.notes_)
    new = np.array([[0.99]] * 3)
    accepted = model.accepts(new, attribute=["easy", "few", "not known"])
    assert accepted[0]
    assert not accepted[2]
    with pytest.raises(InputError, match="attribute="):
        model.accepts(new)


def test_too_few_rows_accept_nothing_and_say_so() -> None:
    X = np.linspace(0.9, 1, 40)[:, None]
    model = Abstainer(Told(), prefit=True).fit(X, np.ones(40, int))
    assert not model.accepts(X).any()
    assert model.predict_or_abstain(X).mask.all()
    assert (model.predict(X) == 1).all()
    (note,) = model.notes_
    assert note == (
        "Of all rows there are 40 to calibrate with, and the target error takes at least 59, so "
        "that nothing of them is accepted; give more rows."
    )


def test_of_a_group_one_row_calibrates_and_none_is_learnt_from() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(100), 5)
    seen = {}

    class Spy(LogisticRegression):
        def fit(self, X, y):
            seen["fitted"] = set(X[:, 1].astype(int))
            return super().fit(X, y)

    X = np.column_stack([rng.normal(size=500), groups])
    y = (X[:, 0] > 0).astype(int)
    model = Abstainer(Spy(), random_state=0).fit(X, y, groups=groups)
    assert model.n_calibration_ == 100 - len(seen["fitted"])
    assert 25 <= model.n_calibration_ <= 35


def test_words_as_labels_and_frames() -> None:
    pool = digits_pool()
    frame = pd.DataFrame(pool.X).rename(columns=lambda i: f"pixel {i}")
    names = np.array(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    )
    model = Abstainer(LogisticRegression(max_iter=200), random_state=0)
    model.fit(frame.iloc[:800], names[pool.y[:800]])
    answers = model.predict_or_abstain(frame.iloc[800:])
    assert answers.dtype.kind == "U"
    assert (answers.compressed() == names[pool.y[800:]][~answers.mask]).mean() > 0.97
    assert list(model.feature_names_in_[:1]) == ["pixel 0"]


def test_too_few_rows_to_hold_out_are_refused() -> None:
    with pytest.raises(InputError, match=r"n_samples=9.*prefit=True"):
        Abstainer(LogisticRegression()).fit(np.zeros((9, 1)), np.arange(9) % 2)
    with pytest.raises(InputError, match="give fit attribute="):
        Abstainer(LogisticRegression(), conditional_on="attribute").fit(
            np.zeros((90, 1)), np.arange(90) % 2
        )


def test_the_area_is_the_mean_risk() -> None:
    rng = np.random.default_rng(0)
    p, wrong = rng.permutation(200) / 200, rng.random(200) < 0.3
    curve = risk_coverage(p, wrong)
    order = np.argsort(-p)
    risks = [wrong[order][:k].mean() for k in range(1, 201)]
    assert curve.risk == pytest.approx(risks)
    assert curve.area.value == pytest.approx(np.mean(risks))
    best = [np.sort(wrong)[:k].mean() for k in range(1, 201)]
    assert curve.area_oracle == pytest.approx(np.mean(best))
    assert curve.area.low < curve.area.value < curve.area.high
    assert curve.area_random == wrong.mean()
    frame = curve.to_frame()
    assert len(frame) == 200
    assert (frame["low"] <= frame["risk"]).all()
    assert (frame["risk"] <= frame["high"]).all()


def test_an_order_is_worth_nothing_at_random_and_all_if_errors_come_last() -> None:
    rng = np.random.default_rng(1)
    wrong = rng.random(2000) < 0.2
    assert risk_coverage(1 - wrong / 2, wrong).ranking == pytest.approx(1, abs=0.1)
    assert risk_coverage(1 - wrong / 2 - rng.random(2000) / 10, wrong).ranking == pytest.approx(1)
    assert abs(risk_coverage(rng.random(2000), wrong).ranking) < 0.15
    # Equal probabilities are no order: every row counts as wrong as all are on average.
    tied = risk_coverage(np.full(2000, 0.8), wrong)
    assert tied.area.value == pytest.approx(wrong.mean())
    assert len(tied.risk) == 1
    assert risk_coverage(np.full(9, 0.8), np.zeros(9, bool)).ranking is None


def test_probabilities_of_digits_rank_their_errors() -> None:
    pool = digits_pool()
    model = Abstainer(pool.model, prefit=True).fit(pool.X[:500], pool.y[:500])
    curve = model.risk_coverage(pool.X[500:], pool.y[500:])
    assert curve.ranking > 0.85
    assert "of the way" in curve.told
