"""Bad pictures and annotations: one sentence with the place, or counted; never lost in silence."""

from __future__ import annotations

import json
import random
import re
import xml.etree.ElementTree as ElementTree
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from annotated_pictures import BOXES, as_coco, as_voc, as_yolo, draw
from further.data import Dataset, load
from further.data.formats.annotated.run_length import encode_runs, runs_to_text
from further.errors import InputError

MORE = {**BOXES, "d": [("cat", [1, 1, 9, 9]), ("cat", [3, 3, 30, 19]), ("dog", [0, 5, 8, 20])]}


def refused(folder: Path, *words: str) -> Dataset:
    """Check that a set is refused with these words, and return what is left without the bad."""
    with pytest.raises(InputError) as caught:
        load(folder)
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert "\n" not in message
    dataset = load(folder, skip_bad=True)
    assert any("bad pictures or objects are left out" in note for note in dataset.notes)
    assert dataset.options == {"skip_bad": True}
    assert Dataset.open(dataset.save(folder.parent / "saved")).skipped == dataset.skipped
    return dataset


@pytest.mark.parametrize("how", [as_voc, as_coco, as_yolo])
def test_a_truncated_picture(tmp_path, how):
    how(tmp_path / "set", BOXES)
    (file,) = (tmp_path / "set").rglob("a.png")
    file.write_bytes(file.read_bytes()[:-900])
    dataset = refused(tmp_path / "set", "a.png", "truncated or damaged")
    assert dataset.target.counts.tolist() == [0, 1]
    assert len(dataset.skipped) == 1
    assert "a.png" in dataset.skipped[0]
    assert "with its 2 objects" in dataset.skipped[0]


def test_a_truncated_picture_of_a_class(tmp_path):
    for name in ("cat/1", "cat/2", "dog/1", "dog/2"):
        draw(tmp_path / "set" / f"{name}.png")
    file = tmp_path / "set" / "cat" / "2.png"
    file.write_bytes(file.read_bytes()[:99])
    dataset = refused(tmp_path / "set", "2.png")
    assert dataset.files.tolist() == ["cat/1.png", "dog/1.png", "dog/2.png"]
    assert dataset.codes.tolist() == [0, 1, 1]


def test_a_truncated_mask_of_an_object(tmp_path):
    for name in "ab":
        draw(tmp_path / "set" / name / "images" / f"{name}.png")
        for i in range(2):
            draw(tmp_path / "set" / name / "masks" / f"{i}.png")
    file = tmp_path / "set" / "b" / "masks" / "1.png"
    file.write_bytes(file.read_bytes()[:60])
    assert refused(tmp_path / "set", "1.png").target.counts.tolist() == [2, 1]


def test_an_annotation_without_its_picture(tmp_path):
    for how, file in ((as_voc, "c.xml"), (as_yolo, "c.txt"), (as_coco, "annotations.json names c")):
        folder = tmp_path / how.__name__
        how(folder / "set", BOXES)
        (picture,) = folder.rglob("c.png")
        picture.unlink()
        assert refused(folder / "set", file).target.counts.tolist() == [2, 0]


