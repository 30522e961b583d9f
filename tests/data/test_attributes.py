"""Attributes: columns that an audit sees and a model does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from further.data import Dataset, fit_encoding, load
from further.errors import InputError

RNG = np.random.default_rng(0)
N = 40


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "age": RNG.integers(18, 90, N),
            "sex": RNG.choice(["female", "male"], N),
            "name": [f"person {i}" for i in range(N)],
            "race": np.where(np.arange(N) % 7 == 3, None, RNG.choice(["a", "b", "c"], N)),
            "household": np.arange(N) // 2,
            "income": RNG.normal(size=N),
            "outcome": RNG.choice(["no", "yes"], N),
        }
    )


def test_a_model_does_not_see_attributes_and_the_rows_keep_them(frame):
    dataset = load(frame, attributes=("sex", "race"), groups="household")
    assert list(dataset.frame) == ["age", "income"]
    assert "sex" not in dataset.columns
    assert list(dataset.attributes) == ["sex", "race"]
    assert dataset.attributes["sex"].tolist() == frame["sex"].tolist()
    assert dataset.attributes["race"].isna().sum() == frame["race"].isna().sum() > 0
    assert 'Kept for audits, seen by no model: "sex", "race".' in dataset.notes
    assert [block.name for block in fit_encoding(dataset).spec.blocks] == ["age", "income"]
    assert dataset.classes.name == "outcome"
    assert load(frame).attributes is None


def test_an_attribute_is_not_judged_as_a_feature(frame):
    assert '"name" (a different text in every row' in " ".join(load(frame).notes)
    dataset = load(frame, attributes=["name"])
    assert dataset.attributes["name"].tolist() == frame["name"].tolist()


def test_rows_without_a_label_take_their_attributes_along(frame):
    frame.loc[[0, 5], "outcome"] = None
    dataset = load(frame, attributes=["sex"])
    assert dataset.attributes["sex"].tolist() == frame["sex"].drop([0, 5]).tolist()


def test_rows_that_are_taken_and_saved_keep_their_attributes(frame, tmp_path):
    dataset = load(frame, attributes=["sex", "race"])
    part = dataset.take([7, 3, 3])
    assert part.attributes["sex"].tolist() == frame["sex"].iloc[[7, 3, 3]].tolist()
    part.save(tmp_path / "data")
    again = Dataset.open(tmp_path / "data")
    pd.testing.assert_frame_equal(again.attributes, part.attributes)
    assert again.fingerprint == part.fingerprint


def test_the_fingerprint_depends_on_the_attributes(frame):
    sex, race = (load(frame, attributes=[name]).fingerprint for name in ("sex", "race"))
    other = frame.assign(sex=frame["sex"].iloc[::-1].to_numpy())
    assert (
        len({sex, race, load(frame).fingerprint, load(other, attributes=["sex"]).fingerprint}) == 4
    )


def test_a_file_is_read_again_with_its_attributes(frame, tmp_path):
    frame.to_csv(tmp_path / "people.csv", index=False)
    frame.to_parquet(tmp_path / "people.parquet")
    for name in ("people.csv", "people.parquet"):
        dataset = load(tmp_path / name, attributes=("race", "sex"))
        assert dataset.options == {"attributes": ["race", "sex"]}
        assert load(dataset.source, **dataset.options).fingerprint == dataset.fingerprint
    assert load(tmp_path / "people.csv", attributes="sex").options == {"attributes": ["sex"]}


def test_a_customary_label_that_is_an_attribute_is_no_label(frame):
    dataset = load(frame, attributes=["outcome"])
    assert "outcome" not in dataset.frame
    assert dataset.target is None
    assert list(dataset.attributes) == ["outcome"]


def test_attributes_that_cannot_be(frame):
    with pytest.raises(
        InputError, match=r'no column "sexx" for the attributes \(did you mean "sex"'
    ):
        load(frame, attributes=["sexx"])
    with pytest.raises(InputError, match='"outcome" cannot be an attribute'):
        load(frame, attributes=["outcome"], target="outcome")
    with pytest.raises(InputError, match='"household" cannot be an attribute'):
        load(frame, attributes=["household"], groups="household")
    with pytest.raises(InputError, match="a model can use: each is the label, the groups or an"):
        load(frame[["sex", "outcome"]], attributes=["sex"], target="outcome")
    with pytest.raises(InputError, match="no column besides"):
        load(frame[["sex", "outcome"]], attributes=["sex"], target="outcome", tidy=False)
    with pytest.raises(InputError, match="has no meaning for digits"):
        load("digits", attributes=["sex"])
