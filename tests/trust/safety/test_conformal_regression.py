from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression, QuantileRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from further.errors import InputError
from further.supervised.conformal import conformal_rank, interval_around, sorted_residuals
from further.trust.safety.conformal_quantiles import ConformalQuantileRegressor
from further.trust.safety.conformal_regression import ConformalRegressor
from safety_tables import SPLITS, Zero, table


@parametrize_with_checks(
    [
        ConformalRegressor(LinearRegression()),
        ConformalQuantileRegressor(QuantileRegressor(alpha=0)),
    ]
)
def test_scikit_learn_agrees(estimator, check) -> None:
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([ConformalQuantileRegressor()])
def test_scikit_learn_agrees_with_trees(estimator, check) -> None:
    check(estimator)


@pytest.mark.parametrize("n", [6, 9, 10, 19, 20, 33, 50])
@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_coverage_is_exact_with_few_rows(n: int, coverage: float) -> None:
    """Each of n + 1 exchangeable rows is equally likely to be the new one."""
    y = np.random.default_rng(n).normal(size=n + 1)
    inside = []
    for i in range(n + 1):
        others = np.delete(y, i)
        model = ConformalRegressor(Zero(), coverage=coverage, prefit=True)
        low, high = model.fit(np.zeros((n, 1)), others).predict_interval([[0.0]])[0]
        inside.append(low <= y[i] <= high)
    assert coverage <= np.mean(inside) + 1e-12
    assert np.mean(inside) < coverage + 1 / (n + 1) or np.mean(inside) == 1


def covered_by_level(model, pool, sizes: tuple[int, int], given: bool) -> dict:
    """Return the difference from the exact expectation in standard errors, over 200 splits."""
    rng, found = np.random.default_rng(2), {}
    of = pool.attribute if given else np.zeros(len(pool.y))
    for seed in range(SPLITS):
        order = rng.permutation(len(pool.y))
        old, new = order[: sizes[0]], order[sizes[0] : sum(sizes)]
        model.set_params(random_state=seed)
        model.fit(pool.X[old], pool.y[old], **({"attribute": of[old]} if given else {}))
        ends = model.predict_interval(pool.X[new], **({"attribute": of[new]} if given else {}))
        inside = (ends[:, 0] <= pool.y[new]) & (pool.y[new] <= ends[:, 1])
        for level in pd.unique(of):
            here = of[new] == level
            n = int((of[old] == level).sum()) if given else model.n_calibration_
            m, a = int(here.sum()), conformal_rank(n, model.coverage)
            variance = m * a * (n + 1 - a) * (n + 1 + m) / ((n + 1) ** 2 * (n + 2))
            sums = found.setdefault(level, np.zeros(4))
            sums += inside[here].sum() - m * a / (n + 1), variance, inside[here].sum(), m
    return {
        level: (d / max(v, 1e-9) ** 0.5, k / max(m, 1)) for level, (d, v, k, m) in found.items()
    }


@pytest.mark.parametrize("by", [None, "attribute"])
@pytest.mark.parametrize(("name", "share"), [("boston_housing.csv", 0.3), ("fish.csv", 0.3)])
def test_real_numbers_are_covered_as_promised_over_200_splits(
    name: str, share: float, by: str | None, real_data: Path
) -> None:
    pool = table(name, str(real_data), share)
    half = len(pool.y) // 2
    model = ConformalRegressor(pool.model, coverage=0.8, conditional_on=by, prefit=True)
    found = covered_by_level(model, pool, (half, half), by is not None)
    assert all(abs(z) < 3.5 for z, _ in found.values()), found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["boston_housing.csv", "fish.csv"])
def test_quantile_regression_covers_as_promised_over_200_splits(name: str, real_data: Path) -> None:
    """The quantiles are fitted anew in each split."""
    pool = table(name, str(real_data), 0.05)
    half = len(pool.y) // 2
    model = ConformalQuantileRegressor(
        QuantileRegressor(alpha=0), coverage=0.8, calibration_share=0.5
    )
    found = covered_by_level(model, pool, (half, half), False)
    assert all(abs(z) < 3.5 for z, _ in found.values()), found


def test_it_is_the_interval_of_our_own_regressors() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2))
    y = X[:, 0] + rng.normal(size=80)
    linear = LinearRegression().fit(X[:40], y[:40])
    model = ConformalRegressor(linear, coverage=0.9, prefit=True).fit(X[40:], y[40:])
    predicted = linear.predict(X)[:, None]
    residuals = sorted_residuals(y[40:, None], predicted[40:])
    assert np.allclose(model.predict_interval(X), interval_around(predicted, residuals, 0.9))


def test_a_group_has_a_width_of_its_own_or_none() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(["a", "b", "c"], [100, 100, 4])
    y = rng.normal(size=204) * np.where(group == "b", 10, 1)
    X = np.zeros((204, 1))
    model = ConformalRegressor(Zero(), conditional_on="attribute", prefit=True)
    model.fit(X, y, attribute=group)
    ends = model.predict_interval(X[:4], attribute=["a", "b", "c", "new"])
    width = ends[:, 1] - ends[:, 0]
    assert 5 * width[0] < width[1] < width[2] == width[3] == np.inf
    (note,) = model.notes_
    assert note.startswith("Of c there are 4 rows")


def test_widths_follow_the_spread() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(1500, 1))
    y = x[:, 0] * rng.normal(size=1500)
    trees = GradientBoostingRegressor(loss="quantile", n_estimators=40, random_state=0)
    model = ConformalQuantileRegressor(trees, random_state=0).fit(x[:1000], y[:1000])
    ends = model.predict_interval(x[1000:])
    inside = (ends[:, 0] <= y[1000:]) & (y[1000:] <= ends[:, 1])
    hard = x[1000:, 0] > 0.5
    assert min(inside[hard].mean(), inside[~hard].mean()) > 0.83
    width = ends[:, 1] - ends[:, 0]
    assert width[hard].mean() > 2 * width[~hard].mean()


def test_a_band_that_was_too_wide_never_turns_over() -> None:
    class Wide(QuantileRegressor):
        def predict(self, X):
            return np.full(len(X), -9.0 if self.quantile < 0.5 else 3.0)

    x, y = np.zeros((40, 1)), np.zeros(40)
    ends = ConformalQuantileRegressor(Wide(), random_state=0).fit(x, y).predict_interval(x)
    assert (ends[:, 0] <= ends[:, 1]).all()


def test_what_predicts_no_quantile_is_refused() -> None:
    x = np.zeros((40, 1))
    with pytest.raises(InputError, match="predicts no quantile"):
        ConformalQuantileRegressor(LinearRegression()).fit(x, x[:, 0])
    with pytest.raises(InputError, match='loss="quantile"'):
        ConformalQuantileRegressor(GradientBoostingRegressor()).fit(x, x[:, 0])
