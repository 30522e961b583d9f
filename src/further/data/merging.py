"""Several data sets of pictures as one: classes united by name, pictures padded to one size."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.data.dataset import Dataset
from further.data.formats.annotated.written_rows import originals
from further.data.memory import refuse_too_large
from further.data.target import Boxes, Instances, Mask
from further.errors import InputError


def merge(datasets: Sequence[Dataset]) -> Dataset:
    """Return the pictures of several data sets, one after the other, with their objects.

    When to use: for pictures that were labelled in several places; classes of one name are one
    class. When it fails: what is labelled in one set and not in another is background there.

    Parameters
    ----------
    datasets : sequence of Dataset
        Pictures, all with boxes, all with instances or all with masks.

    Returns
    -------
    Dataset
        With the files of each, so that :func:`further.data.write` can copy them. Where some sets
        have a split of their own, pictures of the others are for training.

    Raises
    ------
    InputError
        If the targets are of different kinds, or the pictures of different depths.

    Examples
    --------
    >>> from further.data import as_dataset
    >>> from further.data.dataset import with_target
    >>> picture = as_dataset(np.arange(16, dtype=np.uint8).reshape(1, 4, 4) * 17)
    >>> sets = [
    ...     with_target(picture, Boxes("b", np.array([1]), np.array([0]), (name,), np.ones((1, 4))))
    ...     for name in ("cat", "dog")
    ... ]
    >>> merged = merge(sets)
    >>> merged.target.names, merged.target.codes.tolist()
    (('cat', 'dog'), [0, 1])
    """
    first = datasets[0]
    for other in datasets:
        if not isinstance(other.target, Boxes | Instances | Mask):
            raise InputError(f"{other.name} has no boxes, instances or masks to merge.")
        if type(other.target) is not type(first.target) or other.values.dtype != first.values.dtype:
            raise InputError(
                f"{other.name} has {other.target.kind} in pictures of {other.values.dtype}, but "
                f"{first.name} has {first.target.kind if first.target else 'none'} in "
                f"{first.values.dtype}; merge what is alike."
            )
    names = tuple(dict.fromkeys(name for one in datasets for name in one.target.names))  # type: ignore[union-attr]
    channels, height, width = (max(one.values.shape[i] for one in datasets) for i in (1, 2, 3))
    n = sum(map(len, datasets))
    refuse_too_large(
        f"{n} pictures of {width}x{height} pixels",
        n * channels * height * width * first.values.dtype.itemsize,
        "merge fewer of them",
    )
    shape = (channels, height, width)
    parts, notes = _parts(datasets)
    return Dataset(
        name="+".join(one.name for one in datasets),
        kind="images",
        values=np.concatenate([_values(one, shape) for one in datasets]),
        target=_united([one.target for one in datasets], names, (height, width)),
        levels=first.levels if all(one.levels == first.levels for one in datasets) else None,
        official_split=parts,
        sizes=np.concatenate([_sizes(one) for one in datasets]),
        files=np.concatenate([_files(one) for one in datasets]),
        notes=(*notes, *dict.fromkeys(note for one in datasets for note in one.notes)),
        skipped=tuple(entry for one in datasets for entry in one.skipped),
    )


def _parts(datasets: Sequence[Dataset]) -> tuple[NDArray[Any] | None, list[str]]:
    without = [one for one in datasets if one.official_split is None]
    if len(without) == len(datasets):
        return None, []
    parts = [
        np.full(len(one), "train") if one.official_split is None else one.official_split
        for one in datasets
    ]
    notes = [
        f"{one.name} has no split: its {len(one)} pictures are for training." for one in without
    ]
    return np.concatenate(parts), notes


def _values(dataset: Dataset, shape: tuple[int, ...]) -> NDArray[Any]:
    values = np.asarray(dataset.values)
    values = np.broadcast_to(values, (len(values), shape[0], *values.shape[2:]))
    return _padded(values, shape[1], shape[2])


def _padded(array: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Return an array with zeros below and right, in its last two axes."""
    more = (height - array.shape[-2], width - array.shape[-1])
    return np.pad(array, [(0, 0)] * (array.ndim - 2) + [(0, side) for side in more])


def _sizes(dataset: Dataset) -> NDArray[np.int64]:
    if dataset.sizes is not None:
        return dataset.sizes
    height, width = dataset.values.shape[2:]
    return np.tile(np.array([width, height], dtype=np.int64), (len(dataset), 1))


def _files(dataset: Dataset) -> NDArray[Any]:
    """Return the whole path of each file, and a name where the row is no file as it is."""
    names = [str(i) for i in range(len(dataset))]
    if dataset.files is not None:
        names = [Path(name).name for name in dataset.files]
    return np.array(
        [
            f"{dataset.name}_{name}" if path is None else str(path.absolute())
            for name, path in zip(names, originals(dataset), strict=True)
        ]
    )


def _united(targets: Sequence[Any], names: tuple[str, ...], size: tuple[int, int]) -> Any:
    """Return targets of one kind after each other, with the codes of the united names."""
    place = {name: i for i, name in enumerate(names)}
    if len(names) > 256 and isinstance(targets[0], Mask):
        raise InputError(f"Together there are {len(names)} classes, but a mask has at most 256.")
    arrays: dict[str, list[Any]] = {}
    for target in targets:
        found = target.arrays()
        found["codes"] = np.array([place[name] for name in target.names])[found["codes"]].astype(
            found["codes"].dtype
        )
        if isinstance(target, Mask):
            found["codes"] = _padded(found["codes"], *size)
        if isinstance(target, Instances):
            found["packed"] = _padded(found["packed"], size[0], -(-size[1] // 8))
        for name, array in found.items():
            arrays.setdefault(name, []).append(array)
    changes: dict[str, Any] = {
        name: np.concatenate(parts) if len(parts) == len(targets) else None
        for name, parts in arrays.items()
    }
    if isinstance(targets[0], Instances):
        changes["width"] = size[1]
    return dataclasses.replace(targets[0], **changes, names=names)
