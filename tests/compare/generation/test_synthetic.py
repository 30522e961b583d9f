"""Rows that another tool made: judged as further judges its own, and refused where they misfit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from further.compare import evaluate_synthetic, judge, train_model
from further.compare.generation.given_rows import read_given_rows
from further.data import load
from further.errors import InputError, RunError
from further.report.page import render, summary_of


class Files(NamedTuple):
    source: Path
    parts: dict[str, Path]
    frame: pd.DataFrame


@pytest.fixture(scope="module")
def penguins(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Return the penguins, and files of the three parts of their split."""
    source = real_data / "tables" / "penguins.csv"
    frame, split = pd.read_csv(source), load(source, target="species").split(seed=0)
    folder = tmp_path_factory.mktemp("penguins")
    parts = {}
    for part in ("train", "validation", "test"):
        parts[part] = folder / f"{part}.csv"
        frame.iloc[getattr(split, part)].to_csv(parts[part], index=False)
    return Files(source, parts, frame)


def test_the_figures_are_those_that_further_gives_its_own_model(
    penguins: Files, tmp_path: Path
) -> None:
    trained = train_model(
        "gaussian_mixture", penguins.source, target="species", out=tmp_path / "own"
    )
    model = trained.load()
    X, y = model.sample(trained.evaluation["data"]["rows"]["train"], return_y=True)
    rows = model.encoding_.with_labels(X, model._codes(y))
    # Another tool has its own order of columns.
    rows[rows.columns[::-1]].to_csv(tmp_path / "synthetic.csv", index=False)
    judged = evaluate_synthetic(
        tmp_path / "synthetic.csv", **penguins.parts, target="species", out=tmp_path / "judged"
    )
    own, other = (found.evaluation["models"][0] for found in (trained, judged))
    # The model draws more samples than these for membership inference, which sees more in them.
    assert other["label"] == "synthetic.csv"
    assert other["flags"] == [flag for flag in own["flags"] if flag != "leaks_membership"]
    asked = {"sampling_seconds_per_1000", "bits_per_dimension", "membership_white_box"}
    shared = own["metrics"].keys() - asked - {"membership"}
    assert other["metrics"].keys() >= {"kernel_distance", "coverage", "synthetic_to_real_accuracy"}
    for name in shared:
        for key in ("value", "low", "high", "real", "noise"):
            assert other["metrics"][name][key] == own["metrics"][name][key], (name, key)


def test_a_copy_is_caught_and_judged_again_the_same(penguins: Files, tmp_path: Path) -> None:
    train = pd.read_csv(penguins.parts["train"])
    held_out = pd.concat([pd.read_csv(penguins.parts[part]) for part in ("validation", "test")])
    copies = train.sample(150, replace=True, random_state=0)
    judged = evaluate_synthetic(
        copies, train=train, test=held_out, target="species", out=tmp_path / "run"
    )
    model = judged.evaluation["models"][0]
    assert "memorizes" in model["flags"]
    assert model["metrics"]["memorization"]["value"] == 1.0
    assert [control["name"] for control in judged.evaluation["controls"]] == ["gaussian_mixture"]
    assert any("138 rows of the test rows 69" in note for note in model["notes"])
    assert any("150 rows" not in note for note in model["notes"])
    page = render(judged.path).read_text(encoding="utf-8")
    assert "Rows that another tool generated" in page
    assert "further.compare.evaluate_synthetic(synthetic, train=train, test=test, seed=0)" in page
    again = judge(judged.path)
    assert again.evaluation["models"][0] == model
    assert type(again) is type(judged)
    assert any("memorizes" in str(block) for block in summary_of(again).blocks)


def test_fewer_rows_than_are_compared_with_them(penguins: Files, tmp_path: Path) -> None:
    frame = pd.read_csv(penguins.parts["validation"])[:12]
    judged = evaluate_synthetic(
        frame, train=penguins.parts["train"], test=penguins.parts["test"], target="species",
        out=tmp_path / "run",
    )  # fmt: skip
    (model,) = judged.evaluation["models"]
    assert any(note.startswith("It has 12 rows, fewer than the") for note in model["notes"])
    assert model["metrics"]["kernel_distance"]["n"] == 12


