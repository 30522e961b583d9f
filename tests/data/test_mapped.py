"""Pictures left on the disk: the same rows as in memory, and little memory."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from further.data import Dataset, fit_encoding, load
from further.data.formats import mapped
from further.data.picture_array import PictureArray, write_pictures
from further.errors import InputError
from peak_memory import with_tests

RNG = np.random.default_rng(0)


def write_ppm(path, pixels):
    height, width = pixels.shape[:2]
    path.write_bytes(b"P6 %d %d 255\n" % (width, height) + pixels.tobytes())


@pytest.fixture
def folder(tmp_path):
    for i in range(30):
        child = tmp_path / "pictures" / f"class {i % 3}"
        child.mkdir(parents=True, exist_ok=True)
        write_ppm(child / f"{i}.ppm", RNG.integers(0, 256, (6, 5, 3), dtype=np.uint8))
    return tmp_path / "pictures"


@pytest.fixture
def both(folder, tmp_path):
    """Return the data set in memory, and left on the disk."""
    return load(folder), load(folder, mapped=tmp_path / "arrays" / "pictures.npy")


def test_the_rows_are_those_of_memory(both):
    memory, disk = both
    assert isinstance(disk.values, PictureArray)
    assert (disk.values.shape, disk.values.dtype) == (memory.values.shape, np.uint8)
    assert disk.fingerprint == memory.fingerprint
    assert disk.levels == memory.levels
    assert (disk.codes == memory.codes).all()
    np.testing.assert_array_equal(disk.values, memory.values)
    several = np.array([7, 7, 2]), slice(4, 9), slice(None, None, -1), np.arange(30) % 2 == 0
    for index in (*several, slice(0, 0), 5, -1):
        np.testing.assert_array_equal(disk.values[index], memory.values[index])


def test_rows_that_are_taken_stay_on_the_disk(both):
    memory, disk = both
    rows = np.array([5, 3, 28, 3])
    part, same = disk.take(rows).take([2, 1]), memory.take(rows).take([2, 1])
    assert isinstance(part.values, PictureArray)
    assert part.fingerprint == same.fingerprint
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(part.values)), same.values)
    encoding = fit_encoding(disk)
    np.testing.assert_array_equal(encoding.encode(part), fit_encoding(memory).encode(same))


def test_what_is_saved_of_rows_on_the_disk_comes_back(both, tmp_path):
    _, disk = both
    part = disk.take([4, 1])
    part.save(tmp_path / "data")
    assert Dataset.open(tmp_path / "data").fingerprint == part.fingerprint


def test_pictures_are_decoded_once_and_anew_when_a_file_changes(folder, tmp_path, monkeypatch):
    array = tmp_path / "pictures.npy"
    first = load(folder, mapped=array)
    decoded = []
    write = mapped.write_pictures
    monkeypatch.setattr(mapped, "write_pictures", lambda *a: decoded.append(1) or write(*a))
    assert load(first.source, **first.options).fingerprint == first.fingerprint
    assert not decoded
    changed = folder / "class 1" / "1.ppm"
    write_ppm(changed, np.zeros((6, 5, 3), dtype=np.uint8))
    os.utime(changed, ns=(1, 1))
    assert load(folder, mapped=array).fingerprint == load(folder).fingerprint != first.fingerprint
    assert decoded
    array.with_name("pictures.npy.json").write_text("{")
    assert load(folder, mapped=array).fingerprint == load(folder).fingerprint
    assert sorted(p.name for p in tmp_path.glob("*pictures.npy*")) == [
        "pictures.npy", "pictures.npy.json",
    ]  # fmt: skip


def test_an_array_without_a_path_goes_under_runs(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dataset = load(folder, mapped=True)
    assert dataset.options == {"mapped": True}
    (array,) = (tmp_path / "runs" / "arrays").glob("pictures-*.npy")
    assert str(array.relative_to(tmp_path)) in dataset.notes[-1]


def test_grey_pictures_have_one_channel_and_other_sizes_are_brought_to_one(tmp_path):
    (tmp_path / "p").mkdir()
    for i, size in enumerate([(6, 5), (9, 9), (4, 8)]):
        pixels = RNG.integers(0, 100, size[::-1], dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "p" / f"{i}.png")
    memory = load(tmp_path / "p", resize="6x5")
    disk = load(tmp_path / "p", resize="6x5", mapped=tmp_path / "a.npy")
    assert disk.values.shape == memory.values.shape == (3, 1, 5, 6)
    assert disk.fingerprint == memory.fingerprint
    assert disk.levels == memory.levels < 256
    assert "2 pictures were cropped and resampled to 6x5 pixels." in disk.notes
    with pytest.raises(InputError, match=r"1\.png has 9x9 pixels but 0\.png has 6x5"):
        load(tmp_path / "p", mapped=tmp_path / "b.npy")
    assert not list(tmp_path.glob("*b.npy*"))


def test_an_array_that_cannot_be_written_is_one_sentence(folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        load(folder, mapped=tmp_path / "file" / "a.npy")
    usage = mapped.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(mapped.shutil, "disk_usage", lambda _: usage._replace(free=100))
    with pytest.raises(InputError, match="of the disk are free"):
        load(folder, mapped=tmp_path / "a.npy")
    with pytest.raises(InputError, match="mapped=True has no meaning for iris"):
        load("iris", mapped=True)


def test_a_file_that_was_cut_off_is_an_error(tmp_path):
    array = write_pictures(tmp_path / "a.npy", (2, 1, 2, 2), np.ones((2, 1, 2, 2), np.uint8))
    with open(tmp_path / "a.npy", "r+b") as file:
        file.truncate((tmp_path / "a.npy").stat().st_size - 3)
    assert array[0].sum() == 4
    with pytest.raises(OSError, match="shorter than it says"):
        array[1]


MANY = """
import sys
import numpy as np
from further.data import fit_encoding, load
from peak_memory import peak

dataset = load(sys.argv[1], mapped=sys.argv[2])
assert dataset.values.shape == (50_000, 3, 64, 64)
dataset.fingerprint
encoding = fit_encoding(dataset)
order, total = np.random.default_rng(0).permutation(len(dataset)), 0.0
for start in range(0, len(order), 128):
    x = encoding.encode(dataset.take(order[start : start + 128]))
    assert x.dtype == np.float32
    total += float(x.sum())
print(peak(), total)
"""


@pytest.mark.slow
def test_50_000_pictures_take_less_than_a_gigabyte(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    base = RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for i in range(50_000):
        write_ppm(folder / f"{i}.ppm", np.roll(base, i))
    command = [sys.executable, "-c", MANY, str(folder), str(tmp_path / "a.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=with_tests())
    most, total = map(float, done.stdout.split())
    assert most < 2**30
    assert total == pytest.approx(50_000 * base.sum() / 255, rel=1e-4)
