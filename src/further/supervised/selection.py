r"""Choosing a setting by cross-validation: each row is predicted by a model that never saw it.

.. math:: \hat\lambda = \arg\min_\lambda \frac{1}{n} \sum_i
          \ell\bigl(y_i, \hat f_\lambda^{-\kappa(i)}(x_i)\bigr),

with κ(i) the fold of row i. By the rule of one standard error (Breiman et al. 1984) the simplest
setting is taken whose loss is within one standard error of the lowest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Probabilities below it count as that.
LEAST_PROBABILITY = 1e-9


def folds_of(
    n: int, k: int, seed: int, *, strata: NDArray[Any] | None = None, groups: Any = None
) -> NDArray[np.int64]:
    """Return the fold of each row.

    Parameters
    ----------
    n, k : int
        Number of rows and of folds; at most as many folds as rows or groups are used.
    seed : int
        Of the draw.
    strata : array of shape (n,), optional
        Classes, of which each fold has its share.
    groups : array of shape (n,), optional
        Rows of one group stay in one fold.

    Returns
    -------
    array of shape (n,)
        From 0 to k - 1.

    Examples
    --------
    >>> np.bincount(folds_of(10, 5, seed=0)).tolist()
    [2, 2, 2, 2, 2]
    """
    rng = np.random.default_rng(seed)
    if groups is not None:
        codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1]
        units = rng.permutation(int(codes.max()) + 1)
        return (units % min(k, len(units)))[codes].astype(np.int64)
    order = rng.permutation(n)
    if strata is not None:
        order = order[np.argsort(strata[order], kind="stable")]
    folds = np.empty(n, dtype=np.int64)
    folds[order] = np.arange(n) % min(k, n)
    return folds


def subsample(
    n: int, most: int | None, seed: int, strata: NDArray[Any] | None = None
) -> NDArray[np.int64]:
    """Return the rows of a random subsample, ascending; all where they are few enough.

    Parameters
    ----------
    n : int
        Number of rows.
    most : int or None
        At most so many; None for all.
    seed : int
        Of the draw.
    strata : array of shape (n,), optional
        Classes, each of which keeps its share, and at least one row.

    Returns
    -------
    array of int
        Of rows.
    """
    if most is None or n <= most:
        return np.arange(n)
    order = np.random.default_rng(seed).permutation(n)
    if strata is None:
        return np.sort(order[:most])
    order = order[np.argsort(strata[order], kind="stable")]
    forced = np.unique(strata[order], return_index=True)[1]
    free = np.setdiff1d(np.arange(n), forced)
    left = max(0, most - len(forced))
    chosen = free[np.floor((np.arange(left) + 0.5) * len(free) / max(1, left)).astype(np.int64)]
    return np.sort(order[np.concatenate([forced, chosen])])


def log_losses(y: NDArray[Any], probabilities: Floats) -> Floats:
    """Return the log loss of each row.

    Parameters
    ----------
    y : array of shape (n,), int
        Codes of the classes.
    probabilities : array of shape (n, k)
        Of all classes.

    Returns
    -------
    array of shape (n,)
        At least 0.
    """
    found: Floats = -np.log(np.maximum(probabilities[np.arange(len(y)), y], LEAST_PROBABILITY))
    return found


def out_of_fold(
    fit: Callable[[NDArray[np.int64]], Callable[[Any], Floats]],
    x: Any,
    folds: NDArray[np.int64],
    used: Sequence[int] | None = None,
) -> tuple[NDArray[np.int64], Floats]:
    """Return predictions of rows by models that were fitted to the other folds.

    Parameters
    ----------
    fit : callable
        Given rows, fits a model to them and returns what predicts.
    x : array of shape (n, p)
        All rows.
    folds : array of shape (n,)
        From :func:`folds_of`.
    used : sequence of int, optional
        The folds that are predicted; default: all.

    Returns
    -------
    rows, predictions
        The rows of these folds, and what is predicted for them.
    """
    rows, predictions = [], []
    for fold in range(int(folds.max()) + 1) if used is None else used:
        predict = fit(np.flatnonzero(folds != fold))
        held_out = np.flatnonzero(folds == fold)
        rows.append(held_out)
        predictions.append(predict(x[held_out]))
    return np.concatenate(rows), np.concatenate(predictions)


def best_of(losses: Floats, *, one_standard_error: bool = False) -> int:
    """Return which candidate to take, given the loss of each row, the simplest candidate first.

    Parameters
    ----------
    losses : array of shape (candidates, n)
        Of held-out rows.
    one_standard_error : bool
        Whether to take the simplest that is within one standard error of the best.

    Returns
    -------
    int
        Its place.

    Examples
    --------
    >>> losses = np.array([[1.0, 3.0, 2.0], [0.9, 3.0, 2.0]])
    >>> best_of(losses), best_of(losses, one_standard_error=True)
    (1, 0)
    """
    means = losses.mean(axis=1)
    best = int(means.argmin())
    if not one_standard_error:
        return best
    error = losses[best].std() / np.sqrt(losses.shape[1])
    return int(np.flatnonzero(means <= means[best] + error)[0])
