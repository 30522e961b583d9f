from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp, spearmanr

from further.evaluate.generation.table_fidelity import TableFidelity
from further.evaluate.noise import uniform_frame


def table(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, n)
    return pd.DataFrame(
        {
            "age": age,
            "income": np.exp(rng.normal(7 + age / 50, 0.5)),
            "city": rng.choice(["Bern", "Basel", "Chur"], n, p=[0.6, 0.3, 0.1]),
            "retired": age > 64,
        }
    )


def test_column_shapes_by_hand():
    real = pd.DataFrame({"number": [1, 2, 3, 4], "word": list("aabb"), "yes": [True] * 4})
    fake = pd.DataFrame({"number": [3, 4, 5, 6], "word": list("aaaa"), "yes": [True] * 4})
    score = TableFidelity(real, real, seed=0).column_shapes(fake)
    assert score.detail["columns"] == {"number": 0.5, "word": 0.5, "yes": 1.0}
    assert score.value == pytest.approx(2 / 3)


def test_column_shapes_agree_with_scipy():
    real, fake = table(200, 0), table(150, 1) * 1
    fake["income"] *= 1.3
    found = TableFidelity(real, real, seed=0).column_shapes(fake).detail["columns"]
    for name in ("age", "income"):
        assert found[name] == pytest.approx(1 - ks_2samp(real[name], fake[name]).statistic)


def test_pair_correlations_by_hand():
    real = pd.DataFrame({"a": list("xxyy"), "b": list("ppqq")})
    fake = pd.DataFrame({"a": list("xxyy"), "b": list("qqpp")})  # the same shares, never together
    fidelity = TableFidelity(real, real, seed=0)
    assert fidelity.pair_correlations(real).value == pytest.approx(1.0)
    assert fidelity.pair_correlations(fake).value == pytest.approx(0.0)
    assert fidelity.column_shapes(fake).value == pytest.approx(1.0)


def test_numeric_pairs_use_spearmans_correlation():
    real, fake = table(300, 0)[["age", "income"]], table(200, 1)[["age", "income"]]
    fake["income"] = np.random.default_rng(0).permutation(fake["income"])
    expected = 1 - abs(spearmanr(real).statistic - spearmanr(fake).statistic) / 2
    score = TableFidelity(real, real, seed=0).pair_correlations(fake)
    assert score.value == pytest.approx(expected)
    assert score.detail["worst_pairs"][0][:2] == ["age", "income"]


def test_real_beats_shuffled_beats_noise():
    train, test, other = (table(300, seed) for seed in range(3))
    rng = np.random.default_rng(0)
    shuffled = other.apply(lambda column: rng.permutation(column.to_numpy()))
    noise = uniform_frame(train, 300, rng)
    fidelity = TableFidelity(train, test, seed=0)
    shapes = [fidelity.column_shapes(frame) for frame in (other, shuffled, noise)]
    pairs = [fidelity.pair_correlations(frame) for frame in (other, shuffled, noise)]
    assert shapes[0].value == pytest.approx(shapes[1].value)
    assert shapes[0].estimate.low > shapes[2].estimate.high
    assert pairs[0].value > pairs[1].value > pairs[2].value


def test_intervals_are_as_wide_as_the_figures_vary_from_table_to_table():
    train = table(300, 0)
    found = []
    for seed in range(20):
        fidelity = TableFidelity(train, table(120, 100 + seed), seed=0)
        samples = table(120, 200 + seed)
        found.append([fidelity.column_shapes(samples), fidelity.pair_correlations(samples)])
    for scores in zip(*found, strict=True):
        spread = np.std([score.value for score in scores], ddof=1)
        widths = [score.estimate.high - score.estimate.low for score in scores]
        assert 0.6 < np.mean(widths) / (2 * 1.96 * spread) < 1.7


def test_missing_values_count():
    real = pd.DataFrame({"number": [1.0, 2.0, np.nan, np.nan], "word": ["a", None, "b", "b"]})
    fake = pd.DataFrame({"number": [1.0, 2.0, 1.0, 2.0], "word": ["a", "a", "b", "b"]})
    found = TableFidelity(real, real, seed=0).column_shapes(fake).detail["columns"]
    assert found == {"number": 0.5, "word": 0.75}


def test_categories_written_by_different_readers_agree():
    real = pd.DataFrame({"code": pd.Categorical([1, 2, 2, 3])})
    fake = pd.DataFrame({"code": pd.Series([1.0, 2.0, 2.0, 3.0], dtype=object)})
    assert TableFidelity(real, real, seed=0).column_shapes(fake).value == 1.0


def test_dates_unseen_categories_and_single_columns():
    real = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=10)})
    fidelity = TableFidelity(real, real, seed=0)
    assert fidelity.column_shapes(real).value == 1.0
    assert fidelity.pair_correlations(real) is None
    train = pd.DataFrame({"a": list("xxyy"), "b": list("xyxy")})
    odd = pd.DataFrame({"a": list("zzzz"), "b": list("xyxy")})
    assert TableFidelity(train, train, seed=0).column_shapes(odd).value == pytest.approx(0.5)
    assert np.isfinite(TableFidelity(train, odd, seed=0).pair_correlations(train).value)


def test_columns_of_missing_values_only():
    real = pd.DataFrame({"empty": [np.nan] * 5, "a": [1, 2, 3, 4, 5]})
    fidelity = TableFidelity(real, real, seed=0)
    assert fidelity.column_shapes(real).value == 1.0
    assert fidelity.pair_correlations(real).value == 1.0
