"""Encodings: the numbers a model learns from, and the way back to what the source holds.

An encoding is fitted on training rows alone, and is plain JSON when a model is saved. That of
pictures stands here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Self

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

    @classmethod
    @abstractmethod
    def fit(cls, train: Dataset) -> Self:
        """Learn from training rows."""

    @classmethod
    @abstractmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """Return what :meth:`to_json` recorded."""

    @abstractmethod
    def encode(self, dataset: Dataset) -> np.ndarray:
        """Return encoded rows ``(n, *spec.shape)``, float32.

        Raises
        ------
        InputError
            If the data have another shape or other columns than the training rows.
        """

    @abstractmethod
    def decode(self, array: np.ndarray) -> np.ndarray | pd.DataFrame:
        """Return encoded rows ``(n, *spec.shape)``, of any finite values, as in the source.

        That is grey levels, or columns with their types and ranges.
        """

    def decode_values(self, array: np.ndarray) -> np.ndarray | pd.DataFrame:
        """Return rows as the values of a data set; those of a table are always a DataFrame."""
        return self.decode(array)

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""


@dataclass(frozen=True, eq=False)
class ImageEncoding(Encoding):
    """Pictures scaled to [0, 1]: grey levels by their number, others by their training range.

    Attributes
    ----------
    low, high : float
        The values that become 0 and 1; what is decoded lies between them.
    """

    spec: Spec
    low: float
    high: float

    @classmethod
    def fit(cls, train: Dataset) -> Self:
        """Fit on training pictures."""
        spec = Spec(train.values.shape[1:], train.levels, target=train.target_spec)
        if train.levels is not None:
            return cls(spec, 0.0, float(train.levels - 1))
        values = np.asarray(train.values)
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
            scaled = np.multiply(values, np.float32(1 / self.high), dtype=np.float32)
        else:
            scaled = np.subtract(values, np.float32(self.low), dtype=np.float32)
            scaled /= np.float32(self.high - self.low)
        # Continuous test pictures may lie outside the training range.
        return np.clip(scaled, 0, 1, out=scaled)

    def decode(self, array: np.ndarray) -> np.ndarray:
        """Return grey levels (uint8), or float32 values within the training range."""
        scaled = np.clip(np.asarray(array, dtype=np.float32), 0, 1)
        if self.spec.levels is not None:
            return np.rint(scaled * np.float32(self.high)).astype(np.uint8)
        values = scaled * np.float32(self.high - self.low) + np.float32(self.low)
        return np.clip(values, self.low, self.high)

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
    def from_json(cls, record: dict[str, Any]) -> Self:
        """Return what :meth:`to_json` recorded."""
        target = TargetSpec.from_json(record["target_spec"])
        spec = Spec(tuple(record["shape"]), record["levels"], target=target)
        return cls(spec, record["low"], record["high"])
