from __future__ import annotations

import numpy as np
import pytest

from further.data import load
from further.errors import InputError

RNG = np.random.default_rng(0)


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
