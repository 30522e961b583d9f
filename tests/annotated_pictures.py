"""Small sets of pictures with boxes, written by hand in each format, for several tests."""

from __future__ import annotations

import json

import numpy as np
from PIL import Image

RNG = np.random.default_rng(0)
WIDTH, HEIGHT = 40, 20
BOXES = {
    "a": [("cat", [2, 3, 12, 13]), ("dog", [20, 5, 40, 20])],
    "b": [],
    "c": [("dog", [0, 0, 10, 10])],
}


def draw(path, size=(WIDTH, HEIGHT)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = RNG.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def save(path, array, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(array)
    if "palette" in options:
        image.putpalette(options["palette"])
    image.save(path)


def as_voc(folder, boxes):
    for name, objects in boxes.items():
        draw(folder / "JPEGImages" / f"{name}.png")
        tags = "".join(
            f"<object><name>{label}</name><bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}</ymin>"
            f"<xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>"
            for label, box in objects
        )
        path = folder / "Annotations" / f"{name}.xml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"<annotation><filename>{name}.png</filename>{tags}</annotation>")


def as_coco(folder, boxes):
    images, annotations = [], []
    for i, (name, objects) in enumerate(boxes.items()):
        draw(folder / "images" / f"{name}.png")
        images.append({"id": 10 + i, "file_name": f"{name}.png", "width": WIDTH, "height": HEIGHT})
        for label, (x, y, right, bottom) in objects:
            box = [x, y, right - x, bottom - y]
            category = {"cat": 3, "dog": 7}[label]
            annotations.append({"image_id": 10 + i, "category_id": category, "bbox": box})
    crowd = {"image_id": 10, "category_id": 3, "bbox": [0, 0, 9, 9], "iscrowd": 1}
    categories = [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}]
    (folder / "annotations.json").write_text(
        json.dumps(
            {"images": images, "annotations": [*annotations, crowd], "categories": categories}
        )
    )


def as_yolo(folder, boxes, names="names: [cat, dog]\n"):
    for name, objects in boxes.items():
        draw(folder / "images" / f"{name}.png")
        lines = [
            f"{['cat', 'dog'].index(label)} {(x + right) / 2 / WIDTH} {(y + bottom) / 2 / HEIGHT} "
            f"{(right - x) / WIDTH} {(bottom - y) / HEIGHT}"
            for label, (x, y, right, bottom) in objects
        ]
        (folder / "labels").mkdir(exist_ok=True)
        if lines:
            (folder / "labels" / f"{name}.txt").write_text("\n".join(lines) + "\n")
    if names:
        (folder / "data.yaml").write_text(f"train: images\nnc: 2\n{names}")
