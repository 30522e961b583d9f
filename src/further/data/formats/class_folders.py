"""Pictures whose class is the name of the folder that they lie in, also below train and test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from further.data.formats.decoding import SUFFIXES, is_picture, natural_order
from further.data.formats.picture_files import PictureFiles, part_of, stored_pages
from further.data.formats.picture_pages import Page
from further.data.formats.placement import Placement
from further.data.formats.skipping import Skipping
from further.data.preparation.columns import quoted
from further.data.splits import PARTS
from further.data.target import Classes
from further.errors import InputError

#: Folders that systems and programs make for themselves, beside those that begin with a dot.
_OF_SYSTEMS = (
    "__macosx", "__pycache__", "@eadir", "$recycle.bin", "system volume information", "lost+found",
)  # fmt: skip
_FILES = "files that begin with a dot"


def without_hidden(folder: Path, files: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return the files that a person put there, and a note on the pictures that nobody did.

    Parameters
    ----------
    folder, files
        The folder, and all files below it.

    Returns
    -------
    files, notes
        Without those in or below hidden folders and folders of the system.
    """
    seen, hidden = [], Counter[str]()
    for file in files:
        parts = file.relative_to(folder).parts
        found = next((p for p in parts if p.startswith(".") or p.lower() in _OF_SYSTEMS), None)
        if found is None:
            seen.append(file)
        elif file.suffix.lower() in SUFFIXES:
            hidden[_FILES if found == parts[-1] else found] += 1
    if not hidden:
        return seen, []
    n = sum(hidden.values())
    where = ", ".join(sorted(hidden))
    return seen, [f"{n} hidden pictures are left out, in folders or files of programs: {where}."]


@dataclass
class ClassFolders(PictureFiles):
    """Pictures whose class is the name of the folder that they lie in.

    Attributes
    ----------
    labels : list of str or None
        The class of each row.
    """

    marked: ClassVar[bool] = False
    a_row: ClassVar[tuple[str, ...]] = ("paths", "parts", "labels")

    labels: list[str | None] = field(default_factory=list)

    def add(self, paths: Sequence[Path], label: str | None, part: str | None) -> None:
        """Add pictures of one class and one part of a split.

        Parameters
        ----------
        paths, label, part
            The files, and what holds of all of them.
        """
        self.paths += paths
        self.labels += [label] * len(paths)
        self.parts += [part] * len(paths)

    def pages(self) -> list[Page]:
        """Return all pages of all files, each of which is a row."""
        found = stored_pages(self.paths)
        counts = [len(pages) for pages in found]
        if max(counts) > 1:
            self._spread(np.array(counts))
        return [page for pages in found for page in pages]

    def _spread(self, counts: np.ndarray) -> None:
        files = Counter(self.labels)
        several = counts[counts > 1]
        note = (
            f"{len(several)} files have several pages or frames, {several.sum()} in all; each is a "
            "picture of its own"
        )
        rows = np.repeat(np.arange(len(counts)), counts)
        if min(files.values()) >= len(PARTS):
            self.groups = rows
            note += ", and those of one file stay on one side of a split."
        else:
            few = min(files, key=lambda label: files[label])
            where = "There are" if few is None else f'"{few}" has'
            note += (
                f". {where} {files[few]} files, too few to keep each on one side of a split, so "
                "that pages of one file lie on both: they may be near-duplicates."
            )
        self.notes.append(note)
        self.labels = [self.labels[row] for row in rows]
        self.parts = [self.parts[row] for row in rows]

    def target(
        self, placement: Placement, skipping: Skipping
    ) -> tuple[Classes | None, str, list[str]]:
        """Return the classes, None where there are none or one only."""
        names = sorted({label for label in self.labels if label is not None}, key=natural_order)
        if len(names) < 2 or None in self.labels:
            only = [f'All pictures are of one class, "{names[0]}".'] if names else []
            return None, ", without classes", only
        place = {name: i for i, name in enumerate(names)}
        codes = np.array([place[str(label)] for label in self.labels], dtype=np.int64)
        return Classes("folder", codes, tuple(names)), f" in {len(names)} classes", []


