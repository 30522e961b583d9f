"""COCO: one JSON file for all pictures of a part, with boxes, polygons and run lengths."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from further.data.formats.annotated.object_files import Marked, ObjectFiles, rounded_number
from further.data.formats.annotated.outlines import Outline, Polygons, Runs
from further.data.formats.annotated.run_length import encode_runs, runs_to_text, text_to_runs
from further.data.formats.annotated.written_rows import WrittenRows
from further.data.formats.picture_files import part_of
from further.data.formats.skipping import Skipping
from further.data.memory import refuse_too_large
from further.data.target import Boxes, Instances
from further.errors import InputError

#: The parsed file takes a few times its size.
JSON_READ_AS = 10
_LISTS = ("images", "annotations", "categories")
#: What a damaged file is known by, beside the lists.
_KEYS = ("file_name", "image_id", "category_id", "bbox")
_Line = Mapping[str, Any]


@dataclass
class _Table:
    """A JSON file."""

    file: Path
    images: list[_Line]
    annotations: list[_Line]
    categories: list[_Line]


def read_coco(
    folder: Path, files: Sequence[Path], pictures: Sequence[Path], skipping: Skipping
) -> ObjectFiles | None:
    """Return the objects of JSON files of COCO, or None where there are none.

    Parameters
    ----------
    folder, files, pictures, skipping
        The folder, all files below it and the pictures among them, and what takes what is bad.

    Returns
    -------
    ObjectFiles or None
        Of the pictures that the JSON files name; an :class:`InputError` names a file that is
        damaged, and a line of it that is wrong.
    """
    tables = [table for file in sorted(files) if (table := _table(file, skipping))]
    found = ObjectFiles(how="COCO")
    tables = _without_doubles(tables, found)
    if not tables:
        return None
    categories: dict[Any, str] = {}
    for table in tables:
        categories |= _categories(table, skipping)
    order = sorted(categories, key=lambda key: (isinstance(key, str), key))
    found.names = list(dict.fromkeys(categories[key] for key in order))
    places = _Places(folder, pictures)
    used: dict[Path, Path] = {}
    crowds = 0
    for table in tables:
        objects, n = _objects(table, categories, skipping)
        crowds += n
        _add_pictures(found, table, objects, places, used, skipping)
    if not found.paths:
        named = sum(len(table.images) for table in tables)
        raise InputError(
            f"{tables[0].file} names {named} pictures, and none of them lies in {folder}; put them "
            "there."
        )
    others = [path for path in pictures if path not in used]
    if others:
        found.notes.append(
            f"{len(others)} pictures that no JSON file names are left out, such as "
            f"{others[0].relative_to(folder)}."
        )
    if crowds:
        found.notes.append(f"{crowds} boxes around crowds (iscrowd) are left out.")
    return found


def _table(file: Path, skipping: Skipping) -> _Table | None:
    """Return what a file says, None if it is no table of COCO."""
    if file.suffix.lower() != ".json":
        return None
    refuse_too_large(str(file), JSON_READ_AS * file.stat().st_size, "give a part of it")
    content = file.read_bytes()
    try:
        table = json.loads(content)
    except (ValueError, RecursionError) as error:
        if sum(f'"{name}"'.encode() in content for name in (*_LISTS, *_KEYS)) > 1:
            skipping.refuse(f"{file} is damaged JSON ({error})", "replace or remove it")
        return None
    if not isinstance(table, dict) or len(table.keys() & set(_LISTS)) < 2:
        return None
    for name in _LISTS:
        lines = table.get(name)
        if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
            if name == "categories" and _is_captions(table):
                return None
            skipping.refuse(f"{file} has no list of {name}", "add it, or remove the file")
            return None
    return _Table(file, table["images"], table["annotations"], table["categories"])


def _is_captions(table: _Line) -> bool:
    lines = table.get("annotations")
    return isinstance(lines, list) and all(
        isinstance(line, dict) and "caption" in line and "bbox" not in line for line in lines
    )


def _without_doubles(tables: list[_Table], found: ObjectFiles) -> list[_Table]:
    """Leave out what repeats the boxes of another file beside it."""
    names = {table.file for table in tables}
    kept = []
    for table in tables:
        twin = table.file.name.replace("person_keypoints", "instances")
        if twin != table.file.name and table.file.with_name(twin) in names:
            found.notes.append(f"{table.file.name} is not read: {twin} has the boxes too.")
        else:
            kept.append(table)
    return kept


def _categories(table: _Table, skipping: Skipping) -> dict[Any, str]:
    found: dict[Any, str] = {}
    for number, line in enumerate(table.categories, 1):
        key, name = line.get("id"), line.get("name")
        if not isinstance(key, int | str) or not isinstance(name, int | str) or name == "":
            skipping.refuse(f"{table.file}: the category {number} has no id or no name")
        else:
            found[key] = str(name)
    return found


def _objects(
    table: _Table, categories: dict[Any, str], skipping: Skipping
) -> tuple[dict[Any, list[Marked]], int]:
    """Return the objects of each picture by its id, and the number of crowds."""
    known = {line["id"] for line in table.images if isinstance(line.get("id"), int | str)}
    found: dict[Any, list[Marked]] = {}
    crowds = 0
    for number, line in enumerate(table.annotations, 1):
        place = f"{table.file}, annotation {number}"
        if "id" in line:
            place += f" (id {line['id']})"
        if line.get("iscrowd"):
            crowds += 1
            continue
        key = line.get("image_id")
        if not isinstance(key, int | str) or key not in known:
            skipping.refuse(f"{place} has the image_id {key!r}, which no picture has")
            continue
        try:
            found.setdefault(key, []).append(_object(line, categories, place))
        except ValueError as error:
            skipping.refuse(f"{place} {error}")
    return found, crowds


def _object(line: _Line, categories: dict[Any, str], place: str) -> Marked:
    key = line.get("category_id")
    if not isinstance(key, int | str) or key not in categories:
        raise ValueError(f"has no known category (category_id {key!r})")
    try:
        x, y, width, height = map(float, line["bbox"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError("has no bbox of 4 numbers") from error
    if not all(map(math.isfinite, (x, y, width, height))):
        raise ValueError("has a bbox that is not of finite numbers")
    score = line.get("score")
    return Marked(
        categories[key],
        (x, y, x + width, y + height),
        place,
        _outline(line.get("segmentation")),
        float(score) if isinstance(score, int | float) else None,
    )


def _outline(stored: Any) -> Outline | None:
    """Return polygons or run lengths, None where there is nothing."""
    if not stored:
        return None
    try:
        if isinstance(stored, dict):
            height, width = map(int, stored["size"])
            counts = stored["counts"]
            if isinstance(counts, str):
                counts = text_to_runs(counts)
            return Runs(tuple(map(int, counts)), (width, height))
        parts = [np.array(part, dtype=np.float64) for part in stored]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"has a segmentation that is damaged ({error})") from error
    if any(part.ndim != 1 or len(part) < 6 or len(part) % 2 for part in parts):
        raise ValueError("has a polygon that is not 3 or more pairs of x and y")
    if not all(np.isfinite(part).all() for part in parts):
        raise ValueError("has a polygon that is not of finite numbers")
    return Polygons(tuple(part.reshape(-1, 2) for part in parts))


class _Places:
    """Finds the file of a picture that JSON names."""

    def __init__(self, folder: Path, pictures: Sequence[Path]) -> None:
        self._folder = folder
        self._by_path = {path.relative_to(folder).as_posix(): path for path in pictures}
        self._by_name: dict[str, list[Path]] = {}
        for path in pictures:
            self._by_name.setdefault(path.name, []).append(path)

    def find(self, table: Path, name: str, part: str | None) -> Path | None:
        """Return the file: by its path, beside the table, or by its name and part."""
        beside = os.path.normpath(table.parent.relative_to(self._folder) / name)
        # A path from another system or from an absolute place has its name at the end.
        named = self._by_name.get(re.split(r"[\\/]", name)[-1], [])
        of_part = [path for path in named if part == _part_of_folders(self._folder, path)]
        return (
            self._by_path.get(name)
            or self._by_path.get(Path(beside).as_posix())
            or next(iter(of_part if len(named) > 1 else named), None)
        )


def _part_of_folders(folder: Path, path: Path) -> str | None:
    """Return the part that the folders of a file below another are called after, or None."""
    return _part(*path.relative_to(folder).parts[:-1])


def _part(*names: str) -> str | None:
    """Return the part of "instances_val2017" or "train2017"."""
    return part_of(*(word for name in names for word in re.split(r"[_\-.]|\d+", name)))


def _add_pictures(
    found: ObjectFiles,
    table: _Table,
    objects: dict[Any, list[Marked]],
    places: _Places,
    used: dict[Path, Path],
    skipping: Skipping,
) -> None:
    part = _part(table.file.stem, table.file.parent.name)
    seen = set[Any]()
    for number, line in enumerate(table.images, 1):
        key, name = line.get("id"), line.get("file_name")
        named = isinstance(key, int | str) and key not in seen
        n = len(objects.get(key, [])) if named else 0
        if not named or not isinstance(name, str):
            skipping.refuse(
                f"{table.file}: the picture {number} with {n} objects has no file_name, or no id "
                "of its own"
            )
            continue
        seen.add(key)
        path = places.find(table.file, name, part)
        if path is None:
            skipping.refuse(
                f"{table.file} names {name} with {n} objects, and that picture is not there",
                "put it there",
            )
        elif path in used:
            skipping.refuse(
                f"{table.file} names {name} with {n} objects, and {used[path].name} names the "
                "same picture",
                "leave it in one place",
            )
        else:
            used[path] = table.file
            sides = line.get("width"), line.get("height")
            stated = None
            if isinstance(sides[0], int) and isinstance(sides[1], int):
                stated = sides[0], sides[1]
            found.add(path, objects.get(key, []), part, stated)


def write_coco(rows: WrittenRows, target: Boxes | Instances, folder: Path) -> None:
    """Write pictures and their boxes or instances as COCO: a JSON file for each part.

    Parameters
    ----------
    rows, target, folder
        The pictures, what is marked in them, and an empty folder.
    """
    categories = [{"id": i, "name": name} for i, name in enumerate(target.names, 1)]
    (folder / "annotations").mkdir()
    for part, numbers in rows.by_part():
        images, annotations = [], []
        for row in numbers:
            picture = rows.save(row, folder / (part or "images"))
            width, height = rows.size(row)
            image = {"id": row + 1, "file_name": picture.name, "width": width, "height": height}
            images.append(image)
            annotations += _written(target, row, rows.size(row))
        table = {"images": images, "annotations": annotations, "categories": categories}
        name = f"instances_{part}.json" if part else "instances.json"
        text = json.dumps(table, ensure_ascii=False)
        (folder / "annotations" / name).write_text(text, encoding="utf-8")


def _written(target: Boxes | Instances, row: int, size: tuple[int, int]) -> list[dict[str, Any]]:
    place = target.of_row(row)
    numbers = range(place.start, place.stop)
    shapes = target.corners[place] if isinstance(target, Boxes) else target.masks(row)
    lines = []
    for number, shape in zip(numbers, shapes, strict=True):
        line: dict[str, Any]
        line = {"id": number + 1, "image_id": row + 1, "category_id": int(target.codes[number]) + 1}
        if isinstance(target, Boxes):
            x, y, right, bottom = shape.astype(np.float64)
            box, area = [x, y, right - x, bottom - y], (right - x) * (bottom - y)
        else:
            mask = shape[: size[1], : size[0]]
            ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            box = [xs[0], ys[0], xs[-1] - xs[0] + 1, ys[-1] - ys[0] + 1]
            area = mask.sum()
            counts = runs_to_text(encode_runs(mask))
            line["segmentation"] = {"size": [size[1], size[0]], "counts": counts}
        line |= {"bbox": [rounded_number(side) for side in box], "area": rounded_number(area)}
        line["iscrowd"] = 0
        if target.scores is not None:
            line["score"] = rounded_number(target.scores[number])
        lines.append(line)
    return lines