def test_rows_that_have_changed_are_not_judged_again(penguins: Files, tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    frame = pd.read_csv(penguins.parts["validation"])
    frame.to_csv(table, index=False)
    evaluate_synthetic(table, **penguins.parts, target="none", out=tmp_path / "run")
    frame[:-1].to_csv(table, index=False)
    with pytest.raises(RunError, match="synthetic rows have changed"):
        judge(tmp_path / "run")
    with pytest.raises(RunError, match="another set of synthetic rows"):
        evaluate_synthetic(table, **penguins.parts, target="none", out=tmp_path / "run")
    from further import load as load_model

    with pytest.raises(RunError, match="holds no model"):
        load_model(tmp_path / "run")
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert record["synthetic"]["sources"]["train"] == str(penguins.parts["train"])


def changed(frame: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    return frame.astype({column: object}).assign(**{column: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="sex"), 'no column "sex", which the train rows has'),
        (lambda f: changed(f, "bill_length_mm", "long"), "'long' in row 0, where .* numbers"),
        (lambda f: changed(f, "bill_length_mm", pd.Timestamp(0)), "holds numbers"),
        (lambda f: changed(f, "sex", "m"), r'no value of "sex" \("m" and so on\) .*"MALE"'),
        (lambda f: changed(f, "species", "Emperor"), r"no .* class of .*Adelie|no value of"),
        (lambda f: f[:4], "has 4 rows that can be used; give at least 10"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(penguins: Files, change, message) -> None:
    frame = penguins.frame
    with pytest.raises(InputError, match=message) as refused:
        read_given_rows(
            {"synthetic": change(frame), "train": frame, "test": frame}, target="species"
        )
    assert "\n" not in str(refused.value)


def test_departures_are_said_and_types_are_those_of_the_training_rows(penguins: Files) -> None:
    frame = penguins.frame
    odd = frame.assign(
        body_mass_g=frame["body_mass_g"] + 0.5, sex=frame["sex"].str.replace("FEMALE", "F"), nr=1
    )
    odd["island"] = odd["island"].where(odd.index > 4)
    odd["species"] = odd["species"].where(odd.index > 1, "Emperor")
    given = read_given_rows({"synthetic": odd, "train": frame, "test": frame}, target="species")
    said = " ".join(given.synthetic.notes)
    assert "Left out: 2 of 344 rows, whose" in said
    assert "(Emperor)" in said
    assert f'"sex" ("F", {(frame["sex"][2:] == "FEMALE").sum()} rows)' in said
    assert 'Empty where the train rows never is: "island" (3 rows)' in said
    assert "Not whole numbers as in the train rows: " in said
    assert 'not looked at: "nr"' in said
    assert len(given.synthetic) == 342
    # Real rows in both halves of the test rows, none in two parts.
    rows = given.setting.split.describe()["rows"]
    assert rows == {"train": 344, "validation": 172, "test": 172}


def test_groups_stay_together_and_those_on_both_sides_are_named(penguins: Files) -> None:
    frame = penguins.frame.assign(colony=np.arange(344) // 4)
    sources = {"synthetic": penguins.frame, "train": frame[:200], "test": frame[198:]}
    given = read_given_rows(sources, target="species", groups="colony")
    setting = given.setting
    validation, test = (setting.part(part) for part in ("validation", "test"))
    assert not set(validation.groups) & set(test.groups)
    assert any('1 groups of "colony"' in note for note in setting.dataset.notes)
    assert "colony" not in setting.dataset.frame


def test_a_target_of_numbers_is_named_for_rows_in_memory_too(
    real_data: Path, tmp_path: Path
) -> None:
    frame = pd.read_csv(real_data / "tables" / "law_school.csv", nrows=1000)
    trained = train_model("gaussian_mixture", frame, target="zgpa", out=tmp_path / "own")
    rows = trained.load().sample(300)
    judged = evaluate_synthetic(
        rows, train=frame[:300], test=frame[300:700], target="zgpa", out=tmp_path / "judged"
    )
    for found in (trained, judged):
        figure = found.evaluation["models"][0]["metrics"]["synthetic_to_real_r2"]
        assert figure["noise"] < 0.5 < figure["low"] < figure["value"] < figure["high"]
        assert figure["value"] < figure["real"] + 0.05
        again = judge(found.path).evaluation
        assert again["models"][0]["metrics"]["synthetic_to_real_r2"] == figure
        assert again["data"] == found.evaluation["data"]


def test_columns_are_what_is_declared_in_all_tables(penguins: Files, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = penguins.frame.sample(frac=1, random_state=0).assign(
        zone=rng.integers(0, 3, 344) * 10, nr=rng.permutation(344) + 5000
    )
    frame["body_mass_g"] = frame["body_mass_g"].fillna(-999)
    files = {name: tmp_path / f"{name}.csv" for name in ("train", "test", "synthetic")}
    frame[:200].to_csv(files["train"], index=False)
    frame[200:].to_csv(files["test"], index=False)
    made = frame.sample(200, random_state=0).drop(columns="nr")
    made.iloc[:7, list(made).index("body_mass_g")] = -999
    made.to_csv(files["synthetic"], index=False)
    options = {
        "target": "species", "categorical": ["zone"], "identifier": ["nr"],
        "missing_values": "body_mass_g=-999",
    }  # fmt: skip
    given = read_given_rows(files, **options)
    real, synthetic = given.setting.dataset.frame, given.synthetic.frame
    assert "nr" not in real
    assert set(synthetic["zone"]) == set(real["zone"]) == {"0", "10", "20"}
    assert int(real["body_mass_g"].isna().sum()) == int((frame["body_mass_g"] == -999).sum())
    assert int(synthetic["body_mass_g"].isna().sum()) == int((made["body_mass_g"] == -999).sum())
    notes = given.setting.dataset.notes
    assert sum('Categorical, as asked: "zone".' in note for note in notes) == 1
    sources = {name: files[name] for name in ("train", "test")}
    judged = evaluate_synthetic(files["synthetic"], **sources, **options, out=tmp_path / "run")
    again = judge(tmp_path / "run")
    assert again.evaluation["models"][0]["metrics"] == judged.evaluation["models"][0]["metrics"]


def test_zero_may_stand_for_a_missing_value(penguins: Files) -> None:
    frame = penguins.frame.assign(visits=np.arange(344) % 4)
    sources = {"synthetic": frame, "train": frame, "test": frame}
    given = read_given_rows(sources, target="species", missing_values=0)
    assert given.synthetic.frame["visits"].isna().sum() == 86
    assert given.setting.dataset.frame["visits"].isna().mean() == 0.25
