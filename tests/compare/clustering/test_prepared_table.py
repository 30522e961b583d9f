"""Which rows and columns structure is judged on, and that what is left out is said."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from further.compare.clustering.assignments import predict_clusters
from further.compare.clustering.clustering import cluster_table
from further.compare.clustering.prepared_table import prepare_table
from further.data import load

ASKED = {"columns": None, "scale": "auto", "target": "none", "distance": None}


def planted(n=60, seed=0):
    """Return three groups of rows in three columns, and which is which."""
    rng = np.random.default_rng(seed)
    centres = {"age": (20, 40, 60), "income": (400, 60, 900), "visits": (5, 9, 1)}
    truth = np.repeat(range(3), n)
    columns = {
        name: np.asarray(c)[truth] + rng.normal(0, s, 3 * n)
        for (name, c), s in zip(centres.items(), (2, 20, 0.4), strict=True)
    }
    return pd.DataFrame(columns), truth


def prepared(frame, **asked):
    return prepare_table(load(frame, tidy=False), ASKED | asked)


def test_rows_without_values_and_rows_far_away_are_in_no_cluster(tmp_path):
    frame, truth = planted()
    frame = pd.concat([frame, frame.iloc[[0]], pd.DataFrame(np.nan, range(20), frame.columns)])
    frame = frame.reset_index(drop=True)
    frame.loc[180, "income"] = 9e7
    frame.to_csv(tmp_path / "table.csv", index=False)
    made = cluster_table(tmp_path / "table.csv", k_max=5, out=tmp_path / "run")
    evaluation = json.loads((made.path / "evaluation.json").read_text())
    assert (evaluation["k"], evaluation["noise"]) == (3, 21)
    assert sum(evaluation["sizes"]) == 180
    notes = " ".join(evaluation["notes"])
    assert '"income" (90000000)' in notes
    assert "20 rows have no value" in notes
    found = made.to_frame()
    assert adjusted_rand_score(truth, found["cluster"][:180]) > 0.98
    assert (found["cluster"][180:] == -1).all()
    assert found["anomaly_score"][181:].isna().all()
    unusual = evaluation["anomalies"]["rows"][0]
    assert (unusual["row"], unusual["cluster"]) == (180, -1)
    # Numbers are numbers, and rows are those of the file.
    for profile in evaluation["profile"]:
        for example in profile["typical"]:
            row = frame.loc[example["row"]]
            assert example["values"]["age"] == pytest.approx(row["age"])
            assert found["cluster"][example["row"]] == profile["cluster"]

    new = pd.DataFrame({"age": [20.0, np.nan], "income": [400.0, np.nan], "visits": [5.0, np.nan]})
    assigned = predict_clusters(made.path, new)
    assert assigned["cluster"].tolist() == [found["cluster"][0], -1]
    assert not any("Missing in every row" in note for note in assigned.attrs["notes"])
    without = predict_clusters(made.path, new[:1].assign(visits=np.nan))
    assert any("in every row" in note and '"visits"' in note for note in without.attrs["notes"])
    elsewhere = predict_clusters(made.path, frame[:180] * 50)
    assert any("may be other data" in note for note in elsewhere.attrs["notes"])


def test_structure_is_judged_on_rows_that_have_their_numbers():
    frame, _ = planted()
    rng = np.random.default_rng(1)
    lacking = rng.permutation(180)[:30]
    frame.loc[lacking, "income"] = np.nan
    table = prepared(frame)
    assert np.flatnonzero(~table.is_judged).tolist() == sorted(lacking)
    assert not table.is_apart.any()
    assert len(table.judged.X) == 150
    assert any("30 of 180 rows lack a number" in note for note in table.notes)
    # One in a hundred changes nothing.
    few = frame.copy()
    few["income"] = few["income"].fillna(100.0)
    few.loc[3, "income"] = np.nan
    assert prepared(few).is_judged.all()
    # With too few complete rows all are judged, and that is said.
    wide = pd.DataFrame(rng.normal(size=(180, 8))).add_prefix("x")
    table = prepared(wide.mask(rng.random(wide.shape) < 0.25))
    assert table.is_judged.all()
    assert any("too many to judge without" in note for note in table.notes)


@pytest.mark.parametrize("times", [1e2, 1e6])
def test_only_another_order_of_magnitude_is_far(times):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 2)), columns=["a", "b"])
    frame.loc[7, "b"] = times
    assert np.flatnonzero(prepared(frame).is_apart).tolist() == [7]
    tail = pd.DataFrame({"a": rng.lognormal(sigma=1.5, size=300), "b": rng.normal(size=300)})
    assert not prepared(tail).is_apart.any()
    frame.loc[:20, "b"] = times  # a group of its own
    assert not prepared(frame).is_apart.any()


def test_columns_that_say_the_same_count_once():
    frame, truth = planted()
    words = pd.Series(truth).map({0: "first", 1: "second", 2: "third"})
    table = frame.assign(
        group=truth, name=words, celsius=frame["age"], fahrenheit=32 + 1.8 * frame["age"]
    )
    decided = {line.name: line for line in prepared(table).preparation.decisions_}
    assert [name for name, line in decided.items() if line.type == "copy"] == [
        "name", "celsius", "fahrenheit"
    ]  # fmt: skip
    assert decided["fahrenheit"].why == 'Says the same as "age", and would count twice.'
    asked = prepared(table, columns=["age", "fahrenheit"]).preparation
    assert asked.columns_ == ["age", "fahrenheit"]
    assert any("counts twice, as asked" in line.why for line in asked.decisions_)


def test_a_copy_of_the_label_takes_no_part_or_there_is_no_agreement():
    frame, truth = planted()
    table = frame.assign(survived=truth == 1, alive=np.where(truth == 1, "yes", "no"))
    kept = prepared(table, target="survived")
    assert "alive" not in kept.used
    assert kept.label is not None
    assert any('"alive" (says the same as the label' in note for note in kept.notes)
    asked = prepared(table, target="survived", columns=["age", "alive"])
    assert asked.label is None
    assert any("would show nothing" in note for note in asked.notes)


def test_times_of_day_are_hours():
    rng = np.random.default_rng(0)
    minutes = rng.integers(0, 1440, 200)
    clock = [f"{m // 60}:{m % 60:02d}" for m in minutes]
    table = pd.DataFrame({"at": clock, "x": rng.normal(size=200)})
    preparation = prepared(table, scale="none").preparation
    assert preparation.transform(table)[:, 0] == pytest.approx(minutes / 60)
    assert preparation.inverse(preparation.transform(table))["at"].tolist() == clock
    assert any("hours after midnight" in note for note in preparation.notes_)


def test_what_is_declared_is_so():
    frame, truth = planted()
    table = frame.assign(region=truth + 1, number=np.arange(180) * 7919 % 100_000)
    dataset = load(table, tidy=False, categorical=["region"], identifier=["number"])
    decided = {line.name: line for line in prepare_table(dataset, ASKED).preparation.decisions_}
    assert (decided["region"].role, decided["number"].used) == ("categorical", False)
    asked = load(table.rename(columns={"number": "customer id"}), tidy=False)
    decided = {line.name: line for line in prepare_table(asked, ASKED).preparation.decisions_}
    assert not decided["customer id"].used
    numeric = load(
        table.rename(columns={"number": "customer id"}), tidy=False, numeric=["customer id"]
    )
    decided = {line.name: line for line in prepare_table(numeric, ASKED).preparation.decisions_}
    assert decided["customer id"].used
