"""A column of a table in encoded form: a score, or a one-hot vector, and the way back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, TypeVar

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from further.data.preparation.column_text import column_kind, hours_of, to_numbers
from further.data.preparation.normal_score import NormalScore
from further.data.preparation.regularity import Regularity
from further.data.preparation.robust_score import RobustScore
from further.data.preparation.standard_score import StandardScore

T = TypeVar("T")
BlockPart = tuple[str, int, Literal["numeric", "categorical"]]
Score = NormalScore | RobustScore | StandardScore
#: The scores by the kind that they record; normal scores record none.
SCORES: dict[str | None, type[Score]] = {
    None: NormalScore, RobustScore.kind: RobustScore, StandardScore.kind: StandardScore
}  # fmt: skip
#: Fits the scores of a column on its training values.
FitScore = Callable[[np.ndarray], Score]

#: More categories than this share a place.
MOST_CATEGORIES = 50
IS_MISSING = " is missing"


@dataclass(frozen=True, eq=False)
class ColumnEncoding(ABC):
    """What was learnt from the training rows of a column.

    Attributes
    ----------
    name, dtype : str
        As in the source.
    """

    name: str
    dtype: str

    @property
    @abstractmethod
    def parts(self) -> list[BlockPart]:
        """Name, width and kind of its blocks."""

    @property
    def width(self) -> int:
        """How many encoded columns it takes."""
        return sum(width for _, width, _ in self.parts)

    @abstractmethod
    def encode(self, column: pd.Series, out: np.ndarray) -> None:
        """Write rows of the column in encoded form.

        Parameters
        ----------
        column : Series
            Of n rows.
        out : array of shape (n, width)
            Zeros, which are written over.
        """

    @abstractmethod
    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> np.ndarray | ExtensionArray:
        """Return values with the type of the source.

        Parameters
        ----------
        encoded : array of shape (n, width)
            Any numbers.
        rng : Generator
            Draws among rare categories.

        Returns
        -------
        array
            Of n values.
        """

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""

    @classmethod
    @abstractmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """Return what :meth:`to_json` recorded."""


@dataclass(frozen=True, eq=False)
class NumericColumn(ColumnEncoding):
    """Numbers or dates as scores, and whether they are missing as a category.

    Attributes
    ----------
    score : NormalScore, RobustScore or StandardScore
        The map to scores and back.
    regularity : Regularity
        What decoded numbers have in common with those of the source.
    missing : bool
        Whether training rows have missing values: these are given the score 0 and marked.
    """

    score: Score
    regularity: Regularity = field(default_factory=Regularity)
    missing: bool = False

    @classmethod
    def fit(cls, column: pd.Series, *, is_array: bool, score: FitScore) -> Self:
        """Fit on a training column.

        Parameters
        ----------
        column : Series
            Training rows of the column.
        is_array : bool
            Neither round floats nor keep to steps.
        score : callable
            Fits the scores on the values that are there.
        """
        numbers = to_numbers(column)
        given = ~np.isnan(numbers)
        present = numbers[given]
        kind = column_kind(column)
        regularity = Regularity(0 if kind in "biuM" else None)
        if not is_array and len(present):
            single = getattr(column.dtype, "itemsize", 8) == 4
            regularity = Regularity.of(present, is_date=kind == "M", single=single)
        name, dtype = str(column.name), str(column.dtype)
        return cls(name, dtype, score(present), regularity, missing=not given.all())

    @property
    def parts(self) -> list[BlockPart]:
        """A number, and two places for whether it is there where it may be missing."""
        number: BlockPart = (self.name, 1, "numeric")
        if not self.missing:
            return [number]
        return [number, (self.name + IS_MISSING, 2, "categorical")]

    def encode(self, column: pd.Series, out: np.ndarray) -> None:
        """Write the scores, 0 where a number is missing."""
        numbers = to_numbers(column)
        absent = np.isnan(numbers)
        out[:, 0] = np.where(absent, 0, self.score.encode(np.where(absent, 0, numbers)))
        if self.missing:
            out[:, 1], out[:, 2] = ~absent, absent

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> np.ndarray | ExtensionArray:
        """Return numbers within the training range, rounded as in the source."""
        numbers = self.score.decode(encoded[:, 0].astype(np.float64))
        return self.restore(numbers, encoded[:, 2] > encoded[:, 1] if self.missing else None)

    def restore(
        self, numbers: np.ndarray, absent: np.ndarray | None = None
    ) -> np.ndarray | ExtensionArray:
        """Return numbers, or seconds of dates, rounded and typed as in the source.

        Parameters
        ----------
        numbers : array of shape (n,), float64
            Within the training range.
        absent : array of bool, optional
            Which of them are missing.

        Returns
        -------
        array
            Of n values.
        """
        numbers = self.regularity.snap(numbers)
        return _from_numbers(numbers, absent, self.dtype)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        parts = {"score": self.score.to_json(), "regularity": self.regularity.to_json()}
        return {"kind": "numeric", **vars(self), **parts}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """Return what :meth:`to_json` recorded."""
        fields = {key: value for key, value in record.items() if key != "kind"}
        fields["score"] = SCORES[record["score"].get("kind")].from_json(record["score"])
        if "regularity" not in fields:  # as models were saved before
            before = {name: fields.pop(name) for name in ("decimals", "steps")}
            fields["regularity"] = {"decimals": before["decimals"], "values": before["steps"]}
        fields["regularity"] = Regularity.from_json(fields["regularity"])
        return cls(**fields)


@dataclass(frozen=True, eq=False)
class ClockColumn(NumericColumn):
    """Times of day, written as text, by their seconds after midnight.

    Attributes
    ----------
    form : str
        How they are written: "08:05", "8:05", "08:05:00" or "8:05:00".
    """

    form: str = "8:05"

    @classmethod
    def fit(cls, column: pd.Series, *, is_array: bool, score: FitScore) -> Self:
        """Fit on a training column."""
        found = super().fit(_seconds(column), is_array=is_array, score=score)
        written = column.dropna().astype(str)
        form = "08:05" if (written.str.find(":") == 2).all() else "8:05"
        form += ":00" * bool((written.str.count(":") == 2).any())
        return replace(found, form=form)

    def encode(self, column: pd.Series, out: np.ndarray) -> None:
        """Write the scores, 0 where there is no time."""
        super().encode(_seconds(column), out)

    def restore(
        self, numbers: np.ndarray, absent: np.ndarray | None = None
    ) -> np.ndarray | ExtensionArray:
        """Return times of day as they were written."""
        hours, minutes = np.divmod(self.regularity.snap(numbers).astype(np.int64) // 60, 60)
        seconds = self.regularity.snap(numbers).astype(np.int64) % 60
        hour = "{:02d}" if self.form.startswith("0") else "{}"
        text = hour + ":{:02d}" + ":{:02d}" * self.form.endswith(":00")
        written = pd.Series(
            [text.format(*time) for time in zip(hours, minutes, seconds, strict=True)], dtype="str"
        )
        return (written if absent is None else written.mask(absent)).array

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return super().to_json() | {"kind": "clock"}


def _seconds(column: pd.Series) -> pd.Series:
    return pd.Series(np.round(hours_of(column) * 3600), name=column.name)


@dataclass(frozen=True, eq=False)
class CategoricalColumn(ColumnEncoding):
    """Categories as a one-hot vector; the rare ones share a place, missing ones have their own.

    Attributes
    ----------
    categories : list
        Those with a place of their own: the 50 most frequent, sorted.
    rare : list
        The others, which share the next place and are drawn from it by frequency.
    rare_shares : list of float
        Their shares of that place.
    missing : bool
        Whether training rows have missing values: the last place.
    frequent : int
        The place of the most frequent category, which stands in for one that training never saw.
    known : list or None
        Of a categorical type, all categories that it knows, in its order.
    ordered : bool
        Whether that order means something.
    """

    categories: list[Any]
    rare: list[Any]
    rare_shares: list[float]
    missing: bool
    frequent: int
    known: list[Any] | None = None
    ordered: bool = False

    @classmethod
    def fit(cls, column: pd.Series) -> Self:
        """Fit on a training column."""
        counts = {_plain(v): int(c) for v, c in column.value_counts().items() if c > 0}
        by_count = sorted(_sorted(list(counts)), key=lambda value: -counts[value])
        # A place shared by a single category would save nothing.
        several = len(by_count) > MOST_CATEGORIES + 1
        kept = by_count[:MOST_CATEGORIES] if several else by_count
        rare = by_count[len(kept) :]
        in_rare = sum(counts[value] for value in rare)
        categories = _sorted(kept)
        known, ordered = None, False
        if isinstance(column.dtype, pd.CategoricalDtype):
            known = [_plain(value) for value in column.cat.categories]
            ordered = bool(column.cat.ordered)
            categories = [value for value in known if value in set(kept)]
        return cls(
            name=str(column.name),
            dtype=str(column.dtype),
            categories=categories,
            rare=rare,
            rare_shares=[counts[value] / in_rare for value in rare],
            missing=bool(column.isna().any()),
            frequent=categories.index(by_count[0]),
            known=known,
            ordered=ordered,
        )

    @property
    def parts(self) -> list[BlockPart]:
        """A place for each category, one for the rare ones and one for what is missing."""
        width = len(self.categories) + bool(self.rare) + self.missing
        return [(self.name, width, "categorical")]

    def encode(self, column: pd.Series, out: np.ndarray) -> None:
        """Write the one-hot vectors."""
        codes, distinct = pd.factorize(column)  # far fewer look-ups than rows
        place = {value: i for i, value in enumerate(self.categories)}
        place |= dict.fromkeys(self.rare, len(self.categories))
        unseen = len(self.categories) if self.rare else self.frequent
        places = [place.get(_plain(value), unseen) for value in distinct]
        places.append(self.width - 1 if self.missing else self.frequent)  # code -1
        out[np.arange(len(column)), np.asarray(places)[codes]] = 1

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> np.ndarray | ExtensionArray:
        """Return the categories of the largest entries."""
        place = encoded.argmax(axis=1)
        values = [*self.categories, *self.rare, None]
        absent = place == self.width - 1 if self.missing else np.zeros(len(place), dtype=bool)
        if self.rare:
            shared = (place == len(self.categories)) & ~absent
            drawn = rng.choice(len(self.rare), int(shared.sum()), p=self.rare_shares)
            place[shared] = len(self.categories) + drawn
        place[absent] = len(values) - 1
        return self._restore(values, place)

    def _restore(self, values: list[Any], place: np.ndarray) -> np.ndarray | ExtensionArray:
        if self.known is not None:
            position = {value: i for i, value in enumerate(self.known)}
            lookup = np.array([position.get(value, -1) for value in values])
            dtype = pd.CategoricalDtype(self.known, self.ordered)
            return pd.Categorical.from_codes(lookup[place].tolist(), dtype=dtype)
        numpy_type = self.dtype.startswith(("bool", "int", "uint", "float"))
        if numpy_type and self.dtype != "boolean":
            # Only floats can be missing here, and None becomes NaN.
            filler = np.nan if self.dtype.startswith("float") else 0
            return np.asarray([*values[:-1], filler]).astype(self.dtype)[place]
        return pd.Series(np.asarray(values, dtype=object)[place], dtype=self.dtype).array

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return {"kind": "categorical", **vars(self)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """Return what :meth:`to_json` recorded."""
        return cls(**{key: value for key, value in record.items() if key != "kind"})


def _plain(value: T | np.generic) -> T:
    """Return a NumPy scalar as Python's own, as JSON has it."""
    return value.item() if isinstance(value, np.generic) else value


def _sorted(values: list[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:  # 1 and "a" in one column
        return sorted(values, key=str)


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


#: The encodings by the kind that :meth:`ColumnEncoding.to_json` records.
ENCODINGS: dict[str, type[ColumnEncoding]] = {
    "numeric": NumericColumn,
    "clock": ClockColumn,
    "categorical": CategoricalColumn,
}
