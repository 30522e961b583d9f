"""The encoded columns of a table or a picture in terms of its source, for explanations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from further.data.encoding import Encoding, ImageEncoding, TableEncoding
from further.data.preparation.column_encoding import (
    CategoricalColumn,
    ClockColumn,
    ColumnEncoding,
    NumericColumn,
)
from further.data.preparation.standard_score import StandardScore

MISSING, GIVEN = "missing", "given"


@dataclass(frozen=True)
class Place:
    """One encoded column.

    Attributes
    ----------
    column : str
        The column of the source that it comes from.
    category : str or None
        What it is 1 for; None for a number.
    mean, deviation : float
        Of a number: it is encoded as ``(x - mean) / deviation``.
    form : str
        How a number is written: "number", "date" or "clock".
    """

    column: str
    category: str | None = None
    mean: float = 0.0
    deviation: float = 1.0
    form: str = "number"

    def decoded(self, z: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Return encoded numbers in the units of the source."""
        return np.asarray(self.mean + self.deviation * np.asarray(z))

    def text(self, value: float) -> str:
        """Return a number of the source as it is written there."""
        if self.form == "date":
            return str(np.datetime64(int(value), "s")).replace("T", " ")
        if self.form == "clock":
            minutes, seconds = divmod(round(value), 60)
            return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
        return f"{value:.7g}"


def places_of(encoding: Encoding) -> list[Place]:
    """Return all encoded columns, in order.

    Parameters
    ----------
    encoding : Encoding
        With standard scores where it is that of a table.

    Returns
    -------
    list of Place
        As many as a row has values.
    """
    if isinstance(encoding, ImageEncoding):
        width = encoding.high - encoding.low
        return [Place(f"pixel {i}", None, encoding.low, width) for i in range(encoding.spec.size)]
    assert isinstance(encoding, TableEncoding)
    return [place for column in encoding.columns for place in _places(column)]


def columns_of(places: list[Place]) -> dict[str, list[int]]:
    """Return which encoded columns each column of the source has.

    Parameters
    ----------
    places : list of Place
        From :func:`places_of`.

    Returns
    -------
    dict of str to list of int
        In the order of the source.
    """
    found: dict[str, list[int]] = {}
    for i, place in enumerate(places):
        found.setdefault(place.column, []).append(i)
    return found


def missing_values(places: list[Place]) -> dict[str, float]:
    """Return the number that stands in where one of a column is missing.

    Parameters
    ----------
    places : list of Place
        From :func:`places_of`.

    Returns
    -------
    dict of str to float
        The mean of each column of numbers that has missing ones.
    """
    with_missing = {place.column for place in places if place.category == MISSING}
    return {p.column: p.mean for p in places if p.category is None and p.column in with_missing}


def _places(column: ColumnEncoding) -> list[Place]:
    if isinstance(column, NumericColumn):
        score = column.score
        assert isinstance(score, StandardScore)
        form = "clock" if isinstance(column, ClockColumn) else "number"
        form = "date" if column.dtype.startswith("datetime64") else form
        number = Place(column.name, None, score.mean, score.deviation, form)
        missing = [Place(column.name, GIVEN), Place(column.name, MISSING)]
        return [number, *(missing if column.missing else [])]
    assert isinstance(column, CategoricalColumn)
    names = [str(category) for category in column.categories]
    if column.rare:
        names.append(f"one of {len(column.rare)} rare ones")
    if column.missing:
        names.append(MISSING)
    return [Place(column.name, name) for name in names]
