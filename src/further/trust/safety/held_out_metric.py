"""The one figure of a fitted model on held-out rows: balanced accuracy of classes, R² of numbers.

Plain accuracy is not among them: where one class is common, a model that has become useless still
scores high.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier, is_regressor
from sklearn.utils.multiclass import type_of_target

from further.data.dataset import Dataset
from further.data.target import Classes, Numbers
from further.errors import InputError
from further.evaluate.balanced import balanced_score
from further.evaluate.estimate import Score
from further.evaluate.prediction.numbers import SCORERS, NumberPredictions


def metric_of(model: Any, y: ArrayLike) -> str:
    """Return the name of the metric by which a model is judged here.

    Parameters
    ----------
    model : estimator
        A classifier or a regressor; where it does not say, the target decides.
    y : array-like of shape (n,)
        Its target.

    Returns
    -------
    {"balanced_accuracy", "r2"}
        A key of :data:`further.evaluate.metrics.METRICS`.
    """
    if is_classifier(model):
        return "balanced_accuracy"
    if is_regressor(model) or type_of_target(y).startswith("continuous"):
        return "r2"
    return "balanced_accuracy"


def constant_value(metric: str, y: NDArray[Any]) -> float:
    """Return what a constant scores.

    Parameters
    ----------
    metric : {"balanced_accuracy", "r2"}
        See :func:`metric_of`.
    y : array of shape (n,)
        The truth.

    Returns
    -------
    float
        One over the number of classes, or 0 of R².
    """
    return 0.0 if metric == "r2" else 1 / len(np.unique(y))


def score_predictions(
    metric: str,
    y: NDArray[Any],
    predicted: ArrayLike,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Score:
    """Return the metric of predictions of held-out rows, with its interval.

    Parameters
    ----------
    metric : {"balanced_accuracy", "r2"}
        See :func:`metric_of`.
    y : array of shape (n,)
        The truth.
    predicted : array-like of shape (n,)
        What a model says.
    groups : array-like of shape (n,), optional
        Rows that depend on each other.
    seed : int
        The same seed and rows give draws that are paired.

    Returns
    -------
    Score
        Of all rows.

    Raises
    ------
    InputError
        If the truth is the same in every row.

    Examples
    --------
    >>> y = np.repeat([0, 1], [90, 10])
    >>> score_predictions("balanced_accuracy", y, np.zeros(100)).value
    0.5
    """
    if len(np.unique(y)) < 2:
        raise InputError("y has the same value in every held-out row, so nothing can be judged.")
    if metric == "balanced_accuracy":
        right = (np.asarray(predicted) == y).astype(np.float64)
        return balanced_score(right, y, groups=groups, seed=seed)
    values = NumberPredictions(
        np.asarray(y, dtype=np.float64), np.asarray(predicted, dtype=np.float64).ravel(),
        groups=groups, seed=seed,
    )  # fmt: skip
    found = SCORERS["r2"](values)
    assert found is not None
    return found


def rows_of(X: Any, y: Any = None) -> tuple[Any, NDArray[Any] | None]:
    """Return rows as an array or a DataFrame, and their target; a Dataset brings its own.

    Parameters
    ----------
    X : Dataset, DataFrame or array
        Rows.
    y : array-like of shape (n,), optional
        Their target.

    Returns
    -------
    rows : DataFrame or array
        As a model takes them.
    target : array of shape (n,) or None
        None where there is none.

    Raises
    ------
    InputError
        If there are not as many of the one as of the other.
    """
    if isinstance(X, Dataset):
        if y is None and isinstance(X.target, Classes | Numbers):
            y = X.target.values
        X = X.values
    rows = X if hasattr(X, "iloc") else np.asarray(X)
    if y is None:
        return rows, None
    target = np.asarray(y)
    target = target.ravel() if target.ndim == 2 and target.shape[1] == 1 else target
    if len(target) != len(rows):
        raise InputError(f"X has {len(rows)} rows, but y has {len(target)}.")
    return rows, target


def take(X: Any, rows: NDArray[Any]) -> Any:
    """Return some of the rows of an array or a DataFrame.

    Parameters
    ----------
    X : DataFrame or array of shape (n, ...)
        Rows.
    rows : array of int, shape (m,)
        Their places.

    Returns
    -------
    DataFrame or array of shape (m, ...)
        In that order.
    """
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]
