"""What is recognised in a table of predictions, and what is asked for in one clear sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from further.compare.auditing import audit
from further.errors import InputError
from further.trust.audit.groups import families, split_wanted


def table(n: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.4
    return pd.DataFrame({
        "y": y.astype(int), "p": np.clip(rng.normal(0.35 + 0.3 * y, 0.2), 0, 1).round(4),
        "sex": rng.choice(["f", "m"], n), "age": rng.integers(18, 80, n),
    })  # fmt: skip


def counts_of(frame, **asked):
    record = audit(frame, group="sex", **asked).to_json()
    return [(g["tp"], g["fp"], g["tn"], g["fn"]) for g in record["groups"]]


def test_decisions_need_no_threshold_and_words_are_read():
    frame = table()
    expected = counts_of(frame, label="y", score="p", threshold=0.5)
    decided = (frame["p"] >= 0.5).astype(int)
    words = {0: "no", 1: "Yes"}
    for label, decision in (
        (frame["y"], decided),
        (frame["y"].astype(float), decided.astype(bool)),
        (frame["y"].map(words), decided.map(words)),
        (frame["y"].map({0: -1, 1: 1}), decided),
        (frame["y"].map({0: "negative", 1: "positive"}), decided.map(words)),
    ):
        given = frame.assign(y=label, decision=decision)
        assert counts_of(given, label="y", score="decision") == expected
    other = frame.assign(y=frame["y"].map({0: "good", 1: "bad"}))
    assert counts_of(other, label="y", score="p", threshold=0.5, positive="bad") == expected


def test_a_score_from_one_to_ten_is_no_probability():
    frame = table().assign(score=lambda f: (f["p"] * 9).round() + 1)
    record = audit(frame, label="y", score="score", threshold=6, group="sex").to_json()
    assert "auc" in record["overall"]["metrics"]
    assert "calibration_error" not in record["overall"]["metrics"]


def test_probabilities_are_checked_for_calibration():
    frame = table(4000)
    record = audit(frame, label="y", score="p", threshold=0.5, group="sex").to_json()
    figures = record["overall"]["metrics"]
    large = figures["calibration_in_the_large"]
    assert large["value"] == pytest.approx((frame["p"] - frame["y"]).mean())
    assert large["low"] < large["value"] < large["high"]
    assert 0 <= figures["calibration_error"]["low"] <= figures["calibration_error"]["value"]
    bins = record["groups"][0]["calibration"]
    assert sum(b["n"] for b in bins) == record["groups"][0]["n"]
    assert all(b["low"] <= b["share"] <= b["high"] for b in bins)


@pytest.mark.parametrize(
    ("change", "asked", "told"),
    [
        ({}, {"label": "y", "score": "p"}, "--threshold T"),
        ({}, {"score": "p", "threshold": 0.5}, "--label COLUMN"),
        ({}, {"label": "y"}, "--score COLUMN"),
        ({}, {"label": "yy", "score": "p", "threshold": 0.5}, 'did you mean "y"'),
        ({}, {"label": "y", "score": "y"}, "cannot be the label and the score"),
        ({"y": "a"}, {"label": "y", "score": "p", "threshold": 0.5}, "is a in all 400 rows"),
        ({}, {"label": "y", "score": "p", "threshold": float("nan")}, "finite"),
        ({"y": lambda f: f["y"].map({0: "good", 1: "bad"})},
         {"label": "y", "score": "p", "threshold": 0.5}, '--positive "good"'),
        ({"y": lambda f: f["y"].map({0: "good", 1: "bad"})},
         {"label": "y", "score": "p", "threshold": 0.5, "positive": "evil"}, "never"),
        ({"p": lambda f: np.where(f["p"] > 0.5, "High", np.where(f["p"] > 0.3, "Mid", "Low"))},
         {"label": "y", "score": "p"}, "--selected"),
        ({"p": lambda f: np.where(f["p"] > 0.5, "High", "Low")},
         {"label": "y", "score": "p", "selected": ["Hihg"]}, 'did you mean "High"'),
        ({"p": lambda f: (f["p"] > 0.5).map({True: "yes", False: "no"})},
         {"label": "y", "score": "p", "threshold": 0.5}, "holds decisions"),
        ({}, {"label": "age", "score": "p", "threshold": 0.5}, "it is a quantity"),
        ({"y": lambda f: np.arange(len(f)) % 3},
         {"label": "y", "score": "p", "threshold": 0.5}, "3 distinct numbers"),
        ({"y": lambda f: np.arange(len(f)) % 3, "p": lambda f: np.arange(len(f)) % 3},
         {"label": "y", "score": "p", "threshold": 0.5}, "3 classes"),
        ({"y": np.nan}, {"label": "y", "score": "p", "threshold": 0.5}, "has no value"),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_asked_for(change, asked, told):
    with pytest.raises(InputError, match=r"\.$") as refused:
        audit(table().assign(**change), group="sex", **asked)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ("", "--group COLUMN"), ("race", "its columns are"), ("sexx", 'did you mean "sex"'),
        ("sex:3", "cannot be cut"), ("age:a", "no numbers to cut"), ("name", "at most"),
    ],
)  # fmt: skip
def test_strange_groups_are_refused(group, told):
    frame = table().assign(name=[f"person {i}" for i in range(400)])
    with pytest.raises(InputError, match=told):
        audit(frame, label="y", score="p", threshold=0.5, group=group)


def test_a_missing_group_is_a_group_and_missing_labels_are_left_out_aloud():
    frame = table()
    frame.loc[:49, "sex"] = None
    frame.loc[390:, "y"] = np.nan
    record = audit(frame, label="y", score="p", threshold=0.5, group="sex").to_json()
    assert record["n"] == 390
    missing = next(g for g in record["groups"] if g["group"] == {"sex": "(missing)"})
    assert missing["n"] == 50
    assert any('10 rows without "y" are left out' in note for note in record["notes"])
    assert any('50 rows without "sex"' in note for note in record["notes"])


def test_numbers_are_cut_where_it_is_asked_and_else_into_quarters():
    frame = table()
    (family,), notes = families(frame, split_wanted("age:25,45"), "x")
    assert [g["age"] for g in family.groups] == ["below 25", "25 to below 45", "45 or more"]
    young, old = (frame.age < 25).sum(), (frame.age >= 45).sum()
    assert family.rows().tolist() == [young, len(frame) - young - old, old]
    assert notes == ()
    (family,), notes = families(frame, ["age"], "x")
    assert len(family.groups) == 4
    assert "cut into quarters" in notes[0]


def test_a_column_may_have_a_colon_in_its_name():
    frame = table().rename(columns={"sex": "who: sex"})
    assert split_wanted("who: sex") == ["who: sex"]
    (family,), _ = families(frame, ["who: sex"], "x")
    assert family.columns == ("who: sex",)


def test_several_classes_have_recall_and_precision_of_each():
    rng = np.random.default_rng(0)
    y = rng.choice(["cat", "dog", "owl"], 600)
    said = np.where(rng.random(600) < 0.7, y, rng.choice(["cat", "dog", "owl"], 600))
    frame = pd.DataFrame({"y": y, "said": said, "where": rng.choice(["in", "out"], 600)})
    record = audit(frame, label="y", prediction="said", group="where").to_json()
    inside = frame[frame["where"] == "in"]
    figures = record["groups"][0]["metrics"]
    of_cats = inside[inside.y == "cat"]
    assert figures["recall:cat"]["value"] == pytest.approx((of_cats.said == "cat").mean())
    recalls = (inside.said == inside.y).groupby(inside.y).mean()
    assert figures["balanced_accuracy"]["value"] == pytest.approx(recalls.mean())
    assert "balanced accuracy" in record["sentence"].lower()
    with pytest.raises(InputError, match="none of which is a class"):
        audit(frame.assign(said="x"), label="y", prediction="said", group="where")


def test_errors_of_a_quantity_by_group():
    rng = np.random.default_rng(0)
    truth = rng.normal(50, 10, 600)
    town = rng.choice(["north", "south"], 600)
    frame = pd.DataFrame({
        "price": truth, "guess": truth + rng.normal(0, np.where(town == "north", 2.0, 6.0)),
        "town": town,
    })  # fmt: skip
    record = audit(frame, label="price", score="guess", group="town").to_json()
    assert record["kind"] == "numbers"
    north, south = (g["metrics"] for g in record["groups"])
    off = frame.assign(error=frame.guess - frame.price).groupby("town").error
    assert south["mae"]["value"] == pytest.approx(off.apply(lambda e: e.abs().mean())["south"])
    assert south["rmse"]["low"] > north["rmse"]["high"]
    assert record["sentence"].startswith("Mean absolute error by town: ")
    assert record["differences"]["mae"]["low"] > 0


def test_the_accuracy_paradox_comes_first():
    # The lecture's chest films: nine of ten show nothing, and the program always says so.
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "ill": np.repeat([0, 1], [900, 100]), "said": 0, "sex": rng.choice(["f", "m"], 1000)
    })  # fmt: skip
    record = audit(frame, label="ill", score="said", group="sex").to_json()
    assert record["sentence"].startswith(
        "The model is right in 90.0% of 1,000 rows, but always saying 0 is right in 90.0%"
    )
    assert record["paradox"]["embarrasses"]
    good = audit(table(2000), label="y", score="p", threshold=0.5, group="sex").to_json()
    assert not good["paradox"]["embarrasses"]
    assert "right in" not in good["sentence"]


def test_equal_groups_are_not_told_apart():
    frame = table(3000)
    record = audit(frame, label="y", score="p", threshold=0.5, group="sex").to_json()
    assert "No difference" in record["sentence"]
    assert not record["differences"]["fpr"]["groups"][0]["differs"]


def test_a_frame_has_a_row_a_group_and_metric():
    found = audit(table(), label="y", score="p", threshold=0.5, group="sex,age:40")
    frame = found.to_frame()
    assert set(frame["by"]) == {"sex", "age", "sex and age"}
    one = frame[(frame.group == "f") & (frame.metric == "fpr")].iloc[0]
    assert one.low <= one.value <= one.high
    assert one.n == (table().sex == "f").sum()


@pytest.mark.parametrize("seed", range(6))
def test_a_calibrated_classifier_has_an_audit(seed):
    # The lower end of its calibration error is 0, whose logarithm has no end.
    rng = np.random.default_rng(seed)
    p = rng.beta(2, 3, 1000)
    frame = pd.DataFrame({"y": (rng.random(1000) < p).astype(int), "p": p,
                          "sex": rng.choice(["f", "m"], 1000)})  # fmt: skip
    record = audit(frame, label="y", score="p", threshold=0.5, group="sex").to_json()
    one = record["ratios"]["calibration_error"]
    assert 0 <= one["low"] <= one["value"] <= one["high"] <= 1


@pytest.mark.parametrize("n", [30, 500])
def test_errors_with_a_heavy_tail_have_an_audit(n):
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1, 2 * n)
    frame = pd.DataFrame({
        "y": truth, "p": truth + rng.lognormal(0, 2, 2 * n), "g": np.repeat(["a", "b"], n)
    })  # fmt: skip
    record = audit(frame, label="y", score="p", group="g").to_json()
    for group in record["groups"]:
        assert group["metrics"]["mae"]["low"] >= 0


def test_numbers_that_are_alike_in_six_digits_stay_apart():
    frame = table().assign(hospital=lambda f: 1234561 + f.index % 3)
    record = audit(frame, label="y", score="p", threshold=0.5, group="hospital").to_json()
    assert [g["group"]["hospital"] for g in record["groups"]] == ["1234561", "1234562", "1234563"]
    ids = frame.assign(y=frame["y"] + 1_000_001)
    record = audit(ids, label="y", score="p", threshold=0.5, group="sex", positive="1000002")
    assert record.to_json()["positive"] == "1000002"
    times = table().assign(seen=1_700_000_000 + np.arange(400))
    (family,), _ = families(times, ["seen"], "x")
    assert len({g["seen"] for g in family.groups}) == 4
    days = table().assign(day=pd.Timestamp("2020-01-01"))
    (family,), _ = families(days, ["day"], "x")
    assert family.groups == ({"day": "2020-01-01"},)


def test_categories_of_pandas_may_have_missing_values():
    frame = table()
    frame["sex"] = pd.Categorical(frame["sex"].where(frame.index > 9))
    (family,), _ = families(frame, ["sex"], "x")
    assert family.rows().tolist() == [10, *frame["sex"].value_counts().sort_index()]


def test_a_column_is_named_once():
    for twice in ("sex,SEX", "age:25,age:40"):
        with pytest.raises(InputError, match="twice"):
            audit(table(), label="y", score="p", threshold=0.5, group=twice)


def test_a_rating_that_is_predicted_as_a_number_is_a_quantity():
    rng = np.random.default_rng(0)
    stars = rng.integers(1, 6, 500)
    frame = pd.DataFrame({
        "stars": stars, "p": (stars + rng.normal(0, 0.5, 500)).round(2),
        "sex": rng.choice(["f", "m"], 500),
    })  # fmt: skip
    assert audit(frame, label="stars", score="p", group="sex").to_json()["kind"] == "numbers"
    rounded = frame.assign(p=frame["p"].round().clip(1, 5).astype(int))
    assert audit(rounded, label="stars", score="p", group="sex").to_json()["kind"] == "classes"


def test_a_group_of_the_population_without_a_row_is_missed_aloud():
    population = pd.DataFrame({"sex": ["f", "m", "x"], "share": [0.45, 0.45, 0.1]})
    record = audit(
        table(), label="y", score="p", threshold=0.5, group="sex", population=population
    ).to_json()
    absent = next(g for g in record["representation"][0]["groups"] if g["group"] == {"sex": "x"})
    assert (absent["n"], absent["share"], absent["too_few_to_learn"]) == (0, 0.0, True)
    assert absent["differs"]


def test_a_group_without_negative_rows_gets_the_threshold_of_all():
    frame = table(2000)
    frame.loc[frame.index < 60, "sex"] = "x"
    frame.loc[frame.index < 60, "y"] = 1
    found = audit(frame, label="y", score="p", threshold=0.5, group="sex")
    of = found.trade_offs[0]
    choice = of.choose("equal_fpr", 0.1)
    lone = [g["sex"] for g in of.family.groups].index("x")
    assert of.without_rate("equal_fpr").tolist().count(True) == 1
    negatives = frame[frame["y"] == 0]
    assert (negatives["p"] >= choice.thresholds[lone]).mean() == pytest.approx(0.1, abs=0.02)
    # Where nobody is to be selected, no score selects.
    nobody = of.choose("equal_selection", 0.0).thresholds
    assert not (found.predictions.scores >= nobody[of.family.codes]).any()
    assert np.isinf(nobody).any()


def test_rows_of_one_person_count_as_one_everywhere():
    rng = np.random.default_rng(0)
    people, visits = 100, 10
    y = np.repeat(rng.random(people) < 0.4, visits)
    p = np.repeat(rng.random(people), visits)
    frame = pd.DataFrame({
        "y": y.astype(int), "p": p, "who": np.repeat(np.arange(people), visits),
        "sex": np.repeat(rng.choice(["f", "m"], people), visits),
    })  # fmt: skip
    record = audit(frame, label="y", score="p", threshold=0.5, group="sex", unit="who").to_json()
    accuracy = record["overall"]["metrics"]["accuracy"]
    assert record["paradox"]["low"] == accuracy["low"]
    assert record["groups"][0]["metrics"]["auc"]["low"] is None
    price = frame.assign(y=rng.normal(size=len(frame)))
    errors = audit(price, label="y", score="p", group="sex", unit="who").to_json()
    assert errors["groups"][0]["metrics"]["mae"]["low"] is not None
    assert "No two groups" not in errors["sentence"]
    one = audit(frame.assign(sex="f"), label="y", score="p", threshold=0.5, group="sex")
    assert "There is one group by sex" in one.sentence


@pytest.mark.slow
def test_the_headline_names_a_difference_of_noise_at_most_as_often_as_it_says():
    named = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({
            "y": rng.integers(0, 2, 800), "said": rng.integers(0, 2, 800),
            **{name: rng.integers(0, 2, 800) for name in "abc"},
        })  # fmt: skip
        sentence = audit(frame, label="y", score="said", group="a,b,c").sentence
        named += "No difference" not in sentence
    # 5 % of 400 exceed 31 once in a hundred.
    assert named <= 31
