"""What ProPublica printed about COMPAS, from its table; and what holds for any audit of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from further.compare.auditing import audit
from further.trust.audit.impossibility import implied_fpr

# "How We Analyzed the COMPAS Recidivism Algorithm", 23 May 2016: score not "Low", two years.
PUBLISHED = {
    "African-American": ({"tn": 990, "fp": 805, "fn": 532, "tp": 1369}, (0.4485, 0.2799, 0.6297)),
    "Caucasian": ({"tn": 1139, "fp": 349, "fn": 461, "tp": 505}, (0.2345, 0.4772, 0.5913)),
}


@pytest.fixture(scope="module")
def compas(real_data: Path) -> Path:
    return real_data / "compas" / "compas-scores-two-years.csv"


@pytest.fixture(scope="module")
def found(compas: Path):
    return audit(
        compas, label="two_year_recid", score="score_text", selected=["Medium", "High"],
        group="race,sex", positive="1",
    )  # fmt: skip


def test_published_figures_come_out_to_the_cell(found):
    record = found.to_json()
    by = {g["group"]["race"]: g for g in record["groups"] if list(g["group"]) == ["race"]}
    assert record["n"] == 7214
    for race, (cells, rates) in PUBLISHED.items():
        assert {name: by[race][name] for name in cells} == cells
        told = [by[race]["metrics"][name]["value"] for name in ("fpr", "fnr", "ppv")]
        assert told == pytest.approx(rates, abs=5e-5)


def test_the_score_from_five_on_is_the_same_decision(compas, found):
    by_score = audit(
        compas, label="two_year_recid", score="decile_score", threshold=5, group="race"
    ).to_json()
    assert by_score["threshold"] == 5
    before = {str(g["group"]): g for g in found.to_json()["groups"]}
    for group in by_score["groups"]:
        assert group["fp"] == before[str(group["group"])]["fp"]
        assert "auc" in group["metrics"]
    # Deciles are no probabilities, so nothing is said of calibration.
    assert "calibration_error" not in by_score["overall"]["metrics"]


def test_the_filter_of_the_article_leaves_6172_rows(compas):
    table = pd.read_csv(compas)
    days = table["days_b_screening_arrest"]
    kept = table[(days.abs() <= 30) & (table["is_recid"] != -1) & (table["score_text"] != "N/A")]
    kept = kept[kept["c_charge_degree"] != "O"]
    record = audit(kept, label="two_year_recid", score="decile_score", threshold=5, group="race")
    assert record.to_json()["n"] == 6172


def test_areas_and_intersections_are_those_of_scikit_learn_and_pandas(compas):
    table = pd.read_csv(compas)
    record = audit(
        compas, label="two_year_recid", score="decile_score", threshold=5, group="race,sex"
    ).to_json()
    both = [g for g in record["groups"] if len(g["group"]) == 2]
    assert len(both) == len(table.groupby(["race", "sex"]))
    for group in both:
        rows = table[(table.race == group["group"]["race"]) & (table.sex == group["group"]["sex"])]
        assert group["n"] == len(rows)
        assert group["metrics"]["base_rate"]["value"] == pytest.approx(rows.two_year_recid.mean())
        if rows.two_year_recid.nunique() == 2:
            area = roc_auc_score(rows.two_year_recid, rows.decile_score)
            assert group["metrics"]["auc"]["value"] == pytest.approx(area, abs=1e-12)


def test_small_groups_are_marked_and_decide_nothing(found):
    record = found.to_json()
    small = {g["group"]["race"] for g in record["groups"] if g["small"] and len(g["group"]) == 1}
    assert small == {"Asian", "Native American"}
    largest = record["differences"]["fpr"]
    assert {largest["highest"]["race"], largest["lowest"]["race"]} == {"African-American", "Other"}
    assert any("Asian, Native American" in note for note in record["notes"])


def test_groups_stand_beside_the_one_that_is_asked_for(compas):
    found = audit(
        compas, label="two_year_recid", score="decile_score", threshold=5, group="race",
        reference={"race": "Caucasian"},
    ).to_json()  # fmt: skip
    fpr = found["differences"]["fpr"]
    assert fpr["reference"] == {"race": "Caucasian"}
    black = next(g for g in fpr["groups"] if g["group"]["race"] == "African-American")
    assert black["value"] == pytest.approx(805 / 1795 - 349 / 1488)
    assert black["low_adjusted"] < black["low"] < black["value"] < black["high"]
    assert black["differs"]
    # 18 and 32 people show nothing.
    assert not any(
        g["differs"] for g in fpr["groups"] if g["group"]["race"] in ("Native American",)
    )
    ratio = next(
        g for g in found["ratios"]["fpr"]["groups"] if g["group"]["race"] == "African-American"
    )
    assert ratio["value"] == pytest.approx((805 / 1795) / (349 / 1488))


def test_unequal_base_rates_make_equal_rates_impossible(found):
    one = found.to_json()["impossibility"][0]
    assert one["base_rate"] > one["other_base_rate"]
    assert one["fpr"] > one["other_fpr"]
    # Chouldechova's identity holds for any confusion matrix.
    for cells, (fpr, fnr, ppv) in PUBLISHED.values():
        base = (cells["tp"] + cells["fn"]) / sum(cells.values())
        assert implied_fpr(base, ppv, fnr) == pytest.approx(fpr, abs=2e-4)


def test_a_population_shows_who_is_missing(compas, tmp_path):
    file = tmp_path / "population.csv"
    file.write_text("sex,share\nMale,49\nFemale,51\n")
    record = audit(
        compas, label="two_year_recid", score="decile_score", threshold=5, group="sex",
        population=file,
    ).to_json()  # fmt: skip
    groups = {g["group"]["sex"]: g for g in record["representation"][0]["groups"]}
    assert groups["Female"]["population"] == pytest.approx(0.51)
    assert groups["Female"]["differs"]
    assert groups["Female"]["share"] == pytest.approx(1395 / 7214)
    assert not groups["Male"]["too_few_to_learn"]


@pytest.mark.parametrize("rule", ["equal_fpr", "equal_fnr", "equal_selection"])
def test_a_rule_makes_its_rate_as_equal_as_ten_scores_allow(compas, rule):
    found = audit(compas, label="two_year_recid", score="decile_score", threshold=5, group="sex")
    of = found.trade_offs[0]
    choice = of.choose(rule, 0.3)
    rates = of.rates(rule)
    for g, t in enumerate(choice.thresholds):
        place = int(np.flatnonzero(of.thresholds == t)[0])
        assert abs(rates[g, place] - 0.3) == np.nanmin(np.abs(rates[g] - 0.3))
    # By hand: counts at five are those of the audit.
    five = int(np.flatnonzero(of.thresholds == 5)[0])
    cells = found.by[0].measured.cells
    assert of.fp[:, five].tolist() == cells.fp.tolist()


def test_a_costlier_miss_lowers_the_threshold(compas):
    found = audit(compas, label="two_year_recid", score="decile_score", threshold=5, group="sex")
    of = found.trade_offs[0]
    dear, cheap = (of.choose("cost", cost).thresholds[0] for cost in (5.0, 0.2))
    assert dear < cheap
    table = pd.read_csv(compas)
    y, s = table["two_year_recid"] == 1, table["decile_score"]
    spent = {t: ((s >= t) & ~y).sum() + 5.0 * ((s < t) & y).sum() for t in range(1, 12)}
    assert dear == min(spent, key=spent.get)