def test_lines_of_yolo(tmp_path):
    as_yolo(tmp_path / "set", BOXES)
    file = tmp_path / "set" / "labels" / "c.txt"
    good = file.read_text()
    for line, word in (
        ("7 0.5 0.5 0.1 0.1", "has the class 7, but 2 classes are named"),
        ("0 120 80 30 30", "not pixels"),
        ("0 0.1 0.1 0.5 0.1 0.5", ""),
        ("0 0.1 0.1 0.5 0.1 0.5 0.5 0.2", "an even number"),
        ("0 0.5 0.5 0.1 nan", "is no box"),
        ("0 0.5 0.5 . 1e", "is no box"),
        ("cat 0.5 0.5 0.1 0.1", "is no box"),
    ):
        file.write_text(f"{good}\n{line}\n")
        if not word:  # a box with its score
            assert load(tmp_path / "set").target.counts.tolist() == [2, 0, 2]
            continue
        dataset = refused(tmp_path / "set", "c.txt, line 3", word)
        assert dataset.target.counts.tolist() == [2, 0, 1]
        assert len(dataset.skipped) == 1


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("annotations", 0, "category_id"), 99, "annotation 1 has no known category"),
        (("annotations", 0, "image_id"), 99, "annotation 1 has the image_id 99"),
        (("annotations", 0, "image_id"), [1], "image_id [1]"),
        (("annotations", 0, "bbox"), [0, 0, float("nan"), 1], "not of finite numbers"),
        (("annotations", 0, "bbox"), [0, 0, "wide", 1], "no bbox of 4 numbers"),
        (("annotations", 0, "segmentation"), [[0, 0, 1, 1]], "3 or more pairs"),
        (("annotations", 0, "segmentation"), {"size": [20, 40]}, "segmentation that is damaged"),
        (("images", 0, "file_name"), None, "picture 1 with 2 objects has no file_name"),
        (("images", 1, "id"), 10, "no id of its own"),
        (("images", 1, "file_name"), "a.png", "names the same picture"),
        (("categories", 0, "name"), "", "category 1 has no id or no name"),
    ],
)  # fmt: skip
def test_lines_of_coco(tmp_path, path, value, words):
    as_coco(tmp_path / "set", BOXES)
    file = tmp_path / "set" / "annotations.json"
    table = json.loads(file.read_text())
    place = table
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    file.write_text(json.dumps(table))
    refused(tmp_path / "set", "annotations.json", words)


def test_masks_of_coco_of_another_size(tmp_path):
    as_coco(tmp_path / "set", BOXES)
    file = tmp_path / "set" / "annotations.json"
    table = json.loads(file.read_text())
    for line in table["annotations"]:
        line["segmentation"] = {"size": [20, 40], "counts": encode_runs(np.eye(20, 40) > 0)}
    file.write_text(json.dumps(table))
    assert load(tmp_path / "set").target.kind == "instances"
    table["annotations"][0]["segmentation"]["size"] = [40, 20]
    file.write_text(json.dumps(table))
    dataset = refused(tmp_path / "set", "annotation 1", "has 20x40 pixels")
    assert dataset.target.counts.tolist() == [1, 0, 1]


def test_damaged_json_is_not_taken_for_pictures_without_boxes(tmp_path):
    as_coco(tmp_path, BOXES)
    file = tmp_path / "annotations.json"
    file.write_text(file.read_text()[:-5])
    with pytest.raises(InputError, match=r"annotations\.json is damaged JSON"):
        load(tmp_path)
    file.write_text(json.dumps({"images": [], "categories": []}))
    with pytest.raises(InputError, match="has no list of annotations"):
        load(tmp_path)


def test_captions_and_keypoints_beside_the_boxes_are_passed_over(tmp_path):
    as_coco(tmp_path, BOXES)
    table = json.loads((tmp_path / "annotations.json").read_text())
    (tmp_path / "annotations.json").rename(tmp_path / "instances.json")
    (tmp_path / "person_keypoints.json").write_text(json.dumps(table))
    captions = {"images": table["images"], "annotations": [{"image_id": 10, "caption": "a cat"}]}
    (tmp_path / "captions.json").write_text(json.dumps(captions))
    dataset = load(tmp_path)
    assert dataset.target.counts.tolist() == [2, 0, 1]
    assert any("person_keypoints.json is not read" in note for note in dataset.notes)


