"""Data sets of objects: merged, chosen from, split, described and drawn."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image

from annotated_pictures import BOXES, as_coco, as_voc, draw
from further.data import (
    boxes_of,
    contact_sheet,
    describe_objects,
    load,
    merge,
    resplit,
    same_pictures,
    select_objects,
    write,
)
from further.data import draw as drawn_on
from further.data.target import Boxes, Classes, Instances, Mask
from further.errors import InputError

RNG = np.random.default_rng(0)


def test_sets_are_merged_by_the_names_of_their_classes(tmp_path):
    as_voc(tmp_path / "one", BOXES)
    as_coco(tmp_path / "two", BOXES)
    table = (tmp_path / "two" / "annotations.json").read_text()
    (tmp_path / "two" / "annotations.json").write_text(table.replace('"cat"', '"ape"'))
    draw(tmp_path / "two" / "images" / "b.png", (50, 10))
    sets = [load(tmp_path / "one"), load(tmp_path / "two")]
    merged = merge(sets)
    assert merged.target.names == ("cat", "dog", "ape")
    assert merged.target.codes.tolist() == [0, 1, 1, 2, 1, 1]
    assert merged.values.shape == (6, 3, 20, 50)
    assert merged.sizes.tolist() == [[40, 20]] * 4 + [[50, 10], [40, 20]]
    write(merged, tmp_path / "out", "coco")
    found = load(tmp_path / "out")
    assert found.target.names == merged.target.names
    assert sorted(found.target.counts) == [0, 0, 1, 1, 2, 2]
    copies = {path.read_bytes() for path in (tmp_path / "out" / "images").iterdir()}
    assert copies == {path.read_bytes() for path in tmp_path.glob("[ot][nw][eo]/*/*.png")}
    with pytest.raises(InputError, match="merge what is alike"):
        merge([sets[0], dataclasses.replace(sets[1], values=sets[1].values / np.float32(2))])


def test_instances_and_masks_are_merged(tmp_path):
    small, large = RNG.random((2, 5, 9)) < 0.5, RNG.random((1, 8, 20)) < 0.5
    plain = [np.zeros((1, 1, 5, 9), np.uint8), np.ones((1, 1, 8, 20), np.uint8)]
    sets = [
        dataclasses.replace(load_array(values), target=Instances.pack([masks]))
        for values, masks in zip(plain, (small, large), strict=True)
    ]
    merged = merge(sets).target
    np.testing.assert_array_equal(merged.masks(0)[:, :5, :9], small)
    assert not merged.masks(0)[:, :, 9:].any()
    np.testing.assert_array_equal(merged.masks(1), large)
    masks = [
        dataclasses.replace(sets[i], target=Mask("m", codes.astype(np.uint8), ("sky", other)))
        for i, (codes, other) in enumerate([(small[:1], "sea"), (large, "land")])
    ]
    merged = merge(masks).target
    assert merged.names == ("sky", "sea", "land")
    np.testing.assert_array_equal(merged.codes[0, :5, :9], small[0])
    np.testing.assert_array_equal(merged.codes[1], 2 * large[0])


def load_array(values):
    from further.data import as_dataset

    return as_dataset(np.concatenate([values, values + 9])).take([0])


def test_objects_are_chosen_by_class_and_size(tmp_path):
    as_voc(tmp_path, BOXES)
    dataset = load(tmp_path)
    dogs = select_objects(dataset, ["dog"], least_objects=1)
    assert (dogs.target.names, dogs.target.counts.tolist()) == (("dog",), [1, 1])
    assert dogs.files.tolist() == ["JPEGImages/a.png", "JPEGImages/c.png"]
    large = select_objects(dataset, least_side=11)
    assert large.target.corners.tolist() == [[20, 5, 40, 20]]
    assert large.target.names == ("cat", "dog")
    assert "2 of 3 objects and 0 of 3 pictures were left out by choice." in large.notes
    with pytest.raises(InputError, match='did you mean "dog"'):
        select_objects(dataset, ["dgo"])
    with pytest.raises(InputError, match="no picture has 9"):
        select_objects(dataset, least_objects=9)


def some_boxes(counts):
    codes = RNG.integers(0, 2, sum(counts))
    corners = np.tile(np.float32([1, 2, 6, 7]), (sum(counts), 1))
    return Boxes("b", np.array(counts), codes, ("cell", "nucleus"), corners)


def test_a_new_split_keeps_equal_pictures_together_and_is_that_of_the_seed():
    from further.data import as_dataset

    pictures = RNG.integers(0, 256, (40, 8, 8), dtype=np.uint8)
    pictures[20:] = pictures[:20]
    dataset = dataclasses.replace(as_dataset(pictures), target=some_boxes([1] * 40))
    split = resplit(dataset, (0.5, 0.25, 0.25), seed=3)
    parts = split.official_split
    assert (parts[:20] == parts[20:]).all()
    assert sorted(np.unique(parts)) == ["test", "train", "validation"]
    assert (parts == "train").sum() == pytest.approx(20, abs=4)
    assert resplit(dataset, (0.5, 0.25, 0.25), seed=3).official_split.tolist() == parts.tolist()
    assert same_pictures(dataset).tolist() == [*range(20), *range(20)]
    parts = np.array(["train"] * 20 + ["test"] * 20)
    leaking = describe_objects(dataclasses.replace(dataset, official_split=parts))
    assert len(leaking["duplicates"]) == 20
    assert leaking["duplicates"][0] == ["0", "20"]


def test_what_a_set_consists_of(tmp_path):
    as_coco(tmp_path, BOXES)
    draw(tmp_path / "images" / "b.png", (10, 30))
    facts = describe_objects(load(tmp_path))
    assert facts == {
        "kind": "detection",
        "pictures": 3,
        "classes": {"cat": 1, "dog": 2},
        "boxes": {"cat": 1, "dog": 2},
        "pixels": {},
        "sizes": {"40x20": 2, "10x30": 1},
        "without_objects": 1,
        "duplicates": [],
    }


def test_boxes_of_instances():
    masks = np.zeros((3, 7, 12), bool)
    masks[0, 2:5, 3:11] = masks[1, 6, 11] = True
    boxes = boxes_of(Instances.pack([masks[:2], masks[:0]]))
    assert boxes.corners.tolist() == [[3, 2, 11, 5], [11, 6, 12, 7]]
    assert boxes.counts.tolist() == [2, 0]


# Drawing ---------------------------------------------------------------------------------------


def test_a_box_is_drawn_where_it_is_in_the_colour_of_its_class():
    grey = np.full((1, 60, 80), 128, np.uint8)
    corners = np.float32([[10, 20, 50, 55], [60, 30, 75, 45]])
    boxes = Boxes("b", np.array([2]), np.array([0, 1]), ("", "i"), corners)
    drawn = drawn_on(grey, boxes)
    assert drawn.shape == (60, 80, 3)
    changed = (drawn != 128).any(axis=2)
    assert changed[20, 10:50].all()
    assert changed[54, 10:50].all()
    assert changed[20:55, [10, 49]].all()
    assert not changed[22:53, 12:48].any()
    assert drawn[54, 30].tolist() != drawn[44, 70].tolist()
    assert (grey == 128).all()
    scored = dataclasses.replace(boxes, scores=np.float32([0.5, 0.9]))
    assert (drawn_on(grey, scored) != drawn).any()
    large = drawn_on(grey, boxes, scale=3)
    assert large.shape == (180, 240, 3)
    assert (large[60, 30:150] != 128).any(axis=1).all()


def test_masks_are_tinted_and_the_rest_stays():
    picture = RNG.integers(0, 256, (3, 12, 16), dtype=np.uint8)
    mask = np.zeros((2, 12, 16), bool)
    mask[0, 2:5, 2:9] = mask[1, 7:, 10:] = True
    for target in (
        Instances.pack([mask]),
        Mask("m", (mask[0] + 2 * mask[1]).astype(np.uint8)[None], ("none", "a", "b")),
    ):
        changed = (drawn_on(picture, target) != picture.transpose(1, 2, 0)).any(axis=2)
        np.testing.assert_array_equal(changed, mask.any(axis=0))


def test_a_sheet_shows_pictures_without_their_padding(tmp_path):
    as_coco(tmp_path, BOXES)
    Image.fromarray(np.full((30, 10, 3), 200, np.uint8)).save(tmp_path / "images" / "b.png")
    sheet = contact_sheet(load(tmp_path))
    height, width = sheet.shape[:2]
    assert height < width
    assert not (sheet == 0).all(axis=2).mean() > 0.05
    assert contact_sheet(load(tmp_path), most=1).shape[1] < width
    digits = load("digits").take(np.arange(30))
    assert isinstance(digits.target, Classes)
    assert contact_sheet(digits).shape[0] > height
