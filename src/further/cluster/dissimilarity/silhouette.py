r"""Silhouettes: how much nearer a row is to its own cluster than to the next one.

With :math:`a_i` the mean distance of row i to the other rows of its cluster and :math:`b_i` the
smallest mean distance to the rows of another one,

.. math:: s_i = \frac{b_i - a_i}{\max(a_i, b_i)} \in [-1, 1],

and 0 for a row that is alone in its cluster. All pairs of rows enter, so of many rows a sample is
taken: from each cluster c a part :math:`m_c` of its :math:`n_c` rows, in proportion but no fewer
than :data:`LEAST` where there are so many. The mean over all rows is then estimated by
:math:`\sum_c \frac{n_c}{n} \frac{1}{m_c} \sum_{i \in c} s_i`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_array, check_consistent_length, column_or_1d

from further.cluster.dissimilarity.distances import find_metric, gower_ranges, is_sets, pairwise
from further.errors import InputError
from further.evaluate.clustering.silhouettes import Silhouettes
from further.evaluate.interval import Estimate, score_from_examples

Metric = str | Callable[[Any, Any], float]

#: Rows of a cluster that a sample has at least.
LEAST = 30
#: Of more columns than this, Euclidean distances are computed as products of matrices.
WIDE = 32
_BLOCK = 2**23  # distances that stand in memory at once: 64 MiB
NOISE = -1


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
    clusters, sizes = np.unique(labels[labels != NOISE], return_counts=True)
    if len(clusters) < 2:
        raise InputError(
            f"silhouette_values: labels has {len(clusters)} clusters besides noise; a silhouette "
            "compares with the next cluster, so give at least 2."
        )
    rng = check_random_state(random_state)
    rows, weights = _sample(labels, clusters, sizes, sample_size, rng)
    own = np.searchsorted(clusters, labels[rows])
    sums = _sums_to_clusters(X, rows, own, len(clusters), metric)
    values, neighbours = _silhouettes(sums, own)
    score = score_from_examples(weights * values, seed=int(rng.randint(2**31 - 1)))
    found = score.estimate
    sampled = len(rows) < int(sizes.sum())
    # Values of sampled rows are weighted, so only the mean stays within the limits of all.
    estimate = Estimate(
        found.value,
        None if found.low is None else max(-1.0, found.low),
        None if found.high is None else min(1.0, found.high),
        len(rows),
        (found.method if found.low is None else "bootstrap of the rows, clusters fixed")
        + (f"; on a seeded sample of {len(rows):,} of {sizes.sum():,} rows" if sampled else ""),
    )
    return Silhouettes(values, rows, labels[rows], clusters[neighbours], estimate, sampled)


def _sample(
    labels: np.ndarray, clusters: np.ndarray, sizes: np.ndarray, most: int, rng: Any
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return row numbers in ascending order, and weights under which their mean is that of all."""
    n = int(sizes.sum())
    if n <= most:
        rows = np.flatnonzero(labels != NOISE)
        return rows, np.ones(len(rows))
    taken = np.minimum(sizes, np.maximum(np.round(most * sizes / n).astype(np.int64), LEAST))
    parts, weights = [], []
    for cluster, size, count in zip(clusters, sizes, taken, strict=True):
        members = np.flatnonzero(labels == cluster)
        parts.append(rng.choice(members, int(count), replace=False))
        weights.append(np.full(int(count), size / n * taken.sum() / count))
    rows, weight = np.concatenate(parts), np.concatenate(weights)
    order = np.argsort(rows)
    return rows[order], weight[order]


def _sums_to_clusters(
    X: Any, rows: np.ndarray, own: np.ndarray, k: int, metric: Metric
) -> NDArray[np.float64]:
    """Return the sum of the distances of each row to the rows of each cluster, shape (m, k)."""
    # Cluster by cluster in order, the sums are differences of positions: no one-hot product.
    order = np.argsort(own, kind="stable")
    starts = np.searchsorted(own[order], np.arange(k))
    ordered = rows[order]
    if callable(metric) or is_sets(X):
        distances = pairwise(_take(X, ordered), metric=metric)
        return np.add.reduceat(distances, starts, axis=1)[np.argsort(order)]
    others: Any = None if metric == "precomputed" else _take(X, ordered)
    ranges = gower_ranges(X) if metric == "gower" else None
    sums = np.empty((len(rows), k))
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


def _silhouettes(
    sums: NDArray[np.float64], own: np.ndarray
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return silhouettes and the position of the nearest other cluster, from sums of distances."""
    m, k = sums.shape
    sizes = np.bincount(own, minlength=k)
    each = np.arange(m)
    alone = sizes[own] == 1
    a = sums[each, own] / np.maximum(sizes[own] - 1, 1)
    means = sums / sizes
    means[each, own] = np.inf
    neighbours = means.argmin(axis=1)
    b = means[each, neighbours]
    largest = np.maximum(a, b)
    values = np.divide(b - a, largest, out=np.zeros(m), where=(largest > 0) & ~alone)
    return values, neighbours


def _take(X: Any, rows: np.ndarray) -> Any:
    if isinstance(X, pd.DataFrame):
        return X.iloc[rows]
    return X[rows] if isinstance(X, np.ndarray) else [X[i] for i in rows]