def test_boxes_outside_are_counted_and_cut_ones_too(tmp_path):
    as_voc(
        tmp_path,
        {
            "a": [
                ("x", [-5, 2, 10, 9]),
                ("x", [50, 2, 60, 9]),
                ("x", [5, 5, 5, 9]),
                ("x", [1, 1, 2, 2]),
            ]
        },
    )
    dataset = load(tmp_path)
    assert dataset.target.corners.tolist() == [[0, 2, 10, 9], [1, 1, 2, 2]]
    assert any(note.startswith("2 boxes are left out") for note in dataset.notes)
    assert any(note.startswith("1 boxes end outside the picture") for note in dataset.notes)
    assert [re.sub(".*a.xml", "a.xml", entry) for entry in dataset.skipped] == [
        "a.xml, object 2: the box of x lies outside the picture.",
        "a.xml, object 3: the box of x has no area.",
    ]


def test_a_name_in_two_lists_of_the_split(tmp_path):
    as_voc(tmp_path / "set", BOXES)
    lists = tmp_path / "set" / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("a\nb\n")
    (lists / "val.txt").write_text("c\na\n")
    dataset = refused(tmp_path / "set", "val.txt, line 2: a is in the lists of train and of val")
    assert dataset.official_split.tolist() == ["train", "train", "validation"]


def test_pictures_in_two_parts_of_the_split(tmp_path):
    for part in ("train", "test"):
        as_yolo(tmp_path / "set" / part, BOXES)
    copy = (tmp_path / "set" / "test" / "images" / "a.png").read_bytes()
    (tmp_path / "set" / "train" / "images" / "a.png").write_bytes(copy)
    dataset = load(tmp_path / "set")
    assert len(dataset) == 6
    told = "train/images/a.png, which is test/images/a.png too"
    assert any(told in note for note in dataset.notes)
    dataset = load(tmp_path / "set", skip_bad=True)
    assert dataset.files.tolist() == [
        "test/images/a.png", "test/images/b.png", "test/images/c.png",
        "train/images/b.png", "train/images/c.png",
    ]  # fmt: skip
    assert len(dataset.skipped) == 1
    assert "with its 2 objects" in dataset.skipped[0]


def test_names_of_pictures_from_elsewhere(tmp_path):
    as_coco(tmp_path, BOXES)
    text = (tmp_path / "annotations.json").read_text()
    for name in ("/home/somebody/a.png", "../images/a.png", "C:\\\\data\\\\a.png", "images/a.png"):
        (tmp_path / "annotations.json").write_text(text.replace('"a.png"', f'"{name}"'))
        assert load(tmp_path).target.counts.tolist() == [2, 0, 1]


# Mutations -------------------------------------------------------------------------------------

TOKENS = ("nan", "-5", "1e400", "", "99999999999999999999", "é", "<", '"', "{}", "null", "[1]", "0")


def mutated(text: str, rng: random.Random) -> bytes:
    """Return a text with one to three changes that a bad tool or disk could make."""
    for _ in range(rng.randint(1, 3)):
        how, place = rng.randrange(6), rng.randrange(len(text) + 1)
        length = rng.choice([1, 3, 20, 200])
        if how == 0:
            text = text[:place] + text[place + length :]
        elif how == 1:
            text = text[:place] + text[place : place + length] + text[place:]
        elif how == 2:
            numbers = list(re.finditer(r"-?\d+(\.\d+)?", text))
            if numbers:
                found = rng.choice(numbers)
                text = text[: found.start()] + rng.choice(TOKENS) + text[found.end() :]
        elif how == 3:
            lines = text.split("\n")
            rng.shuffle(lines)
            text = "\n".join(lines)
        elif how == 4:
            text = text[:place] + chr(rng.randrange(256)) + text[place + 1 :]
        else:
            text = text[:place] + rng.choice(TOKENS) + text[place:]
    return text.encode("latin-1" if rng.random() < 0.2 else "utf-8", errors="replace")


def entries(dataset: Dataset, start: str) -> int:
    return sum(start in entry for entry in dataset.skipped)


def lost_with_pictures(dataset: Dataset) -> int:
    found = (re.search(r"with (?:its )?(\d+) objects", entry) for entry in dataset.skipped)
    return sum(int(match[1]) for match in found if match)


