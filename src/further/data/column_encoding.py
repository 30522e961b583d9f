"""Columns of a table in encoded form: normal scores for numbers, one-hot vectors for categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd

from further.data.normal_score import NormalScore

#: Numbers that take so few values, each often, are decoded to one of these and to nothing between.
MOST_STEPS = 20
MOST_CATEGORIES = 50
MOST_DECIMALS = 6
IS_MISSING = " is missing"

BlockPart = tuple[str, int, Literal["numeric", "categorical"]]


class ColumnEncoding(Protocol):
    """One column: its name, the blocks it becomes, the way there and back."""

    @property
    def name(self) -> str:
        """The column's name."""

    @property
    def width(self) -> int:
        """How many encoded columns it takes."""

    @property
    def parts(self) -> list[BlockPart]:
        """Name, width and kind of its blocks."""

    def encode(self, column: pd.Series, out: np.ndarray) -> None:
        """Write the encoded column into ``out``, ``(n, width)`` of zeros."""

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> Any:
        """Return the values of ``(n, width)`` encoded rows with the type of the source."""

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""


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
    def fit(cls, column: pd.Series, *, plain: bool, knots: int) -> NumericColumn:
        """Fit on a training column; ``plain`` neither rounds floats nor keeps to steps."""
        numbers = to_numbers(column)
        given = ~np.isnan(numbers)
        present = numbers[given]
        score = NormalScore.fit(present, knots)
        kind = _kind(column)
        decimals = 0 if kind in "iuM" else None
        steps = None
        if not plain:
            distinct = np.unique(present)
            if kind == "f":
                as_given = distinct.astype(getattr(column.dtype, "numpy_dtype", column.dtype))
                decimals = _decimals(as_given)
            if len(distinct) <= MOST_STEPS and 5 * len(distinct) <= len(present):
                steps = distinct
        name, dtype = str(column.name), str(column.dtype)
        return cls(name, dtype, score, decimals, steps, missing=not given.all())

    @property
    def width(self) -> int:
        return 3 if self.missing else 1

    @property
    def parts(self) -> list[BlockPart]:
        number: BlockPart = (self.name, 1, "numeric")
        if not self.missing:
            return [number]
        return [number, (self.name + IS_MISSING, 2, "categorical")]

    def encode(self, column: pd.Series, out: np.ndarray) -> None:
        numbers = to_numbers(column)
        absent = np.isnan(numbers)
        if absent.any():
            numbers = np.where(absent, self.score.decode(np.zeros(1)), numbers)
        out[:, 0] = self.score.encode(numbers)
        if self.missing:
            out[absent, 0] = 0
            out[:, 1], out[:, 2] = ~absent, absent

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> Any:
        numbers = self.score.decode(encoded[:, 0].astype(np.float64))
        if self.steps is not None:
            between = (self.steps[1:] + self.steps[:-1]) / 2
            numbers = self.steps[np.searchsorted(between, numbers)]
        if self.decimals is not None:
            numbers = np.round(numbers, self.decimals)
        absent = encoded[:, 2] > encoded[:, 1] if self.missing else None
        return from_numbers(numbers, absent, self.dtype)

    def to_json(self) -> dict[str, Any]:
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
        fields = {key: value for key, value in record.items() if key != "kind"}
        fields["score"] = NormalScore.from_json(record["score"])
        if record["steps"] is not None:
            fields["steps"] = np.asarray(record["steps"], dtype=np.float64)
        return cls(**fields)


