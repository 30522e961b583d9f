"""Pictures of any size, scaled and padded to what a network sees."""

import numpy as np
import pytest

from further.data.dataset import Dataset
from further.data.target import Boxes
from further.errors import InputError
from further.vision.pictures import ScaledPictures, as_pictures


def _dataset(*sizes, channels=3):
    return as_pictures([np.full((h, w, channels), 7, np.uint8) for w, h in sizes])


def test_each_picture_is_scaled_to_its_longer_side():
    data = _dataset((100, 50), (40, 80))
    encoding = ScaledPictures.fit(data, longest=64, multiple=16)
    x = encoding.encode(data)
    assert x.shape == (2, 3, 64, 64)
    assert encoding.scales(data).tolist() == [0.64, 0.8]
    assert (x[0, :, :32] == 7).all()
    assert (x[0, :, 32:] == 0).all()
    assert (x[1, :, :, :32] == 7).all()
    assert (x[1, :, :, 32:] == 0).all()


def test_without_a_side_pictures_stay_as_they_are():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (30, 45, 3), dtype=np.uint8)
    encoding = ScaledPictures.fit(as_pictures([picture]), multiple=8)
    x = encoding.encode(as_pictures([picture]))
    assert x.shape == (1, 3, 32, 48)
    assert (x[0, :, :30, :45].transpose(1, 2, 0) == picture).all()


def test_it_comes_back_from_json():
    data = _dataset((100, 50))
    encoding = ScaledPictures.fit(data, longest=64)
    again = ScaledPictures.from_json(encoding.to_json())
    assert again.spec == encoding.spec
    assert (again.encode(data) == encoding.encode(data)).all()


def test_sixteen_bits_become_eight():
    deep = Dataset(
        "deep", "images", np.linspace(100, 1100, 64, dtype=np.float32).reshape(1, 1, 8, 8)
    )
    x = ScaledPictures.fit(deep, multiple=8).encode(deep)
    assert x.min() == 0
    assert x.max() == 255


def test_each_picture_is_stretched_by_its_own_range():
    rng = np.random.default_rng(0)
    bright = rng.integers(0, 256, (1, 40, 50), dtype=np.uint8)
    data = as_pictures([bright[0], bright[0, :, :30] // 10 + 30])
    encoding = ScaledPictures.fit(data, least_range=1.0)
    x = ScaledPictures.from_json(encoding.to_json()).encode(data).astype(int)
    assert np.abs(x[0, 0, :40, :50] - bright[0]).max() <= 1
    assert np.abs(x[1, 0, :40, :30] - bright[0, :, :30]).max() <= 10, "as fine as its 26 values"
    flat = ScaledPictures.fit(data, least_range=1.0).encode(as_pictures(np.full((1, 8, 8), 9.0)))
    assert (flat == 0).all()


def test_files_of_different_sizes(tmp_path):
    from PIL import Image

    paths = []
    for i, size in enumerate([(20, 10), (8, 16)]):
        Image.new("L", size, 50 * i).save(tmp_path / f"{i}.png")
        paths.append(tmp_path / f"{i}.png")
    data = as_pictures(paths)
    assert data.sizes.tolist() == [[20, 10], [8, 16]]
    assert data.files[1].endswith("1.png")


def test_files_of_sixteen_bits_keep_them(tmp_path):
    from PIL import Image

    deep = np.linspace(200, 3000, 320).astype(np.uint16).reshape(16, 20)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    data = as_pictures([tmp_path / "deep.png"])
    assert (data.values[0, 0] == deep).all()
    x = ScaledPictures.fit(data, multiple=8).encode(data)
    assert (x[0, 0, 0, 0], x[0, 0, 15, 19]) == (0, 255)


def test_pictures_of_more_bits_than_the_training_had_are_refused(tmp_path):
    from PIL import Image

    encoding = ScaledPictures.fit(_dataset((8, 8), channels=1))
    deep = np.linspace(2000, 60000, 64).astype(np.uint16).reshape(8, 8)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    with pytest.raises(InputError, match=r"values up to 60000, but"):
        encoding.encode(as_pictures([tmp_path / "deep.png"]))
    Image.fromarray(deep > 9000).save(tmp_path / "two.png")
    x = encoding.encode(as_pictures([tmp_path / "two.png"]))
    assert set(x[0, 0, :8, :8].ravel().tolist()) == {0, 255}


def test_coloured_pictures_are_grey_where_the_training_was():
    encoding = ScaledPictures.fit(_dataset((8, 8), channels=1))
    x = encoding.encode(_dataset((8, 8)))
    assert (x == encoding.encode(_dataset((8, 8), channels=1))).all()


def test_grey_pictures_are_coloured_where_the_training_was():
    encoding = ScaledPictures.fit(_dataset((8, 8)))
    x = encoding.encode(_dataset((8, 8), channels=1))
    assert (x == encoding.encode(_dataset((8, 8)))).all()


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"a\.png"):
        as_pictures([tmp_path / "a.png"])
    with pytest.raises(InputError, match=r"missing\.png cannot be read"):
        as_pictures([tmp_path / "missing.png"])
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    with pytest.raises(InputError) as told:
        as_pictures([tmp_path / "b.png"])
    assert "skip_bad" not in str(told.value)
    with pytest.raises(InputError, match="table"):
        as_pictures(np.zeros((4, 3)))
    with pytest.raises(InputError, match="channels"):
        ScaledPictures.fit(_dataset((8, 8))).encode(_dataset((8, 8), channels=2))


def test_boxes_need_no_picture_to_be_taken():
    boxes = Boxes("b", np.array([1, 0, 2]), np.array([0, 1, 1]), ("a", "b"), np.eye(3, 4))
    assert boxes.take(np.array([2, 0])).codes.tolist() == [1, 1, 0]
