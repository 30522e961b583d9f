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


SHOPS = np.random.default_rng(9).choice(np.arange(1000, 99_999), 60, replace=False)


def loans(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 700, n), "D")
    return pd.DataFrame(
        {
            "start": start,
            "end": start + pd.to_timedelta(rng.choice([90, 180, 365], n), "D"),
            "salary": 1000 * rng.integers(20, 90, n),
            "shop": rng.choice(SHOPS, n),
            "fee": rng.normal(size=n).round(2),
        }
    )


def test_differences_grids_and_codes_are_rules():
    constraints = Constraints(loans(400, 0), loans(100, 1))
    found = {rule.sentence: rule for rule in constraints.rules}
    assert "end \u2212 start is 90, 180 or 365 days" in found
    assert "salary is a multiple of 1000" in found
    assert "start is a whole day" in found
    assert "shop is one of 60 codes" in found
    assert not any("fee" in sentence and rule.kind != "range" for sentence, rule in found.items())
    bad = loans(100, 2)
    bad.loc[:9, "end"] += pd.Timedelta(days=1)
    bad.loc[10:14, "salary"] += 500
    bad.loc[15:19, "shop"] += 1
    bad.loc[20:24, "start"] += pd.Timedelta(hours=3)
    assert constraints.violations(loans(100, 2)).value == 0
    detail = dict(constraints.violations(bad).detail["broken"])
    # A start at another hour ends at another distance too.
    assert detail["end \u2212 start is 90, 180 or 365 days"] == pytest.approx(0.15)
    assert detail["salary is a multiple of 1000"] == pytest.approx(0.05)
    assert detail["shop is one of 60 codes"] == pytest.approx(0.05)
    assert detail["start is a whole day"] == pytest.approx(0.05)
