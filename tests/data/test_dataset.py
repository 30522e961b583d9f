from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from further.data import Dataset, as_dataset, load
from further.errors import InputError

RNG = np.random.default_rng(0)


def datasets():
    frame = pd.DataFrame(
        {
            "x": RNG.normal(size=20),
            "i": pd.array([1, None] * 10, dtype="Int64"),
            "c": pd.Categorical(list("ab") * 10),
            "t": list("uv") * 10,
            "d": pd.date_range("2020-01-01", periods=20),
        }
    )
    return [
        load("digits").take(np.arange(30)),
        load("iris"),
        as_dataset(RNG.normal(size=(20, 3)), list("xy") * 10),
        as_dataset(frame, np.repeat([1, 2], 10)),
        as_dataset(RNG.random((4, 8, 8))),
    ]


@pytest.mark.parametrize("dataset", datasets(), ids=lambda d: f"{d.name}-{d.kind}")
def test_saved_data_are_the_same_when_opened(tmp_path, dataset):
    dataset.save(tmp_path / "data")
    for again in (Dataset.open(tmp_path / "data"), load(tmp_path / "data")):
        assert again.fingerprint == dataset.fingerprint
        assert again.target_spec == dataset.target_spec
        assert getattr(again.classes, "names", None) == getattr(dataset.classes, "names", None)
        assert again.is_array == dataset.is_array
    assert not list((tmp_path / "data").glob(".partial*"))


def test_saved_data_that_changed_or_are_none(tmp_path):
    load("iris").save(tmp_path / "data")
    table = tmp_path / "data" / "values.parquet"
    frame = pd.read_parquet(table)
    frame.iloc[0, 0] += 1
    frame.to_parquet(table)
    with pytest.raises(InputError, match="has changed since"):
        Dataset.open(tmp_path / "data")
    with pytest.raises(InputError, match="no data set that can be read"):
        Dataset.open(tmp_path)
    arrays = tmp_path / "data" / "arrays.npz"
    content = arrays.read_bytes()
    for damaged in (b"", content[:-5], content.replace(b"PK\x05\x06", b"PK\x05\x05")):
        arrays.write_bytes(damaged)
        with pytest.raises(InputError, match="no data set that can be read"):
            Dataset.open(tmp_path / "data")


def test_the_fingerprint_follows_the_content():
    iris = load("iris")
    assert len(iris.fingerprint) == 64
    assert iris.take(np.arange(150)).fingerprint == iris.fingerprint
    assert iris.take(np.arange(149)).fingerprint != iris.fingerprint
    assert iris.take(np.arange(150)[::-1]).fingerprint != iris.fingerprint
    frame = iris.frame.copy()
    frame.iloc[3, 2] += 0.1
    assert as_dataset(frame).fingerprint != as_dataset(iris.frame).fingerprint


def test_rows_that_are_taken_keep_what_belongs_to_them():
    dataset = load("digits").take(np.array([5, 3, 8]))
    assert dataset.codes.tolist() == load("digits").codes[[5, 3, 8]].tolist()
    assert dataset.levels == 17
    iris = load("iris").take(np.array([149, 0]))
    assert iris.frame.index.tolist() == [0, 1]
    assert repr(iris) == "Dataset('iris', table, 2 rows of 4, 3 classes)"


def test_entries_per_row_must_be_as_many():
    with pytest.raises(InputError, match="groups has 2 entries but there are 3 rows"):
        Dataset("a", "images", np.zeros((3, 1, 8, 8)), groups=np.zeros(2))
