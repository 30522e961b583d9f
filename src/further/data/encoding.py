"""Encodings: the numbers a model learns from, and the way back to what the source holds.

An encoding is fitted on training rows alone, and is plain JSON when a model is saved.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from further.data.dataset import Dataset
from further.data.spec import Spec, TargetSpec
from further.errors import InputError


class Encoding(ABC):
    """What was learnt from the training rows about turning data into numbers and back.

    Attributes
    ----------
    spec : Spec
        Shape and kind of the encoded rows.
    """

    spec: Spec

    @abstractmethod
    def encode(self, dataset: Dataset) -> np.ndarray:
        """Return encoded rows ``(n, *spec.shape)``, float32.

        Raises
        ------
        InputError
            If the data have another shape or other columns than the training rows.
        """

    @abstractmethod
    def decode(self, array: np.ndarray) -> Any:
        """Return rows as in the source: grey levels, or columns with their types and ranges.

        Parameters
        ----------
        array : array of shape (n, *spec.shape)
            Encoded rows, such as a model generates; any finite values.
        """

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""


@dataclass(frozen=True, eq=False)
class ImageEncoding(Encoding):
    """Pictures scaled to [0, 1]: grey levels by their number, others by their training range.

    Attributes
    ----------
    spec : Spec
        Shape, grey levels and classes.
    low, high : float
        The values that become 0 and 1; what is decoded lies between them.
    """

    spec: Spec
    low: float
    high: float

    @classmethod
    def fit(cls, train: Dataset) -> ImageEncoding:
        """Fit on training pictures."""
        values = np.asarray(train.values)
        spec = Spec(values.shape[1:], train.levels, target=train.target_spec)
        if train.levels is not None:
            return cls(spec, 0.0, float(train.levels - 1))
        low, high = float(values.min()), float(values.max())
        return cls(spec, low, high if high > low else low + 1.0)

    def encode(self, dataset: Dataset) -> np.ndarray:
        """Return pictures ``(n, channels, height, width)`` in [0, 1], float32."""
        if dataset.values.shape[1:] != self.spec.shape:
            raise InputError(
                f"{dataset.name} has pictures of the shape {dataset.values.shape[1:]}, but the "
                f"training pictures have {self.spec.shape}; give pictures of that size."
            )
        values = np.asarray(dataset.values)
        if self.low == 0:
            scaled = values * np.float32(1 / self.high)
        else:
            scaled = (values - np.float32(self.low)) / np.float32(self.high - self.low)
        # Continuous test pictures may lie outside the training range.
        return np.clip(scaled, 0, 1).astype(np.float32, copy=False)

    def decode(self, array: np.ndarray) -> np.ndarray:
        """Return grey levels (uint8), or float32 values within the training range."""
        scaled = np.clip(np.asarray(array, dtype=np.float32), 0, 1)
        if self.spec.levels is not None:
            return np.rint(scaled * np.float32(self.high)).astype(np.uint8)
        return np.clip(scaled * np.float32(self.high - self.low) + np.float32(self.low),
                       self.low, self.high)  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return {
            "kind": "images",
            "shape": list(self.spec.shape),
            "levels": self.spec.levels,
            "target_spec": self.spec.target and self.spec.target.to_json(),
            "low": self.low,
            "high": self.high,
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> ImageEncoding:
        """Return what :meth:`to_json` recorded."""
        target = TargetSpec.from_json(record["target_spec"])
        spec = Spec(tuple(record["shape"]), record["levels"], target=target)
        return cls(spec, record["low"], record["high"])


def fit_encoding(train: Dataset) -> Encoding:
    """Return the encoding of a data set, fitted on training rows.

    When to use: after the split, on ``dataset.take(split.train)``. When it fails: on a table that
    has no column a model can use.

    Examples
    --------
    >>> from further.data import load
    >>> digits = load("digits")
    >>> encoding = fit_encoding(digits)
    >>> x = encoding.encode(digits)
    >>> x.shape, float(x.max()), bool((encoding.decode(x) == digits.values).all())
    ((1797, 1, 8, 8), 1.0, True)
    """
    if isinstance(train.values, pd.DataFrame):
        from further.data.table_encoding import TableEncoding

        return TableEncoding.fit(train)
    return ImageEncoding.fit(train)


def encoding_from_json(record: dict[str, Any]) -> Encoding:
    """Return the encoding that ``to_json`` recorded.

    Raises
    ------
    InputError
        If the record is of no kind known here.
    """
    if record.get("kind") == "images":
        return ImageEncoding.from_json(record)
    if record.get("kind") == "table":
        from further.data.table_encoding import TableEncoding

        return TableEncoding.from_json(record)
    raise InputError(
        f"An encoding of the kind {record.get('kind')!r} is unknown; it is images or table."
    )
