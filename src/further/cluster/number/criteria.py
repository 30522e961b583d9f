r"""Criteria for the number of clusters, each with its own answer.

* Elbow: the inertia :math:`W_k` by k, both scaled to [0, 1]. The knee is where the curve is
  furthest below the chord from its first to its last point (Kneedle; Satopää, Albrecht, Irwin and
  Raghavan, 2011),

  .. math:: k^* = \arg\max_k \; 1 - \frac{k - k_1}{k_m - k_1}
                 - \frac{W_k - W_{k_m}}{W_{k_1} - W_{k_m}}.

* Silhouette (Rousseeuw): the mean of :math:`(b_i - a_i) / \max(a_i, b_i)` with a the mean distance
  to the row's own cluster and b to the nearest other one; the largest k wins.
* Calinski and Harabasz: :math:`\frac{B_k / (k - 1)}{W_k / (n - k)}`, the largest.
* Davies and Bouldin: the mean over clusters of the worst ratio of their spreads to the distance of
  their centroids, the smallest.
* BIC of a Gaussian mixture (Schwarz): :math:`m \log n - 2 \log L`, the smallest. It speaks of
  components of normal shape, so it splits what is not normal.

All but the elbow and BIC are undefined for one cluster.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_samples
from sklearn.mixture import GaussianMixture

from further.errors import InputError
from further.evaluate.clustering.choice import CriterionRecord
from further.evaluate.interval import score_from_examples

#: A full covariance has d (d + 1) / 2 numbers for each component: not for more columns than this.
FULL_COVARIANCE_COLUMNS = 20


def _knee(x: Sequence[float], y: Sequence[float]) -> int | None:
    """Return the index of the knee of a falling convex curve; None where its chord is not above it.

    It depends on the last point: a longer curve has its knee further right.
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if len(a) < 3 or not b[0] > b[-1]:
        return None
    below = 1.0 - (a - a[0]) / (a[-1] - a[0]) - (b - b[-1]) / (b[0] - b[-1])
    best = int(np.argmax(below))
    return best if below[best] > 1e-12 and 0 < best < len(a) - 1 else None


def elbow(
    inertia: Mapping[int, float], *, reference: Mapping[int, float] | None = None
) -> CriterionRecord:
    """Return the inertia by k with the knee of the curve.

    Parameters
    ----------
    inertia : dict of int to float
        By number of clusters, from 1 on where there is one for it.
    reference : dict of int to float, optional
        The same for data of no structure, as shares of that of one cluster.

    Returns
    -------
    CriterionRecord
        Its answer is None where the curve has no knee.

    Examples
    --------
    >>> elbow({1: 100.0, 2: 50.0, 3: 5.0, 4: 4.0, 5: 3.5}).k
    3
    """
    ks = sorted(inertia)
    values = [float(inertia[k]) for k in ks]
    place = _knee(ks, values)
    expected = None
    if reference is not None and ks[0] == 1:
        shares = {1: 1.0, **reference}
        expected = tuple(shares[k] * values[0] if k in shares else None for k in ks)
    return CriterionRecord(
        "elbow",
        "Elbow",
        "lower",
        None if place is None else ks[place],
        tuple(ks),
        tuple(values),
        reference=expected,
        note="its answer is the knee: where the inertia, scaled, is furthest below the line from "
        f"k = {ks[0]} to k = {ks[-1]}",
    )


def silhouette(distances: np.ndarray, labels: Mapping[int, np.ndarray]) -> CriterionRecord:
    """Return the mean silhouette by k from one matrix of distances.

    Parameters
    ----------
    distances : ndarray of shape (m, m)
        Between the rows of the sample.
    labels : dict of int to ndarray of shape (m,)
        Clusters of the sample for each k.

    Returns
    -------
    CriterionRecord
        Its answer is the highest mean; ``low`` and ``high`` come from resampling rows.

    Examples
    --------
    >>> D = np.abs(np.subtract.outer([0.0, 1.0, 9.0, 10.0], [0.0, 1.0, 9.0, 10.0]))
    >>> criterion = silhouette(D, {2: np.array([0, 0, 1, 1]), 3: np.array([0, 0, 1, 2])})
    >>> criterion.k, round(criterion.values[0], 3)
    (2, 0.889)
    """
    distances = np.array(distances, dtype=np.float64)
    np.fill_diagonal(distances, 0.0)
    found = {
        k: score_from_examples(silhouette_samples(distances, of_k, metric="precomputed")).estimate
        for k, of_k in _defined(labels)
    }
    return _best(
        "silhouette", "Silhouette", "higher", {k: e.value for k, e in found.items()},
        "its answer is the highest; intervals by resampling rows, clusters fixed",
        low=tuple(e.value if e.low is None else e.low for e in found.values()),
        high=tuple(e.value if e.high is None else e.high for e in found.values()),
    )  # fmt: skip


