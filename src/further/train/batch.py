"""Batches of named tensors, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from further.data.dataset import Dataset

#: Values that are encoded, or passed through a network, at a time where all rows are wanted.
VALUES_AT_A_TIME = 2**22


class Batch(Mapping[str, Tensor]):
    """Named tensors with the batch first.

    Parameters
    ----------
    **tensors : Tensor or None
        ``x`` holds the encoded rows ``(batch, *spec.shape)``, float32; ``y`` the target, for
        classes ``(batch,)`` int64 codes; other targets have names of their own. What is None is
        left out.

    Examples
    --------
    >>> batch = Batch(x=torch.zeros(3, 2), y=torch.tensor([0, 1, 1]))
    >>> batch.take(torch.tensor([2]))["y"]
    tensor([1])
    """

    def __init__(self, **tensors: Tensor | None) -> None:
        self._tensors = {name: value for name, value in tensors.items() if value is not None}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray | None]) -> Batch:
        """Return the batch of NumPy arrays, whose memory it shares where they are contiguous."""
        return cls(
            **{
                name: torch.from_numpy(np.ascontiguousarray(array))
                for name, array in arrays.items()
                if array is not None
            }
        )

    def __getitem__(self, key: str) -> Tensor:
        return self._tensors[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    @property
    def x(self) -> Tensor:
        """The encoded rows."""
        return self._tensors["x"]

    @property
    def y(self) -> Tensor | None:
        """The target, None where there is none."""
        return self._tensors.get("y")

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self._tensors.values())))

    def take(self, rows: Tensor | slice) -> Batch:
        """Return some of the rows."""
        return self.map(lambda value: value[rows])

    def to(self, device: torch.device | str) -> Batch:
        """Return the batch on a device."""
        return self.map(lambda value: value.to(device, non_blocking=True))

    def map(self, change: Callable[[Tensor], Tensor]) -> Batch:
        """Return the batch with every tensor changed."""
        return Batch(**{name: change(value) for name, value in self._tensors.items()})


class BatchSource(Protocol):
    """Rows from which batches are taken: in memory, or read when they are wanted."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def take(self, rows: Tensor | slice) -> Batch:
        """Return the batch of the rows with these numbers."""


class ArraySource:
    """Rows in memory, encoded once: the default, and the fast one.

    Parameters
    ----------
    rows : Batch
        All rows.
    """

    def __init__(self, rows: Batch) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return self.rows.n_rows

    def take(self, rows: Tensor | slice) -> Batch:
        """Return the batch of the rows with these numbers."""
        return self.rows.take(rows)


class PlacedSource:
    """Rows of another source, its batches brought to where a network is.

    Parameters
    ----------
    source : BatchSource
        The rows.
    place : callable
        Brings a batch there.
    """

    def __init__(self, source: BatchSource, place: Callable[[Batch], Batch]) -> None:
        self.source, self.place = source, place

    def __len__(self) -> int:
        return len(self.source)

    def take(self, rows: Tensor | slice) -> Batch:
        """Return the batch of the rows with these numbers."""
        return self.place(self.source.take(rows))


class DatasetSource:
    """Rows of a data set that is read from disk, encoded whenever a batch of them is taken.

    Parameters
    ----------
    dataset : Dataset
        With values that are mapped from a file.
    encode : callable
        Turns a data set of some rows into a batch.
    """

    def __init__(self, dataset: Dataset, encode: Callable[[Dataset], Batch]) -> None:
        self.dataset, self.encode = dataset, encode

    def __len__(self) -> int:
        return len(self.dataset)

    def take(self, rows: Tensor | slice) -> Batch:
        """Return the batch of the rows with these numbers."""
        return self.encode(self.dataset.take(np.arange(len(self))[rows]))


def in_parts(source: BatchSource) -> Iterator[Batch]:
    """Give all rows in order, so many at a time that their values fit into memory anywhere."""
    step = rows_at_a_time(source)
    for start in range(0, len(source), step):
        yield source.take(slice(start, start + step))


def some_rows(source: BatchSource, generator: torch.Generator) -> Batch:
    """Return all rows, or as many at random as fit into memory anywhere.

    Parameters
    ----------
    source : BatchSource
        The rows to choose from.
    generator : torch.Generator
        Of the choice.

    Returns
    -------
    Batch
        In the order of the source.
    """
    most = rows_at_a_time(source)
    if len(source) <= most:
        return source.take(slice(None))
    order = torch.randperm(len(source), generator=generator)
    return source.take(order[:most].sort().values)


def rows_at_a_time(source: BatchSource) -> int:
    """Return how many rows pass at a time so that their values fit into memory anywhere.

    Parameters
    ----------
    source : BatchSource
        The rows.

    Returns
    -------
    int
        At least 1.
    """
    return max(1, VALUES_AT_A_TIME // source.take(slice(0, 1)).x.numel())
