from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import PermutationMethod, anderson_ksamp, binom, kstest, pearsonr

from further.errors import InputError
from further.trust.safety.betting import conformal_p_values, wealth_path
from further.trust.safety.exchangeability import _batch_p_value, exchangeability_test
from further.trust.safety.strangeness import fit_score
from safety_tables import digits_pool


def as_it_is(rows):
    return np.asarray(rows, dtype=float)


def test_p_values_by_hand() -> None:
    """Of 1, 2, 3 and a new 2: one is larger and two are equal, itself included."""
    u = 1 - np.random.default_rng(0).random(2)
    p = conformal_p_values(np.array([3.0, 1.0, 2.0]), np.array([2.0, 5.0]),
                           np.random.default_rng(0))  # fmt: skip
    assert p == pytest.approx([(1 + 2 * u[0]) / 4, u[1] / 5])


def test_p_values_of_exchangeable_rows_are_independent_and_uniform() -> None:
    rng = np.random.default_rng(0)
    # With many equal scores.
    p = np.array([
        conformal_p_values(rng.integers(0, 4, 12), rng.integers(0, 4, 8), rng) for _ in range(2000)
    ])  # fmt: skip
    assert kstest(p.ravel(), "uniform").pvalue > 0.01
    assert all(pearsonr(p[:, i], p[:, j]).pvalue > 0.001 for i in range(8) for j in range(i))


def test_the_wealth_is_a_fair_game() -> None:
    """The mean over the next p-value is what was owned before.

    With p = v ** 5 no bet is unbounded, so that a grid of v will do.
    """
    before = np.array([0.3, 0.05])
    start = wealth_path(before)[-1]
    v = (np.arange(2000) + 0.5) / 2000
    after = [wealth_path(np.append(before, p))[-1] for p in v**5]
    assert np.mean(np.array(after) * 5 * v**4) == pytest.approx(start, rel=1e-5)


def test_wealth_by_hand() -> None:
    """After one bet all players own the same: the mean of the six bets."""
    p = 0.25
    bets = [1, 1.5 - p, 0.5 + p, 0.2 * p**-0.8, 0.5 * p**-0.5, 0.8 * p**-0.2]
    assert wealth_path(np.array([p]))[0] == pytest.approx(np.mean(bets))
    assert np.isinf(wealth_path(np.full(2000, 1e-4))[-1])


def test_the_distance_of_the_batch_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    for shift in (0.0, 0.3, 0.6):
        old, new = rng.normal(size=80), rng.normal(size=60) + shift
        ours = _batch_p_value(old, new, np.random.default_rng(1))
        method = PermutationMethod(n_resamples=999, rng=np.random.default_rng(2))
        theirs = anderson_ksamp([old, new], variant="continuous", method=method).pvalue
        assert ours == pytest.approx(theirs, abs=0.04)


def test_level_holds_over_200_streams() -> None:
    alarms = [
        exchangeability_test(rows[:25], rows[25:], score=as_it_is, seed=i).changed
        for i, rows in enumerate(np.random.default_rng(0).normal(size=(200, 50)).round(1))
    ]
    assert np.mean(alarms) <= binom.ppf(0.999, 200, 0.05) / 200


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.05, 0.2])
def test_level_holds_over_1000_streams(level: float) -> None:
    """Scores with ties; each test alone and both together; read after every row."""
    counts = np.zeros(3)
    for i in range(1000):
        rows = np.random.default_rng(i).gamma(1.0, size=300).round(1)
        found = exchangeability_test(rows[:100], rows[100:], score=as_it_is, level=level, seed=i)
        counts += [found.p_batch <= level, found.p_stream <= level, found.changed]
    assert counts.max() <= binom.ppf(0.999, 1000, level)


@pytest.mark.slow
def test_level_holds_over_1000_streams_of_digits() -> None:
    """The score is fitted to other digits."""
    pool = digits_pool()
    rng, alarms = np.random.default_rng(0), 0
    scores = fit_score("neighbours", pool.X[:300], 0)(pool.X)
    for i in range(1000):
        rows = rng.permutation(np.arange(300, len(pool.X)))[:160]
        found = exchangeability_test(
            rows[:100], rows[100:], score=lambda rows: scores[rows], seed=i
        )
        alarms += found.changed
    assert alarms <= binom.ppf(0.999, 1000, 0.05)


def digits_of(classes: list[int]) -> np.ndarray:
    pool = digits_pool()
    return pool.X[np.isin(pool.y, classes)]


def test_digits_of_other_classes_are_found_after_a_few() -> None:
    known = digits_of([0, 1, 2, 3, 4])
    same = exchangeability_test(known[:600], known[600:])
    assert not same.changed
    assert "no proof" in same.told
    new = exchangeability_test(known[:600], np.concatenate([known[600:650], digits_of([7, 8])]))
    assert new.changed
    assert 50 < new.alarm < 80
    assert new.stranger > 0.8
    assert f"the alarm came at row {new.alarm}" in new.told


def test_penguins_of_another_species_are_found(real_data: Path) -> None:
    frame = pd.read_csv(real_data / "tables" / "penguins.csv").dropna()
    columns = [c for c in frame if c not in ("species", "island")]
    adelie = frame.loc[frame.species == "Adelie", columns].sample(frac=1, random_state=0)
    chinstrap = frame.loc[frame.species == "Chinstrap", columns].sample(frac=1, random_state=0)
    for score in ("neighbours", "forest"):
        same = exchangeability_test(adelie.iloc[:110], adelie.iloc[110:], score=score)
        assert not same.changed
        other = exchangeability_test(adelie.iloc[:110], chinstrap, score=score)
        assert other.changed
        assert other.alarm < 30


def test_labels_that_changed_are_found_by_the_model_s_error() -> None:
    pool = digits_pool()
    y = (pool.y + (np.arange(len(pool.y)) > 900)) % 10

    def surprise(rows):
        p = pool.model.predict_proba(pool.X[rows])
        return 1 - p[np.arange(len(rows)), y[rows]]

    rows = np.arange(len(y))
    found = exchangeability_test(rows[:500], rows[500:], score=surprise)
    assert 401 < found.alarm < 415
    blind = exchangeability_test(pool.X[:500], pool.X[500:])
    assert not blind.changed


def test_rows_that_are_all_too_ordinary_are_a_change_too() -> None:
    rng = np.random.default_rng(0)
    found = exchangeability_test(rng.normal(size=(400, 4)), rng.normal(size=(200, 4)) / 4)
    assert found.changed
    assert found.stranger < 0.3


def test_more_new_rows_leave_the_path_as_it_was() -> None:
    rng = np.random.default_rng(0)
    old, new = rng.normal(size=(100, 2)), rng.normal(size=(60, 2))
    short, long = (exchangeability_test(old, new[:k], seed=5) for k in (20, 60))
    assert (short.wealth == long.wealth[:20]).all()
    assert long.to_frame().index.tolist() == list(range(1, 61))


def test_what_cannot_be_told_is_refused() -> None:
    rows = np.random.default_rng(0).normal(size=(30, 2))
    with pytest.raises(InputError, match="4 new rows"):
        exchangeability_test(rows, rows[:4])
    with pytest.raises(InputError, match="9 calibration rows"):
        exchangeability_test(rows[:9], rows)
    with pytest.raises(InputError, match="did you mean"):
        exchangeability_test(rows, rows, score="neighbors")
    with pytest.raises(InputError, match="one number for each of 30 rows"):
        exchangeability_test(rows, rows, score=lambda rows: np.zeros(3))
    with pytest.raises(InputError, match="level=5"):
        exchangeability_test(rows, rows, level=5)
