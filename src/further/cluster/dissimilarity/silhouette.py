"""Silhouettes under any of the distances; see :mod:`further.evaluate.clustering.silhouettes`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_array, check_consistent_length, column_or_1d

from further.cluster.dissimilarity.distances import find_metric, gower_ranges, is_sets, pairwise
from further.evaluate.clustering.silhouettes import Silhouettes, find_silhouettes

Metric = str | Callable[[Any, Any], float]

#: Of more columns than this, Euclidean distances are computed as products of matrices.
WIDE = 32
_BLOCK = 2**23  # distances that stand in memory at once: 64 MiB


def silhouette_values(
    X: Any,
    labels: Any,
    *,
    metric: Metric = "euclidean",
    sample_size: int = 5000,
    random_state: Any = None,
) -> Silhouettes:
    """Return how well each row, or each of a sample, lies within its cluster.

    When to use: to see which clusters and rows are clear. When it fails: clusters that are long or
    curved, as density methods find them, have low values although they are well apart.

    Parameters
    ----------
    X : array of shape (n, d), DataFrame, or array of shape (n, n) for "precomputed"
        The rows as they were clustered.
    labels : array of shape (n,), int
        Their clusters; -1 is noise, which takes no part.
    metric : str or callable, default="euclidean"
        As :func:`further.cluster.dissimilarity.distances.pairwise` has it.
    sample_size : int, default=5000
        Of more rows a sample of about this size is taken.
    random_state : int, RandomState or None
        Of the sample and of the interval.

    Returns
    -------
    Silhouettes
        The values with the rows they belong to, and their mean with its interval.

    Raises
    ------
    InputError
        With fewer than two clusters.

    References
    ----------
    Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster
    analysis", J. Comput. Appl. Math. 20 (1987).

    Examples
    --------
    >>> found = silhouette_values([[0.0], [1.0], [10.0], [11.0]], [0, 0, 1, 1])
    >>> found.values.round(2).tolist(), found.neighbours.tolist()
    ([0.9, 0.89, 0.89, 0.9], [1, 1, 0, 0])
    """
    labels = column_or_1d(labels)
    if not callable(metric):
        metric = find_metric(metric)
        if metric != "gower" and not is_sets(X):
            X = check_array(X, dtype=np.float64)
    check_consistent_length(X, labels)
    return find_silhouettes(
        labels, partial(_sums_to_clusters, X, metric),
        sample_size=sample_size, random_state=random_state,
    )  # fmt: skip


def _sums_to_clusters(
    X: Any, metric: Metric, rows: np.ndarray, ordered: np.ndarray, starts: np.ndarray
) -> NDArray[np.float64]:
    """Return the sum of the distances of each row to the rows of each cluster, shape (m, k)."""
    if callable(metric) or is_sets(X):
        distances = pairwise(_take(X, ordered), metric=metric)
        return np.add.reduceat(distances, starts, axis=1)[np.argsort(ordered)]
    others: Any = None if metric == "precomputed" else _take(X, ordered)
    ranges = gower_ranges(X) if metric == "gower" else None
    sums = np.empty((len(rows), len(starts)))
    for part in gen_batches(len(rows), max(1, _BLOCK // len(rows))):
        if metric == "precomputed":
            distances = X[np.ix_(rows[part], ordered)]
        elif metric == "euclidean" and X.shape[1] > WIDE:
            distances = _by_products(X[rows[part]], others)
        else:
            distances = pairwise(_take(X, rows[part]), others, metric=metric, ranges=ranges)
        sums[part] = np.add.reduceat(distances, starts, axis=1)
    return sums


def _by_products(X: NDArray[np.float64], Y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Euclidean distances through a product of matrices: fast where there are many columns.

    Centred rows keep the digits that those of rows far from zero lose; what rounding leaves of the
    distance between equal rows is taken for the 0 that it is.
    """
    centre = Y.mean(axis=0)
    x, y = X - centre, Y - centre
    distances: NDArray[np.float64] = euclidean_distances(x, y)
    largest = max(float((x**2).sum(axis=1).max()), float((y**2).sum(axis=1).max()))
    distances[distances <= np.sqrt(8 * np.finfo(np.float64).eps * largest)] = 0.0
    return distances


def _take(X: Any, rows: np.ndarray) -> Any:
    if isinstance(X, pd.DataFrame):
        return X.iloc[rows]
    return X[rows] if isinstance(X, np.ndarray) else [X[i] for i in rows]
