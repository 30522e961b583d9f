r"""Permutation importance: how much worse a model becomes when a column says nothing any more.

.. math:: I_j = \frac{1}{n} \sum_i d_{ij}, \qquad
          d_{ij} = \frac{1}{R} \sum_{r=1}^{R} \ell\bigl(y_i, f(x_i^{(j, r)})\bigr)
          - \ell\bigl(y_i, f(x_i)\bigr),

on held-out rows, where :math:`x_i^{(j, r)}` has the value of column j from another row, drawn
without replacement (Breiman 2001; Fisher, Rudin and Dominici 2019). The interval is that of the
mean of the d over the rows; the model is fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.data.dataset import Dataset, as_dataset
from further.data.target import Numbers
from further.errors import InputError, unknown
from further.evaluate.interval import score_from_examples
from further.supervised.explanation import ColumnImportance, Importance
from further.supervised.selection import log_losses

Floats = NDArray[np.float64]
#: Rows that are judged at most, and rows that a model is given at a time.
MOST_ROWS, ROWS_AT_A_TIME = 2000, 20_000
#: The losses of a row: (target, output) to loss; the output is a number, or the probabilities.
NUMBERS: dict[str, Callable[[Any, Floats], Floats]] = {
    "squared_error": lambda y, f: np.asarray((y - f) ** 2),
    "absolute_error": lambda y, f: np.abs(y - f),
}
CLASSES: dict[str, Callable[[Any, Floats], Floats]] = {
    "log_loss": log_losses,
    "error_rate": lambda y, p: (p.argmax(axis=1) != y).astype(np.float64),
    "brier": lambda y, p: ((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1),
}


def permutation_importance(
    estimator: Any,
    X: Any,
    y: Any = None,
    metric: str | None = None,
    n_repeats: int = 5,
    seed: int = 0,
) -> Importance | None:
    """Return what each column of the source is worth to a fitted model, with intervals.

    When to use: for any model that predicts, on rows that it was not fitted to. When it fails: of
    two columns that say the same, each seems worthless; and rows with a value from elsewhere may be
    impossible, so that the model is judged where it never was.

    Parameters
    ----------
    estimator : estimator
        Fitted; a classifier has ``predict_proba``.
    X : Dataset, DataFrame or array
        Held-out rows; of more than 2,000 so many are drawn.
    y : array of shape (n,), optional
        Their target; of a Dataset its own.
    metric : str, optional
        The loss of a row: "log_loss", "error_rate" or "brier" of classes, "squared_error" or
        "absolute_error" of numbers; default: the first.
    n_repeats : int, default=5
        How often each column is shuffled.
    seed : int, default=0
        Of rows and shuffles; the same for every model.

    Returns
    -------
    Importance or None
        The largest first; None for pictures, whose pixels mean nothing alone.

    Raises
    ------
    InputError
        If there is no such metric, or no target.

    Examples
    --------
    >>> from further.supervised import LinearRegression
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> y = X[:, 0] + 3 * X[:, 1]
    >>> found = permutation_importance(LinearRegression().fit(X[:100], y[:100]), X[100:], y[100:])
    >>> [(line.column, line.low > 0) for line in found.columns]
    [('x1', True), ('x0', True)]
    """
    dataset = as_dataset(X)
    if dataset.kind != "table":
        return None
    classes = getattr(estimator, "classes_", None)
    losses = NUMBERS if classes is None else CLASSES
    metric = metric or next(iter(losses))
    if metric not in losses:
        raise InputError(unknown("metric", metric, list(losses)))
    if n_repeats < 1:
        raise InputError(f"n_repeats={n_repeats} must be at least 1.")
    target = _target(dataset, y, classes)
    rng = np.random.default_rng(seed)
    n = len(dataset)
    rows = np.sort(rng.permutation(n)[:MOST_ROWS])
    frame, target = dataset.frame.iloc[rows].reset_index(drop=True), target[rows]

    def loss(of: pd.DataFrame) -> Floats:
        given = of.to_numpy() if dataset.is_array else of
        predict = estimator.predict if classes is None else estimator.predict_proba
        step = max(1, ROWS_AT_A_TIME // len(target)) * len(target)
        parts = [predict(given[i : i + step]) for i in range(0, len(given), step)]
        repeated = np.tile(target, len(of) // len(target))
        return losses[metric](repeated, np.concatenate(parts))

    found = []
    for name, worse in worse_when_shuffled(loss, frame, n_repeats, rng).items():
        figure = score_from_examples(worse, seed=seed).estimate
        found.append(ColumnImportance(name, figure.value, figure.low, figure.high))
    found.sort(key=lambda line: -(line.value or 0.0))
    how = f"mean of {n_repeats} shuffles of each column; the model is fixed"
    notes = (f"{len(rows)} of {n} rows were drawn.",) if len(rows) < n else ()
    return Importance(tuple(found), metric, len(rows), n_repeats, how, notes=notes)


def worse_when_shuffled(
    loss: Callable[[pd.DataFrame], Floats],
    frame: pd.DataFrame,
    n_repeats: int,
    rng: np.random.Generator,
    names: Sequence[str] | None = None,
) -> dict[str, Floats]:
    """Return by how much the loss of each row grows when a column is shuffled.

    Parameters
    ----------
    loss : callable
        Takes rows, or these rows several times over, and returns the loss of each.
    frame : DataFrame
        Held-out rows.
    n_repeats : int
        How often each column is shuffled; the loss is their mean.
    rng : Generator
        Of the shuffles, the same for all columns.
    names : sequence of str, optional
        Columns to shuffle; default: all.

    Returns
    -------
    dict of str to array of shape (n,)
        By column.
    """
    intact = loss(frame)
    shuffles = np.concatenate([rng.permutation(len(frame)) for _ in range(n_repeats)])
    stacked = pd.concat([frame] * n_repeats, ignore_index=True)
    found = {}
    for i, name in enumerate(map(str, frame.columns)):
        if names is None or name in names:
            shuffled = stacked.copy(deep=False)
            shuffled.isetitem(i, frame.iloc[shuffles, i].array)
            found[name] = loss(shuffled).reshape(n_repeats, -1).mean(axis=0) - intact
    return found


def _target(dataset: Dataset, y: Any, classes: Any) -> NDArray[Any]:
    """Return numbers (n,), or the places (n,) of the classes."""
    if y is None and dataset.target is not None:
        y = dataset.target.values[:, 0] if isinstance(dataset.target, Numbers) else None
        y = dataset.classes.values if dataset.classes is not None else y
    if y is None:
        raise InputError("The importance of columns is measured against a target; give y.")
    values = np.asarray(y).ravel()
    if len(values) != len(dataset):
        raise InputError(
            f"y has {len(values)} entries but there are {len(dataset)} rows; give one for each."
        )
    if classes is None:
        return values.astype(np.float64)
    places = {str(name): place for place, name in enumerate(classes)}
    distinct, codes = np.unique(values.astype(str), return_inverse=True)
    for name in distinct:
        if name not in places:
            raise InputError(
                f"y has the class {name}, which the model does not know; the classes are "
                f"{', '.join(places)}."
            )
    return np.asarray([places[name] for name in distinct])[codes]
