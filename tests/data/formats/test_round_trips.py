"""What is written in a format is read again as it was: pictures, objects, classes and split."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotated_pictures import BOXES, HEIGHT, WIDTH, as_coco, as_voc, as_yolo, draw, save
from further.data import Dataset, boxes_of, load, mask_of, write
from further.data.target import Boxes, Instances, Mask
from further.errors import InputError

ODD_NAMES = ("cat", "dog: big # 2", 'a "quoted", [one]', "0", "Größe")


def same_order(dataset: Dataset, as_in: Dataset) -> Dataset:
    """Return the rows in the order that another data set has them, by the names of files."""
    place = {Path(name).stem: i for i, name in enumerate(dataset.files)}
    return dataset.take([place[Path(name).stem] for name in as_in.files])


def assert_same(found: Dataset, given: Dataset, tolerance: float = 0) -> None:
    """Compare all that a format carries."""
    found = same_order(found, given)
    np.testing.assert_array_equal(found.values, given.values)
    assert found.target.names == given.target.names
    np.testing.assert_array_equal(found.target.codes, given.target.codes)
    if given.official_split is None:
        assert found.official_split is None
    else:
        assert found.official_split.tolist() == given.official_split.tolist()
    if isinstance(given.target, Mask):
        return
    assert found.target.counts.tolist() == given.target.counts.tolist()
    if isinstance(given.target, Boxes):
        corners = found.target.corners
        np.testing.assert_allclose(corners, given.target.corners, rtol=0, atol=tolerance)
    else:
        np.testing.assert_array_equal(found.target.packed, given.target.packed)


def set_of_boxes(folder: Path, names: tuple[str, ...] = ODD_NAMES) -> Dataset:
    """Return pictures of two sizes with boxes that end between pixels."""
    for i in range(6):
        draw(folder / "images" / f"p {i}.png", (WIDTH, HEIGHT) if i % 2 else (25, 33))
    rng = np.random.default_rng(1)
    low = rng.random((10, 2)) * 10
    corners = np.concatenate([low, low + 1 + rng.random((10, 2)) * 8], axis=1)
    counts = np.array([3, 0, 2, 4, 0, 1])
    codes = np.arange(10) % len(names)
    boxes = Boxes("drawn", counts, codes, names, corners.astype(np.float32))
    plain = load_plain(folder / "images")
    split = np.array(["train", "train", "test", "validation", "test", "train"])
    return Dataset(
        name="drawn", kind="images", values=plain.values, target=boxes, levels=256,
        source=plain.source, official_split=split, sizes=plain.sizes, files=plain.files,
    )  # fmt: skip


def load_plain(folder: Path) -> Dataset:
    """Return pictures of different sizes, padded: as COCO without objects."""
    pictures = sorted(folder.glob("*.png"))
    images = [{"id": i, "file_name": path.name} for i, path in enumerate(pictures)]
    table = {"images": images, "annotations": [], "categories": []}
    (folder / "plain.json").write_text(json.dumps(table))
    return load(folder)


def set_of_instances(folder: Path) -> Dataset:
    """Return boxes as masks, the first of each picture with a hole and a second part."""
    given = set_of_boxes(folder)
    masks = []
    for corners in given.target.corners:
        mask = np.zeros(given.values.shape[2:], bool)
        x, y, right, bottom = np.ceil(corners).astype(int)
        mask[y:bottom, x:right] = True
        mask[y + 1 : y + 2, x + 1 : x + 2] = False
        mask[19, 24] = True
        masks.append(mask)
    instances = Instances(
        "drawn", given.target.counts, given.target.codes, ODD_NAMES,
        np.packbits(np.array(masks), axis=2), given.values.shape[3],
    )  # fmt: skip
    return Dataset(**{**vars(given), "target": instances})


@pytest.mark.parametrize("first", ["voc", "coco", "yolo"])
@pytest.mark.parametrize("second", ["voc", "coco", "yolo"])
def test_boxes_go_round(tmp_path, first, second):
    given = set_of_boxes(tmp_path)
    used = given.target.names if "voc" not in (first, second) else tuple(sorted(ODD_NAMES))
    assert write(given, tmp_path / "one", first) == ()
    assert write(load(tmp_path / "one"), tmp_path / "two", second) == ()
    found = load(tmp_path / "two")
    # Pascal VOC has no order of classes.
    assert set(found.target.names) == set(used)
    if "voc" in (first, second):
        place = np.array([ODD_NAMES.index(name) for name in found.target.names])
        found.target.codes[:] = place[found.target.codes]
        object.__setattr__(found.target, "names", ODD_NAMES)
    assert_same(found, given, tolerance=1e-5)


@pytest.mark.parametrize("how", ["coco", "yolo"])
def test_instances_with_holes_and_parts_go_round(tmp_path, how):
    given = set_of_instances(tmp_path)
    assert write(given, tmp_path / "one", how) == ()
    assert_same(load(tmp_path / "one"), given)
    boxes = same_order(load(tmp_path / "one", annotations="boxes"), given).target
    # An outline runs from the middle of one side of a pixel to the next.
    np.testing.assert_allclose(boxes.corners, boxes_of(given.target).corners, atol=0.51)


def test_what_a_format_cannot_carry_is_said(tmp_path):
    given = set_of_instances(tmp_path)
    assert write(given, tmp_path / "voc", "voc") == (
        "Pascal VOC has boxes only: the masks of the objects are left out.",
    )
    assert "no classes" in write(given, tmp_path / "instances", "instances")[0]
    found = same_order(load(tmp_path / "instances"), given).target
    np.testing.assert_array_equal(found.packed, given.target.packed)
    assert "one area" in write(given, tmp_path / "masks", "masks")[0]
    found = same_order(load(tmp_path / "masks"), given).target
    assert found.names == ("background", *ODD_NAMES)
    np.testing.assert_array_equal(found.codes, mask_of(given.target).codes)
    scores = np.linspace(0, 1, 10).astype(np.float32)
    scored = Dataset(
        **{**vars(given), "target": Instances(**{**vars(given.target), "scores": scores})}
    )
    assert write(scored, tmp_path / "scored", "coco") == ()
    back = same_order(load(tmp_path / "scored"), given).target.scores
    np.testing.assert_allclose(back, scores, atol=1e-6)
    assert "no place for scores" in " ".join(write(scored, tmp_path / "voc2", "voc"))
    boxes = set_of_boxes(tmp_path / "again")
    for how in ("masks", "instances"):
        with pytest.raises(InputError, match=r"has boxes, but .* cannot be made of them"):
            write(boxes, tmp_path / "never", how)
    with pytest.raises(InputError, match='did you mean "coco"'):
        write(boxes, tmp_path / "never", "cocoo")
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize("how", [as_voc, as_coco, as_yolo])
def test_the_format_is_that_of_the_data_and_files_are_copied_byte_for_byte(tmp_path, how):
    how(tmp_path / "given", BOXES)
    given = load(tmp_path / "given")
    write(given, tmp_path / "out")
    found = load(tmp_path / "out")
    assert found.target.name == given.target.name
    assert_same(found, given, tolerance=1e-5)
    for name in given.files:
        (copy,) = (tmp_path / "out").rglob(Path(name).name)
        assert copy.read_bytes() == (tmp_path / "given" / name).read_bytes()


def test_resized_pictures_are_written_as_they_are_then(tmp_path):
    as_coco(tmp_path / "given", BOXES)
    given = load(tmp_path / "given", resize=24)
    notes = write(given, tmp_path / "out", "yolo")
    assert notes == ("3 pictures were written as PNG, since no file holds them as they are.",)
    found = load(tmp_path / "out")
    assert found.values.shape == (3, 3, 12, 24)
    np.testing.assert_array_equal(found.values, given.values[:, :, :12])
    np.testing.assert_allclose(found.target.corners, given.target.corners, atol=1e-5)


def test_files_of_one_name_in_two_parts_keep_apart(tmp_path):
    for part in ("train", "valid"):
        as_yolo(tmp_path / "given" / part, BOXES, names=None)
    given = load(tmp_path / "given")
    for how in ("voc", "coco", "yolo"):
        write(given, tmp_path / how, how)
        found = load(tmp_path / how)
        assert len(found) == 6
        assert sorted(found.official_split) == sorted(given.official_split)
        assert len({picture.tobytes() for picture in found.values}) == 6


def test_nothing_is_overwritten_and_nothing_is_left_behind(tmp_path):
    as_voc(tmp_path / "given", BOXES)
    given = load(tmp_path / "given")
    with pytest.raises(InputError, match="exists, and nothing is overwritten"):
        write(given, tmp_path / "given", "coco")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write(given, tmp_path / "file" / "out", "coco")
    deep = Dataset(**{**vars(given), "values": given.values / np.float32(255), "files": None})
    with pytest.raises(InputError, match="decimal numbers"):
        write(deep, tmp_path / "deep", "coco")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "given"]


# Masks -----------------------------------------------------------------------------------------

CODES = np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH) // 100 % 3


def pairs(folder: Path, *masks: np.ndarray) -> Path:
    for i, mask in enumerate(masks):
        draw(folder / "images" / f"{i}.png")
        save(folder / "masks" / f"{i}.png", mask)
    return folder


def test_masks_are_named_by_a_file_beside_them(tmp_path):
    pairs(tmp_path, CODES, CODES)
    (tmp_path / "classes.txt").write_text("sky\nroad\ncar\nnever seen\n")
    target = load(tmp_path).target
    assert target.names == ("sky", "road", "car", "never seen")
    np.testing.assert_array_equal(target.codes, [CODES, CODES])
    (tmp_path / "classes.txt").write_text("sky\nroad\n")
    dataset = load(tmp_path)
    assert dataset.target.names == ("sky", "road", "2")
    assert any("the values 2 of the masks" in note for note in dataset.notes)
    (tmp_path / "classes.txt").unlink()
    (tmp_path / "data.yaml").write_text("names: [a, b, c]\n")
    assert load(tmp_path).target.names == ("a", "b", "c")


def test_two_values_are_named_in_their_order(tmp_path):
    pairs(tmp_path, (CODES == 1) * np.uint8(255))
    (tmp_path / "classes.txt").write_text("background\nmembrane\n")
    target = load(tmp_path).target
    assert target.names == ("background", "membrane")
    np.testing.assert_array_equal(target.codes[0], CODES == 1)


def test_colours_are_named_by_a_file_beside_them(tmp_path):
    colours = np.array([[0, 0, 0], [128, 0, 64], [255, 255, 0]], dtype=np.uint8)
    pairs(tmp_path, colours[CODES])
    (tmp_path / "classes.txt").write_text("0 0 0 void\n255,255,0 car\n128\t0 64 moving road\n")
    assert load(tmp_path).target.names == ("void", "moving road", "car")


def test_pictures_of_object_numbers_are_instances(tmp_path):
    numbers = (np.arange(HEIGHT)[:, None] // 2 * 10 + np.arange(WIDTH) // 4).astype(np.uint16)
    assert numbers.max() == 99
    pairs(tmp_path / "many", numbers, np.zeros_like(numbers))
    target = load(tmp_path / "many").target
    assert isinstance(target, Instances)
    assert target.counts.tolist() == [99, 0]
    np.testing.assert_array_equal(target.masks(0)[41], numbers == 42)
    # Few numbers are classes unless one says otherwise.
    pairs(tmp_path / "few", CODES)
    assert load(tmp_path / "few").target.kind == "mask"
    target = load(tmp_path / "few", annotations="instances").target
    assert target.counts.tolist() == [2]
    np.testing.assert_array_equal(target.masks(0), [CODES == 1, CODES == 2])
    assert load(tmp_path / "few", annotations="boxes").target.counts.tolist() == [2]


def test_a_missing_mask_and_one_of_another_size_are_refused_or_left_out(tmp_path):
    pairs(tmp_path, CODES, CODES, CODES, CODES)
    (tmp_path / "masks" / "1.png").unlink()
    with pytest.raises(InputError, match=r"1\.png has no mask of its name"):
        load(tmp_path)
    save(tmp_path / "masks" / "2.png", CODES[:10])
    save(tmp_path / "masks" / "loose.png", CODES)
    dataset = load(tmp_path, skip_bad=True)
    assert dataset.files.tolist() == ["images/0.png", "images/3.png"]
    assert len(dataset.skipped) == 3
    (tmp_path / "masks" / "loose.png").unlink()
    draw(tmp_path / "images" / "1.png").unlink()
    with pytest.raises(InputError, match=r"2\.png has 40x10 pixels, but 2\.png has 40x20"):
        load(tmp_path)


# Real data -------------------------------------------------------------------------------------


def test_blood_cells_go_round(real_data, tmp_path):
    few = tmp_path / "few"
    for place in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (few / place).mkdir(parents=True)
    for part in ("train", "val", "test"):
        list_of = real_data / "bccd" / "ImageSets" / "Main" / f"{part}.txt"
        stems = list_of.read_text().split()[:6]
        (few / "ImageSets" / "Main" / list_of.name).write_text("\n".join(stems))
        for stem in stems:
            for place in ("JPEGImages", "Annotations"):
                (file,) = (real_data / "bccd" / place).glob(f"{stem}.*")
                (few / place / file.name).write_bytes(file.read_bytes())
    whole = last = load(few)
    assert len(whole) == 18
    for how in ("coco", "yolo", "voc"):
        assert write(last, tmp_path / how, how) == ()
        last = load(tmp_path / how)
        assert_same(last, whole, tolerance=1e-3)


@pytest.mark.parametrize("name", ["membrane", "camvid_mini"])
def test_masks_go_round(real_data, tmp_path, name):
    given = load(real_data / name)
    assert write(given, tmp_path / "out") == ()
    assert_same(load(tmp_path / "out"), given)


def few_nuclei(real_data: Path, folder: Path) -> Dataset:
    places = sorted(path for path in (real_data / "nuclei_dsb2018").iterdir() if path.is_dir())
    for place in places[::10]:
        shutil.copytree(place, folder / place.name)
    return load(folder)


@pytest.mark.parametrize("how", ["coco", "yolo", "instances"])
def test_nuclei_go_round(real_data, tmp_path, how):
    given = few_nuclei(real_data, tmp_path / "few")
    assert write(given, tmp_path / "out", how) == ()
    found = same_order(load(tmp_path / "out"), given)
    assert found.target.counts.tolist() == given.target.counts.tolist()
    height, width = found.values.shape[2:]
    for row in range(len(given)):
        np.testing.assert_array_equal(
            found.target.masks(row), given.target.masks(row)[:, :height, :width]
        )


def test_a_picture_is_shown_as_it_is_stored(tmp_path):
    as_voc(tmp_path / "given", BOXES)
    given = load(tmp_path / "given")
    write(Dataset(**{**vars(given), "files": None}), tmp_path / "out", "coco")
    stored = np.asarray(Image.open(tmp_path / "out" / "images" / "2.png"))
    np.testing.assert_array_equal(stored.transpose(2, 0, 1), given.values[1])
