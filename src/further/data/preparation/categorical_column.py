"""A column of categories in encoded form: a one-hot vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from further.data.preparation.numeric_column import BlockPart

T = TypeVar("T")

MOST_CATEGORIES = 50


@dataclass(frozen=True, eq=False)
class CategoricalColumn:
    """Categories as a one-hot vector; the rare ones share a place, missing ones have their own.

    Attributes
    ----------
    name, dtype : str
        As in the source.
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

    name: str
    dtype: str
    categories: list[Any]
    rare: list[Any]
    rare_shares: list[float]
    missing: bool
    frequent: int
    known: list[Any] | None = None
    ordered: bool = False

    @classmethod
    def fit(cls, column: pd.Series) -> CategoricalColumn:
        """Fit on a training column."""
        counts = {plain_value(v): int(c) for v, c in column.value_counts().items() if c > 0}
        by_count = sorted(_sorted(list(counts)), key=lambda value: -counts[value])
        # A place shared by a single category would save nothing.
        several = len(by_count) > MOST_CATEGORIES + 1
        kept = by_count[:MOST_CATEGORIES] if several else by_count
        rare = by_count[len(kept) :]
        in_rare = sum(counts[value] for value in rare)
        categories = _sorted(kept)
        known, ordered = None, False
        if isinstance(column.dtype, pd.CategoricalDtype):
            known = [plain_value(value) for value in column.cat.categories]
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
    def width(self) -> int:
        """How many encoded columns it takes."""
        return len(self.categories) + bool(self.rare) + self.missing

    @property
    def parts(self) -> list[BlockPart]:
        """Name, width and kind of its block."""
        return [(self.name, self.width, "categorical")]

    def encode(self, column: pd.Series, out: np.ndarray) -> None:
        """Write the one-hot vectors into ``out``, ``(n, width)`` of zeros.

        Parameters
        ----------
        column : Series
            Rows of the column.
        out : array of shape (n, width)
            Zeros, which are written over.
        """
        codes, distinct = pd.factorize(column)  # far fewer look-ups than rows
        place = {value: i for i, value in enumerate(self.categories)}
        place |= dict.fromkeys(self.rare, len(self.categories))
        unseen = len(self.categories) if self.rare else self.frequent
        places = [place.get(plain_value(value), unseen) for value in distinct]
        places.append(self.width - 1 if self.missing else self.frequent)  # code -1
        out[np.arange(len(column)), np.asarray(places)[codes]] = 1

    def decode(self, encoded: np.ndarray, rng: np.random.Generator) -> np.ndarray | ExtensionArray:
        """Return the categories of the largest entries, with the type of the source.

        Parameters
        ----------
        encoded : array of shape (n, width)
            Any numbers.
        rng : Generator
            Draws among the rare categories.

        Returns
        -------
        Series or array
            Of n values.
        """
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
        return {"kind": "categorical", **self.__dict__}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> CategoricalColumn:
        """Return what :meth:`to_json` recorded."""
        return cls(**{key: value for key, value in record.items() if key != "kind"})


def plain_value(value: T | np.generic) -> T:
    """Return a NumPy scalar as Python's own, as JSON has it."""
    return value.item() if isinstance(value, np.generic) else value


def _sorted(values: list[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:  # 1 and "a" in one column
        return sorted(values, key=str)
