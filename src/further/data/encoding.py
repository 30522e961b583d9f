"""Encodings: the numbers a model learns from, and the way back to what the source holds.

An encoding is fitted on training rows alone, and is plain JSON when a model is saved.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
import pandas as pd

from further.data.dataset import Dataset
from further.data.spec import Spec


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
        """Return rows as in the source: grey levels, or columns with their types and ranges.

        Parameters
        ----------
        array : array of shape (n, *spec.shape)
            Encoded rows, such as a model generates; any finite values.
        """

    def decode_values(self, array: np.ndarray) -> np.ndarray | pd.DataFrame:
        """Return rows as the values of a data set; those of a table are always a DataFrame.

        Parameters
        ----------
        array : array of shape (n, *spec.shape)
            See :meth:`decode`.

        Returns
        -------
        array or DataFrame
            With the types and ranges of the source.
        """
        return self.decode(array)

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
