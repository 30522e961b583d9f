r"""Does the clustering hold? Agreement of the clusterings of bootstrap samples.

From the rows m bootstrap samples are drawn, each is clustered, and each clustering labels all rows.
With A the adjusted Rand index of two labellings (1: the same, 0 on average: chance),

.. math:: U = \binom{m}{2}^{-1} \sum_{a < b} A_{ab}, \qquad
          \widehat{\operatorname{var}}(U) = \frac{m - 1}{m} \sum_a (U_{(a)} - \bar U_{(\cdot)})^2,

where :math:`U_{(a)}` leaves out all pairs with sample a. The pairs are no independent observations,
since each sample is in m - 1 of them: this jackknife over samples, not over pairs, is the
variance of a U-statistic (Arvesen), and the interval is U plus or minus the quantile of Student's t
with m - 1 degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import t as student

from further.cluster.number.sweep import sample_rows, sweep, take_rows, with_parameters
from further.errors import InputError
from further.evaluate.interval import Estimate

#: Rows of a bootstrap sample, and rows on which the labellings are compared, at most.
ROWS = 2000
LEVEL = 0.95


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


def mean_agreement(agreement: np.ndarray, what: str = "bootstrap samples") -> Estimate:
    """Return the mean over all pairs with an interval that respects that pairs share samples.

    Parameters
    ----------
    agreement : ndarray of shape (m, m)
        From :func:`pairwise_adjusted_rand`, m of at least 2.
    what : str
        What was compared, in words.

    Returns
    -------
    Estimate
        ``n`` is m. The interval speaks of the drawing of the samples; another table from the same
        source would differ by more.

    References
    ----------
    Arvesen, J. N. (1969). Jackknifing U-statistics. Annals of Mathematical Statistics 40.

    Examples
    --------
    >>> mean_agreement(np.ones((5, 5))).value
    1.0
    """
    m = len(agreement)
    above = agreement[np.triu_indices(m, 1)]
    value = float(above.mean())
    if m < 4:
        return Estimate(value, None, None, m, f"mean of pairs of {m} {what}; too few for limits")
    total = above.sum()
    left_out = total - (agreement.sum(axis=1) - np.diag(agreement))
    left_out /= (m - 1) * (m - 2) / 2
    variance = (m - 1) / m * float(((left_out - left_out.mean()) ** 2).sum())
    half = float(student.ppf((1 + LEVEL) / 2, m - 1)) * variance**0.5
    return Estimate(
        value,
        max(value - half, -1.0),
        min(value + half, 1.0),
        m,
        f"adjusted Rand index of all pairs of {m} {what}, jackknife over the samples",
    )


def stability(
    X: Any,
    estimator: Any,
    *,
    n_bootstrap: int = 20,
    random_state: int | np.random.Generator | None = None,
) -> Estimate:
    """Return how far the clusterings of bootstrap samples agree.

    Use it to compare clusterings of different kinds on the same rows, with or without a number of
    clusters. It fails to show that clusters are real: a symmetric cloud cut along its longest axis
    is cut there every time, and one cluster always agrees with itself.

    Parameters
    ----------
    X : array or DataFrame of shape (n, d)
        Rows. Of more than 2,000, each sample has 2,000 rows, and as many are compared; that makes
        the clusterings less stable than those of all rows.
    estimator : estimator
        Copied for each sample. One that has no ``predict`` is compared on the rows that both
        samples of a pair have.
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
    Hennig, C. (2007). Cluster-wise assessment of cluster stability. CSDA 52.
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
    X, compared, drawn, rng = _draw(X, n_bootstrap, random_state)
    if not hasattr(estimator, "predict"):
        return mean_agreement(_on_common_rows(X, estimator, drawn, rng))
    shown = take_rows(X, compared)
    fits = (_fit(estimator, take_rows(X, rows), rng) for rows in drawn)
    return mean_agreement(pairwise_adjusted_rand(np.array([fit.predict(shown) for fit in fits])))


def stability_by_k(
    X: Any,
    ks: Sequence[int],
    estimator: Any,
    *,
    n_bootstrap: int = 20,
    n_init: int | None = None,
    random_state: int | np.random.Generator | None = None,
) -> dict[int, Estimate]:
    """Return the stability for each number of clusters, on the same bootstrap samples.

    Use it instead of :func:`stability` for several k: each sample is swept through in one go. It
    fails where :func:`stability` does.

    Parameters
    ----------
    X : array or DataFrame of shape (n, d)
        Rows.
    ks : sequence of int
        Numbers of clusters, ascending.
    estimator : estimator with ``n_clusters``
        What is fitted.
    n_bootstrap : int, default=20
        Samples.
    n_init : int, optional
        Fresh initialisations of k-means for each k besides the warm start.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    dict of int to Estimate

    Raises
    ------
    InputError
        If ``n_bootstrap`` is less than 2 or there are fewer than 2 rows.
    """
    X, compared, drawn, rng = _draw(X, n_bootstrap, random_state)
    if not hasattr(estimator, "predict"):
        return {
            k: mean_agreement(
                _on_common_rows(X, with_parameters(estimator, n_clusters=k), drawn, rng)
            )
            for k in ks
        }
    shown = take_rows(X, compared)
    labels = np.empty((len(ks), n_bootstrap, len(compared)), dtype=np.int64)
    for b, rows in enumerate(drawn):
        part = take_rows(X, rows)
        fits = sweep(part, ks, estimator=estimator, n_init=n_init, random_state=rng)
        for place, k in enumerate(ks):
            labels[place, b] = fits[k].predict(shown)
    return {k: mean_agreement(pairwise_adjusted_rand(labels[place])) for place, k in enumerate(ks)}


def _draw(
    X: Any, n_bootstrap: int, random_state: int | np.random.Generator | None
) -> tuple[Any, np.ndarray, list[np.ndarray], np.random.Generator]:
    """Return the rows, the numbers of those compared, and those of each bootstrap sample."""
    if n_bootstrap < 2:
        raise InputError(f"stability: n_bootstrap={n_bootstrap} gives no pair; choose at least 2.")
    if not hasattr(X, "iloc"):
        X = np.asarray(X)
    n = len(X)
    if n < 2:
        raise InputError(f"stability: X has {n} rows, which make no pair; give at least 2.")
    rng = np.random.default_rng(random_state)
    compared = sample_rows(n, ROWS, rng)
    return X, compared, [rng.integers(0, n, min(n, ROWS)) for _ in range(n_bootstrap)], rng


def _fit(estimator: Any, rows: Any, rng: np.random.Generator) -> Any:
    return with_parameters(estimator, random_state=int(rng.integers(2**31 - 1))).fit(rows)


def _on_common_rows(
    X: Any, estimator: Any, drawn: list[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Compare each pair of clusterings on the rows that both samples have."""
    n, m = len(X), len(drawn)
    # A row that a sample does not have is marked by -2; -1 is noise.
    labels = np.full((m, n), -2, dtype=np.int64)
    for line, rows in zip(labels, drawn, strict=True):
        line[rows] = np.asarray(_fit(estimator, take_rows(X, rows), rng).labels_)
    agreement = np.ones((m, m))
    for a in range(m):
        for b in range(a):
            both = (labels[a] != -2) & (labels[b] != -2)
            if both.sum() >= 2:
                value = pairwise_adjusted_rand(labels[[a, b]][:, both])[0, 1]
                agreement[a, b] = agreement[b, a] = value
    return agreement
