from __future__ import annotations

import gzip
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import further.data
from further.data import Dataset, as_dataset, load
from further.errors import InputError

RNG = np.random.default_rng(0)


# Names -----------------------------------------------------------------------------------------


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


# Pictures --------------------------------------------------------------------------------------


def draw(path, size=(10, 8), mode="L", seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = {"L": (), "RGB": (3,), "RGBA": (4,)}[mode]
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], *channels))
    Image.fromarray(pixels.astype(np.uint8), mode).save(path)
    return pixels


def test_a_folder_of_pictures_in_natural_order(tmp_path):
    first = draw(tmp_path / "image-2.png", seed=2)
    second = draw(tmp_path / "image-10.png", seed=10)
    (tmp_path / "SOURCE.txt").write_text("where from")
    dataset = load(tmp_path)
    assert dataset.values.shape == (2, 1, 8, 10)
    assert (dataset.values[:, 0] == np.stack([first, second])).all()
    assert (dataset.codes, dataset.levels) == (None, 256)


def test_class_folders_and_a_wrapper(tmp_path):
    for i in range(6):
        draw(tmp_path / "train" / f"class {i % 3}" / f"{i}.png", mode="RGB", seed=i)
    dataset = load(tmp_path)
    assert dataset.classes.names == ("class 0", "class 1", "class 2")
    assert dataset.codes.tolist() == [0, 0, 1, 1, 2, 2]
    assert dataset.values.shape == (6, 3, 8, 10)
    assert dataset.official_split is None


def test_folders_that_are_a_split(tmp_path):
    # Two folders of one part are both read.
    for part, n in (("train", 8), ("val", 2), ("valid", 1), ("test", 4)):
        for i in range(n):
            draw(tmp_path / part / "ab"[i % 2] / f"{i}.png", seed=i)
    dataset = load(tmp_path)
    split = dataset.split()
    assert [len(p) for p in (split.train, split.validation, split.test)] == [8, 3, 4]
    assert dataset.classes.names == ("a", "b")
    assert split.method == "the data's own"


def test_mixed_sizes_need_a_choice(tmp_path):
    draw(tmp_path / "a.png", (12, 10))
    draw(tmp_path / "b.png", (20, 11))
    with pytest.raises(InputError, match=r"b\.png has 20x11 pixels but a\.png has 12x10.*resize="):
        load(tmp_path)
    assert load(tmp_path, resize=8).values.shape == (2, 1, 8, 8)
    wide = load(tmp_path, resize="16x8")
    assert wide.values.shape == (2, 1, 8, 16)
    assert wide.options == {"resize": "16x8"}
    assert any("cropped and resampled to 16x8" in note for note in wide.notes)


@pytest.mark.parametrize("resize", ["big", 0, "3x", "10x20x3", -4])
def test_a_size_that_is_none(tmp_path, resize):
    draw(tmp_path / "a.png")
    with pytest.raises(InputError, match="is no size"):
        load(tmp_path, resize=resize)


def test_grey_and_colour_together_become_colour(tmp_path):
    grey = draw(tmp_path / "a.png", mode="L")
    draw(tmp_path / "b.png", mode="RGB")
    values = load(tmp_path).values
    assert values.shape[1] == 3
    assert (values[0] == grey).all()


def test_transparent_parts_are_put_on_white(tmp_path):
    pixels = np.zeros((8, 8, 4), dtype=np.uint8)
    pixels[:4, :, 3] = 255
    Image.fromarray(pixels, "RGBA").save(tmp_path / "a.png")
    dataset = load(tmp_path)
    assert dataset.values[0, 0, 0, 0] == 0
    assert dataset.values[0, 0, 7, 0] == 255
    assert any("put on white" in note for note in dataset.notes)


