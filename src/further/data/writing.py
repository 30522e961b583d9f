"""``further.data.write``: a data set of pictures as files of a format that other tools read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from further.data.dataset import Dataset
from further.data.formats.annotated.coco import write_coco
from further.data.formats.annotated.instance_masks import write_instances
from further.data.formats.annotated.masks import write_masks
from further.data.formats.annotated.pascal_voc import write_voc
from further.data.formats.annotated.written_rows import WrittenRows, originals
from further.data.formats.annotated.yolo_text import write_yolo
from further.data.target import Boxes, Instances, Mask, Target
from further.data.target_conversion import boxes_of, mask_of
from further.errors import InputError, unknown


@dataclass(frozen=True)
class _Format:
    """A format: how it is written, of which targets, and what it cannot carry."""

    title: str
    write: Callable[[WrittenRows, Any, Path], None]
    kinds: tuple[type[Target], ...]
    scores: bool = False
    classes: bool = True


FORMATS: Mapping[str, _Format] = {
    "voc": _Format("Pascal VOC", write_voc, (Boxes,)),
    "coco": _Format("COCO", write_coco, (Boxes, Instances), scores=True),
    "yolo": _Format("YOLO", write_yolo, (Boxes, Instances), scores=True),
    "masks": _Format("masks of classes", write_masks, (Mask,)),
    "instances": _Format("a mask for each object", write_instances, (Instances,), classes=False),
}


def write(dataset: Dataset, folder: str | Path, format: str | None = None) -> tuple[str, ...]:
    """Write pictures with what is marked in them, as a folder of a format.

    When to use: to give data to other tools, or to keep a part of them. Pictures are copied byte
    for byte where each is a file of its own, and written as PNG otherwise. When it fails: masks are
    not made of boxes, nor objects of masks of classes.

    Parameters
    ----------
    dataset : Dataset
        Pictures with boxes, instances or masks.
    folder : str or Path
        A new one: what exists is never overwritten.
    format : {"voc", "coco", "yolo", "masks", "instances"}, optional
        By default the one that the data were read from.

    Returns
    -------
    tuple of str
        What was not carried over, in sentences.

    Raises
    ------
    InputError
        If the folder exists or cannot be written, or the format cannot hold the target.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from further.data import as_dataset, load
    >>> from further.data.dataset import with_target
    >>> pictures = as_dataset(np.random.default_rng(0).integers(0, 256, (3, 8, 8)).astype("uint8"))
    >>> boxes = Boxes("cells", np.array([1, 0, 1]), np.array([0, 0]), ("cell",),
    ...               np.float32([[1, 2, 5, 6], [0, 0, 3, 4]]))
    >>> folder = tempfile.mkdtemp() + "/cells"
    >>> write(with_target(pictures, boxes), folder, "coco")
    ()
    >>> load(folder).target.corners.tolist()
    [[1.0, 2.0, 5.0, 6.0], [0.0, 0.0, 3.0, 4.0]]
    """
    name = format_of(dataset) if format is None else format
    if name not in FORMATS:
        raise InputError(unknown("format", name, list(FORMATS)))
    chosen = FORMATS[name]
    target, notes = _suitable(dataset, chosen)
    path = Path(folder).expanduser()
    if path.exists() or path.is_symlink():
        raise InputError(f"{path} exists, and nothing is overwritten; choose another folder.")
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    try:
        partial.mkdir(parents=True)
        chosen.write(WrittenRows(dataset), target, partial)
        os.rename(partial, path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror or error}); choose another folder."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    anew = sum(original is None for original in originals(dataset))
    if anew and dataset.files is not None:
        notes.append(f"{anew} pictures were written as PNG, since no file holds them as they are.")
    return tuple(notes)


def format_of(dataset: Dataset) -> str:
    """Return the name of the format that a data set was read from, or that suits its target.

    Parameters
    ----------
    dataset : Dataset
        Pictures.

    Returns
    -------
    str
        A key of :data:`FORMATS`; an :class:`InputError` says if there is none.
    """
    target = dataset.target
    own = [
        name
        for name, known in FORMATS.items()
        if target is not None and known.title == target.name and isinstance(target, known.kinds)
    ]
    defaults = {Boxes: "coco", Instances: "instances", Mask: "masks"}
    found = defaults.get(type(target))  # type: ignore[arg-type]
    if found is None:
        raise _without_objects(dataset)
    return own[0] if own else found


def _without_objects(dataset: Dataset) -> InputError:
    has = "nothing" if dataset.target is None else dataset.target.kind
    return InputError(
        f"{dataset.name} has {has} as target; give pictures with boxes, instances or masks."
    )


def _suitable(dataset: Dataset, chosen: _Format) -> tuple[Boxes | Instances | Mask, list[str]]:
    """Return the target in a form that a format holds, and what is lost by it."""
    target = dataset.target
    notes: list[str] = []
    if not isinstance(target, Boxes | Instances | Mask) or dataset.kind != "images":
        raise _without_objects(dataset)
    if isinstance(target, Instances) and Instances not in chosen.kinds:
        if Boxes in chosen.kinds:
            target = boxes_of(target)
            notes.append(f"{chosen.title} has boxes only: the masks of the objects are left out.")
        else:
            target = mask_of(target)
            notes.append("Objects that touch are one area in masks of classes.")
    if not isinstance(target, chosen.kinds):
        can = " or ".join(kind.kind for kind in chosen.kinds)
        raise InputError(
            f"{dataset.name} has {target.kind}, but {chosen.title} holds {can}, which cannot be "
            f"made of them; choose another format ({', '.join(FORMATS)})."
        )
    if getattr(target, "scores", None) is not None and not chosen.scores:
        notes.append(f"{chosen.title} has no place for scores: they are left out.")
    if not chosen.classes and len(target.names) > 1:
        notes.append(f"{chosen.title} has no classes: those of the objects are left out.")
    return target, notes
