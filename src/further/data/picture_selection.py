"""Parts of a data set of objects: those of some classes and sizes, and a split without copies."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from further.data.dataset import Dataset
from further.data.formats.annotated.written_rows import picture_of
from further.data.splits import DEFAULT_FRACTIONS, PARTS, split_rows
from further.data.target import Boxes, Classes, Instances
from further.data.target_conversion import boxes_of
from further.errors import InputError, unknown


def select_objects(
    dataset: Dataset,
    classes: Sequence[str] | None = None,
    *,
    least_objects: int = 0,
    least_side: float = 0,
) -> Dataset:
    """Return the objects of some classes and sizes, in the pictures that have enough of them.

    When to use: to learn some classes only, or to leave out what is too small to be seen. When it
    fails: an object that is left out is still in its picture, where it counts as background.

    Parameters
    ----------
    dataset : Dataset
        Pictures with boxes or instances.
    classes : sequence of str, optional
        The names of those to keep; all by default.
    least_objects : int, default=0
        Of a picture that is kept, after the objects have been chosen.
    least_side : float, default=0
        Pixels of the shorter side of the box of an object that is kept.

    Returns
    -------
    Dataset
        With a note on what was left out.

    Raises
    ------
    InputError
        For a class that is unknown, a target of another kind, and where no picture is left.

    Examples
    --------
    >>> from further.data import as_dataset
    >>> from further.data.dataset import with_target
    >>> pictures = as_dataset(np.arange(32, dtype=np.uint8).reshape(2, 4, 4) * 8)
    >>> corners = np.float32([[0, 0, 4, 4], [0, 0, 1, 4]])
    >>> boxes = Boxes("b", np.array([1, 1]), np.array([0, 1]), ("cat", "dog"), corners)
    >>> chosen = select_objects(with_target(pictures, boxes), least_side=2, least_objects=1)
    >>> len(chosen), chosen.target.codes.tolist()
    (1, [0])
    """
    target = dataset.target
    if not isinstance(target, Boxes | Instances):
        raise InputError(f"{dataset.name} has no boxes or instances to choose from.")
    for name in classes or ():
        if name not in target.names:
            raise InputError(f"{dataset.name}: {unknown('class', name, target.names)}")
    names = tuple(name for name in target.names if classes is None or name in classes)
    place = np.array([names.index(name) if name in names else -1 for name in target.names])
    codes = place[target.codes] if len(target.codes) else target.codes
    corners = (target if isinstance(target, Boxes) else boxes_of(target)).corners
    sides = (corners[:, 2:] - corners[:, :2]).min(axis=1, initial=np.inf)
    kept = (codes >= 0) & (sides >= least_side)
    rows = np.repeat(np.arange(len(dataset)), target.counts)
    arrays = {k: a[kept] for k, a in target.arrays().items() if k not in ("counts", "codes")}
    counts = np.bincount(rows[kept], minlength=len(dataset)).astype(np.int64)
    chosen = dataclasses.replace(target, **arrays, counts=counts, codes=codes[kept], names=names)
    enough = np.flatnonzero(counts >= least_objects)
    if len(enough) == 0:
        raise InputError(
            f"{dataset.name}: no picture has {least_objects} such objects; ask for less."
        )
    note = (
        f"{len(kept) - kept.sum()} of {len(kept)} objects and {len(dataset) - len(enough)} of "
        f"{len(dataset)} pictures were left out by choice."
    )
    found = dataclasses.replace(dataset, target=chosen).take(enough)
    return dataclasses.replace(found, notes=(*dataset.notes, note))


def resplit(
    dataset: Dataset, fractions: Sequence[float] = DEFAULT_FRACTIONS, seed: int = 0
) -> Dataset:
    """Return pictures with a new split of their own, equal pictures on one side of it.

    When to use: to fix a split in files, for every tool that reads them. When it fails: pictures
    of one scene or one person are not equal, and may lie on both sides.

    Parameters
    ----------
    dataset : Dataset
        At least ten pictures.
    fractions : (train, validation, test), default=(0.6, 0.2, 0.2)
        Shares that sum to 1.
    seed : int, default=0
        Of the random order.

    Returns
    -------
    Dataset
        Each part has its share of the pictures of each class; a picture with objects counts for
        the rarest class among them. A note says how many are in each.
    """
    same = same_pictures(dataset)
    groups = dataset.groups
    if groups is None and len(np.unique(same)) < len(same):
        groups = same
    split = split_rows(
        len(dataset), _rarest_class(dataset), groups, None, seed=seed, fractions=fractions
    )
    parts = np.empty(len(dataset), dtype="<U10")
    for part in PARTS:
        parts[getattr(split, part)] = part
    sizes = ", ".join(f"{n} {part}" for part, n in split.describe()["rows"].items())
    note = f"A new split: {sizes} ({split.method}, seed {seed})."
    return dataclasses.replace(dataset, official_split=parts, notes=(*dataset.notes, note))


def _rarest_class(dataset: Dataset) -> NDArray[np.int64] | None:
    target = dataset.target
    if isinstance(target, Classes):
        return target.codes
    if not isinstance(target, Boxes | Instances):
        return None
    total = np.bincount(target.codes, minlength=len(target.names))
    found = np.full(len(dataset), -1, dtype=np.int64)
    rows = np.repeat(np.arange(len(dataset)), target.counts)
    commonest_first = np.argsort(-total[target.codes], kind="stable")
    found[rows[commonest_first]] = target.codes[commonest_first]  # the last one counts
    return found


def same_pictures(dataset: Dataset) -> NDArray[np.int64]:
    """Return a number for each picture, which equal ones share: the row of the first of them.

    Parameters
    ----------
    dataset : Dataset
        Pictures.

    Returns
    -------
    array of shape (n,)
        Rows.

    Examples
    --------
    >>> from further.data import as_dataset
    >>> pictures = np.arange(48, dtype=np.uint8).reshape(3, 4, 4)
    >>> same_pictures(as_dataset(pictures[[0, 1, 0, 2]])).tolist()
    [0, 1, 0, 3]
    """
    first: dict[bytes, int] = {}
    found = np.empty(len(dataset), dtype=np.int64)
    for row in range(len(dataset)):
        picture = np.ascontiguousarray(picture_of(dataset, row))
        digest = hashlib.sha1(str(picture.shape).encode(), usedforsecurity=False)
        digest.update(picture.data.cast("B"))
        found[row] = first.setdefault(digest.digest(), row)
    return found