def test_what_is_wrong_with_a_picture_names_the_file(tmp_path):
    draw(tmp_path / "a.png", (40, 40), mode="RGB")
    whole = (tmp_path / "a.png").read_bytes()
    cases = {
        whole[: len(whole) // 2]: "truncated or damaged",
        b"": "is empty",
        b"<html>not found</html>": "is not a picture",
    }
    for content, message in cases.items():
        (tmp_path / "b.png").write_bytes(content)
        with pytest.raises(InputError, match=rf"b\.png.*{message}"):
            load(tmp_path)
    with pytest.raises(InputError, match="single picture"):
        load(tmp_path / "a.png")


def test_pictures_beside_class_folders(tmp_path):
    draw(tmp_path / "a" / "1.png")
    draw(tmp_path / "b" / "1.png")
    draw(tmp_path / "loose.png")
    with pytest.raises(InputError, match=r"1 pictures beside its class folders \(loose\.png\)"):
        load(tmp_path)


def test_what_cannot_fit_is_refused_before_it_starts(tmp_path, monkeypatch):
    for i in range(3):
        draw(tmp_path / f"{i}.png", (200, 100))
    monkeypatch.setattr("further.data.memory.total_memory", lambda: 10**6)
    with pytest.raises(InputError, match=r"would take .* GiB.*choose resize=64"):
        load(tmp_path)
    (tmp_path / "large.csv").write_text("x,y\n" + "1,2\n" * 200_000)
    with pytest.raises(InputError, match=r"large\.csv would take .* GiB.*give a part of it"):
        load(tmp_path / "large.csv")


# IDX -------------------------------------------------------------------------------------------


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


# NumPy -----------------------------------------------------------------------------------------


def test_npz_with_customary_names(tmp_path):
    images = RNG.integers(0, 256, (20, 8, 8)).astype(np.uint8)
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(20) % 4)
    dataset = load(tmp_path / "a.npz")
    assert (dataset.kind, len(dataset.classes.names)) == ("images", 4)
    np.savez(tmp_path / "b.npz", X=RNG.normal(size=(20, 3)), y=np.repeat(["u", "v"], 10))
    assert load(tmp_path / "b.npz").classes.names == ("u", "v")


def test_npz_with_a_split(tmp_path):
    np.savez(
        tmp_path / "a.npz",
        x_train=RNG.integers(0, 256, (20, 8, 8, 3)).astype(np.uint8),
        y_train=np.arange(20)[:, None] % 2,
        x_test=RNG.integers(0, 256, (6, 8, 8, 3)).astype(np.uint8),
        y_test=np.arange(6)[:, None] % 2,
    )
    dataset = load(tmp_path / "a.npz")
    assert dataset.values.shape == (26, 3, 8, 8)
    assert len(dataset.split().test) == 6
    np.savez(tmp_path / "b.npz", train_images=np.ones((9, 4, 4)) * np.arange(9)[:, None, None],
             train_labels=np.arange(9) % 2, val_images=np.ones((3, 4, 4)),
             val_labels=np.arange(3) % 2)  # fmt: skip
    assert load(tmp_path / "b.npz").official_split.tolist() == ["train"] * 9 + ["validation"] * 3


def test_npy_with_labels_beside(tmp_path):
    np.save(tmp_path / "X.npy", RNG.normal(size=(12, 3)))
    assert load(tmp_path / "X.npy").classes is None
    np.save(tmp_path / "y.npy", np.arange(12) % 3)
    assert load(tmp_path / "X.npy").classes.names == ("0", "1", "2")
    assert load(tmp_path).classes.names == ("0", "1", "2")


def test_what_is_wrong_with_numpy_files(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}, {}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="Python objects, which could run code"):
        load(tmp_path / "a.npy")
    np.savez(tmp_path / "b.npz", foo=np.ones((3, 2)), bar=np.ones(3))
    with pytest.raises(InputError, match="the arrays foo, bar, and none is called X"):
        load(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", X=np.ones((3, 2)), y=np.arange(4))
    with pytest.raises(InputError, match="has 4 entries but there are 3 rows"):
        load(tmp_path / "c.npz")
    np.save(tmp_path / "d.npy", RNG.normal(size=(100, 3)))
    (tmp_path / "d.npy").write_bytes((tmp_path / "d.npy").read_bytes()[:700])
    with pytest.raises(InputError, match=r"d\.npy cannot be read, it is truncated"):
        load(tmp_path / "d.npy")
    (tmp_path / "e.npz").write_bytes((tmp_path / "b.npz").read_bytes()[:100])
    with pytest.raises(InputError, match="truncated or damaged archive"):
        load(tmp_path / "e.npz")


# Everything else -------------------------------------------------------------------------------


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


# Arrays ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((9, 8, 6), (9, 1, 8, 6)),
        ((9, 1, 8, 6), (9, 1, 8, 6)),
        ((9, 3, 8, 6), (9, 3, 8, 6)),
        ((9, 8, 6, 3), (9, 3, 8, 6)),
        ((9, 8, 6, 1), (9, 1, 8, 6)),
    ],
)
def test_orders_of_channels(shape, expected):
    array = RNG.integers(0, 256, shape)
    values = as_dataset(array).values
    assert values.shape == expected
    assert np.sort(values.ravel()).tolist() == np.sort(array.ravel()).tolist()


