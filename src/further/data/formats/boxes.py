"""Boxes around objects: Pascal VOC (an XML file a picture), COCO (one JSON file), YOLO (text)."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.data.formats.decoding import centre_crop, is_picture, natural_order
from further.data.formats.picture_files import PictureFiles, part_of
from further.data.formats.picture_pages import Page, size_of
from further.data.memory import refuse_too_large
from further.data.target import Boxes
from further.errors import InputError

#: Of a box that a crop cuts, the share of its area that has to be left.
LEAST_LEFT = 0.1
#: The parsed file takes a few times its size.
JSON_READ_AS = 10
_YAML_NAMES = re.compile(
    r"^names:[ \t]*(\[[^]]*\]|\{[^}]*\}|(?:\n[ \t]*(?:-|\d+:)[^\n]*)+)", re.MULTILINE
)
_YOLO_LINE = re.compile(r"\d+(\s+[-+.\deE]+){4,}")
#: Corners, and the name of the class.
_Box = tuple[list[float], str]


@dataclass
class _BoxFiles(PictureFiles):
    """Pictures with their boxes.

    Of each picture, ``boxes`` has x and y of the upper left and of the lower right corner, in
    pixels, and the name of the class. ``names`` are the classes in their own order; those of the
    boxes, sorted, where the format ``how`` has none.
    """

    how: str = ""
    boxes: list[list[_Box]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add(self, path: Path, boxes: list[_Box], part: str | None) -> None:
        self.paths.append(path)
        self.boxes.append(boxes)
        self.parts.append(part)

    def target(self, size: tuple[int, int], resized: bool) -> tuple[Boxes, str, list[str]]:
        """Return the boxes, cut where the picture ends, without those that are hardly there."""
        found_names = {name for row in self.boxes for _, name in row}
        names = self.names or sorted(found_names, key=natural_order)
        code = {name: i for i, name in enumerate(names)}
        counts, codes, corners = [], [], [np.empty((0, 4))]
        for path, row in zip(self.paths, self.boxes, strict=True):
            given = np.array([box for box, _ in row], dtype=np.float64).reshape(-1, 4)
            found = _fit_boxes(given, size_of(Page(path)), size) if resized else given
            cut = np.clip(found, 0, [*size, *size])
            kept = _area(cut) > LEAST_LEFT * _area(found)
            counts.append(int(kept.sum()))
            codes += [code[name] for (_, name), keep in zip(row, kept, strict=True) if keep]
            corners.append(cut[kept])
        lost = sum(map(len, self.boxes)) - sum(counts)
        if lost:
            self.left_out.append(
                f"{lost} boxes are left out: they have no area, or a tenth of it or less lies in "
                "the picture."
            )
        boxes = Boxes(
            self.how,
            np.array(counts, dtype=np.int64),
            np.array(codes, dtype=np.int64),
            tuple(names),
            np.concatenate(corners).astype(np.float32),
        )
        what = f", {sum(counts)} boxes of {len(names)} classes ({self.how})"
        return boxes, what, self.left_out


def find_boxes(folder: Path, files: Sequence[Path]) -> PictureFiles | None:
    """Return the boxes that lie beside pictures, or None where there are none.

    Parameters
    ----------
    folder, files
        The folder, and all files below it.

    Returns
    -------
    PictureFiles or None
        The pictures and their boxes; an :class:`InputError` names a file that is damaged.
    """
    readers: tuple[Callable[..., _BoxFiles | None], ...] = (_voc, _coco, _yolo)
    pictures = sorted((file for file in files if is_picture(file)), key=natural_order)
    return next((found for read in readers if (found := read(folder, files, pictures))), None)


def _voc(folder: Path, files: Sequence[Path], pictures: Sequence[Path]) -> _BoxFiles | None:
    annotations = {}
    for file in files:
        if file.suffix.lower() == ".xml" and (root := _annotation(file)) is not None:
            annotations[file.stem] = file, root
    if not annotations:
        return None
    found = _BoxFiles(how="Pascal VOC")
    parts = _voc_parts(files)
    without = 0
    for path in pictures:
        if path.stem not in annotations:
            without += 1
            continue
        found.add(path, list(_voc_objects(*annotations[path.stem])), parts.get(path.stem))
    if without:
        found.left_out.append(f"{without} pictures without an XML file are left out.")
    return found if found.paths else None


def _annotation(file: Path) -> ElementTree.Element | None:
    with open(file, "rb") as opened:
        if b"<annotation" not in opened.read(2000):
            return None
    try:
        return ElementTree.parse(file).getroot()
    except ElementTree.ParseError as error:
        raise InputError(f"{file} is damaged XML ({error}); replace or remove it.") from error


def _voc_objects(file: Path, root: ElementTree.Element) -> Iterator[_Box]:
    for item in root.iter("object"):
        try:
            sides = ("xmin", "ymin", "xmax", "ymax")
            box = [float(item.findtext(f"bndbox/{side}", "")) for side in sides]
        except ValueError as error:
            raise InputError(
                f"{file} has an object without a complete bndbox ({error}); correct or remove it."
            ) from error
        yield box, item.findtext("name", "object").strip()


def _voc_parts(files: Sequence[Path]) -> dict[str, str]:
    """Return the part of each picture by ImageSets/Main/train.txt, val.txt and test.txt."""
    parts: dict[str, str] = {}
    for file in files:
        part = part_of(file.stem)
        if file.suffix == ".txt" and "ImageSets" in file.parts and part is not None:
            names = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
            parts.update({line[0]: part for line in names if line})
    return parts


def _coco(folder: Path, files: Sequence[Path], pictures: Sequence[Path]) -> _BoxFiles | None:
    tables = [(file, table) for file in sorted(files) if (table := _coco_table(file))]
    if not tables:
        return None
    found = _BoxFiles(how="COCO")
    categories = {line["id"]: str(line["name"]) for _, t in tables for line in t["categories"]}
    found.names = list(dict.fromkeys(categories[key] for key in sorted(categories)))
    by_path = {path.relative_to(folder).as_posix(): path for path in pictures}
    by_file = {path.name: path for path in pictures}
    crowds = absent = 0
    for file, table in tables:
        part = part_of(file.parent.name, *re.split(r"[_\-.]|\d+", file.stem))
        boxes: dict[Any, list[_Box]] = {}
        for line in table["annotations"]:
            if line.get("iscrowd"):
                crowds += 1
                continue
            try:
                x, y, width, height = map(float, line["bbox"])
                name = categories[line["category_id"]]
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(
                    f"{file}: the annotation {line.get('id')} has no bbox of 4 numbers or no "
                    "known category; correct or remove it."
                ) from error
            box = [x, y, x + width, y + height]
            boxes.setdefault(line["image_id"], []).append((box, name))
        for line in table["images"]:
            name = str(line["file_name"])
            path = by_path.get(name) or by_file.get(Path(name).name)
            if path is None:
                absent += 1
            else:
                found.add(path, boxes.get(line["id"], []), part)
    if not found.paths:
        raise InputError(
            f"{tables[0][0]} names {absent} pictures, and none of them lies in {folder}; put them "
            "there."
        )
    if absent:
        found.left_out.append(f"{absent} pictures that the JSON file names are not there.")
    if crowds:
        found.left_out.append(f"{crowds} boxes around crowds (iscrowd) are left out.")
    return found


def _coco_table(file: Path) -> dict[str, Any] | None:
    if file.suffix.lower() != ".json":
        return None
    refuse_too_large(str(file), JSON_READ_AS * file.stat().st_size, "give a part of it")
    try:
        table = json.loads(file.read_bytes())
    except ValueError:
        return None
    keys = {"images", "annotations", "categories"}
    return table if isinstance(table, dict) and keys <= table.keys() else None


def _yolo(folder: Path, files: Sequence[Path], pictures: Sequence[Path]) -> _BoxFiles | None:
    settings = [file for file in files if file.suffix in (".yaml", ".yml")]
    names = next((known for file in settings if (known := _yaml_names(file))), [])
    texts = {file for file in files if file.suffix == ".txt"}
    labels = {path: _beside(path) for path in pictures}
    there = [file for file in labels.values() if file in texts]
    if not there or not (names or all(_is_yolo(file) for file in there[:20])):
        return None
    found = _BoxFiles(how="YOLO", names=names)
    for path, file in labels.items():
        # A picture without a text file shows no object.
        lines = file.read_text(encoding="utf-8").splitlines() if file in texts else []
        boxes = [
            _yolo_box(file, line, size_of(Page(path)), names) for line in lines if line.strip()
        ]
        found.add(path, boxes, part_of(*path.relative_to(folder).parts[:-1]))
    return found


def _beside(path: Path) -> Path:
    """Return labels/a.txt of images/a.jpg, or a.txt beside a.jpg."""
    words = list(path.with_suffix(".txt").parts)
    places = [i for i, word in enumerate(words) if word == "images"]
    if places:
        words[places[-1]] = "labels"
    return Path(*words)


def _is_yolo(file: Path) -> bool:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return all(_YOLO_LINE.fullmatch(line.strip()) for line in lines if line.strip())


def _yolo_box(file: Path, line: str, size: tuple[int, int], names: list[str]) -> _Box:
    if not _YOLO_LINE.fullmatch(line.strip()):
        raise InputError(
            f'{file}: "{line.strip()[:80]}" is no box; a line is a class and 4 numbers between 0 '
            "and 1."
        )
    words = line.split()
    number, values = int(words[0]), np.array(words[1:], dtype=np.float64)
    if names and number >= len(names):
        raise InputError(f"{file} has the class {number}, but {len(names)} classes are named.")
    if len(values) > 5:  # an outline, x and y in turn
        points = values[: len(values) // 2 * 2].reshape(-1, 2)
        low, high = points.min(axis=0), points.max(axis=0)
    else:
        low, high = values[:2] - values[2:4] / 2, values[:2] + values[2:4] / 2
    box = np.concatenate([low, high]) * [*size, *size]
    return box.tolist(), names[number] if names else str(number)


def _yaml_names(file: Path) -> list[str]:
    """Return the classes of a data.yaml: a list in brackets, a line each, or numbered."""
    text = file.read_text(encoding="utf-8", errors="replace")
    match = _YAML_NAMES.search(text)
    if match is None:
        return []
    inside = match[1].strip("[]{}\n")
    entries = re.split(r",|\n", inside) if match[1][0] in "[{" else inside.split("\n")
    plain = [re.sub(r"^\s*(?:-|\d+:)\s*", "", re.sub(r"\s#.*", "", entry)) for entry in entries]
    return [name for entry in plain if (name := entry.strip().strip("'\""))]


def _fit_boxes(
    boxes: NDArray[np.float64], was: tuple[int, int], size: tuple[int, int]
) -> NDArray[np.float64]:
    """Return boxes where they stand once the picture is cropped and resampled."""
    left, top, right, bottom = centre_crop(was, size)
    scale = np.array([size[0] / (right - left), size[1] / (bottom - top)])
    return (boxes - [left, top, left, top]) * [*scale, *scale]


def _area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)
