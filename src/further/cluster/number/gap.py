r"""The gap statistic: how far the inertia is below that of uniform data.

With :math:`W_k` the within-cluster sum of squares and :math:`W^*_{kb}` that of B reference sets,

.. math:: \operatorname{Gap}(k) = \frac{1}{B} \sum_b \log W^*_{kb} - \log W_k, \qquad
          s_k = \operatorname{sd}_b(\log W^*_{kb}) \sqrt{1 + 1/B},

and the answer is the smallest k with

.. math:: \operatorname{Gap}(k) \ge \operatorname{Gap}(k + 1) - s_{k+1}.

Reference sets are uniform in the box that the rows span along their principal axes (choice b of
the paper), as large as their range: unlike the reference data of
:mod:`further.cluster.number.references` they have not the same covariance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from further.cluster.kmeans import KMeans
from further.cluster.number.sweep import sweep
from further.evaluate.clustering.choice import CriterionRecord

#: An inertia of nothing but rounding has no meaningful logarithm.
ROUNDING = 1e-15


def _uniform_in_box(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw as many rows as X has, uniform in the box that X spans along its principal axes."""
    mean = X.mean(axis=0)
    _, _, axes = np.linalg.svd(X - mean, full_matrices=False)
    scores = (X - mean) @ axes.T
    low, high = scores.min(axis=0), scores.max(axis=0)
    drawn: np.ndarray = mean + rng.uniform(low, high, size=scores.shape) @ axes
    return drawn


def _gap_rule(gap: Mapping[int, float], error: Mapping[int, float]) -> int | None:
    """Return the smallest k whose gap is at least the next one's less its error, if any."""
    ks = sorted(gap)
    for k, following in pairwise(ks):
        if gap[k] >= gap[following] - error[following]:
            return k
    return None


def gap_statistic(
    X: np.ndarray,
    ks: Sequence[int],
    *,
    estimator: Any = None,
    n_references: int = 20,
    random_state: int | np.random.Generator | None = None,
) -> CriterionRecord:
    """Return the gap statistic by k with its standard error and the answer by the paper's rule.

    Use it for round clusters of numbers; it can answer 1. It fails with elongated clusters that are
    not along one axis each, and in many columns, where the box is mostly empty. Where the gap falls
    before it rises, as for clusters in a row, the rule stops too early, often at 1.

    Parameters
    ----------
    X : ndarray of shape (m, d)
        Rows, or a sample of them.
    ks : sequence of int
        Numbers of clusters, consecutive, from 1 on.
    estimator : estimator, optional
        Default: k-means.
    n_references : int, default=20
        Reference sets.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    CriterionRecord
        ``low`` and ``high`` are the gap less and plus its standard error s.

    References
    ----------
    Tibshirani, R., Walther, G. and Hastie, T. (2001). Estimating the number of clusters in a data
    set via the gap statistic. JRSS B 63.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.vstack([rng.normal(c, 1, (30, 2)) for c in ((0, 0), (9, 0), (0, 9))])
    >>> gap_statistic(X, range(1, 6), random_state=0).k
    3
    """
    rng = np.random.default_rng(random_state)
    estimator = KMeans() if estimator is None else estimator
    X = np.asarray(X, dtype=np.float64)
    total = max(float(((X - X.mean(axis=0)) ** 2).sum()), 1e-300)

    def log_w(rows: np.ndarray) -> np.ndarray:
        fits = sweep(rows, ks, estimator=estimator, n_init=1, random_state=rng)
        return np.array([math.log(max(float(fits[k].inertia_), ROUNDING * total)) for k in ks])

    own = log_w(X)
    drawn = np.array([log_w(_uniform_in_box(X, rng)) for _ in range(n_references)])
    gap = drawn.mean(axis=0) - own
    # The paper's standard deviation divides by B.
    error = drawn.std(axis=0) * math.sqrt(1 + 1 / n_references)
    k = _gap_rule(dict(zip(ks, gap, strict=True)), dict(zip(ks, error, strict=True)))
    said = "its answer is the smallest k whose gap is at least the next one less its error"
    if k is None:
        said += "; no k does, so it gives none"
    return CriterionRecord(
        "gap",
        "Gap statistic",
        "higher",
        k,
        tuple(ks),
        tuple(float(value) for value in gap),
        tuple(float(value) for value in gap - error),
        tuple(float(value) for value in gap + error),
        note=f"{said}; {n_references} uniform sets in the box of the principal axes",
    )