def test_whole_numbers_in_pictures_are_grey_levels():
    from sklearn.datasets import load_digits

    dataset = as_dataset(load_digits().images)
    assert (dataset.levels, dataset.values.dtype) == (17, np.uint8)
    assert as_dataset(np.random.default_rng(0).random((3, 8, 8))).levels is None
    assert as_dataset(RNG.integers(0, 2, (9, 8, 8)).astype(bool)).levels == 2
    assert as_dataset(RNG.integers(-5, 70000, (9, 8, 8))).levels is None


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.array([[1.0, 2.0], [np.nan, 1.0]]), "contains NaN in row 1, column 0"),
        (np.array([[1.0, np.inf], [2.0, 1.0]]), "contains infinity in row 0, column 1"),
        (np.full((2, 4, 4), np.nan), "contains NaN in picture 0"),
        (np.ones((2, 5, 6, 6)), "is no set of pictures"),
        (np.ones(4), r"shape \(4,\)"),
        (np.ones((0, 3)), r"shape \(0, 3\)"),
        (np.ones((2, 2), dtype=complex), "complex"),
        ([[1, 2], [3]], "unequal length"),
    ],
)
def test_arrays_that_cannot_be_used(X, message):
    with pytest.raises(InputError, match=message):
        as_dataset(X)


def test_labels_of_every_type():
    X = RNG.normal(size=(12, 2))
    for y, names in [
        (np.arange(12) % 2, ("0", "1")),
        (np.arange(12) % 2 == 0, ("False", "True")),
        ((np.arange(12) % 2).astype(float), ("0.0", "1.0")),
        (["u", "v"] * 6, ("u", "v")),
        (pd.Series(["u", "v"] * 6, dtype="category"), ("u", "v")),
        (np.eye(2, dtype=int)[np.arange(12) % 2], ("0", "1")),
        ([1, "a"] * 6, ("1", "a")),
    ]:
        dataset = as_dataset(X, y)
        assert dataset.classes.names == names
        assert sorted(np.bincount(dataset.codes)) == [6, 6]
        assert dataset.codes.dtype == np.int64


def test_labels_that_cannot_be_used():
    X = RNG.normal(size=(12, 2))
    with pytest.raises(InputError, match="y has 11 labels but there are 12 rows"):
        as_dataset(X, np.arange(11) % 2)
    with pytest.raises(InputError, match=r"no label in row 3 \(NaN\)"):
        as_dataset(X, [0.0, 1, 0, np.nan] * 3)
    with pytest.raises(InputError, match=r"shape \(12, 2, 2\)"):
        as_dataset(X, np.ones((12, 2, 2)))
    for y in (np.ones(12), RNG.normal(size=12), np.arange(12)):
        dataset = as_dataset(X, y)
        assert dataset.classes is None
        assert any("nothing is conditioned on" in note for note in dataset.notes)


# The Dataset -----------------------------------------------------------------------------------


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


# Real files ------------------------------------------------------------------------------------


def test_mnist(real_data):
    dataset = load(real_data / "mnist10k")
    assert dataset.values.shape == (10000, 1, 28, 28)
    assert (len(dataset.classes.names), dataset.levels) == (10, 256)
    assert dataset.codes[:5].tolist() == [7, 2, 1, 0, 4]


def test_cifar_with_classes_and_cats_without(real_data):
    dataset = load(real_data / "cifar10_mini")
    assert dataset.values.shape == (2500, 3, 32, 32)
    assert dataset.classes.names[:3] == ("airplane", "automobile", "bird")
    assert load(real_data / "olivetti_faces").values.shape == (300, 1, 64, 64)


def test_pictures_of_cells_have_mixed_sizes(real_data):
    with pytest.raises(InputError, match="choose one size for all"):
        load(real_data / "nuclei_dsb2018")
