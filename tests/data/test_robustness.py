"""Whatever is in a file, load gives data or one sentence that names the file."""

from __future__ import annotations

import gzip
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from further.data import fit_encoding, load
from further.errors import InputError

CELLS = st.one_of(
    st.sampled_from(
        ["", "?", "NA", "1", "0", "-3", "2.5", "1e5", "true", "no", "2020-01-02", "x y"]
    ),
    st.text(alphabet='ab,;"\n\t é0?.-/', max_size=6),
    st.integers().map(str),
    st.floats().map(str),
)


def data_or_one_sentence(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            dataset = load(path)
        except InputError as error:
            message = str(error)
        else:
            message = None
    if message is not None:
        assert "\n" not in message
        assert path.name in message
        assert message.endswith(".")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoding = fit_encoding(dataset)
        back = encoding.decode(encoding.encode(dataset))
    assert len(back) == len(dataset)


@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=25), quote=st.booleans())
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text(tmp_path, rows, quote):
    path = tmp_path / "table.csv"
    if quote:
        width = len(rows[0]) if rows else 1
        pd.DataFrame([(row * width)[:width] for row in rows]).to_csv(path, index=False)
    else:
        path.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    data_or_one_sentence(path)


@given(content=st.binary(max_size=200))
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    data_or_one_sentence(path)


def formats(folder):
    rng = np.random.default_rng(0)
    np.savez(folder / "a.npz", X=rng.normal(size=(30, 3)), y=np.arange(30) % 2)
    np.savez_compressed(folder / "b.npz", X=rng.normal(size=(30, 3)))
    np.save(folder / "c.npy", rng.integers(0, 256, (5, 8, 8)).astype(np.uint8))
    pd.DataFrame({"x": rng.normal(size=30), "k": ["a", "b"] * 15}).to_parquet(folder / "d.parquet")
    idx = bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in (5, 8, 8)) + bytes(320)
    (folder / "e-images.idx").write_bytes(idx)
    (folder / "f-images.idx.gz").write_bytes(gzip.compress(idx))
    (folder / "g.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1.5,x\n2.5,y\n" * 20))


NAMES = ["a.npz", "b.npz", "c.npy", "d.parquet", "e-images.idx", "f-images.idx.gz", "g.csv.gz"]


@pytest.mark.parametrize("name", NAMES)
def test_any_damage(tmp_path, name):
    formats(tmp_path)
    path = tmp_path / name
    data_or_one_sentence(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(40):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), rng.integers(1, 6)):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(bytes(damaged[: rng.integers(1, len(whole) + 1)]))
        data_or_one_sentence(path)


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "tif", "webp", "ppm"])
def test_any_damage_to_a_picture(tmp_path, kind):
    rng = np.random.default_rng(2)
    path = tmp_path / f"picture.{kind}"
    Image.fromarray(rng.integers(0, 256, (16, 16, 3)).astype(np.uint8)).save(path)
    whole = path.read_bytes()
    for _ in range(40):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), rng.integers(1, 6)):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(bytes(damaged[: rng.integers(1, len(whole) + 1)]))
        try:
            load(tmp_path)
        except InputError as error:
            assert path.name in str(error)  # noqa: PT017