def find_classes(folder: Path, files: Sequence[Path]) -> PictureFiles:
    """Return the pictures of a folder with their classes, and notes on what was passed over.

    Parameters
    ----------
    folder, files
        The folder, and the files below it.

    Returns
    -------
    PictureFiles
        Below train, validation and test, with their part; an :class:`InputError` says where
        pictures lie beside folders of classes.
    """
    loose, children = _contents(folder, [file for file in files if is_picture(file)])
    if not loose and not children:
        raise InputError(
            f"{folder} has no pictures; supported are {', '.join(s[1:] for s in SUFFIXES)}."
        )
    if len(children) == 1 and not loose:
        ((child, below),) = children.items()
        # A wrapper such as flowers/train/CLASS is no class.
        found = find_classes(child, below)
        found.notes.insert(0, f'All pictures lie in "{child.name}".')
    else:
        found = ClassFolders()
        parts = {child: part for child in children if (part := part_of(child.name))}
        classes = _classes_of_training(parts, children)
        if "train" in parts.values() and (
            len(classes) > 1 or (len(set(parts.values())) > 1 and not loose)
        ):
            _add_parts(found, parts, children, classes)
            others = [child.name for child in children if child not in parts]
            if others:
                found.notes.append(f"Not part of the split, so ignored: {', '.join(others)}.")
            if loose:
                found.notes.append(
                    f"{len(loose)} pictures beside these folders have no class, so they are left "
                    f"out ({quoted([file.name for file in loose], most=3)})."
                )
        else:
            _refuse_loose(folder, loose, children)
            found.add(loose, None, None)
            _add_classes(found, children, None)
            found.notes += [
                f'"{child.name}" is read as a class, since there is no split into train and test.'
                for child in parts
            ]
    empty = _without_pictures(folder, children)
    if empty:
        found.notes.append(f"Folders without pictures are ignored: {quoted(empty)}.")
    return found


def _classes_of_training(parts: dict[Path, str], children: dict[Path, list[Path]]) -> set[str]:
    below = [_contents(c, children[c])[1] for c, part in parts.items() if part == "train"]
    return {child.name for folders in below for child in folders}


def _add_parts(
    found: ClassFolders,
    parts: dict[Path, str],
    children: dict[Path, list[Path]],
    classes: set[str],
) -> None:
    """Add the parts of a split; what has no class is left out where the training set has some."""
    used: dict[str, None] = {}
    for folder, part in parts.items():
        loose, below = _contents(folder, children[folder])
        if not classes:
            if below:
                found.notes.append(
                    f'The folders of "{folder.name}" are no classes, since train has none.'
                )
            found.add(loose, None, part)
            for paths in below.values():
                found.add(paths, None, part)
        elif not below:
            found.notes.append(
                f'"{folder.name}" is left out: its {len(loose)} pictures lie in no class folder.'
            )
            continue
        else:
            _refuse_loose(folder, loose, below)
            unknown = [child for child in below if child.name not in classes]
            if unknown:
                n = sum(len(below[child]) for child in unknown)
                names = quoted([child.name for child in unknown])
                found.notes.append(
                    f'{n} pictures of "{folder.name}" are left out, since train has no such class: '
                    f"{names}."
                )
            known = {child: paths for child, paths in below.items() if child not in unknown}
            _add_classes(found, known, part)
            if not known:
                continue
        used[part] = None
    if len(used) > 1:
        found.notes.append(f"The folders give the split: {', '.join(used)}.")


def _add_classes(found: ClassFolders, children: dict[Path, list[Path]], part: str | None) -> None:
    deeper: set[str] = set()
    for child, paths in children.items():
        found.add(paths, child.name, part)
        deeper |= {path.parent.name for path in paths if path.parent != child}
    if deeper:
        names = quoted(sorted(deeper, key=natural_order))
        found.notes.append(f"What lies in folders below a class counts as that class: {names}.")


def _refuse_loose(folder: Path, loose: list[Path], children: dict[Path, list[Path]]) -> None:
    if loose and children:
        raise InputError(
            f"{folder} has {len(loose)} pictures beside its class folders ({loose[0].name}); "
            "move each into the folder of its class."
        )


def _contents(folder: Path, pictures: Sequence[Path]) -> tuple[list[Path], dict[Path, list[Path]]]:
    """Return what lies in a folder itself, and in or below each folder in it, in natural order."""
    loose, children = [], dict[Path, list[Path]]()
    for picture in pictures:
        parts = picture.relative_to(folder).parts
        if len(parts) == 1:
            loose.append(picture)
        else:
            children.setdefault(folder / parts[0], []).append(picture)
    order = sorted(children, key=natural_order)
    return sorted(loose, key=natural_order), {
        child: sorted(children[child], key=natural_order) for child in order
    }


def _without_pictures(folder: Path, children: dict[Path, list[Path]]) -> list[str]:
    empty = [child for child in folder.iterdir() if child.is_dir() and child not in children]
    seen, _ = without_hidden(folder, empty)
    return sorted((child.name for child in seen), key=natural_order)
