"""Numbers in another byte order, or in another precision, come in as any others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from further.data import as_dataset, fit_encoding, load
from further.errors import InputError

RNG = np.random.default_rng(0)
#: A type that instruments write, and the one that computes the same.
TYPES = [(">f8", "f8"), (">f4", "f4"), (">i2", "i2"), (">u4", "u4"), ("f2", "f4"), ("g", "f8")]


def encoded(dataset):
    encoding = fit_encoding(dataset)
    back = encoding.decode(encoding.encode(dataset))
    assert len(back) == len(dataset)
    return encoding.encode(dataset)


@pytest.mark.parametrize(("stored", "plain"), TYPES)
@pytest.mark.parametrize("shape", [(40, 3), (40, 6, 5), (40, 6, 5, 3)])
def test_arrays(tmp_path, stored, plain, shape):
    values = (100 * RNG.random(shape)).astype(np.float32).astype(stored)
    labels = (np.arange(40) % 2).astype(">i4")
    expected = as_dataset(values.astype(plain), labels.astype("i4"))
    np.save(tmp_path / "X.npy", values)
    np.save(tmp_path / "y.npy", labels)
    np.savez(tmp_path / "a.npz", X=values, y=labels)
    for found in (as_dataset(values, labels), load(tmp_path / "X.npy"), load(tmp_path / "a.npz")):
        assert found.fingerprint == expected.fingerprint
        np.testing.assert_array_equal(encoded(found), encoded(expected))
    found.save(tmp_path / "saved")
    assert load(tmp_path / "saved").fingerprint == expected.fingerprint


@pytest.mark.parametrize(("stored", "plain"), TYPES)
def test_columns_of_a_table(stored, plain):
    values = (100 * RNG.random(40)).astype(np.float32).astype(stored)
    kinds = np.where(np.arange(40) % 2, "a", "b")
    frame = pd.DataFrame({"x": pd.Series(values), "n": np.arange(40) ** 2, "kind": kinds})
    plainly = frame.assign(x=values.astype(plain))
    for read in (load, as_dataset):
        assert read(frame).fingerprint == read(plainly).fingerprint
        encoded(read(frame))
    labels = pd.Series((np.arange(40) % 3).astype(">i8"), name="label")
    assert as_dataset(frame, labels).classes.column().dtype == np.int64


def test_masked_entries_are_not_read_as_what_lies_below_them():
    masked = np.ma.masked_less(RNG.random((30, 3)), 0.1)
    with pytest.raises(InputError, match="masked entries; give"):
        as_dataset(masked)
    assert len(as_dataset(np.ma.masked_less(RNG.random((30, 3)), -1))) == 30


def test_pictures_that_single_precision_cannot_hold():
    for values in (1e12 + RNG.random((12, 4, 4)), 1e300 * RNG.random((12, 4, 4))):
        with pytest.raises(InputError, match="single precision"):
            as_dataset(values)


def test_the_array_that_was_an_internal_failure(cases):
    path = cases / "generation" / "Q_bigendian.npy"
    assert not np.load(path).dtype.isnative
    dataset = load(path)
    assert np.isfinite(encoded(dataset)).all()
    assert (dataset.frame.to_numpy() == np.load(path)).all()
