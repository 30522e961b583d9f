"""Batches of a table larger than memory: the same rows from every format, faults by place."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from further.data.batches import Batches
from further.errors import InputError


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "length": rng.normal(size=1000).round(6),
            "count": rng.integers(0, 9, 1000),
            "old": rng.random(1000) < 0.5,
            "city": rng.choice(["Rome", "Paris"], 1000),
        }
    )


@pytest.fixture(params=["csv", "csv.gz", "semicolon", "parquet", "row groups", "folder", "frame"])
def source(request, table, tmp_path):
    path = tmp_path / f"table.{request.param}"
    if request.param == "frame":
        return table
    if request.param in ("csv", "csv.gz"):
        table.to_csv(path, index=False)
    elif request.param == "semicolon":
        table.to_csv(path, index=False, sep=";")
    elif request.param == "folder":
        path.mkdir()
        table[:600].to_parquet(path / "a.parquet")
        table[600:].to_parquet(path / "b.parquet")
    else:
        table.to_parquet(path, row_group_size=70 if request.param == "row groups" else None)
    return path


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_format_gives_the_same_rows(source, table, dtype):
    batches = Batches(source, columns=["count", "length", "old"], rows=128, dtype=dtype)
    parts = list(batches)
    assert [len(part) for part in parts] == [128] * 7 + [104]
    assert all(part.dtype == dtype and part.flags.c_contiguous for part in parts)
    expected = table[["count", "length", "old"]].to_numpy(dtype=float).astype(dtype)
    np.testing.assert_array_equal(np.concatenate(parts), expected)
    np.testing.assert_array_equal(np.concatenate(list(batches)), expected)  # and again
    assert batches.count() == 1000
    assert batches.feature_names == ("count", "length", "old")
    assert batches.n_features == 3
    assert batches.left_out == ("city",)


def test_numeric_columns_are_found(source):
    assert Batches(source, columns="numeric").feature_names == ("length", "count", "old")
    with pytest.raises(InputError, match=r'"city" holds no numbers.*columns="numeric"'):
        Batches(source)
    with pytest.raises(InputError, match='no column "lenght" \\(did you mean "length"'):
        Batches(source, columns=["lenght"])


@pytest.mark.parametrize("world", [1, 2, 3, 30])
def test_shares_are_the_whole(source, table, world):
    batches = Batches(source, columns=["length"], rows=100, dtype="float64")
    shares = [batch for rank in range(world) for batch in batches.share(rank, world)]
    np.testing.assert_array_equal(
        np.sort(np.concatenate(shares)[:, 0]), np.sort(table["length"].to_numpy())
    )


def test_sample_is_seeded_and_of_the_table(source, table):
    drawn = [
        Batches(source, columns=["length"], rows=rows, dtype="float64").sample(50, random_state=3)
        for rows in (64, 1000)
    ]
    np.testing.assert_array_equal(*drawn)
    place = pd.Index(table["length"]).get_indexer(drawn[0][:, 0])
    assert (np.diff(place) > 0).all()  # without replacement, in order
    other = Batches(source, columns=["length"]).sample(50, random_state=4)
    assert not np.array_equal(other, drawn[0].astype("float32"))
    assert Batches(source, columns=["length"]).sample(5000).shape == (1000, 1)


def test_sample_is_uniform():
    batches = Batches(np.arange(100.0)[:, None], rows=16)
    drawn = np.concatenate([batches.sample(10, random_state=seed) for seed in range(300)])
    counts = np.bincount(drawn[:, 0].astype(int), minlength=100)
    assert counts.sum() == 3000
    assert ((counts - 30) ** 2 / 30).sum() < 150  # chi-square of 99 degrees: 0.999 at 148


def test_array_is_not_copied():
    X = np.random.default_rng(0).normal(size=(500, 4))
    assert all(np.shares_memory(batch, X) for batch in Batches(X, rows=128, dtype="float64"))
    assert not Batches(X).is_named
    np.testing.assert_array_equal(next(iter(Batches(X, columns=["2"]))), X[:, [2]].astype("f4"))


def test_table_without_header(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("1,2.5\n3,4.5\n")
    batches = Batches(path)
    assert batches.feature_names == ("column_1", "column_2")
    np.testing.assert_array_equal(next(iter(batches)), [[1, 2.5], [3, 4.5]])


def far_down(tmp_path, value, suffix="csv"):
    """Write 300,000 rows, so that the fault lies beyond what is looked at in the beginning."""
    column = np.arange(300_000).astype(str)
    column[250_000] = value
    text = "a,b\n" + "\n".join(f"{i},{x}" for i, x in enumerate(column)) + "\n"
    path = tmp_path / f"t.{suffix}"
    path.write_bytes(gzip.compress(text.encode()) if suffix == "csv.gz" else text.encode())
    return path


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "the value is missing"),
        ("?", "the value is missing"),
        ("NA", "the value is missing"),
        ("inf", "the value is infinite"),
        ("tall", '"tall" is not a number'),
        ('"1,5"', '"1,5" is not a number'),
    ],
)
def test_fault_in_text_is_placed(value, message, tmp_path):
    path = far_down(tmp_path, value)
    with pytest.raises(InputError, match=rf't.csv, row 250001, column "b": {message}'):
        list(Batches(path))
    assert sum(len(batch) for batch in Batches(path, columns=["a"])) == 300_000


@pytest.mark.parametrize("row_groups", [None, 1000])
@pytest.mark.parametrize(("value", "what"), [(None, "missing"), (np.nan, "missing"),
                                             (-np.inf, "infinite")])  # fmt: skip
def test_fault_in_parquet_is_placed(value, what, row_groups, tmp_path):
    column = list(np.arange(5000.0))
    column[4321] = value
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": np.arange(5000), "b": column}), path, row_group_size=row_groups)
    with pytest.raises(InputError, match=f'row 4322, column "b": the value is {what}'):
        list(Batches(path, rows=512))


def test_line_of_another_length_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 1_300_000 + "1,2,3\n")
    with pytest.raises(InputError, match="line 1300002: 3 fields, but there are 2 columns"):
        list(Batches(path))


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(InputError, match="There is no file"):
        Batches(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="holds no files"):
        Batches(tmp_path)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "binary.csv").write_bytes(b"a\0b,c\n1,2\n")
    with pytest.raises(InputError, match="is binary"):
        Batches(tmp_path / "binary.csv")
    with pytest.raises(InputError, match="is empty"):
        Batches(tmp_path / "empty.csv")
    (tmp_path / "latin.csv").write_bytes("name,b\ncafé,2\n".encode("cp1252"))
    with pytest.raises(InputError, match="is not UTF-8"):
        Batches(tmp_path / "latin.csv")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(InputError, match=r"broken.parquet cannot be read as Parquet"):
        Batches(tmp_path / "broken.parquet")
    with pytest.raises(InputError, match="rows=0"):
        Batches(np.zeros((3, 2)), rows=0)
    with pytest.raises(InputError, match="float16"):
        Batches(np.zeros((3, 2)), dtype="float16")
    with pytest.raises(InputError, match="shape \\(3,\\)"):
        Batches(np.zeros(3))
    pd.DataFrame({"when": pd.date_range("2020", periods=3)}).to_parquet(tmp_path / "d.parquet")
    with pytest.raises(InputError, match='"when" holds no numbers'):
        Batches(tmp_path / "d.parquet")
    with pytest.raises(InputError, match="no column of numbers"):
        Batches(tmp_path / "d.parquet", columns="numeric")
