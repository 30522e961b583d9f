from __future__ import annotations

import gzip

import numpy as np
import pytest

from further.data import load
from further.errors import InputError

RNG = np.random.default_rng(0)


def write_idx(path, array, code=0x08):
    header = bytes([0, 0, code, array.ndim]) + b"".join(
        int(side).to_bytes(4, "big") for side in array.shape
    )
    kinds = {0x08: "u1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
    content = header + array.astype(kinds[code]).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.fixture
def mnist(tmp_path):
    for part, n in (("train", 30), ("t10k", 12)):
        write_idx(tmp_path / f"{part}-images-idx3-ubyte.gz", RNG.integers(0, 256, (n, 9, 7)))
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte", np.arange(n) % 3)
    return tmp_path


def test_a_folder_of_idx_files_gives_the_official_split(mnist):
    dataset = load(mnist)
    assert dataset.values.shape == (42, 1, 9, 7)
    assert (dataset.codes == np.concatenate([np.arange(12) % 3, np.arange(30) % 3])).all()
    split = dataset.split()
    assert (dataset.official_split[split.test] == "test").all()
    assert len(split.test) == 12
    assert len(split.validation) == 8  # a quarter of the training rows, rounded


def test_one_idx_file_finds_its_counterpart(mnist):
    pictures = load(mnist / "train-images-idx3-ubyte.gz")
    assert (len(pictures), pictures.classes.names) == (30, ("0", "1", "2"))
    assert load(mnist / "train-labels-idx1-ubyte").fingerprint == pictures.fingerprint
    assert pictures.official_split is None


@pytest.mark.parametrize("code", [0x08, 0x0B, 0x0C, 0x0D, 0x0E])
def test_types_of_idx(tmp_path, code):
    array = RNG.integers(0, 200, (5, 8, 8))
    write_idx(tmp_path / "some-images.idx", array, code)
    assert (load(tmp_path / "some-images.idx").values[:, 0] == array).all()


def test_an_idx_file_that_is_cut_short_is_named_with_its_counterpart_beside_it(mnist):
    labels = mnist / "train-labels-idx1-ubyte"
    whole = gzip.compress(labels.read_bytes())
    labels.unlink()
    for length in (12, len(whole) - 9):
        cut = labels.with_suffix(".gz")
        cut.write_bytes(whole[:length])
        for source in (cut, mnist, mnist / "train-images-idx3-ubyte.gz"):
            with pytest.raises(InputError, match=r"ubyte\.gz cannot be decompressed"):
                load(source)


def test_an_idx_file_of_any_name_and_beside_its_copy(mnist):
    path = mnist / "train-images-idx3-ubyte.gz"
    (mnist / "digits.bin").write_bytes(gzip.decompress(path.read_bytes()))
    assert len(load(mnist / "digits.bin")) == 30
    write_idx(mnist / "train-images-idx3-ubyte", RNG.integers(0, 256, (30, 9, 7)))
    found = load(path).values
    assert (found == load(mnist / "digits.bin").values).all()
    assert (found != load(mnist / "train-images-idx3-ubyte").values).any()


def test_what_is_wrong_with_idx(mnist):
    path = mnist / "train-images-idx3-ubyte.gz"
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content[:-5]))
    with pytest.raises(InputError, match="is truncated: its header announces"):
        load(mnist)
    path.write_bytes(gzip.compress(content)[:-9])
    with pytest.raises(InputError, match="cannot be decompressed"):
        load(path)
    path.write_bytes(gzip.compress(content))
    write_idx(mnist / "train-labels-idx1-ubyte", np.arange(5))
    with pytest.raises(InputError, match=r"labels of the shape \(5,\).*has 30 pictures"):
        load(mnist)
    path.unlink()
    with pytest.raises(InputError, match="there are no pictures beside it"):
        load(mnist / "train-labels-idx1-ubyte")


def test_mnist(real_data):
    dataset = load(real_data / "mnist10k")
    assert dataset.values.shape == (10000, 1, 28, 28)
    assert (len(dataset.classes.names), dataset.levels) == (10, 256)
    assert dataset.codes[:5].tolist() == [7, 2, 1, 0, 4]
