r"""What is regular in a column of numbers: rounding, a step, the first of each month, a finite set.

The decimals d of the source make whole numbers of its values; where all of these differ by
multiples of a number g, the values lie on a grid of the step

.. math:: \Delta = g \, 10^{-d}, \qquad x \in \{x_0 + i \Delta\},

as amounts in thousands do, and dates without a time of day (:math:`\Delta` = 86,400 s). Values that
fill little of their grid and recur nearly always are codes, of which there are no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from further.data.preparation.column_text import EXACT_INTEGERS, SECONDS_A_DAY, source_decimals

#: With so few values, each of them in several rows, there are no others.
FEW_VALUES, ROWS_A_VALUE = 20, 5
#: Of more values so many rows must have one that recurs,
RECURRING = 0.95
#: and they fill no more of their grid.
SPARSE = 0.5
MOST_CODES = 10_000
#: A step is no chance where so many values keep it.
LEAST_VALUES = 10


@dataclass(frozen=True, eq=False)
class Regularity:
    """What all values of a column have in common.

    Attributes
    ----------
    decimals : int or None
        To how many decimals the source is rounded; None for none.
    step, origin : float or None
        The grid, where it is coarser than the decimals.
    monthly : bool
        Dates are all the first of a month.
    values : array or None
        The only values there are, where they are few or codes.
    """

    decimals: int | None = None
    step: float | None = None
    origin: float = 0.0
    monthly: bool = False
    values: np.ndarray | None = None

    @classmethod
    def of(cls, numbers: np.ndarray, *, is_date: bool, single: bool = False) -> Regularity:
        """Find what is regular.

        Parameters
        ----------
        numbers : array of shape (n,), float64
            Without missing ones; dates in seconds since 1970.
        is_date : bool
            Whether they are dates.
        single : bool, default=False
            Whether the source has single precision.

        Returns
        -------
        Regularity
            Of these numbers.

        Examples
        --------
        >>> salaries = 1000.0 * np.random.default_rng(0).integers(20, 90, 200)
        >>> Regularity.of(salaries, is_date=False).snap(np.array([41_499.0])).tolist()
        [41000.0]
        """
        distinct, counts = np.unique(numbers, return_counts=True)
        if len(distinct) == 0:
            return cls()
        decimals = source_decimals(distinct.astype(np.float32) if single else distinct)
        found = cls(decimals)
        if decimals is not None:
            found = cls(decimals, *_grid(distinct, decimals))
            if is_date and found.step is not None:
                found = cls(decimals, found.step, found.origin, _is_monthly(distinct))
        if found._is_all(distinct, counts):
            return cls(decimals, found.step, found.origin, found.monthly, distinct)
        return found

    def _is_all(self, distinct: np.ndarray, counts: np.ndarray) -> bool:
        """Whether there are no other values than these."""
        n = int(counts.sum())
        if len(distinct) <= FEW_VALUES and ROWS_A_VALUE * len(distinct) <= n:
            return True
        if self.decimals is None or len(distinct) > MOST_CODES or self.monthly:
            return False
        step = self.step or 10.0**-self.decimals
        places = (distinct[-1] - distinct[0]) / step + 1
        return bool(counts[counts > 1].sum() >= RECURRING * n and len(distinct) <= SPARSE * places)

    def snap(self, numbers: np.ndarray) -> np.ndarray:
        """Return the nearest numbers that a column could hold."""
        if self.values is not None:
            between = (self.values[1:] + self.values[:-1]) / 2
            return np.asarray(self.values[np.searchsorted(between, numbers)])
        if self.monthly:
            return _first_of_month(numbers)
        if self.step is not None:
            numbers = self.origin + self.step * np.round((numbers - self.origin) / self.step)
        return numbers if self.decimals is None else np.round(numbers, self.decimals)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return vars(self) | {"values": None if self.values is None else self.values.tolist()}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Regularity:
        """Return what :meth:`to_json` recorded."""
        values = record["values"]
        return cls(**record | {"values": None if values is None else np.asarray(values, float)})


def _grid(distinct: np.ndarray, decimals: int) -> tuple[float | None, float]:
    """Return a step that is coarser than the decimals, or None, and a value on its grid."""
    whole = np.round(distinct * 10.0**decimals)
    if len(distinct) < LEAST_VALUES or np.abs(whole).max() > EXACT_INTEGERS:
        return None, 0.0
    steps = (whole - whole[0]).astype(np.int64)
    step = int(np.gcd.reduce(steps))
    if step <= 1:
        return None, 0.0
    return step / 10.0**decimals, float((int(whole[0]) % step) / 10.0**decimals)


def _is_monthly(seconds: np.ndarray) -> bool:
    return bool((_first_of_month(seconds) == seconds).all()) and len(seconds) > 2


def _first_of_month(seconds: np.ndarray) -> np.ndarray:
    """Return the beginning of the nearest month."""
    half = np.round(seconds + 15 * SECONDS_A_DAY).astype(np.int64).astype("datetime64[s]")
    return half.astype("datetime64[M]").astype("datetime64[s]").astype(np.int64).astype(np.float64)
