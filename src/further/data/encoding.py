"""Encodings: the numbers a model learns from, and the way back to what the source holds.

An encoding is fitted on training rows alone, and is plain JSON when a model is saved. Pictures lie
between 0 and 1; a table has one block of numbers a column.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd

from further.data.dataset import Dataset
from further.data.picture_array import PictureArray
from further.data.preparation.column_encoding import (
    ENCODINGS,
    CategoricalColumn,
    ClockColumn,
    ColumnEncoding,
    FitScore,
    NumericColumn,
)
from further.data.preparation.column_text import column_kind, is_clock
from further.data.preparation.columns import ROWS_TO_JUDGE
from further.data.preparation.normal_score import MOST_KNOTS, NormalScore
from further.data.spec import Block, Spec, TargetSpec
from further.data.target import Classes
from further.errors import InputError

#: Wide tables keep fewer knots a column, so that a saved model stays small.
KNOTS_IN_ALL = 200_000
FEWEST_KNOTS = 100


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
    def fit(cls, train: Dataset, score: FitScore | None = None) -> Self:
        """Learn from training rows.

        Parameters
        ----------
        train : Dataset
            The rows.
        score : callable, optional
            Fits the scores of a column of numbers; default: normal scores. Pictures have none.
        """

    @classmethod
    @abstractmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """Return what :meth:`to_json` recorded."""

    @abstractmethod
    def encode(self, dataset: Dataset, dtype: type[np.floating[Any]] = np.float32) -> np.ndarray:
        """Return encoded rows ``(n, *spec.shape)``.

        Parameters
        ----------
        dataset : Dataset
            Rows like those of the training.
        dtype : type, default=np.float32
            The precision.

        Returns
        -------
        array
            Of that type.

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
    def fit(cls, train: Dataset, score: FitScore | None = None) -> Self:
        """Fit on training pictures."""
        spec = Spec(train.values.shape[1:], train.levels, target=train.target_spec)
        if train.levels is not None:
            return cls(spec, 0.0, float(train.levels - 1))
        stored = train.values
        blocks = stored.blocks() if isinstance(stored, PictureArray) else [np.asarray(stored)]
        ends = [(float(block.min()), float(block.max())) for block in blocks]
        low, high = min(low for low, _ in ends), max(high for _, high in ends)
        return cls(spec, low, high if high > low else low + 1.0)

    def encode(self, dataset: Dataset, dtype: type[np.floating[Any]] = np.float32) -> np.ndarray:
        """Return pictures ``(n, channels, height, width)`` in [0, 1]."""
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
        return np.clip(scaled, 0, 1, out=scaled).astype(dtype, copy=False)

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


