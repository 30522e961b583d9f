"""Every column once as the target, against scikit-learn's kernel ridge and known ends."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import r2_score

from further.compare.generation.setting import Setting
from further.data import load
from further.data.spec import Block
from further.evaluate.generation import column_utility
from further.evaluate.generation.column_utility import RIDGE, ColumnUtility
from further.evaluate.generation.evaluator import EncodedRows, GenerativeEvaluator

BLOCKS = [
    Block("size", 0, 1, "numeric"),
    Block("size is missing", 1, 3, "categorical"),
    Block("kind", 3, 6, "categorical"),
    Block("mass", 6, 7, "numeric"),
]


def rows(n: int, seed: int) -> np.ndarray:
    """Return a size that may be missing, a kind and a mass that follows from both."""
    rng = np.random.default_rng(seed)
    size, kind = rng.normal(size=n), rng.integers(0, 3, n)
    mass = size + kind - 1 + 0.3 * rng.normal(size=n)
    there = rng.random(n) > 0.1
    return np.column_stack([size * there, there, ~there, np.eye(3)[kind], mass])


@pytest.fixture(scope="module")
def utility() -> ColumnUtility:
    return ColumnUtility(rows(400, 0), rows(300, 1), BLOCKS, 0.2, seed=0, target="mass")


def test_each_column_is_learnt_as_scikit_learn_learns_it(utility: ColumnUtility) -> None:
    train, test, made = rows(400, 0), rows(300, 1), rows(400, 2)
    found = utility.score(made)
    by_column = found["global_utility"].detail["columns"]
    assert set(by_column) == {"size", "kind", "mass"}
    expected = {}
    for name, at in {"size": [0, 1, 2], "kind": [3, 4, 5], "mass": [6]}.items():
        others = [i for i in range(7) if i not in at]
        machine = KernelRidge(alpha=RIDGE, kernel="rbf", gamma=0.2)
        centre = made[:, at].mean(axis=0)
        machine.fit(made[:, others], made[:, at] - centre)
        error = np.square(machine.predict(test[:, others]) + centre - test[:, at]).sum()
        expected[name] = 1 - error / np.square(test[:, at] - train[:, at].mean(axis=0)).sum()
        assert by_column[name]["value"] == pytest.approx(expected[name], abs=1e-4)
    assert expected["mass"] > 0.7
    assert found["global_utility"].value == pytest.approx(
        np.mean(list(expected.values())), abs=1e-4
    )
    target = found["synthetic_to_real_r2"]
    assert target.value == pytest.approx(expected["mass"], abs=1e-4)
    assert target.estimate.low < target.value < target.estimate.high
    assert target.value == pytest.approx(
        r2_score(test[:, 6], KernelRidge(alpha=RIDGE, kernel="rbf", gamma=0.2)
                 .fit(made[:, :6], made[:, 6]).predict(test[:, :6])), abs=0.05
    )  # fmt: skip


def test_training_rows_score_what_is_real_and_shuffled_columns_nothing(
    utility: ColumnUtility,
) -> None:
    again = utility.score(np.random.default_rng(0).permutation(rows(400, 0)))
    for name, score in again.items():
        assert score.value == pytest.approx(utility.real[name], abs=1e-6)
    shuffled = np.random.default_rng(0).permuted(rows(400, 0), axis=0)
    assert utility.score(shuffled)["global_utility"].value < 0.05
    wrong = rows(400, 0) * np.where(np.arange(7) == 6, -1.0, 1.0)
    assert utility.score(wrong)["synthetic_to_real_r2"].estimate.high < 0


def test_the_interval_holds_what_other_test_rows_score(utility: ColumnUtility) -> None:
    made = rows(200, 2)
    many = ColumnUtility(rows(400, 0), rows(6_000, 9), BLOCKS, 0.2, seed=0)
    truth = many.score(made)["global_utility"].value
    held = 0
    for seed in range(12):
        few = ColumnUtility(rows(400, 0), rows(300, 100 + seed), BLOCKS, 0.2, seed=0)
        estimate = few.score(made)["global_utility"].estimate
        held += estimate.low <= truth <= estimate.high
    assert held >= 9


def test_what_is_left_out_is_said_and_the_target_never_is(monkeypatch) -> None:
    monkeypatch.setattr(column_utility, "MOST_COLUMNS", 2)
    monkeypatch.setattr(column_utility, "MOST_ROWS", 100)
    few = [
        ColumnUtility(rows(400, 0), rows(300, 1), BLOCKS, 0.2, seed, target="mass")
        for seed in range(5)
    ]
    for utility in few:
        assert utility.protocol["rows_learnt_from"] == 100
        assert (utility.protocol["columns"], utility.protocol["columns_in_all"]) == (2, 3)
        assert "mass" in utility.score(rows(200, 3))["global_utility"].detail["columns"]
    assert len({str(u.real) for u in few}) > 1


@pytest.mark.parametrize(("n", "defined"), [(199, False), (200, True)])
def test_few_test_rows_define_nothing(n: int, defined: bool) -> None:
    parts = [
        EncodedRows(rows(size, seed).astype(np.float32)) for seed, size in enumerate((300, n, n))
    ]
    evaluator = GenerativeEvaluator(*parts, kind="table", blocks=BLOCKS, target="mass")
    scores = evaluator.score(EncodedRows(rows(300, 5).astype(np.float32)))
    for name in ("global_utility", "synthetic_to_real_r2"):
        assert (scores.get(name) is not None) == defined
        if defined:
            assert evaluator.noise[name] < 0.1 < evaluator.real[name]


def test_a_named_target_of_numbers_is_judged(real_data) -> None:
    boston = load(real_data / "tables" / "boston_housing.csv", target="column_14")
    setting = Setting(boston, boston.split(seed=0), 0, "auto", conditional=False)
    assert boston.classes is None
    assert setting.number_target == "column_14"
    free = load(real_data / "tables" / "boston_housing.csv")
    assert Setting(free, free.split(seed=0), 0, "auto", False).number_target is None
