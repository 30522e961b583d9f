"""Pascal VOC: an XML file a picture, and lists of the pictures of each part of the split."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from further.data.formats.annotated.object_files import Marked, ObjectFiles, rounded_number
from further.data.formats.annotated.written_rows import WrittenRows
from further.data.formats.picture_files import part_of
from further.data.formats.placement import Size
from further.data.formats.skipping import Skipping
from further.data.target import Boxes

PICTURES, ANNOTATIONS, LISTS = "JPEGImages", "Annotations", Path("ImageSets", "Main")
_LIST_OF = {"train": "train", "validation": "val", "test": "test"}
_SIDES = ("xmin", "ymin", "xmax", "ymax")


def read_voc(
    folder: Path, files: Sequence[Path], pictures: Sequence[Path], skipping: Skipping
) -> ObjectFiles | None:
    """Return the objects of annotations in XML, or None where there are none.

    Parameters
    ----------
    folder, files, pictures, skipping
        The folder, all files below it and the pictures among them, and what takes what is bad.

    Returns
    -------
    ObjectFiles or None
        Of the pictures that have an XML file of their name; an :class:`InputError` names a file
        that is damaged or belongs to no picture, and a picture that has none.
    """
    annotations: dict[str, list[Path]] = {}
    for path in files:
        if path.suffix.lower() == ".xml" and _is_annotation(path):
            annotations.setdefault(path.stem, []).append(path)
    if not annotations:
        return None
    found = ObjectFiles(how="Pascal VOC")
    parts = _parts(files, {path.stem for path in pictures}, skipping)
    # Beside them lie masks of the same names.
    own = [path for path in pictures if path.parent.name == PICTURES]
    used = set[Path]()
    for path in own or pictures:
        file = _nearest(path, annotations.get(path.stem, []))
        if file is None:
            skipping.refuse(f"{path} has no XML file of its name that is an annotation", "add it")
            continue
        used.add(file)
        root = _parsed(file, skipping)
        if root is None:
            skipping.add(f"{path} is left out, since its annotation is damaged.")
            continue
        part = parts.get(path.stem) or part_of(*path.relative_to(folder).parts[:-1])
        found.add(path, list(_objects(file, root, skipping)), part, _stated(root))
    for other in sorted(file for group in annotations.values() for file in group):
        if other not in used:
            skipping.refuse(
                f"{other} is the annotation of a picture that is not there", "remove it"
            )
    return found


def _is_annotation(file: Path) -> bool:
    with open(file, "rb") as opened:
        return b"<annotation" in opened.read(2000)


def _nearest(path: Path, files: Sequence[Path]) -> Path | None:
    """Return the one of several files of a name that shares most folders with a picture."""

    def shared(file: Path) -> int:
        pairs = zip(path.parts[:-1], file.parts[:-1], strict=False)
        return next((i for i, (one, other) in enumerate(pairs) if one != other), len(path.parts))

    return max(files, key=shared, default=None)


def _parsed(file: Path, skipping: Skipping) -> ElementTree.Element | None:
    try:
        root = ElementTree.parse(file).getroot()
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        skipping.refuse(f"{file} is damaged XML ({error})", "replace or remove it")
        return None
    if root.tag != "annotation":
        skipping.refuse(f"{file} begins with <{root.tag}>, not <annotation>", "correct it")
        return None
    return root


def _objects(file: Path, root: ElementTree.Element, skipping: Skipping) -> Iterator[Marked]:
    for number, item in enumerate(root.iter("object"), 1):
        place = f"{file}, object {number}"
        try:
            box = [float(item.findtext(f"bndbox/{side}", "")) for side in _SIDES]
        except ValueError as error:
            skipping.refuse(f"{place} is an object without a complete bndbox ({error})")
            continue
        name = item.findtext("name", "").strip()
        if not name:
            skipping.refuse(f"{place} is an object without a name")
        elif not all(map(math.isfinite, box)):
            skipping.refuse(f"{place} has a bndbox that is not of finite numbers")
        else:
            yield Marked(name, (box[0], box[1], box[2], box[3]), place)


def _stated(root: ElementTree.Element) -> Size | None:
    texts = [root.findtext(f"size/{side}", "") for side in ("width", "height")]
    width, height = (int(t) if t.isascii() and t.strip().isdigit() else 0 for t in texts)
    return width, height


def _parts(files: Sequence[Path], stems: set[str], skipping: Skipping) -> dict[str, str]:
    """Return the part of each picture by ImageSets/Main/train.txt, val.txt and test.txt."""
    parts: dict[str, str] = {}
    for file in sorted(files):
        part = part_of(file.stem)
        if file.suffix == ".txt" and "ImageSets" in file.parts and part is not None:
            text = file.read_text(encoding="utf-8", errors="replace")
            for number, line in enumerate(text.splitlines(), 1):
                # Names may have blanks; lists of a class have a number behind the name.
                name = line.strip() if line.strip() in stems else " ".join(line.split()[:1])
                if name and parts.setdefault(name, part) != part:
                    skipping.refuse(
                        f"{file}, line {number}: {name} is in the lists of {parts[name]} and of "
                        f"{part}",
                        "leave it in one of them",
                    )
    return parts


def write_voc(rows: WrittenRows, target: Boxes, folder: Path) -> None:
    """Write pictures and boxes as Pascal VOC.

    Parameters
    ----------
    rows, target, folder
        The pictures, what is marked in them, and an empty folder.
    """
    (folder / ANNOTATIONS).mkdir()
    for row in range(len(rows)):
        picture = rows.save(row, folder / PICTURES)
        root = ElementTree.Element("annotation")
        _text(root, "folder", PICTURES)
        _text(root, "filename", picture.name)
        size = ElementTree.SubElement(root, "size")
        sides = (*rows.size(row), rows.channels)
        for name, value in zip(("width", "height", "depth"), sides, strict=True):
            _text(size, name, value)
        place = target.of_row(row)
        for code, box in zip(target.codes[place], target.corners[place], strict=True):
            item = ElementTree.SubElement(root, "object")
            _text(item, "name", target.names[code])
            corners = ElementTree.SubElement(item, "bndbox")
            for side, value in zip(_SIDES, box, strict=True):
                _text(corners, side, rounded_number(value))
        ElementTree.indent(root, "\t")
        text = ElementTree.tostring(root, encoding="unicode")
        (folder / ANNOTATIONS / f"{rows.names[row]}.xml").write_text(text, encoding="utf-8")
    if rows.parts is not None:
        (folder / LISTS).mkdir(parents=True)
        for part, name in _LIST_OF.items():
            stems = [rows.names[row] for row in np.flatnonzero(rows.parts == part)]
            if stems:
                (folder / LISTS / f"{name}.txt").write_text("\n".join([*stems, ""]), "utf-8")


def _text(parent: ElementTree.Element, name: str, value: object) -> None:
    ElementTree.SubElement(parent, name).text = str(value)