@dataclass(frozen=True, eq=False)
class CategoricalColumn:
    """Categories as a one-hot vector; the rare ones share a place, missing ones have their own.

    Attributes
    ----------
    name, dtype : str
        As in the source.
    categories : list
        Those with a place of their own: at most 50, the most frequent.
    rare : list
        Categories that share the next place; decoded to one of them by frequency.
    rare_shares : list of float
        Their shares among the rare.
    missing : bool
        Whether training rows have missing values: the last place.
    frequent : int
        The place of the most frequent category, which stands in for one that training never saw.
    all_categories : list or None
        Of a categorical type, all it knows, in its order.
    ordered : bool
        Whether that order means something.
    """

    name: str
    dtype: str
    categories: list[Any]
    rare: list[Any]
    rare_shares: list[float]
    missing: bool
    frequent: int
    all_categories: list[Any] | None = None
    ordered: bool = False

    @classmethod
    def fit(cls, column: pd.Series) -> CategoricalColumn:
        """Fit on a training column."""
        counts = column.value_counts()
        counts = counts[counts > 0]
        order = _sorted(counts.index)
        counts = counts.loc[order] if len(order) == len(counts) else counts
        by_count = counts.sort_values(ascending=False, kind="stable")
        kept = set(by_count.index[:MOST_CATEGORIES])
        if len(by_count) == MOST_CATEGORIES + 1:
            kept = set(by_count.index)  # a place shared by one saves nothing
        rare = by_count[[value not in kept for value in by_count.index]]
        categories = [value for value in counts.index if value in kept]
        is_category = isinstance(column.dtype, pd.CategoricalDtype)
        return cls(
            name=str(column.name),
            dtype="category" if is_category else str(column.dtype),
            categories=[_plain(value) for value in categories],
            rare=[_plain(value) for value in rare.index],
            rare_shares=(rare / rare.sum()).tolist(),
            missing=bool(column.isna().any()),
            frequent=categories.index(by_count.index[0]),
            all_categories=[_plain(v) for v in column.cat.categories] if is_category else None,
            ordered=bool(is_category and column.cat.ordered),
        )

    @property
    def width(self) -> int:
        return len(self.categories) + bool(self.rare) + self.missing

    @property
    def parts(self) -> list[BlockPart]:
        return [(self.name, self.width, "categorical")]

    def encode(self, column: pd.Series, out: np.ndarray) -> None:
        codes, distinct = pd.factorize(column)  # far fewer look-ups than rows
        place = {value: i for i, value in enumerate(self.categories)}
        for value in self.rare:
            place[value] = len(self.categories)
        places = [place.get(_plain(value), self.frequent) for value in distinct]
        places.append(self.width - 1 if self.missing else self.frequent)
        out[np.arange(len(column)), np.asarray(places)[codes]] = 1

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> Any:
        place = encoded.argmax(axis=1)
        n = len(self.categories)
        values = [*self.categories, *self.rare, None]
        if self.missing:
            place = np.where(place == self.width - 1, len(values) - 1, place)
        if self.rare:
            shared = place == n
            place[shared] = n + rng.choice(len(self.rare), shared.sum(), p=self.rare_shares)
        return self._restore(values, place)

    def _restore(self, values: list[Any], place: np.ndarray) -> Any:
        if self.all_categories is not None:
            codes = {value: i for i, value in enumerate(self.all_categories)}
            lookup = np.array([codes.get(value, -1) for value in values])
            dtype = pd.CategoricalDtype(self.all_categories, self.ordered)
            return pd.Categorical.from_codes(lookup[place], dtype=dtype)
        if self.dtype == "bool" or not self.missing and _is_numpy_number(self.dtype):
            return np.asarray(values[:-1]).astype(self.dtype)[place]
        return pd.array(np.asarray(values, dtype=object)[place], dtype=self.dtype)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "categorical", **self.__dict__}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> CategoricalColumn:
        """Return what :meth:`to_json` recorded."""
        return cls(**{key: value for key, value in record.items() if key != "kind"})


def to_numbers(column: pd.Series) -> np.ndarray:
    """Return numbers as float64 with NaN where missing; dates as days, or seconds, since 1970."""
    if _kind(column) != "M":
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    moments = column if column.dt.tz is None else column.dt.tz_convert("UTC").dt.tz_localize(None)
    seconds = moments.to_numpy().astype("datetime64[s]")
    numbers: np.ndarray = seconds.astype(np.int64).astype(np.float64)
    numbers[np.isnat(seconds)] = np.nan
    return numbers


def from_numbers(numbers: np.ndarray, absent: np.ndarray | None, dtype: str) -> Any:
    """Return numbers as a column of that type, missing where ``absent``."""
    if dtype.startswith("datetime64"):
        moments = pd.Series(numbers.astype(np.int64).astype("datetime64[s]"))
        if absent is not None:
            moments = moments.mask(absent)
        if "," in dtype:
            zone = dtype.partition(",")[2].strip(" ]")
            moments = moments.dt.tz_localize("UTC").dt.tz_convert(zone)
        return moments.astype(dtype).array  # type: ignore[call-overload]
    if dtype[0].isupper():  # pandas' own types, which know missing integers: Int64, Float64
        values = pd.array(numbers, dtype="Float64")
        if absent is not None:
            values[absent] = pd.NA
        return values.astype(dtype)
    if absent is not None:
        numbers = np.where(absent, np.nan, numbers)
    return numbers.astype(dtype)


def _kind(column: pd.Series) -> str:
    return str(getattr(column.dtype, "kind", "O"))


def _decimals(distinct: np.ndarray) -> int | None:
    for decimals in range(MOST_DECIMALS + 1):
        if (np.round(distinct, decimals) == distinct).all():
            return decimals
    return None


def _sorted(index: pd.Index) -> list[Any]:
    try:
        return sorted(index)
    except TypeError:
        return sorted(index, key=str)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _is_numpy_number(dtype: str) -> bool:
    return dtype.rstrip("0123456789") in ("int", "uint", "float")
