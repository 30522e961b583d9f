r"""How far a column sets the rows of a cluster apart from the rest, and in what words.

For numbers Hedges' g, the difference of means in pooled standard deviations, with the factor that
takes out its bias in small samples,

.. math:: g = \Bigl(1 - \frac{3}{4(n_1 + n_2) - 9}\Bigr) \frac{\bar x_1 - \bar x_2}{s}, \quad
          s^2 = \frac{(n_1 - 1) s_1^2 + (n_2 - 1) s_2^2}{n_1 + n_2 - 2};

for the share of a category Cohen's h, the difference on the scale on which shares have equal
variance,

.. math:: h = 2 \arcsin \sqrt{p_1} - 2 \arcsin \sqrt{p_2}.

Both are small at 0.2, medium at 0.5 and large at 0.8 (Cohen 1988).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.data.preparation.column_text import (
    column_kind,
    decimals_of,
    is_quantity,
    json_value,
    numbers_of,
    unit_of,
    write_days,
    write_in_line,
    write_numbers,
)

HEDGES = "Hedges' g"
COHEN = "Cohen's h"
#: From this share on a category is what a cluster mostly is.
MOSTLY = 0.5
#: Of rarer categories, such as names, each would set some cluster apart.
LEAST_ROWS = 3


@dataclass(frozen=True)
class Effect:
    """How a column sets a cluster apart from the other rows."""

    column: Annotated[str, "Which."]
    effect: Annotated[
        float, "Above 0 where the cluster has more; around 0.2 small, 0.5 medium, 0.8 large."
    ]
    measure: Annotated[str, "Hedges' g or Cohen's h."]
    text: Annotated[str, "In words, in the unit and with the rounding of the source."]


def _hedges_g(values: NDArray[np.float64], rest: NDArray[np.float64]) -> float:
    """Return the standardised difference of two means, 0 where there is no spread at all.

    Without spread within the groups, the spread of all takes its place.
    """
    n1, n2 = len(values), len(rest)
    difference = float(values.mean() - rest.mean())
    squares = float(((values - values.mean()) ** 2).sum() + ((rest - rest.mean()) ** 2).sum())
    spread = math.sqrt(squares / (n1 + n2 - 2)) if n1 + n2 > 2 else 0.0
    if spread <= 1e-12 * max(1.0, abs(difference)):
        spread = float(np.concatenate([values, rest]).std())
    if spread == 0 or difference == 0:
        return 0.0
    bias = 1 - 3 / (4 * (n1 + n2) - 9) if n1 + n2 > 3 else 1.0
    return bias * difference / spread


def _cohen_h(shares: NDArray[np.float64], rest: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the difference of shares on the arcsine scale, from -π to π."""
    difference: NDArray[np.float64] = 2 * np.arcsin(np.sqrt(shares)) - 2 * np.arcsin(np.sqrt(rest))
    return difference


class ColumnEffects:
    """One column of a table, ready to be compared between each cluster and the rest.

    Parameters
    ----------
    column : Series
        Of a typed table; missing values are left out.
    """

    def __init__(self, column: pd.Series) -> None:
        self.name = str(column.name)
        self.is_quantity = is_quantity(column)
        if self.is_quantity:
            self.values = numbers_of(column)
            self.is_date = column_kind(column) == "M"
            self.decimals = 0 if self.is_date else decimals_of(self.values)
            self.label, self.unit = unit_of(self.name)
        else:
            self.codes, distinct = pd.factorize(column)
            self.categories = [json_value(value) for value in distinct]

    def center(self, members: NDArray[np.bool_]) -> float | str | bool | None:
        """Return the mean of numbers or dates, or the most frequent category."""
        if self.is_quantity:
            values = _present(self.values[members])
            if len(values) == 0:
                return None
            return write_days(float(values.mean())) if self.is_date else float(values.mean())
        counts = self._counts(members)
        return self.categories[int(counts.argmax())] if counts.sum() else None

    def effect(self, members: NDArray[np.bool_]) -> Effect | None:
        """Return how the members differ from all other rows, None where nothing can be said."""
        if not self.is_quantity:
            return self._of_shares(members)
        values, rest = _present(self.values[members]), _present(self.values[~members])
        if len(values) == 0 or len(rest) == 0:
            return None
        size = _hedges_g(values, rest)
        means = [float(values.mean()), float(rest.mean())]
        if self.is_date:
            own, other = (write_days(mean) for mean in means)
            word = "later" if size > 0 else "earlier"
            return Effect(self.name, size, HEDGES, f"{self.name} is {word}: {own} against {other}")
        own, other = write_numbers(means, self.decimals)
        word = "higher" if size > 0 else "lower"
        unit = "" if self.unit is None else f" {self.unit}"
        text = f"{self.label} is {word}: {own} against {other}{unit}"
        return Effect(self.name, size, HEDGES, text)

    def _counts(self, members: NDArray[np.bool_]) -> NDArray[np.intp]:
        codes = self.codes[members]
        return np.bincount(codes[codes >= 0], minlength=max(1, len(self.categories)))

    def _of_shares(self, members: NDArray[np.bool_]) -> Effect | None:
        own, rest = self._counts(members), self._counts(~members)
        if not own.sum() or not rest.sum():
            return None
        shares, others = own / own.sum(), rest / rest.sum()
        sizes = _cohen_h(shares, others)
        sizes[own + rest < LEAST_ROWS] = 0.0
        # What a cluster mostly is says more than what it is not.
        typical = int(shares.argmax())
        largest = int(np.abs(sizes).argmax())
        chosen = largest
        if shares[typical] >= MOSTLY and sizes[typical] >= 0.5 * abs(sizes[largest]):
            chosen = typical
        share, other, size = shares[chosen], others[chosen], float(sizes[chosen])
        if share >= MOSTLY and size > 0:
            word = "always" if share == 1 else "mostly"
        elif size > 0:
            word = "more often"
        else:
            word = "never" if share == 0 else "less often"
        category = write_in_line(self.categories[chosen])
        shown = f"{_percent(share)} against {_percent(other)}"
        text = f"{self.name} is {word} {category}: {shown}"
        return Effect(self.name, size, COHEN, text)


def _present(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[~np.isnan(values)]


def _percent(share: float) -> str:
    """Write a share; what is not all is not 100 %, what is not none is not 0 %."""
    if 0 < share < 0.005:
        return "under 1 %"
    if 0.995 <= share < 1:
        return "over 99 %"
    return f"{100 * share:.0f} %"