def indices(
    X: np.ndarray, labels: Mapping[int, np.ndarray]
) -> tuple[CriterionRecord, CriterionRecord]:
    """Return the indices of Calinski and Harabasz and of Davies and Bouldin by k.

    The one is the spread between clusters over that within, and its answer is the highest value;
    the other is how near the most similar clusters are, and its answer is the lowest.

    Parameters
    ----------
    X : ndarray of shape (m, d)
        Rows.
    labels : dict of int to ndarray of shape (m,)
        Clusters for each k.

    Returns
    -------
    tuple of CriterionRecord
        The two.
    """
    spread = {k: float(calinski_harabasz_score(X, found)) for k, found in _defined(labels)}
    near = {k: float(davies_bouldin_score(X, found)) for k, found in _defined(labels)}
    highest, lowest = "its answer is the highest", "its answer is the lowest"
    return (
        _best("calinski_harabasz", "Calinski-Harabasz", "higher", spread, highest),
        _best("davies_bouldin", "Davies-Bouldin", "lower", near, lowest),
    )


def _best(
    name: str, label: str, better: str, values: Mapping[int, float], note: str, **more: Any
) -> CriterionRecord:
    """Return a criterion whose answer is the k of the best value, if there is one."""
    ks, found, k = tuple(values), tuple(values.values()), None
    if np.isfinite(found).any():
        k = ks[int(np.argmax(found) if better == "higher" else np.argmin(found))]
    return CriterionRecord(name, label, better, k, ks, found, note=note, **more)


def _defined(labels: Mapping[int, np.ndarray]) -> Iterator[tuple[int, np.ndarray]]:
    """Yield those labels that are of several clusters, and not each of a cluster of its own."""
    for k, found in sorted(labels.items()):
        if 2 <= len(np.unique(found)) < len(found):
            yield k, found


def bic(X: np.ndarray, ks: Sequence[int], *, random_state: int | None = None) -> CriterionRecord:
    """Return the BIC of Gaussian mixtures by number of components, the better of two shapes.

    Use it for clusters of normal shape, overlapping ones too. It fails on any other shape, which it
    makes up of several components; it cannot say that there is no structure.

    Parameters
    ----------
    X : ndarray of shape (m, d)
        Rows, or a sample of them.
    ks : sequence of int
        Numbers of components, 1 included.
    random_state : int or None
        Seed.

    Returns
    -------
    CriterionRecord
        For each k the lower BIC of full and diagonal covariances (diagonal alone beyond 20
        columns).

    Raises
    ------
    InputError
        If a k exceeds the number of rows.

    References
    ----------
    Fraley, C. and Raftery, A. E. (2002). Model-based clustering, discriminant analysis, and density
    estimation. JASA 97.
    """
    if max(ks) > len(X):
        raise InputError(f"bic: k={max(ks)} but X has {len(X)} rows; choose k of at most {len(X)}.")
    X = np.asarray(X, dtype=np.float64)
    shapes = ["full", "diag"] if 2 <= X.shape[1] <= FULL_COVARIANCE_COLUMNS else ["diag"]
    # A component that collapses onto equal rows would have an infinite likelihood.
    floor = 1e-6 * max(float(X.var(axis=0).mean()), 1e-12)
    values = {}
    for k in ks:
        found = []
        for shape in shapes:
            mixture = GaussianMixture(
                k, covariance_type=shape, reg_covar=floor, random_state=random_state
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                try:
                    found.append(float(mixture.fit(X).bic(X)))
                except ValueError:  # a covariance that is singular to rounding
                    found.append(math.inf)
        values[k] = min(found)
    return _best(
        "bic", "BIC of a Gaussian mixture", "lower", values,
        f"its answer is the lowest; covariances {' or '.join(shapes)}, whichever is lower",
    )  # fmt: skip