@dataclass(frozen=True, eq=False)
class TableEncoding(Encoding):
    """Numbers and dates as scores, categories and booleans as one-hot vectors.

    What is decoded keeps columns, types, categories, range and rounding of the source.

    Attributes
    ----------
    columns : list of ColumnEncoding
        In the order of the source.
    is_array : bool
        The source was an array, so the decoded rows are one.
    target : dict or None
        Facts and position of the label column.
    left_out : dict of str to str
        Columns of the source that are neither encoded nor decoded, and why.
    """

    spec: Spec
    columns: list[ColumnEncoding]
    is_array: bool = False
    target: dict[str, Any] | None = None
    left_out: dict[str, str] = field(default_factory=dict)

    @classmethod
    def fit(cls, train: Dataset, score: FitScore | None = None) -> Self:
        """Fit on training rows."""
        frame = train.frame
        left_out = {str(c): why for c in frame if (why := _why_left_out(frame[c]))}
        frame = frame.drop(columns=list(left_out))
        knots = int(np.clip(KNOTS_IN_ALL // max(1, frame.shape[1]), FEWEST_KNOTS, MOST_KNOTS))
        score = score or partial(NormalScore.fit, knots=knots)
        columns = [
            _fit_column(frame.iloc[:, i], train.is_array, score) for i in range(frame.shape[1])
        ]
        if not columns:
            reasons = "; ".join(f'"{name}" has {why}' for name, why in left_out.items())
            raise InputError(f"{train.name} has no column that a model can use: {reasons}.")
        target = None
        if train.classes is not None:
            names, name = train.columns, train.classes.name
            position = names.index(name) if name in names else len(columns)
            target = {**train.classes.facts(), "position": position}
        spec = _spec(columns, train.target_spec)
        return cls(spec, columns, train.is_array, target, left_out)

    def encode(self, dataset: Dataset, dtype: type[np.floating[Any]] = np.float32) -> np.ndarray:
        """Return rows ``(n, features)``: scores and one-hot vectors."""
        frame = dataset.frame
        expected = [column.name for column in self.columns]
        absent = [name for name in expected if name not in frame]
        if absent:
            raise InputError(
                f'{dataset.name} has no column "{absent[0]}", which the training rows have; give '
                "the same columns."
            )
        if list(frame) != expected:
            frame = frame[expected]
        out = np.zeros((len(frame), *self.spec.shape), dtype=dtype)
        start = 0
        for i, column in enumerate(self.columns):
            column.encode(frame.iloc[:, i], out[:, start : start + column.width])
            start += column.width
        return out

    def decode(self, array: np.ndarray) -> np.ndarray | pd.DataFrame:
        """Return a DataFrame, or an array where the source was one."""
        frame = self.decode_values(array)
        return frame.to_numpy() if self.is_array else frame

    def decode_values(self, array: np.ndarray) -> pd.DataFrame:
        """Return a DataFrame, with the types and ranges of the source."""
        array = np.asarray(array)
        # Rare categories are drawn by frequency; the same rows give the same draw.
        rng = np.random.default_rng(0)
        decoded: dict[str, Any] = {}
        start = 0
        for column in self.columns:
            decoded[column.name] = column.decode(array[:, start : start + column.width], rng)
            start += column.width
        return pd.DataFrame(decoded)

    def with_labels(self, frame: pd.DataFrame, codes: np.ndarray) -> pd.DataFrame:
        """Return a decoded frame with its label column, where and as it was in the source.

        Parameters
        ----------
        frame : DataFrame
            From :meth:`decode`.
        codes : array of shape (n,), int64
            The class of each row.

        Returns
        -------
        DataFrame
            With one column more.
        """
        if self.target is None:
            raise InputError("The training rows had no label column.")
        name = self.target["name"]
        classes = Classes(name, codes, tuple(self.target["names"]), self.target["dtype"])
        result = frame.copy()
        position = min(self.target["position"], result.shape[1])
        result.insert(position, name, classes.column().set_axis(result.index))
        return result

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return {
            "kind": "table",
            "target_spec": self.spec.target and self.spec.target.to_json(),
            "is_array": self.is_array,
            "target": self.target,
            "left_out": self.left_out,
            "columns": [column.to_json() for column in self.columns],
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """Return what :meth:`to_json` recorded."""
        columns: list[ColumnEncoding] = [
            ENCODINGS[line["kind"]].from_json(line) for line in record["columns"]
        ]
        return cls(
            _spec(columns, TargetSpec.from_json(record["target_spec"])),
            columns,
            record["is_array"],
            record["target"],
            record["left_out"],
        )


def _why_left_out(column: pd.Series) -> str | None:
    present = column.dropna()
    if len(present) == 0:
        return "no value in any training row"
    text = column_kind(column) == "O" and not isinstance(column.dtype, pd.CategoricalDtype)
    if text and len(present) >= ROWS_TO_JUDGE and present.is_unique and not is_clock(present):
        return "a different text in every training row"
    return None


def _fit_column(column: pd.Series, is_array: bool, score: FitScore) -> ColumnEncoding:
    kind = column_kind(column)
    number = kind in "iufM"
    if kind == "O" and column.nunique() > 2 and is_clock(column):
        return ClockColumn.fit(column, is_array=is_array, score=score)
    if is_array or (number and (kind == "M" or column.nunique() != 2)):
        return NumericColumn.fit(column, is_array=is_array, score=score)
    return CategoricalColumn.fit(column)


def _spec(columns: list[ColumnEncoding], target: TargetSpec | None) -> Spec:
    blocks, start = [], 0
    for column in columns:
        for name, width, kind in column.parts:
            blocks.append(Block(name, start, start + width, kind))
            start += width
    return Spec((start,), blocks=tuple(blocks), target=target)
