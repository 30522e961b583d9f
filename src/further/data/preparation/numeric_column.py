"""A column of numbers or dates in encoded form: its normal score, and whether it is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from further.data.preparation.normal_score import NormalScore

BlockPart = tuple[str, int, Literal["numeric", "categorical"]]

#: Numbers that take so few values, each often, are decoded to one of these, never between them.
MOST_STEPS = 20
MOST_DECIMALS = 10
EXACT_INTEGERS = 2**53
IS_MISSING = " is missing"


@dataclass(frozen=True, eq=False)
class NumericColumn:
    """Numbers or dates as normal scores, and whether they are missing as a category.

    Attributes
    ----------
    name, dtype : str
        As in the source.
    score : NormalScore
        The map to standard scores and back.
    decimals : int or None
        To how many decimals the source is rounded; None for none.
    steps : array or None
        The only values there are, if they are few.
    missing : bool
        Whether training rows have missing values: these are given the score 0 and marked.
    """

    name: str
    dtype: str
    score: NormalScore
    decimals: int | None = None
    steps: np.ndarray | None = None
    missing: bool = False

    @classmethod
    def fit(cls, column: pd.Series, *, is_array: bool, knots: int) -> NumericColumn:
        """Fit on a training column; ``is_array`` neither rounds floats nor keeps to steps.

        Parameters
        ----------
        column : Series
            Training rows of the column.
        is_array : bool
            Neither round floats nor keep to steps.
        knots : int
            How many values are kept at most.
        """
        numbers = to_numbers(column)
        given = ~np.isnan(numbers)
        present = numbers[given]
        kind = column_kind(column)
        decimals = 0 if kind in "biuM" else None
        steps = None
        if not is_array:
            distinct = np.unique(present)
            if kind == "f":
                single = getattr(column.dtype, "itemsize", 8) == 4
                decimals = source_decimals(distinct.astype(np.float32) if single else distinct)
            if len(distinct) <= MOST_STEPS and 5 * len(distinct) <= len(present):
                steps = distinct
        score = NormalScore.fit(present, knots)
        name, dtype = str(column.name), str(column.dtype)
        return cls(name, dtype, score, decimals, steps, missing=not given.all())

    @property
    def width(self) -> int:
        """How many encoded columns it takes."""
        return 3 if self.missing else 1

    @property
    def parts(self) -> list[BlockPart]:
        """Name, width and kind of its blocks."""
        number: BlockPart = (self.name, 1, "numeric")
        if not self.missing:
            return [number]
        return [number, (self.name + IS_MISSING, 2, "categorical")]

    def encode(self, column: pd.Series, out: np.ndarray) -> None:
        """Write the encoded column into ``out``, ``(n, width)`` of zeros.

        Parameters
        ----------
        column : Series
            Rows of the column.
        out : array of shape (n, width)
            Zeros, which are written over.
        """
        numbers = to_numbers(column)
        absent = np.isnan(numbers)
        out[:, 0] = np.where(absent, 0, self.score.encode(np.where(absent, 0, numbers)))
        if self.missing:
            out[:, 1], out[:, 2] = ~absent, absent

    def decode(self, encoded: np.ndarray) -> np.ndarray | ExtensionArray:
        """Return the values of ``(n, width)`` encoded rows with the type of the source."""
        numbers = self.score.decode(encoded[:, 0].astype(np.float64))
        if self.steps is not None:
            between = (self.steps[1:] + self.steps[:-1]) / 2
            numbers = self.steps[np.searchsorted(between, numbers)]
        elif self.decimals is not None:
            numbers = np.round(numbers, self.decimals)
        absent = encoded[:, 2] > encoded[:, 1] if self.missing else None
        return _from_numbers(numbers, absent, self.dtype)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return {
            "kind": "numeric",
            "name": self.name,
            "dtype": self.dtype,
            "score": self.score.to_json(),
            "decimals": self.decimals,
            "steps": None if self.steps is None else self.steps.tolist(),
            "missing": self.missing,
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> NumericColumn:
        """Return what :meth:`to_json` recorded."""
        steps = record["steps"]
        return cls(
            name=record["name"],
            dtype=record["dtype"],
            score=NormalScore.from_json(record["score"]),
            decimals=record["decimals"],
            steps=None if steps is None else np.asarray(steps, dtype=np.float64),
            missing=record["missing"],
        )


def column_kind(column: pd.Series) -> str:
    """Return NumPy's letter for the type of a column, "O" for text and categories."""
    return str(getattr(column.dtype, "kind", "O"))


def to_numbers(column: pd.Series) -> np.ndarray:
    """Return numbers as float64 with NaN where missing; dates as seconds since 1970."""
    if column_kind(column) != "M":
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    moments = column if column.dt.tz is None else column.dt.tz_convert("UTC").dt.tz_localize(None)
    seconds = moments.to_numpy().astype("datetime64[s]")
    numbers = seconds.astype(np.int64).astype(np.float64)
    numbers[np.isnat(seconds)] = np.nan
    return numbers


def _from_numbers(
    numbers: np.ndarray, absent: np.ndarray | None, dtype: str
) -> np.ndarray | ExtensionArray:
    """Return numbers as a column of that type, missing where ``absent``."""
    if dtype.startswith("datetime64"):
        moments = pd.Series(numbers.astype(np.int64).astype("datetime64[s]"))
        if absent is not None:
            moments = moments.mask(absent)
        if "," in dtype:
            zone = dtype.partition(",")[2].strip(" ]")
            moments = moments.dt.tz_localize("UTC").dt.tz_convert(zone)
        return pd.Series(moments, dtype=dtype).array
    if absent is not None:
        numbers = np.where(absent, np.nan, numbers)
    if not dtype.startswith(("int", "uint", "float", "bool")):
        # pandas' own types know missing integers: Int64, Float64, double[pyarrow].
        return pd.Series(pd.array(numbers, dtype="Float64"), dtype=dtype).array
    return numbers.astype(dtype)


def source_decimals(distinct: np.ndarray) -> int | None:
    """Return to how many decimals values are rounded in their source, None for no rounding."""
    largest = float(np.abs(distinct).max())
    for decimals in range(MOST_DECIMALS + 1):
        if largest * 10**decimals > EXACT_INTEGERS:
            return None
        if (np.round(distinct, decimals) == distinct).all():
            return decimals
    return None
