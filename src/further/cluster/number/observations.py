"""Observations with their distance: numbers or a table, and which of its columns are categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_array

from further.cluster.dissimilarity.categories import as_frame, is_number
from further.cluster.dissimilarity.distances import pairwise
from further.cluster.number.sweep import take_rows
from further.errors import InputError

#: Distances of tables with categories.
TABLE_METRICS = ("gower", "hamming")


@dataclass(frozen=True)
class Observations:
    """Rows as an estimator takes them, with the distance between them."""

    values: Annotated[Any, "An array of numbers, or a DataFrame with categories, shape (n, d)."]
    categories: Annotated[list[Any], "Names of the columns of a table that are categories."]
    metric: Annotated[Any, "The distance between rows: its name, or a function of two."]
    p: Annotated[float, "Power of Minkowski's distance."] = 2.0

    def __len__(self) -> int:
        return len(self.values)

    @property
    def is_euclidean(self) -> bool:
        """Whether means and sums of squares suit the rows and their distance."""
        return not isinstance(self.values, pd.DataFrame) and self.metric in (
            "euclidean",
            "sqeuclidean",
        )

    def take(self, rows: np.ndarray) -> Observations:
        """Return some of the rows."""
        return Observations(take_rows(self.values, rows), self.categories, self.metric, self.p)

    def distances(self) -> np.ndarray:
        """Return the distances of all pairs, shape (n, n)."""
        found: np.ndarray = pairwise(self.values, metric=self.metric, p=self.p)
        return found

    def count_distinct(self, enough: int) -> int:
        """Return how many different rows there are; from ``enough`` on the count may stop."""
        first = take_rows(self.values, np.arange(min(len(self), 50 * enough)))
        found = _distinct(first)
        return found if found >= enough or len(first) == len(self) else _distinct(self.values)


def read_observations(X: Any, estimator: Any, who: str) -> Observations:
    """Return the rows of X as an estimator takes them.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n, d)
        Rows.
    estimator : estimator
        Decides what can be a category, and the distance.
    who : str
        Function to name in messages.

    Returns
    -------
    Observations
        Numbers as an array, or a table with its categories named.

    Raises
    ------
    InputError
        If there are categories that the estimator cannot take, or X holds distances.
    """
    name = type(estimator).__name__
    metric = getattr(estimator, "metric", None) or getattr(estimator, "own_metric", "euclidean")
    power = float(getattr(estimator, "p", None) or 2.0)
    if metric == "precomputed":
        raise InputError(
            f'{who}: metric="precomputed" but reference data and samples need the rows themselves; '
            "give the rows and the name of a distance."
        )
    if metric in TABLE_METRICS:
        return _read_table(X, estimator, name, metric, power)
    if isinstance(X, pd.DataFrame):
        words = [c for c in X.columns if not pd.api.types.is_numeric_dtype(X[c].dtype)]
        if words:
            raise InputError(
                f'{who}: column "{words[0]}" holds no numbers and {name} takes numbers only; leave '
                "it out or give estimator=KPrototypes()."
            )
    values = check_array(X, dtype=[np.float64, np.float32], order="C", input_name="X")
    return Observations(values, [], metric, power)


def _read_table(X: Any, estimator: Any, name: str, metric: Any, power: float) -> Observations:
    frame = as_frame(X).reset_index(drop=True)
    names = list(frame.columns)
    if getattr(estimator, "customary_for", None) == "categorical":
        categories = names
    elif getattr(estimator, "categorical_features", None) is not None:
        given = estimator.categorical_features
        given = [given] if isinstance(given, str | int) else list(given)
        categories = [c if c in names else names[int(c)] for c in given]
    else:
        categories = [c for j, c in enumerate(names) if not is_number(frame.iloc[:, j])]
    numbers = [c for c in names if c not in categories]
    frame = frame.astype(dict.fromkeys(numbers, np.float64))
    return Observations(frame, categories, metric, power)


def _cost(rows: Observations, labels: np.ndarray) -> float:
    """Return the inertia of labels where the estimator names none.

    Sums of squares about the means in Euclid's geometry, else Tibshirani's
    :math:`\\sum_c \\sum_{i, j \\in c} d_{ij} / 2 n_c`.
    """
    if rows.is_euclidean:
        values = np.asarray(rows.values, dtype=np.float64)
        groups = [values[labels == c] for c in np.unique(labels)]
        return float(sum(((group - group.mean(axis=0)) ** 2).sum() for group in groups))
    distances = rows.distances()
    total = 0.0
    for c in np.unique(labels):
        members = np.flatnonzero(labels == c)
        total += float(distances[np.ix_(members, members)].sum()) / (2 * len(members))
    return total


def inertia_by_k(rows: Observations, fits: Mapping[int, Any]) -> dict[int, float]:
    """Return the inertia of estimators fitted to the rows, by number of clusters.

    Parameters
    ----------
    rows : Observations
        The rows.
    fits : dict of int to estimator
        Fitted estimators by number of clusters.

    Returns
    -------
    dict of int to float
        The estimator's own ``inertia_`` where it has one, else sums of squares or of distances.
    """
    own = {k: getattr(fit, "inertia_", None) for k, fit in fits.items()}
    return {
        k: _cost(rows, np.asarray(fits[k].labels_)) if value is None else float(value)
        for k, value in own.items()
    }


def _distinct(values: Any) -> int:
    if isinstance(values, pd.DataFrame):
        return int((~values.astype(object).astype(str).duplicated()).sum())
    return len(np.unique(values, axis=0))
