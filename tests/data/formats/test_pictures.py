from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from further.data import load
from further.errors import InputError


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


def test_cifar_with_classes_and_cats_without(real_data):
    dataset = load(real_data / "cifar10_mini")
    assert dataset.values.shape == (2500, 3, 32, 32)
    assert dataset.classes.names[:3] == ("airplane", "automobile", "bird")
    assert load(real_data / "olivetti_faces").values.shape == (300, 1, 64, 64)
