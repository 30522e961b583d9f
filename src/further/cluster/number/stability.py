r"""Does the clustering hold? Agreement of the clusterings of bootstrap samples.

Of the rows m bootstrap samples are drawn (of at most 1,000 rows; 300 for methods slower than
k-means), the same ones for all clusterings that are compared. Each is clustered with a few
initialisations, and each clustering labels its own rows and as many that are the same for all. Two
figures come from these labels.

*Stability of the whole.* With A the adjusted Rand index of two labellings (1: the same, 0 on
average: chance), the mean agreement of sample a with the others, and the mean over all pairs, are

.. math:: U_a = \frac{1}{m - 1} \sum_{b \ne a} A_{ab}, \qquad U = \frac1m \sum_a U_a .

The limits hold 95 % of the :math:`U_a`. They do not close in on U when more samples are drawn, and
must not: one table is one sample of its source, so what another table would have given differs by
what the samples differ, however well their mean is known.

*Stability of each cluster* (Hennig, 2007). With C a cluster of the rows at hand, :math:`X_b` the
rows of sample b, and D the clusters found in them, its Jaccard similarity in sample b is

.. math:: \gamma_b(C) = \max_D \frac{|C \cap X_b \cap D|}{|(C \cap X_b) \cup D|},

and the mean over the samples is its stability: from 0.75 on a cluster is stable; from 0.6 to 0.75
it is a pattern in the data, but which rows belong to it is doubtful; below 0.6 it is not to be
trusted. These limits are for this similarity, and say nothing of an adjusted Rand index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Literal, TypeVar

import numpy as np

from further.cluster.alternating import fit_each
from further.cluster.number.sweep import (
    is_kmeans,
    sample_rows,
    take_rows,
    with_parameters,
    without_given_centers,
)
from further.errors import InputError
from further.evaluate.interval import Estimate

T = TypeVar("T")

#: Rows that are compared, and rows of a bootstrap sample, at most: of k-means, of others.
ROWS, ROWS_OTHERS = 1000, 300
#: Initialisations of each clustering, at most: of k-means, which is quick, and of others.
N_INIT, N_INIT_OTHERS = 5, 2
N_BOOTSTRAP = 20
LEVEL = 0.95
#: Hennig's limits for the Jaccard similarity: a cluster is stable; there is a pattern.
STABLE, PATTERN = 0.75, 0.6
#: Hennig's limits for one sample: the cluster is recovered in it, or dissolved.
RECOVERED, DISSOLVED = 0.75, 0.5
#: The label of rows that a clustering cannot label; -1 is noise.
UNLABELLED = -2


@dataclass(frozen=True)
class ClusterStability:
    """How well a cluster is found again in bootstrap samples.

    Attributes
    ----------
    cluster : int
        Its label.
    jaccard : Estimate
        Mean of its Jaccard similarity over the samples, and the limits of 95 % of them; ``n`` is
        the number of samples that hold any of its rows.
    recovered : float
        Share of samples with a similarity of at least 0.75.
    dissolved : float
        Share of samples with a similarity of at most 0.5.
    """

    cluster: int
    jaccard: Estimate
    recovered: float
    dissolved: float

    @property
    def verdict(self) -> Literal["stable", "pattern", "unstable"]:
        """What Hennig's limits say of the cluster."""
        value = self.jaccard.value
        return "stable" if value >= STABLE else "pattern" if value >= PATTERN else "unstable"

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "cluster": self.cluster,
            "jaccard": self.jaccard.to_dict(),
            "recovered": self.recovered,
            "dissolved": self.dissolved,
            "verdict": self.verdict,
        }


