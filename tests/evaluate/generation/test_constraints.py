from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from further.evaluate.generation.constraints import Columns, Constraints
from further.evaluate.noise import uniform_frame


def table(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = rng.integers(1, 50, (n, 2))
    city = rng.choice(["Bern", "Basel", "Genf"], n)
    sex = rng.choice(["f", "m"], n)
    return pd.DataFrame(
        {
            "men": parts[:, 0],
            "women": parts[:, 1],
            "people": parts.sum(axis=1),
            "share": parts[:, 0] / 100,
            "rest": 1 - parts[:, 0] / 100,
            "city": city,
            "language": np.where(city == "Genf", "French", "German"),
            "sex": sex,
            "pregnant": (sex == "f") & (rng.random(n) < 0.4),
        }
    )


@pytest.fixture(scope="module")
def constraints():
    return Constraints(table(400, 0), table(100, 1))


def test_finds_the_rules(constraints):
    found = {rule.sentence for rule in constraints.rules}
    assert "men + women = people" in found
    assert "share + rest = 1" in found
    assert "men ≤ people" in found
    assert "people ≤ men" not in found
    assert "city determines language" in found
    assert "language determines city" not in found
    assert "sex = m never with pregnant = True" in found
    assert "1 ≤ men ≤ 49" in found


def test_rules_that_validation_rows_break_are_dropped():
    train = pd.DataFrame({"a": np.arange(30), "b": np.arange(30) + 1})
    validation = pd.DataFrame({"a": [5], "b": [4]})
    assert "a ≤ b" in {rule.sentence for rule in Constraints(train, train).rules}
    assert "a ≤ b" not in {rule.sentence for rule in Constraints(train, validation).rules}


def test_counts_rows_that_break_any_rule(constraints):
    good = table(100, 2)
    assert constraints.violations(good).value <= 0.03
    bad = good.copy()
    bad.loc[:24, "people"] += 1
    bad.loc[20:49, "language"] = "Romansh"
    score = constraints.violations(bad)
    assert score.value == pytest.approx(0.5, abs=0.03)
    assert score.detail["rules"]["sum"] >= 2
    assert ["city determines language", 0.3] in score.detail["broken"]


def test_noise_breaks_rules(constraints):
    noise = uniform_frame(table(400, 0), 200, np.random.default_rng(0))
    assert constraints.violations(noise).value > 0.9


def test_missing_values_break_no_rule_of_numbers(constraints):
    good = table(50, 2).astype({"people": float})
    good["people"] = np.nan
    kinds = {rule.kind for rule in constraints.rules if rule.broken_by(Columns(good)).any()}
    assert not kinds & {"sum", "order"}


def test_no_rules():
    tiny = table(10, 0)
    assert Constraints(tiny, tiny).violations(tiny) is None
    texts = pd.DataFrame({"name": [f"person {i}" for i in range(50)]})
    assert Constraints(texts, texts).violations(texts) is None
