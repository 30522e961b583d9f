"""YOLO: a text file a picture, with a line an object: class, then its box or its outline.

The box is x and y of its centre, width and height; the outline x and y in turn; all in shares of
the picture's width and height.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from further.data.formats.annotated.class_names import names_beside, yaml_of
from further.data.formats.annotated.object_files import Marked, ObjectFiles
from further.data.formats.annotated.outlines import Polygons, outline_of
from further.data.formats.annotated.written_rows import WrittenRows
from further.data.formats.picture_files import part_of
from further.data.formats.picture_pages import Page, size_of
from further.data.formats.skipping import Skipping, fault_of
from further.data.target import Boxes, Instances
from further.errors import InputError

_LINE = re.compile(r"\d+(\s+[-+.\deE]+){4,}")
#: Further outside of 0 to 1 are pixels, not shares.
BEYOND = 0.01
PROBED = 20
DIGITS = 9


def read_yolo(
    folder: Path, files: Sequence[Path], pictures: Sequence[Path], skipping: Skipping
) -> ObjectFiles | None:
    """Return the objects of text files of YOLO, or None where there are none.

    Parameters
    ----------
    folder, files, pictures, skipping
        The folder, all files below it and the pictures among them, and what takes what is bad.

    Returns
    -------
    ObjectFiles or None
        Of all pictures: one without a text file shows no object. An :class:`InputError` names the
        line that is wrong.
    """
    names, _ = names_beside(folder, files)
    settings = [file for file in files if file.suffix in (".yaml", ".yml")]
    texts = {file for file in files if file.suffix == ".txt"}
    labels = {path: _beside(path) for path in pictures}
    there = [file for file in labels.values() if file in texts]
    if not there or not (names or _are_yolo(there[:PROBED])):
        return None
    found = ObjectFiles(how="YOLO", names=names)
    if settings and not names:
        found.notes.append(f"{settings[0].name} names no classes that can be read: numbers do.")
    without = [path for path, file in labels.items() if file not in texts]
    if without:
        found.notes.append(
            f"{len(without)} pictures have no text file, such as {without[0].name}: they count as "
            "pictures without an object."
        )
    for path, file in labels.items():
        lines = _lines(file) if file in texts else []
        try:
            size = size_of(Page(path)) if lines else (1, 1)
        except InputError as error:
            skipping.refuse(
                f"{fault_of(error)}: the picture is left out with its {len(lines)} objects",
                "replace or remove it",
            )
            continue
        objects = []
        for number, line in lines:
            try:
                objects.append(_object(line, size, names, f"{file}, line {number}"))
            except ValueError as error:
                skipping.refuse(f"{file}, line {number}: {error}")
        found.add(path, objects, part_of(*path.relative_to(folder).parts[:-1]))
    for file in sorted(texts - set(labels.values())):
        if file.name.lower() != "classes.txt" and _are_yolo([file]):
            n = len(_lines(file))
            skipping.refuse(f"{file} marks {n} objects of a picture that is not there")
    return found


def _beside(path: Path) -> Path:
    """Return labels/a.txt of images/a.jpg, or a.txt beside a.jpg."""
    words = list(path.with_suffix(".txt").parts)
    places = [i for i, word in enumerate(words) if word == "images"]
    if places:
        words[places[-1]] = "labels"
    return Path(*words)


def _lines(file: Path) -> list[tuple[int, str]]:
    text = file.read_text(encoding="utf-8", errors="replace")
    return [(i, line.strip()) for i, line in enumerate(text.split("\n"), 1) if line.strip()]


def _are_yolo(files: Sequence[Path]) -> bool:
    """Whether most lines of some files, and at least one, are objects."""
    lines = [line for file in files for _, line in _lines(file)]
    return 2 * sum(_LINE.fullmatch(line) is not None for line in lines) > len(lines)


def _object(line: str, size: tuple[int, int], names: list[str], place: str) -> Marked:
    words = line.split()
    try:
        values = np.array([float(word) for word in words[1:]])
        known = _LINE.fullmatch(line) is not None and bool(np.isfinite(values).all())
    except ValueError:
        known = False
    if not known:
        raise ValueError(
            f'"{line[:80]}" is no box: a line is a class and 4 numbers between 0 and 1, or a class '
            "and the points of an outline"
        )
    if names and int(words[0]) >= len(names):
        raise ValueError(f"it has the class {words[0]}, but {len(names)} classes are named")
    name = names[int(words[0])] if names else str(int(words[0]))
    score = values[4] if len(values) == 5 else None
    values = values[:4] if score is not None else values
    if (np.abs(values - 0.5) > 0.5 + BEYOND).any():
        raise ValueError(
            f'"{line[:80]}" has numbers beyond 0 to 1: they are shares of width and height, not '
            "pixels"
        )
    if len(values) > 4 and len(values) % 2:
        raise ValueError(f"its outline has {len(values)} numbers, and x and y make an even number")
    outline = None
    if len(values) > 4:
        points = values.reshape(-1, 2) * size
        outline = Polygons((points,))
        low, high = points.min(axis=0), points.max(axis=0)
    else:
        low, high = ((values[:2] + side * values[2:] / 2) * size for side in (-1, 1))
    (x, y), (right, bottom) = low.tolist(), high.tolist()
    return Marked(name, (x, y, right, bottom), place, outline, score)


def write_yolo(rows: WrittenRows, target: Boxes | Instances, folder: Path) -> None:
    """Write pictures and their boxes or instances as YOLO, with a data.yaml.

    Parameters
    ----------
    rows, target, folder
        The pictures, what is marked in them, and an empty folder.
    """
    settings = []
    for part, numbers in rows.by_part():
        settings.append(f"{part or 'train'}: {'/'.join(filter(None, ('images', part)))}")
        labels = folder / "labels" / part
        labels.mkdir(parents=True)
        for row in numbers:
            rows.save(row, folder / "images" / part)
            lines = _written(target, row, rows.size(row))
            (labels / f"{rows.names[row]}.txt").write_text("".join(lines), encoding="utf-8")
    text = "\n".join([*settings, yaml_of(target.names), ""])
    (folder / "data.yaml").write_text(text, encoding="utf-8")


def _written(target: Boxes | Instances, row: int, size: tuple[int, int]) -> list[str]:
    place = target.of_row(row)
    if isinstance(target, Boxes):
        corners = target.corners[place].astype(np.float64).reshape(-1, 2, 2)
        middle, sides = corners.mean(axis=1) / size, (corners[:, 1] - corners[:, 0]) / size
        found = list(np.concatenate([middle, sides], axis=1))
        if target.scores is not None:
            scores = target.scores[place]
            found = [np.append(box, score) for box, score in zip(found, scores, strict=True)]
    else:
        masks = target.masks(row)[:, : size[1], : size[0]]
        found = [(outline_of(mask) / size).ravel() for mask in masks]
    return [
        " ".join([str(code), *(_number(value) for value in values)]) + "\n"
        for code, values in zip(target.codes[place].tolist(), found, strict=True)
    ]


def _number(value: float) -> str:
    return f"{value:.{DIGITS}f}".rstrip("0").rstrip(".")
