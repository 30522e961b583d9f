r"""The cluster tendency test: is there any structure beyond that of data without clusters?

With :math:`W_k` the inertia for k clusters and :math:`w_k = \log (W_k / W_1)`, the statistic is the
best over all k of how far the rows are below the reference sets (marked by a star), in their
standard deviations:

.. math:: T = \max_k \frac{\bar w^*_k - w_k}{s^*_k}, \qquad
          p = \frac{1 + \#\{b : T^*_b \ge T\}}{B + 1}.

Each reference set has its own best k, so that the choice of k is paid for. Its statistic is taken
as that of the rows is, against all the other sets of the pool: the B - 1 references that are left
*and the rows*. So the B + 1 statistics come from the B + 1 sets by one symmetric rule, and where
the rows are a draw from the reference distribution all ranks are equally likely: p is at most 1 /
(B + 1) with exactly that probability, but for ties.

There are three kinds of reference data for numbers: uniform, one Gaussian, and unimodal with
columns of the same shapes (:mod:`further.cluster.number.references`). The p-value is the largest of
the three, which is cautious: structure is what none of them explains. The smallest p is
1 / (B + 1), 0.048 for 20 sets; structure is found where :math:`p \le 0.05`.

A skewed cluster or one with long tails is one cluster, since the third kind of reference has the
same stragglers; where it has been turned, so that the tails lie along no column, structure may be
found in it. The price is power: a cluster of a few per cent of the rows passes for a tail, and two
Gaussians of 100 rows each are separated in a third of the cases with 4 standard deviations between
their centres and in all with 5. A ring, a crescent or two long parallel bands are not unimodal, but
k-means does not fit them either: where nothing is found, density-based methods may still find them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np

from further.cluster.number.observations import Observations, inertia_by_k
from further.cluster.number.references import KINDS, References
from further.cluster.number.sweep import is_kmeans, sweep
from further.evaluate.clustering.choice import TendencyRecord
from further.evaluate.typed_json import to_json

LEVEL = 0.05
#: Fewer reference sets than this cannot give a p-value of at most the level.
FEWEST_REFERENCES = 19
#: Fresh initialisations of k-means for each k, in the rows and in each reference set alike.
N_INIT = 1


@dataclass(frozen=True)
class ClusterTendency(TendencyRecord):
    """What the cluster tendency test found; beyond ``high`` of every kind there is structure."""

    #: Mean over the uniform (or shuffled) sets.
    reference: Annotated[
        dict[int, float] | None, "Inertia without structure, as a share of that of one cluster."
    ] = None

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, without the inertia of the reference sets."""
        return {name: to_json(value) for name, value in vars(self).items() if name != "reference"}


def _log_inertia(inertia: Mapping[int, float]) -> dict[int, float]:
    """Return the logarithm of the inertia of each k as a share of that of the smallest k.

    A sum that vanishes, with as many centroids as different rows, is taken as the rounding error.
    """
    inertia = {k: max(value, 0.0) for k, value in inertia.items()}
    whole = max(inertia[min(inertia)], 1e-300)
    return {k: math.log(max(value / whole, 1e-15)) for k, value in inertia.items()}


def tendency_test(
    rows: Observations,
    ks: Sequence[int],
    *,
    estimator: Any,
    n_references: int = 20,
    random_state: int | np.random.Generator | None = None,
) -> ClusterTendency:
    """Test whether clusters explain the rows better than data of no structure and same spread.

    Parameters
    ----------
    rows : Observations
        In large data a sample of them.
    ks : sequence of int
        Numbers of clusters from 2 on.
    estimator : estimator with ``n_clusters``
        What is fitted to the rows and to each reference set alike.
    n_references : int, default=20
        Reference sets of each kind, at least 19.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    ClusterTendency
        The comparison with the kind of reference data that explains the rows best.

    References
    ----------
    Engen, S. and Lillegård, M. (1997). Stochastic simulations conditioned on sufficient statistics.
    Biometrika 84.
    Liu, Y., Hayes, D. N., Nobel, A. and Marron, J. S. (2008). Statistical significance of
    clustering for high-dimension, low-sample size data. JASA 103.
    Tibshirani, R., Walther, G. and Hastie, T. (2001). Estimating the number of clusters in a data
    set via the gap statistic. JRSS B 63.
    """
    rng = np.random.default_rng(random_state)
    wanted = [1, *ks]
    n_init = N_INIT if is_kmeans(estimator) else None

    def measure(values: Any) -> np.ndarray:
        fits = sweep(values, wanted, estimator=estimator, n_init=n_init, random_state=rng)
        found = _log_inertia(inertia_by_k(replace(rows, values=values), fits))
        return np.array([found[k] for k in ks])

    references = References(rows.values, categories=rows.categories, metric=rows.metric)
    own = measure(rows.values)
    results: list[ClusterTendency] = []
    reference: dict[int, float] | None = None
    for kind in references.kinds:
        drawn = np.array([measure(references.draw(kind, rng)) for _ in range(n_references)])
        if reference is None:
            reference = dict(zip(ks, np.exp(drawn.mean(axis=0)).tolist(), strict=True))
        results.append(_compare(own, drawn, ks, kind))
    # The kind that explains the rows best; of equals the one they surpass least.
    worst = max(results, key=lambda result: (result.p_value, -(result.statistic or 0.0)))
    kinds = ", ".join(KINDS[kind] for kind in references.kinds)
    each = " each" if len(references.kinds) > 1 else ""
    largest = ", the largest p of the kinds" if len(references.kinds) > 1 else ""
    return replace(
        worst,
        found=all((result.p_value or 1.0) <= LEVEL for result in results),
        method=f"inertia at the best k of {ks[0]} to {ks[-1]}, in standard deviations below "
        f"{n_references} sets{each} of data of the same spread: {kinds}{largest}; p cannot be less "
        f"than {1 / (n_references + 1):.3f}",
        p_values={str(r.kind): r.p_value for r in results if r.p_value is not None},
        reference=reference,
    )


def _compare(own: np.ndarray, drawn: np.ndarray, ks: Sequence[int], kind: str) -> ClusterTendency:
    """Set the rows against reference sets of one kind."""
    number = len(drawn)
    pool = np.vstack([own, drawn])
    scores = np.array([
        _standardised(one, np.delete(pool, place, axis=0)) for place, one in enumerate(pool)
    ])  # fmt: skip
    best = int(np.argmax(scores[0]))
    statistic, others = float(scores[0, best]), scores[1:].max(axis=1)
    # So many reference sets may come as far as the rows before p exceeds the level.
    allowed = int(LEVEL * (number + 1) + 1e-9) - 1
    ordered = np.sort(others)
    # A set that is the same as the rows but for rounding comes as far as they do.
    as_far = int((others >= statistic - 1e-9 * max(1.0, abs(statistic))).sum())
    return ClusterTendency(
        found=as_far <= allowed,
        statistic=statistic,
        low=float(ordered[allowed]),
        high=float(ordered[number - 1 - allowed]),
        p_value=(1 + as_far) / (number + 1),
        method="",
        kind=kind,
        k=ks[best],
    )


def _standardised(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    spread = others.std(axis=0, ddof=1)
    # Reference sets all alike (a column of few values, shuffled) have no spread but of rounding.
    return (others.mean(axis=0) - one) / np.maximum(spread, 1e-9)
