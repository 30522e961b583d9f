"""Who the rows are: shares of groups, beside a population, and who is too few to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd

from further.data.preparation.columns import quoted
from further.errors import InputError
from further.evaluate.share import Intervals, share_intervals
from further.trust.audit.comparison import Compared
from further.trust.audit.groups import MISSING, Family, named, word_of
from further.trust.audit.predictions import Predictions

#: With fewer rows of either label even a model made for the group alone would be judged no better
#: than to ±10 points.
LEAST_TO_LEARN = 100


@dataclass(frozen=True, eq=False)
class Representation:
    """The groups by one column."""

    family: Annotated[Family, "Its groups."]
    shares: Annotated[Intervals, "Of the rows, with intervals."]
    population: Annotated[np.ndarray | None, "Share in the population; NaN where it is not told."]
    few: Annotated[np.ndarray, "Which groups are too few to learn from."]
    absent: Annotated[dict[str, float], "Groups of the population without a row: their share."]

    def to_json(self) -> dict[str, Any]:
        """Return a record a group."""
        groups = []
        for g, group in enumerate(self.family.groups):
            told = None if self.population is None else float(self.population[g])
            known = told is not None and np.isfinite(told)
            low, high = float(self.shares.low[g]), float(self.shares.high[g])
            groups.append({
                "group": group, "n": int(self.family.rows()[g]),
                "share": float(self.shares.values[g]), "low": low, "high": high,
                "population": told if known else None,
                "differs": bool(known and not low <= told <= high),  # type: ignore[operator]
                "too_few_to_learn": bool(self.few[g]),
            })  # fmt: skip
        rows = int(self.family.rows().sum())
        none = share_intervals([0], [rows])
        for name, told in self.absent.items():
            groups.append({
                "group": {self.family.columns[0]: name}, "n": 0, "share": 0.0, "low": 0.0,
                "high": float(none.high[0]), "population": told,
                "differs": bool(told > none.high[0]), "too_few_to_learn": True,
            })  # fmt: skip
        return {"by": list(self.family.columns), "groups": groups}


def represent(
    predictions: Predictions, by: Sequence[Compared], population: pd.DataFrame | None
) -> tuple[Representation, ...]:
    """Return who the rows are, by each column.

    Parameters
    ----------
    predictions : Predictions
        The rows.
    by : sequence of Compared
        Groups by single columns.
    population : DataFrame or None
        One column has the name of a column of groups and holds their values, another one their
        shares or numbers.

    Returns
    -------
    tuple of Representation
        One a column.

    Raises
    ------
    InputError
        If the population has no such column, or no shares.
    """
    if population is not None:
        names = [compared.family.columns[0] for compared in by]
        if not any(name in population.columns for name in names):
            raise InputError(
                f"The population has the columns {quoted([str(c) for c in population.columns])} "
                f"and none of {quoted(names)}; name one as the groups are named."
            )
    found = []
    for compared in by:
        family = compared.family
        rows = family.rows()
        few = _fewest(predictions, family) < LEAST_TO_LEARN
        told, known = None, rows.sum()
        absent: dict[str, float] = {}
        if population is not None and family.columns[0] in population.columns:
            told, absent = _shares(population, family)
            # Whom nobody recorded is in no group of the population.
            missing = [named(group) == MISSING for group in family.groups]
            known = rows[~np.array(missing)].sum()
        shares = share_intervals(np.minimum(rows, known), np.full(len(rows), known))
        found.append(Representation(family, shares, told, few, absent))
    return tuple(found)


def _fewest(predictions: Predictions, family: Family) -> np.ndarray:
    """Return how many rows of its rarest label each group has, or rows where it is a number."""
    if predictions.kind == "numbers":
        return family.rows()
    classes = len(predictions.classes)
    place = family.codes * classes + predictions.truth.astype(np.int64)
    size = len(family.groups) * classes
    fewest: np.ndarray = np.bincount(place, minlength=size).reshape(-1, classes).min(axis=1)
    return fewest


def _shares(population: pd.DataFrame, family: Family) -> tuple[np.ndarray, dict[str, float]]:
    """Return the share of each group, and those of groups that have no row."""
    column = family.columns[0]
    values = population[column].map(word_of)
    numbers = [
        name for name in population.columns
        if name != column and pd.api.types.is_numeric_dtype(population[name])
    ]  # fmt: skip
    if len(numbers) != 1:
        raise InputError(
            f'The population needs one column of shares or numbers beside "{column}", but has '
            f"{len(numbers)}."
        )
    counts = population[numbers[0]].astype(float)
    if not (np.isfinite(counts).all() and (counts >= 0).all() and counts.sum() > 0):
        raise InputError(
            f'The population: "{numbers[0]}" must hold shares or numbers of at least 0.'
        )
    if values.duplicated().any():
        twice = values[values.duplicated()].iloc[0]
        raise InputError(f'The population names "{twice}" twice; give one row a group.')
    shares = dict(zip(values, counts / counts.sum(), strict=True))
    names = {named(group) for group in family.groups}
    found = np.array([shares.get(named(group), np.nan) for group in family.groups])
    if np.isnan(found).all():
        raise InputError(
            f'The population has no group of "{column}": it names {quoted(list(shares))}, the data '
            f"{quoted([named(group) for group in family.groups])}."
        )
    return found, {name: s for name, s in shares.items() if name not in names and s > 0}
