"""``further data``: what a set of objects consists of, and its files in other forms."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from annotated_pictures import as_coco, as_voc, as_yolo
from further.data import load

BOXES = {
    f"p{i:02}": [("cat", [i, 2, i + 9, 12])] + [("dog", [1, 3, 8, 18])] * (i % 2) for i in range(12)
}


def test_what_is_said_of_boxes(further, tmp_path):
    as_voc(tmp_path / "pets", BOXES)
    sheet = tmp_path / "sheet.png"
    status, out, err = further("data", tmp_path / "pets", "--sheet", sheet)
    assert (status, err) == (0, "")
    assert "pets: detection, 12 rows of 3 x 20 x 40" in out
    assert [line.split() for line in out.splitlines() if line.startswith(("cat", "dog"))] == [
        ["cat", "12", "12"],
        ["dog", "6", "6"],
    ]
    assert "sizes: 12 of 40x20 pixels" in out
    assert np.asarray(Image.open(sheet)).std() > 10
    assert sorted(path.name for path in (tmp_path / "pets").iterdir()) == [
        "Annotations", "JPEGImages",
    ]  # fmt: skip
    facts = json.loads(further("data", tmp_path / "pets", "--json").out)
    assert (facts["kind"], facts["pictures"]) == ("detection", 12)
    assert facts["classes"] == facts["boxes"] == {"cat": 12, "dog": 6}
    assert facts["skipped"] == []
    assert sum(facts["split"]["rows"].values()) == 12


def test_few_pictures_have_no_split(further, tmp_path):
    as_coco(tmp_path, dict(list(BOXES.items())[:3]))
    facts = json.loads(further("data", tmp_path, "--json").out)
    assert (facts["kind"], facts["split"]) == ("detection", None)
    assert further("data", tmp_path).status == 0


def test_a_bad_picture_is_one_sentence_and_2_or_left_out(further, tmp_path):
    as_yolo(tmp_path, BOXES)
    file = tmp_path / "images" / "p03.png"
    file.write_bytes(file.read_bytes()[:-500])
    status, out, err = further("data", tmp_path)
    assert (status, out) == (2, "")
    assert "p03.png" in err
    assert len(err.splitlines()) == 1
    facts = json.loads(further("data", tmp_path, "--skip-bad", "--json").out)
    assert facts["pictures"] == 11
    assert len(facts["skipped"]) == 1
    assert "p03.png" in facts["skipped"][0]
    assert "left out: 1" in further("data", tmp_path, "skip_bad=true").out


def test_files_of_other_forms(further, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    as_voc(tmp_path / "pets", BOXES)
    status, out, err = further("data", "convert", "pets", "yolo", "--to", "yolo")
    assert (status, err) == (0, "")
    assert out.startswith("yolo: 12 pictures, 18 objects, format yolo")
    assert load("yolo").target.name == "YOLO"
    facts = json.loads(
        further("data", "split", "yolo", "parts", "--fractions", "0.5,0.25,0.25", "--json").out
    )
    assert facts["split"] == {"train": 6, "validation": 3, "test": 3}
    assert facts["format"] == "yolo"
    assert sorted(np.unique(load("parts").official_split)) == ["test", "train", "validation"]
    further("data", "filter", "pets", "dogs", "--classes", "dog", "least_objects=1")
    assert load("dogs").target.counts.tolist() == [1] * 6
    further("data", "merge", "dogs", "pets", "both", "--to", "coco", "--quiet")
    merged = load("both")
    assert (len(merged), merged.target.names) == (18, ("dog", "cat"))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["convert", "pets", "pets", "--to", "coco"], "nothing is overwritten"),
        (["convert", "pets", "out"], "--to"),
        (["convert", "pets", "out", "--to", "masks"], "cannot be made of them"),
        (["convert", "digits", "out", "--to", "voc"], "has classes as target"),
        (["split", "pets", "out", "--fractions", "half"], "three numbers"),
        (["split", "pets", "out", "--fractions", "1,1,1"], "sum to 1"),
        (["filter", "pets", "out", "--classes", "cta"], 'did you mean "cat"'),
        (["merge", "pets", "digits", "out"], "digits has no boxes"),
        (["pets", "--annotations", "masks"], "has a box but no outline"),
        (["iris", "--sheet", "out.png"], "is a table"),
        (["iris", "--skip-bad"], "has no meaning"),
    ],
)
def test_wrong_usage_is_one_sentence_and_2(further, tmp_path, monkeypatch, arguments, named):
    monkeypatch.chdir(tmp_path)
    as_voc(tmp_path / "pets", BOXES)
    status, out, err = further("data", *arguments)
    assert (status, out) == (2, "")
    assert named in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_each_command_of_data_has_help(further):
    out = further("data", "--help").out
    for name in ("convert", "split", "merge", "filter"):
        assert f"\n  {name} " in out
        assert further("data", name, "--help").out.startswith(f"Usage: further data {name}")
