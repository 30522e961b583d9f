from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import further.data
from further.data import load
from further.errors import InputError


@pytest.mark.parametrize(
    ("name", "rows", "shape", "classes"),
    [
        ("digits", 1797, (1, 8, 8), 10),
        ("DIGITS", 1797, (1, 8, 8), 10),
        ("iris", 150, (4,), 3),
        ("wine", 178, (13,), 3),
        ("breast-cancer", 569, (30,), 2),
        ("diabetes", 442, (11,), 0),
        ("linnerud", 20, (6,), 0),
    ],
)
def test_embedded_sets(name, rows, shape, classes):
    dataset = load(name)
    assert (len(dataset), dataset.values.shape[1:]) == (rows, shape)
    assert (len(dataset.classes.names) if dataset.classes else 0) == classes
    assert dataset.notes
    again = load(dataset.source, **dataset.options)
    assert again.fingerprint == dataset.fingerprint


def test_digits_have_17_grey_levels_and_iris_its_own_class_names():
    digits = load("digits")
    assert (digits.levels, digits.values.max(), digits.values.dtype) == (17, 16, np.uint8)
    iris = load("iris")
    assert iris.classes.names == ("setosa", "versicolor", "virginica")
    from sklearn.datasets import load_wine

    assert (load("wine").codes == load_wine().target).all()


@pytest.mark.parametrize(
    ("wrong", "right"), [("digit", "digits"), ("irsi", "iris"), ("winne", "wine")]
)
def test_an_unknown_name_gives_the_nearest(wrong, right):
    with pytest.raises(InputError, match=f'did you mean "{right}"'):
        load(wrong)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_cannot_be_read_again(tmp_path):
    os.mkfifo(tmp_path / "rows")
    with pytest.raises(InputError, match=r"is a pipe or a device.*; write it to a file"):
        load(tmp_path / "rows")


def test_importing_further_data_loads_nothing_heavy():
    code = (
        "import further.data, sys; "
        "print([m for m in ('numpy', 'pandas', 'sklearn', 'torch') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
    assert {"load", "Dataset", "near_duplicates", "Spec", "Block"} <= set(dir(further.data))
    with pytest.raises(AttributeError, match="lod"):
        _ = further.data.lod


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b'""\n""\n', "holds no values"),
        (b"\x80\x04\x95", "a pickle, which could run code"),
        (b"%PDF-1.4", "is a PDF"),
        (b'{"a": 1}', "is JSON"),
        (b"\x89HDF\r\n", "is HDF5"),
        (b"\x00\x01\x02\x03binary", "is binary"),
    ],
)
def test_other_formats_are_named(tmp_path, content, message):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(InputError, match=message):
        load(tmp_path / "file")


def test_folders_without_data(tmp_path):
    with pytest.raises(InputError, match=r"nothing that is recognised \(no files\)"):
        load(tmp_path)
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "b.csv").write_text("x\n1\n")
    with pytest.raises(InputError, match=r"has 2 tables; name one of a\.csv, b\.csv"):
        load(tmp_path)
