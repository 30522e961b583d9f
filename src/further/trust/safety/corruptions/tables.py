r"""What happens to tables in use: noisy, missing and wrong values, and columns that do not come.

==============  ================================================  =======================
corruption      unit of the amount                                severities 1 to 5
==============  ================================================  =======================
noise           standard deviation, of that of the column         0.1, 0.25, 0.5, 1, 2
missing values  share of the values, at random                    0.05, 0.1, 0.2, 0.35, 0.5
wrong values    share taken from another row of the column        0.05, 0.1, 0.2, 0.35, 0.5
without C       the whole column C, each in turn                  1
==============  ================================================  =======================

Missing is missing where the model takes missing values; elsewhere it is what is commonly put in
their place, the mean of the column or its most frequent value. Whole numbers stay whole under
noise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import get_tags

from further.trust.safety.corruptions.corruption import Corruption

Rng = np.random.Generator
SHARES = (0.05, 0.1, 0.2, 0.35, 0.5)


def table_corruptions(model: Any, X: Any) -> tuple[Corruption, ...]:
    """Return the corruptions of a table, those of each single column last.

    Parameters
    ----------
    model : estimator
        Whether it takes missing values decides what missing means.
    X : DataFrame or array of shape (n, columns)
        Rows, for the names of columns.

    Returns
    -------
    tuple of Corruption
        Ready to be applied to rows of the same columns.
    """
    frame = pd.DataFrame(X)
    missing = takes_missing(model)
    return (
        Corruption("noise", "of the column's deviation", (0.1, 0.25, 0.5, 1, 2), _of_table(_noise)),
        Corruption(
            "missing values", "of the values", SHARES, _of_table(partial(_missing, missing))
        ),
        Corruption("wrong values", "of the values", SHARES, _of_table(_wrong)),
        *(
            Corruption(
                f"without {column}", "column", (1,),
                _of_table(partial(_without, missing, place)),
            )
            for place, column in enumerate(frame.columns)
        ),
    )  # fmt: skip


def takes_missing(model: Any) -> bool:
    """Return whether an estimator says that it takes missing values."""
    try:
        return bool(get_tags(model).input_tags.allow_nan)
    except (AttributeError, TypeError, ValueError):
        return False


def _of_table(
    change: Callable[[pd.DataFrame, float, Rng], pd.DataFrame],
) -> Callable[[Any, float, Rng], Any]:
    """Turn a change of a DataFrame into one of arrays, too."""

    def changed(X: Any, amount: float, rng: Rng) -> Any:
        if isinstance(X, pd.DataFrame):
            return change(X.copy(), amount, rng)
        return change(pd.DataFrame(np.array(X)), amount, rng).to_numpy()

    return changed


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def _noise(X: pd.DataFrame, amount: float, rng: Rng) -> pd.DataFrame:
    for place in range(X.shape[1]):
        column = X.iloc[:, place]
        if _is_number(column):
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            noisy = values + rng.normal(0, amount * np.nanstd(values), len(values))
            whole = pd.api.types.is_integer_dtype(column)
            X = _with(X, place, np.rint(noisy) if whole else noisy, column.dtype)
    return X


def _missing(missing: bool, X: pd.DataFrame, amount: float, rng: Rng) -> pd.DataFrame:
    for place in range(X.shape[1]):
        X = _blanked(X, place, rng.random(len(X)) < amount, missing)
    return X


def _without(missing: bool, place: int, X: pd.DataFrame, amount: float, rng: Rng) -> pd.DataFrame:
    return _blanked(X, place, np.ones(len(X), dtype=bool), missing)


def _wrong(X: pd.DataFrame, amount: float, rng: Rng) -> pd.DataFrame:
    for place in range(X.shape[1]):
        values = X.iloc[:, place].to_numpy()
        other = values[rng.integers(len(values), size=len(values))]
        changed = np.where(rng.random(len(values)) < amount, other, values)
        X = _with(X, place, changed, X.iloc[:, place].dtype)
    return X


def _blanked(X: pd.DataFrame, place: int, rows: np.ndarray, missing: bool) -> pd.DataFrame:
    """Return the table with values of some rows missing, or what usually stands for that."""
    column = X.iloc[:, place]
    if missing:
        return _with(X, place, column.mask(rows), None)
    known = column.dropna()
    if known.empty:
        return X
    value = known.mean() if _is_number(column) else known.mode().iloc[0]
    if pd.api.types.is_integer_dtype(column):
        value = round(value)
    return _with(X, place, column.where(~rows, value), column.dtype)


def _with(X: pd.DataFrame, place: int, values: Any, dtype: Any) -> pd.DataFrame:
    """Return the table with another column, by its place, since names may be there twice."""
    column = pd.Series(values, index=X.index)
    parts = [X.iloc[:, j] for j in range(X.shape[1])]
    parts[place] = column if dtype is None else column.astype(dtype)
    found = pd.concat(parts, axis=1)
    found.columns = X.columns
    return found