class Resamples:
    """Bootstrap samples of rows: one protocol for all clusterings that are compared.

    Parameters
    ----------
    X : array or DataFrame of shape (n, d)
        Rows.
    n_rows : int
        Rows of a sample, and rows that are compared, at most. Samples are drawn from all rows: from
        a part of them they would be too much alike.
    n_bootstrap : int, default=20
        Samples.
    random_state : int, Generator or None
        Seed. The same seed gives the same samples, and each sample the same seed of its own.

    Raises
    ------
    InputError
        If ``n_bootstrap`` is less than 2 or there are fewer than 2 rows.
    """

    def __init__(
        self,
        X: Any,
        *,
        n_rows: int = ROWS,
        n_bootstrap: int = N_BOOTSTRAP,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        if n_bootstrap < 2:
            raise InputError(
                f"stability: n_bootstrap={n_bootstrap} gives no pair; choose at least 2."
            )
        X = X if hasattr(X, "iloc") else np.asarray(X)
        if len(X) < 2:
            raise InputError(
                f"stability: X has {len(X)} rows, which make no pair; give at least 2."
            )
        rng = np.random.default_rng(random_state)
        rows = sample_rows(len(X), n_rows, rng)
        drawn = [rng.integers(0, len(X), len(rows)) for _ in range(n_bootstrap)]
        # Of a large table few rows are in any sample, and no others are labelled.
        self.used, places = np.unique([rows, *drawn], return_inverse=True)
        self.X = take_rows(X, self.used)
        self.rows, *self.drawn = places.reshape(-1, len(rows))
        self.seeds = rng.integers(0, 2**31 - 1, n_bootstrap).tolist()

    def cluster(self, *estimators: Any) -> np.ndarray:
        """Return the labels of the rows by the clusterings of each sample.

        A clustering labels the rows of its sample and, where it has ``predict``, those that are
        compared; the others are :data:`UNLABELLED`.

        Parameters
        ----------
        *estimators : estimator
            Of one class, alike but for their number of clusters.

        Returns
        -------
        ndarray of int, shape (number of estimators, m, number of used rows)
            The labels of the rows ``used``: those that are compared or in any sample.
        """
        few = [with_few_initialisations(one) for one in estimators]
        compared = take_rows(self.X, self.rows)
        shape = (len(few), len(self.drawn), len(self.X))
        labels = np.full(shape, UNLABELLED, dtype=np.int32)
        for b, (rows, seed) in enumerate(zip(self.drawn, self.seeds, strict=True)):
            sample = take_rows(self.X, rows)
            fitted = [with_parameters(one, random_state=seed) for one in few]
            fit_each(fitted, sample)
            for own, one in zip(labels[:, b], fitted, strict=True):
                own[rows] = one.labels_ if hasattr(one, "labels_") else one.predict(sample)
                if hasattr(one, "predict"):
                    own[self.rows] = one.predict(compared)
        return labels

    def agreement(self, labels: np.ndarray) -> np.ndarray:
        """Return the agreement of each sample with the others, on the rows that are compared.

        Clusterings that do not label these are compared on the rows that two samples share.
        """
        compared = labels[:, self.rows]
        return agreement_of_samples(labels if (compared == UNLABELLED).any() else compared)

    def clusters(self, labels: np.ndarray, reference: np.ndarray) -> list[ClusterStability]:
        """Return the stability of each cluster of a clustering, noise left out.

        Parameters
        ----------
        labels : ndarray of shape (m, number of used rows)
            From :meth:`cluster`.
        reference : ndarray of shape (n,)
            The clusters of all rows.

        Returns
        -------
        list of ClusterStability
            In the order of their labels.

        References
        ----------
        Hennig, C. (2007). Cluster-wise assessment of cluster stability. CSDA 52.
        """
        names = np.unique(reference[reference >= 0])
        reference = reference[self.used]
        similar = np.array([
            _jaccard(reference[rows], line[rows], names)
            for line, rows in zip(labels, map(np.unique, self.drawn), strict=True)
        ])  # fmt: skip
        found = []
        for name, values in zip(names.tolist(), similar.T, strict=True):
            values = values[~np.isnan(values)]
            how = f"Jaccard similarity, mean of {len(values)} bootstrap samples"
            found.append(
                ClusterStability(
                    name,
                    _estimate(values, how),
                    float((values >= RECOVERED).mean()),
                    float((values <= DISSOLVED).mean()),
                )
            )
        return found


def _jaccard(reference: np.ndarray, found: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Return each cluster's largest Jaccard similarity to a found one; nan where it has no row.

    Examples
    --------
    >>> _jaccard(np.array([0, 0, 0, 1]), np.array([5, 5, 7, 7]), np.array([0, 1, 2])).round(2)
    array([0.67, 0.5 ,  nan])
    """
    own = reference[:, None] == names
    theirs = found[:, None] == np.unique(found[found >= 0])
    shared = own.T.astype(float) @ theirs
    sizes = own.sum(axis=0)
    union = sizes[:, None] + theirs.sum(axis=0) - shared
    best = np.max(shared / np.maximum(union, 1), axis=1, initial=0.0)
    return np.where(sizes > 0, best, np.nan)


def with_few_initialisations(estimator: T) -> T:
    """Return an unfitted copy with few initialisations, for what is done many times."""
    estimator, own = without_given_centers(estimator), getattr(estimator, "n_init", None)
    if is_kmeans(estimator):
        return with_parameters(estimator, n_init=N_INIT)
    if own == "auto" or (isinstance(own, Integral) and int(own) > N_INIT_OTHERS):
        return with_parameters(estimator, n_init=N_INIT_OTHERS)
    return estimator


def rows_compared(estimator: Any) -> int:
    """Return how many rows are compared at most: fewer for slow methods that are given k."""
    return ROWS if is_kmeans(estimator) or not hasattr(estimator, "n_clusters") else ROWS_OTHERS


def pairwise_adjusted_rand(labels: np.ndarray) -> np.ndarray:
    """Return the adjusted Rand index of every pair of labellings of the same rows.

    All contingency tables come from one product of indicator matrices.

    Parameters
    ----------
    labels : ndarray of shape (m, n)
        A labelling a row; entries are compared for equality only.

    Returns
    -------
    ndarray of shape (m, m)
        Symmetric, with ones on the diagonal.

    References
    ----------
    Hubert, L. and Arabie, P. (1985). Comparing partitions. Journal of Classification 2.

    Examples
    --------
    >>> pairwise_adjusted_rand(np.array([[0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, 2]])).round(3)
    array([[1.   , 1.   , 0.571],
           [1.   , 1.   , 0.571],
           [0.571, 0.571, 1.   ]])
    """
    m, n = labels.shape
    codes = [np.unique(line, return_inverse=True)[1] for line in labels]
    sizes = [int(code.max()) + 1 for code in codes]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    # Counts up to 2^24 are exact in float32; beyond that float64 is taken.
    dtype = np.float32 if n < 2**24 else np.float64
    indicator = np.zeros((n, offsets[-1]), dtype=dtype)
    for code, offset in zip(codes, offsets, strict=False):
        indicator[np.arange(n), offset + code] = 1
    counts = (indicator.T @ indicator).astype(np.float64)
    pairs = counts * (counts - 1) / 2
    blocks = np.add.reduceat(np.add.reduceat(pairs, offsets[:-1], axis=0), offsets[:-1], axis=1)
    own = np.diag(blocks)
    expected = np.multiply.outer(own, own) / max(n * (n - 1) / 2, 1.0)
    highest = np.add.outer(own, own) / 2
    span = highest - expected
    agreement: np.ndarray = np.ones((m, m))
    # Two labellings without any pair, or with all rows in one: they are the same.
    np.divide(blocks - expected, span, out=agreement, where=np.abs(span) > 1e-12)
    return agreement


def agreement_of_samples(labels: np.ndarray) -> np.ndarray:
    """Return the mean adjusted Rand index of each labelling with the others.

    Parameters
    ----------
    labels : ndarray of shape (m, n)
        From :meth:`Resamples.cluster`; pairs are compared on the rows that both label.

    Returns
    -------
    ndarray of shape (m,)
        From about 0, what chance gives, to 1.

    Examples
    --------
    >>> agreement_of_samples(np.array([[0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, -2]]))
    array([1., 1., 1.])
    """
    m = len(labels)
    if (labels != UNLABELLED).all():
        agreement = pairwise_adjusted_rand(labels)
    else:
        agreement = np.ones((m, m))
        for a in range(m):
            for b in range(a):
                both = (labels[a] != UNLABELLED) & (labels[b] != UNLABELLED)
                if both.sum() >= 2:
                    value = pairwise_adjusted_rand(labels[[a, b]][:, both])[0, 1]
                    agreement[a, b] = agreement[b, a] = value
    means: np.ndarray = (agreement.sum(axis=1) - 1) / (m - 1)
    return means


def mean_agreement(samples: np.ndarray) -> Estimate:
    """Return the mean over all pairs of samples, with limits that hold 95 % of the samples.

    Parameters
    ----------
    samples : ndarray of shape (m,)
        From :func:`agreement_of_samples`.

    Returns
    -------
    Estimate
        ``n`` is m.

    Examples
    --------
    >>> mean_agreement(np.ones(5)).value
    1.0
    """
    return _estimate(
        samples, f"adjusted Rand index, mean of all pairs of {len(samples)} bootstrap samples"
    )


def _estimate(samples: np.ndarray, how: str) -> Estimate:
    value = float(samples.mean())
    if len(samples) < 4:
        return Estimate(value, None, None, len(samples), f"{how}; too few for limits")
    low, high = np.quantile(samples, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(
        value, float(low), float(high), len(samples), f"{how}; 95 % of them are within the limits"
    )


def stability(
    X: Any,
    estimator: Any,
    *,
    n_bootstrap: int = N_BOOTSTRAP,
    random_state: int | np.random.Generator | None = None,
) -> Estimate:
    """Return how far the clusterings of bootstrap samples agree.

    Use it to compare clusterings of different kinds on the same rows, with or without a number of
    clusters. It fails to show that clusters are real: a symmetric cloud cut along its longest axis
    is cut there every time, and one cluster always agrees with itself.

    Parameters
    ----------
    X : array or DataFrame of shape (n, d)
        Rows. Of more than 1,000 (300 for methods other than k-means that are given a number of
        clusters) a sample is taken; that makes the clusterings less stable than those of all rows.
    estimator : estimator
        Copied for each sample, with few initialisations. One that has no ``predict`` is compared
        on the rows that both samples of a pair have.
    n_bootstrap : int, default=20
        Samples.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    Estimate
        Mean adjusted Rand index over all pairs of samples; noise counts as a cluster of its own.

    Raises
    ------
    InputError
        If ``n_bootstrap`` is less than 2 or there are fewer than 2 rows.

    References
    ----------
    Fang, Y. and Wang, J. (2012). Selection of the number of clusters via the bootstrap method.
    CSDA 56.

    Examples
    --------
    >>> from further.cluster import KMeans
    >>> rng = np.random.default_rng(0)
    >>> X = np.vstack([rng.normal(0, 1, (50, 2)), rng.normal(20, 1, (50, 2))])
    >>> stability(X, KMeans(2), n_bootstrap=5, random_state=0).value
    1.0
    """
    resamples = Resamples(
        X, n_rows=rows_compared(estimator), n_bootstrap=n_bootstrap, random_state=random_state
    )
    return mean_agreement(resamples.agreement(resamples.cluster(estimator)[0]))


def agreement_by_k(
    resamples: Resamples, ks: Sequence[int], estimator: Any
) -> dict[int, np.ndarray]:
    """Return the agreement of the samples for each number of clusters.

    Parameters
    ----------
    resamples : Resamples
        The samples, the same for each k.
    ks : sequence of int
        Numbers of clusters.
    estimator : estimator with ``n_clusters``
        What is fitted.

    Returns
    -------
    dict of int to ndarray of shape (m,)
        As :func:`agreement_of_samples` has it.
    """
    found = resamples.cluster(*(with_parameters(estimator, n_clusters=k) for k in ks))
    return dict(zip(ks, map(resamples.agreement, found), strict=True))
