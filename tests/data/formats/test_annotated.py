"""Boxes and masks beside pictures: what is written comes back, in every format."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from annotated_pictures import (
    BOXES,
    HEIGHT,
    WIDTH,
    as_coco,
    as_voc,
    as_yolo,
    draw,
    save,
)
from further.data import Dataset, load
from further.data.formats.decoding import centre_crop, fit_picture
from further.data.target import Boxes, Instances, Mask
from further.errors import InputError


@pytest.mark.parametrize("write", [as_voc, as_coco, as_yolo])
def test_boxes_come_back_from_every_format(tmp_path, write):
    write(tmp_path / "pets", BOXES)
    dataset = load(tmp_path / "pets")
    boxes = dataset.target
    assert isinstance(boxes, Boxes)
    assert (dataset.kind, dataset.values.shape) == ("images", (3, 3, HEIGHT, WIDTH))
    assert boxes.names == ("cat", "dog")
    assert boxes.counts.tolist() == [2, 0, 1]
    assert boxes.codes.tolist() == [0, 1, 1]
    expected = [box for objects in BOXES.values() for _, box in objects]
    np.testing.assert_allclose(boxes.corners, expected, atol=1e-4)
    assert "3 boxes of 2 classes" in dataset.notes[0]
    dataset.save(tmp_path / "data")
    assert Dataset.open(tmp_path / "data").fingerprint == dataset.fingerprint
    assert load(dataset.source, **dataset.options).fingerprint == dataset.fingerprint


@pytest.mark.parametrize(
    "names",
    [
        "names: [cat, dog]\n",
        "names: ['cat', \"dog\"]\n",
        "names:\n  - cat\n  - dog\nnc: 2\n",
        "names:\n- cat\n- dog  # a friend\n",
        "names:\n  0: cat\n  1: dog\nval: images\n",
        "names: {0: cat, 1: dog}\n",
    ],
)
def test_the_names_of_yolo_are_read_however_yaml_writes_them(tmp_path, names):
    as_yolo(tmp_path, BOXES, names)
    assert load(tmp_path).target.names == ("cat", "dog")


def test_yolo_without_names_and_with_outlines(tmp_path):
    as_yolo(tmp_path, BOXES, names=None)
    (tmp_path / "labels" / "b.txt").write_text("1 0.1 0.2 0.5 0.2 0.3 0.9\n")
    boxes = load(tmp_path).target
    assert boxes.names == ("0", "1")
    np.testing.assert_allclose(boxes.corners[boxes.of_row(1)], [[4, 4, 20, 18]], atol=1e-4)


def test_boxes_are_scaled_as_their_pictures_are_and_none_is_cut_off(tmp_path):
    as_voc(tmp_path, {"a": [("x", [12, 4, 20, 12]), ("x", [0, 0, 8, 20]), ("x", [26, 0, 34, 20])]})
    # A bright square of 8 x 8 pixels, where the first box is.
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[4:12, 12:20] = 255
    Image.fromarray(pixels).save(tmp_path / "JPEGImages" / "a.png")
    dataset = load(tmp_path, resize=20)
    bright = np.argwhere(dataset.values[0].mean(axis=0) > 127)
    (y, x), (bottom, right) = bright.min(axis=0), bright.max(axis=0) + 1
    np.testing.assert_allclose(dataset.target.corners[0], [x, y, right, bottom])
    np.testing.assert_allclose(dataset.target.corners[1:], [[0, 0, 4, 10], [13, 0, 17, 10]])
    assert dataset.sizes.tolist() == [[20, 10]]
    assert not dataset.values[0, :, 10:].any()
    assert "scaled to fit" in " ".join(dataset.notes)


def test_pictures_of_different_sizes_are_padded_to_the_largest(tmp_path):
    as_coco(tmp_path, BOXES)
    Image.fromarray(np.full((30, 10, 3), 200, np.uint8)).save(tmp_path / "images" / "b.png")
    dataset = load(tmp_path)
    assert dataset.values.shape == (3, 3, 30, 40)
    assert dataset.sizes.tolist() == [[40, 20], [10, 30], [40, 20]]
    assert (dataset.values[1, :, :, :10] == 200).all()
    assert not dataset.values[1, :, :, 10:].any()
    assert not dataset.values[0, :, 20:].any()
    assert dataset.files.tolist() == ["images/a.png", "images/b.png", "images/c.png"]
    np.testing.assert_allclose(dataset.target.corners[0], BOXES["a"][0][1])
    on_disk = load(tmp_path, mapped=tmp_path / "rows.npy")
    np.testing.assert_array_equal(on_disk.values, dataset.values)
    assert on_disk.fingerprint == dataset.fingerprint
    assert any("of another size than their annotation says" in note for note in dataset.notes)


@pytest.mark.parametrize("size", [(40, 20), (20, 40), (33, 21), (10, 10), (7, 64)])
def test_the_crop_is_that_of_the_picture(size):
    ramp = np.tile(np.linspace(0, 255, size[0]), (size[1], 1)).astype(np.uint8)
    left, top, right, bottom = centre_crop(size, (5, 5))
    assert right - left == pytest.approx(bottom - top)
    assert left + right == pytest.approx(size[0])
    assert top + bottom == pytest.approx(size[1])
    cut = np.asarray(fit_picture(Image.fromarray(ramp), (5, 5)), dtype=float)
    step = 255 / max(1, size[0] - 1)
    middle = (np.arange(5) + 0.5) * (right - left) / 5 + left - 0.5
    np.testing.assert_allclose(cut[2, 1:4], middle[1:4] * step, atol=2)


def test_damaged_files_of_boxes_are_one_sentence(tmp_path):
    as_voc(tmp_path / "voc", BOXES)
    file = tmp_path / "voc" / "Annotations" / "a.xml"
    text = file.read_text()
    file.write_text(text[:-20])
    with pytest.raises(InputError, match=r"a\.xml is damaged XML"):
        load(tmp_path / "voc")
    file.write_text(text.replace("<xmax>12</xmax>", ""))
    with pytest.raises(InputError, match=r"a\.xml, object 1 is an object without a complete"):
        load(tmp_path / "voc")
    as_yolo(tmp_path / "yolo", BOXES)
    (tmp_path / "yolo" / "labels" / "c.txt").write_text("0 0.5 0.5 half 1\n")
    with pytest.raises(InputError, match=r'c\.txt, line 1: "0 0\.5 0\.5 half 1" is no box'):
        load(tmp_path / "yolo")
    (tmp_path / "yolo" / "labels" / "c.txt").write_text("5 0.5 0.5 0.1 1\n")
    with pytest.raises(InputError, match="has the class 5, but 2 classes are named"):
        load(tmp_path / "yolo")
    as_coco(tmp_path / "coco", BOXES)
    table = json.loads((tmp_path / "coco" / "annotations.json").read_text())
    table["annotations"][0]["bbox"] = [1, 2]
    (tmp_path / "coco" / "annotations.json").write_text(json.dumps(table))
    with pytest.raises(InputError, match="has no bbox of 4 numbers"):
        load(tmp_path / "coco")


def test_a_picture_without_its_annotation_is_refused_but_in_yolo_where_it_is_empty(tmp_path):
    as_voc(tmp_path / "voc", BOXES)
    draw(tmp_path / "voc" / "JPEGImages" / "d.png")
    with pytest.raises(InputError, match=r"d\.png has no XML file.*skip_bad"):
        load(tmp_path / "voc")
    dataset = load(tmp_path / "voc", skip_bad=True)
    assert len(dataset) == 3
    assert len(dataset.skipped) == 1
    assert "d.png" in dataset.skipped[0]
    as_yolo(tmp_path / "yolo", BOXES)
    notes = load(tmp_path / "yolo").notes
    assert any("1 pictures have no text file, such as b.png" in note for note in notes)


def test_the_split_of_boxes(tmp_path):
    as_voc(tmp_path / "voc", BOXES)
    lists = tmp_path / "voc" / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    for part, name in zip(("train", "val", "test"), "abc", strict=True):
        (lists / f"{part}.txt").write_text(f"{name}\n")
    (lists / "trainval.txt").write_text("a\nb\n")
    assert load(tmp_path / "voc").official_split.tolist() == ["train", "validation", "test"]
    for part in ("train", "valid"):
        as_yolo(tmp_path / "yolo" / part, BOXES, names=None)
    assert load(tmp_path / "yolo").official_split.tolist() == ["train"] * 3 + ["validation"] * 3
    for part in ("train", "test"):
        as_coco(tmp_path / "coco" / part, {f"{part} {k}": v for k, v in BOXES.items()})
    assert sorted(load(tmp_path / "coco").official_split) == ["test"] * 3 + ["train"] * 3


# Masks -----------------------------------------------------------------------------------------

CODES = np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH) // 100 % 3
COLOURS = np.array([[0, 0, 0], [128, 0, 64], [255, 255, 0]], dtype=np.uint8)


@pytest.mark.parametrize("how", ["grey", "palette", "colours", "beside"])
def test_a_mask_of_classes_beside_each_picture(tmp_path, how):
    pictures, masks = {"beside": ("train", "trainannot")}.get(how, ("images", "masks"))
    for name in ("a-2", "a-10"):
        draw(tmp_path / pictures / f"{name}.png")
        mask = CODES if name == "a-2" else CODES[::-1]
        array = COLOURS[mask] if how == "colours" else mask
        suffix = "_mask" if how == "grey" else ""
        options = {"palette": COLOURS.ravel().tolist()} if how == "palette" else {}
        save(tmp_path / masks / f"{name}{suffix}.png", array, **options)
    dataset = load(tmp_path)
    target = dataset.target
    assert isinstance(target, Mask)
    names = ("0,0,0", "128,0,64", "255,255,0") if how == "colours" else ("0", "1", "2")
    assert target.names == names
    np.testing.assert_array_equal(target.codes, [CODES, CODES[::-1]])
    assert dataset.values.shape == (2, 3, HEIGHT, WIDTH)
    small = load(tmp_path, resize="20x10").target
    np.testing.assert_array_equal(small.codes[0], CODES[1::2, 1::2])
    assert small.spec.shape == (10, 20)


def test_masks_of_a_split(tmp_path):
    for part in ("train", "val", "test"):
        draw(tmp_path / part / "images" / "1.png")
        save(tmp_path / part / "masks" / "1.png", CODES)
    dataset = load(tmp_path)
    assert dataset.official_split.tolist() == ["test", "train", "validation"]
    assert len(dataset.target) == 3


def test_folders_with_names_of_masks_that_are_classes_stay_classes(tmp_path):
    for label in ("with mask", "without mask", "labels", "people"):
        for i in range(2):
            draw(tmp_path / label / f"{i}.png")
    dataset = load(tmp_path)
    assert dataset.classes.names == ("labels", "people", "with mask", "without mask")


def test_instances_in_folders_of_their_own(tmp_path):
    objects = {"one": [(0, 4), (5, 9)], "two": [], "three": [(2, 30)]}
    for name, spans in objects.items():
        draw(tmp_path / name / "images" / f"{name}.png")
        for i, (first, last) in enumerate(spans):
            mask = np.zeros((HEIGHT, WIDTH), np.uint8)
            mask[3:9, first:last] = 255
            save(tmp_path / name / "masks" / f"{i}.png", mask)
    dataset = load(tmp_path)
    target = dataset.target
    assert isinstance(target, Instances)
    assert target.counts.tolist() == [2, 1, 0]  # one, three, two
    assert target.masks(0).sum(axis=(1, 2)).tolist() == [24, 24]
    assert target.masks(1)[0, 3:9, 2:30].all()
    assert target.spec.shape == (2, HEIGHT, WIDTH)
    # Nothing is cut off.
    assert load(tmp_path, resize=10).target.counts.tolist() == [2, 1, 0]
    boxes = load(tmp_path, annotations="boxes").target
    assert boxes.corners.tolist() == [[0, 3, 4, 9], [5, 3, 9, 9], [2, 3, 30, 9]]
    mask = load(tmp_path, annotations="masks").target
    assert mask.names == ("background", "object")
    assert mask.codes.sum(axis=(1, 2)).tolist() == [48, 168, 0]


# Real data -------------------------------------------------------------------------------------


def test_blood_cells(real_data):
    dataset = load(real_data / "bccd", resize=64)
    assert (dataset.values.shape, dataset.target.names) == (
        (364, 3, 64, 64), ("Platelets", "RBC", "WBC"),
    )  # fmt: skip
    parts = np.unique(dataset.official_split, return_counts=True)
    assert dict(zip(*map(np.ndarray.tolist, parts), strict=True)) == {
        "test": 72, "train": 205, "validation": 87,
    }  # fmt: skip
    batch = dataset.take(np.arange(8)).target.encode()
    n, most = batch["box_classes"].shape
    assert batch["boxes"].shape == (n, most, 4) == (8, batch["n_boxes"].max(), 4)
    assert ((batch["box_classes"] >= 0).sum(axis=1) == batch["n_boxes"]).all()
    corners = dataset.target.corners
    assert (corners[:, 2:] > corners[:, :2]).all()
    assert 0 <= corners.min() <= corners.max() <= 64
    # Of 4,888 boxes 2 have no area.
    assert len(corners) == 4886
    assert len(dataset.skipped) == 2
    assert all("has no area" in entry for entry in dataset.skipped)
    split = dataset.split()
    assert [len(split.train), len(split.validation), len(split.test)] == [205, 87, 72]


def test_street_scenes(real_data):
    dataset = load(real_data / "camvid_mini", resize="96x72")
    assert dataset.target_spec.shape == (72, 96)
    assert len(dataset.target.names) == 12
    assert dataset.take([3, 1]).target.encode()["mask"].shape == (2, 72, 96)
    # The road is the largest class but buildings, and lies in the lower half.
    road = (dataset.target.codes == 3).mean(axis=(0, 2))
    assert road[36:].mean() > 5 * road[:36].mean()


def test_membranes(real_data):
    dataset = load(real_data / "membrane", resize=64)
    assert (dataset.values.shape, dataset.target.names) == ((30, 1, 64, 64), ("0", "255"))
    # Membranes are dark, in the picture as in the mask.
    codes = dataset.target.codes[:, None]
    assert dataset.values[codes == 0].mean() < dataset.values[codes == 1].mean() - 20


def test_nuclei(real_data):
    dataset = load(real_data / "nuclei_dsb2018", resize=96)
    target = dataset.target
    assert (len(dataset), target.names) == (80, ("object",))
    assert 2300 < target.counts.sum() <= 2331
    assert target.counts.sum() + len(dataset.skipped) == 2331
    bright = [
        dataset.values[i, 0][target.masks(i).any(axis=0)].mean() - dataset.values[i, 0].mean()
        for i in np.flatnonzero(target.counts)
    ]
    assert np.mean(np.array(bright) > 0) > 0.9
    batch = dataset.take([5, 0]).target.encode()
    assert batch["instances"].shape == (2, batch["n_instances"].max(), 96, 96)
