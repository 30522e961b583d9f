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
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from further.errors import InputError
from further.evaluate.interval import Estimate, score_from_examples

#: Rows of a cluster that a sample has at least.
LEAST = 30
#: Values of a cluster that a picture can show.
VALUES_DRAWN = 200
NOISE = -1


@dataclass(frozen=True, eq=False)
class Silhouettes:
    """Silhouettes of the rows of a clustering, or of a sample of them."""

    values: Annotated[
        NDArray[np.float64],
        "Shape (m,), from -1 to 1; below 0 a row is nearer to another cluster than to its own.",
    ]
    rows: Annotated[NDArray[np.intp], "Whose they are, shape (m,); noise has none."]
    labels: Annotated[NDArray[np.intp], "The cluster of each, shape (m,)."]
    neighbours: Annotated[NDArray[np.intp], "The nearest other cluster of each, shape (m,)."]
    estimate: Annotated[Estimate, "Their mean over all rows, with an interval."]
    sampled: Annotated[bool, "Whether the rows are a sample."]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each silhouette: row, cluster, silhouette, next cluster."""
        return pd.DataFrame(
            {
                "row": self.rows,
                "cluster": self.labels,
                "silhouette": self.values,
                "next": self.neighbours,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the mean and, of each cluster, the values from the highest to the lowest.

        Of more than :data:`VALUES_DRAWN` values their quantiles are given.
        """
        return {
            **self.estimate.to_dict(),
            "sampled": self.sampled,
            "clusters": [self._of_cluster(int(cluster)) for cluster in np.unique(self.labels)],
        }

    def _of_cluster(self, cluster: int) -> dict[str, Any]:
        values = np.sort(self.values[self.labels == cluster])[::-1]
        drawn = values
        if len(values) > VALUES_DRAWN:
            drawn = np.quantile(values, np.linspace(1, 0, VALUES_DRAWN))
        return {
            "cluster": cluster,
            "n": len(values),
            "mean": float(values.mean()),
            "values": np.round(drawn, 4).tolist(),
            "negative_share": float((values < 0).mean()),
        }


def find_silhouettes(
    labels: NDArray[np.intp],
    sums: Callable[[np.ndarray, np.ndarray, np.ndarray], NDArray[np.float64]],
    *,
    sample_size: int,
    random_state: Any,
) -> Silhouettes:
    """Return how well each row, or each of a sample, lies within its cluster.

    Parameters
    ----------
    labels : array of shape (n,), int
        The clusters; -1 is noise, which takes no part.
    sums : callable
        Takes numbers of rows, ascending; the same cluster by cluster; and where in these each
        cluster begins. Returns the sums of the distances of each row to the rows of each cluster.
    sample_size : int
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
    """
    clusters, sizes = np.unique(labels[labels != NOISE], return_counts=True)
    if len(clusters) < 2:
        raise InputError(
            f"silhouette_values: labels has {len(clusters)} clusters besides noise; a silhouette "
            "compares with the next cluster, so give at least 2."
        )
    rng = check_random_state(random_state)
    rows, weights = _sample(labels, clusters, sizes, sample_size, rng)
    own = np.searchsorted(clusters, labels[rows])
    # Cluster by cluster in order, the sums are differences of positions: no one-hot product.
    ordered = rows[np.argsort(own, kind="stable")]
    starts = np.searchsorted(np.sort(own), np.arange(len(clusters)))
    values, neighbours = _silhouettes(sums(rows, ordered, starts), own)
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
