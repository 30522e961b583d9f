"""Columns that say the same: one-to-one in their values, or the same numbers in another unit.

Two columns are copies where the same rows are equal in both, so that each value of one goes with
one value of the other; or where one is a linear function of the other but for rounding. Equality is
no evidence where hardly any two rows are equal, nor where hardly any differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from further.data.preparation.column_text import column_kind, numbers_of
from further.data.preparation.columns import ROWS_TO_JUDGE

#: So many rows must share a value with another, and so many have another than the most frequent.
RECURRING = 10
DIFFERING = 5
#: Standard scores of two copies differ by no more, which rounding explains.
ROUNDING = 0.02
#: Columns whose correlation in a sample is further from 1 are no copies.
CORRELATED = 1 - 1e-3
SAMPLED = 1000


def copies(columns: Iterable[pd.Series]) -> dict[str, str]:
    """Return the columns that say the same as an earlier one, with the name of that one.

    Parameters
    ----------
    columns : iterable of Series
        Typed, of one table.

    Returns
    -------
    dict of str to str
        Name of the later column to name of the first that says the same.

    Examples
    --------
    >>> survived = pd.Series([0, 1, 1, 0, 1] * 6, name="survived")
    >>> copies([survived, survived.map({0: "no", 1: "yes"}).rename("alive")])
    {'alive': 'survived'}
    """
    given = list(columns)
    if not given or len(given[0]) < ROWS_TO_JUDGE:
        return {}
    rows = np.sort(np.random.default_rng(0).permutation(len(given[0]))[:SAMPLED])
    keys = [_grouping(column.iloc[rows])[0] for column in given]
    shared = Counter(keys)
    found: dict[str, str] = {}
    seen: dict[bytes, str] = {}
    spread: list[pd.Series] = []
    for column, key in zip(given, keys, strict=True):
        name = str(column.name)
        recurs = False
        if shared[key] > 1:
            key, recurs = _grouping(column)
        earlier = seen.setdefault(key, name) if recurs else name
        if earlier != name:
            found[name] = earlier
        elif column_kind(column) in "iufM":
            spread.append(column)
    return found | _linear_copies(spread, rows)


def _grouping(column: pd.Series) -> tuple[bytes, bool]:
    """Return which rows are equal, and whether that says something."""
    # Codes count up in the order in which values appear: those of a copy are the same.
    codes, values = pd.factorize(column)
    recurs = len(values) <= len(column) - RECURRING
    differs = len(codes) > 0 and np.bincount(codes + 1).max() <= len(column) - DIFFERING
    return codes.astype(np.int64).tobytes(), recurs and differs


def _linear_copies(columns: Sequence[pd.Series], rows: np.ndarray) -> dict[str, str]:
    if len(columns) < 2:
        return {}
    sample = np.stack([_standard_scores(column.iloc[rows]) for column in columns])
    with np.errstate(invalid="ignore", divide="ignore"):
        alike = np.abs(np.corrcoef(np.nan_to_num(sample))) > CORRELATED
    found: dict[str, str] = {}
    for later, earlier in np.argwhere(np.tril(alike, k=-1)):
        names = str(columns[later].name), str(columns[earlier].name)
        if names[0] in found or names[1] in found:
            continue
        a, b = _standard_scores(columns[later]), _standard_scores(columns[earlier])
        if (np.isnan(a) == np.isnan(b)).all():
            gap = min(np.nanmax(np.abs(a - b)), np.nanmax(np.abs(a + b)))
            if gap <= ROUNDING:
                found[names[0]] = names[1]
    return found


def _standard_scores(column: pd.Series) -> np.ndarray:
    numbers = numbers_of(column)
    known = numbers[~np.isnan(numbers)]
    with np.errstate(over="ignore", invalid="ignore"):
        spread = known.std() if len(known) else 0.0
        return (numbers - known.mean()) / spread if spread > 0 else np.zeros(len(numbers))