def objects_of_voc(file: Path, dataset: Dataset) -> None:
    """Check the objects of an XML file against what its own parser counts."""
    names = [Path(name).stem for name in dataset.files]
    if file.stem not in names:
        assert entries(dataset, f"{file.stem}.xml") + entries(dataset, f"{file.stem}.png")
        return
    n = len(list(ElementTree.parse(file).getroot().iter("object")))
    read = int(dataset.target.counts[names.index(file.stem)])
    assert read + entries(dataset, f"{file.name}, object ") == n


def objects_of_yolo(file: Path, dataset: Dataset) -> None:
    """Check the objects of all text files against the number of their lines."""
    texts = [f.read_bytes().decode("utf-8", "replace") for f in file.parent.glob("*.txt")]
    n = sum(bool(line.strip()) for text in texts for line in re.split("[\r\n]", text))
    assert int(dataset.target.counts.sum()) + entries(dataset, ".txt, line ") == n


def objects_of_coco(file: Path, dataset: Dataset) -> None:
    """Check the objects of a JSON file against the length of its list."""
    lines = json.loads(file.read_bytes())["annotations"]
    crowds = sum(bool(line.get("iscrowd")) for line in lines)
    read = int(dataset.target.counts.sum())
    left = entries(dataset, ".json, annotation ") + lost_with_pictures(dataset)
    assert read + left + crowds == len(lines)


def coco_with_masks(folder: Path, boxes: dict) -> None:
    """Write COCO with a polygon, run lengths as numbers and as text in turn."""
    as_coco(folder, boxes)
    file = folder / "annotations.json"
    table = json.loads(file.read_text())
    for i, line in enumerate(table["annotations"]):
        x, y, width, height = line["bbox"]
        mask = np.zeros((20, 40), bool)
        mask[y : y + height, x : x + width] = True
        counts = encode_runs(mask)
        line["segmentation"] = [
            [[x, y, x + width, y, x + width, y + height, x, y + height]],
            {"size": [20, 40], "counts": counts},
            {"size": [20, 40], "counts": runs_to_text(counts)},
        ][i % 3]
    file.write_text(json.dumps(table, indent=1))


FORMATS = {
    "voc": (as_voc, "d.xml", objects_of_voc),
    "yolo": (as_yolo, "d.txt", objects_of_yolo),
    "names": (as_yolo, "data.yaml", objects_of_yolo),
    "coco": (as_coco, "annotations.json", objects_of_coco),
    "masks": (coco_with_masks, "annotations.json", objects_of_coco),
}


def check_mutations(folder: Path, name: str, seeds: range) -> int:
    """Read mutated files, and return how many were not refused."""
    how, name_of_file, check = FORMATS[name]
    how(folder, MORE)
    (file,) = folder.rglob(name_of_file)
    text, n_read = file.read_text(), 0
    for seed in seeds:
        file.write_bytes(mutated(text, random.Random(seed)))
        with suppress(InputError):
            load(folder)
            n_read += 1
        try:
            dataset = load(folder, skip_bad=True)
        except InputError:
            continue
        file_of_objects = folder / "labels" / "d.txt" if name == "names" else file
        if dataset.target is not None and dataset.target.kind != "classes":
            check(file_of_objects, dataset)
        else:  # nothing tells that it was of this format
            assert name in ("coco", "masks")
            assert entries(dataset, name_of_file)
    return n_read


@pytest.mark.parametrize("name", FORMATS)
def test_mutated_annotations_are_read_counted_or_refused(tmp_path, name):
    assert 0 < check_mutations(tmp_path, name, range(30)) < (31 if name == "names" else 27)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_five_hundred_mutated_annotations_are_read_counted_or_refused(tmp_path, name):
    assert 0 < check_mutations(tmp_path, name, range(500)) < 500
