r"""How many clusters? One stated rule turns the criteria into an answer; "none" is among them.

First the cluster tendency: a Monte Carlo test against data of no structure and the same spread
(:mod:`further.cluster.number.tendency`). Without it the answer is 1. With it every criterion
(:mod:`further.cluster.number.criteria`, :mod:`further.cluster.number.gap`,
:mod:`further.cluster.number.stability`) gives its own number,

.. math:: \hat k = \arg\max_k \#\{\text{criteria that answer } k\},

and among numbers with equal votes the one whose clusterings of bootstrap samples agree best. A
criterion whose own answer is below ``k_min`` does not vote. The vote is stated, not derived: the
criteria are no independent witnesses, so their number is no probability, and where they disagree
the answer names who says what.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning

from further.cluster.kmeans import KMeans
from further.cluster.number.clustergram import clustergram
from further.cluster.number.criteria import (
    bic,
    elbow,
    indices,
    silhouette,
)
from further.cluster.number.gap import gap_statistic
from further.cluster.number.observations import Observations, inertia_by_k, read_observations
from further.cluster.number.stability import (
    N_BOOTSTRAP,
    Resamples,
    agreement_by_k,
    mean_agreement,
    rows_compared,
    with_few_initialisations,
)
from further.cluster.number.sweep import is_kmeans, sample_rows, sweep, without_given_centers
from further.cluster.number.tendency import FEWEST_REFERENCES, LEVEL, ClusterTendency, tendency_test
from further.cluster.number.voting import (
    RULE,
    most_stable,
    vote,
    who_says_what,
    with_most_votes,
    write_tie_and_edge,
)
from further.errors import InputError
from further.evaluate.clustering.choice import Clustergram, CriterionRecord
from further.evaluate.interval import Estimate
from further.evaluate.typed_json import to_json

#: Rows that k-means is swept over; other estimators take ``sample_size``.
SWEPT_ROWS = 100_000


@dataclass(frozen=True)
class KChoice:
    """How many clusters, and what says so."""

    k: Annotated[int, "The answer; 1 is no cluster structure."]
    sentence: Annotated[str, "The answer in words, with those that disagree."]
    rule: Annotated[str, "What turned the criteria into the answer."]
    agree: Annotated[bool, "Whether every criterion that could have given this answer gives it."]
    tendency: Annotated[ClusterTendency, "Whether there is any cluster structure."]
    criteria: Annotated[tuple[CriterionRecord, ...], "Each with its own answer."] = ()
    stability: Annotated[
        dict[int, Estimate], "Agreement of bootstrap samples by number of clusters."
    ] = field(default_factory=dict)
    estimators: Annotated[dict[int, Any], "Fitted for each number of clusters."] = field(
        default_factory=dict, repr=False
    )
    tied: Annotated[tuple[int, ...], "Numbers with as many votes as the answer."] = ()
    is_at_edge: Annotated[bool, "Whether the answer is the largest number that was tried."] = False
    clustergram: Annotated[Clustergram | None, "How clusters split as k grows."] = None
    notes: Annotated[
        tuple[str, ...],
        "Samples that were taken, criteria that were left out, limits that were lowered.",
    ] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a row a number of clusters, a column a criterion; "chosen" marks the answer."""
        columns = {
            c.name: pd.Series(c.values, index=pd.Index(c.ks, name="k"), dtype=float)
            for c in self.criteria
        }
        frame = pd.DataFrame(columns)
        frame.index.name = "k"
        frame["chosen"] = frame.index == self.k
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, without the estimators."""
        plain = ("k", "sentence", "rule", "agree", "stability", "tied", "is_at_edge", "notes")
        return {
            **{name: to_json(getattr(self, name)) for name in plain},
            "tendency": self.tendency.to_dict(),
            "items": to_json(self.criteria),
            "clustergram": to_json(self.clustergram),
        }


def choose_k(
    X: Any,
    *,
    k_max: int = 10,
    k_min: int = 2,
    estimator: Any = None,
    n_bootstrap: int = N_BOOTSTRAP,
    n_references: int = 20,
    sample_size: int = 2000,
    random_state: int | None = None,
) -> KChoice:
    """Choose the number of clusters by a stated rule; 1 means that no structure was found.

    Use it before clustering, and read who disagrees. It fails where clusters overlap much (two
    Gaussians need four to five standard deviations between them), where one holds a few per cent of
    the rows, and where clusters are of a shape that the estimator cannot follow; it finds structure
    in a single cluster that is bent, hollow, or skewed along no column.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n, d)
        Rows, scaled as for clustering.
    k_max : int, default=10
        The most clusters that are tried; lowered where there are not so many different rows.
    k_min : int, default=2
        The fewest clusters, if there is structure.
    estimator : estimator with ``n_clusters``, optional
        Default: :class:`~further.cluster.kmeans.KMeans`. Others are judged by those of the criteria
        that suit their distance.
    n_bootstrap : int, default=20
        Bootstrap samples for stability.
    n_references : int, default=20
        Reference sets of each kind, at least 19: p is never below 1 / (n_references + 1).
    sample_size : int, default=2000
        Rows for what grows with the square of their number; a seeded sample beyond that.
    random_state : int or None
        Seed.

    Returns
    -------
    KChoice
        The number, the sentence that explains it, and all that it rests on.

    Raises
    ------
    InputError
        If the limits are the wrong way round, or the rows do not suit the estimator.

    References
    ----------
    Milligan, G. W. and Cooper, M. C. (1985). An examination of procedures for determining the
    number of clusters in a data set. Psychometrika 50.

    Examples
    --------
    >>> from further.cluster import choose_k
    >>> rng = np.random.default_rng(0)
    >>> X = np.vstack([rng.normal(c, 1, (30, 2)) for c in ((0, 0), (9, 0), (0, 9))])
    >>> choose_k(X, k_max=5, random_state=0).k
    3
    >>> choose_k(rng.random((90, 2)), k_max=5, random_state=0).k
    1
    """
    _check_limits(k_min, k_max, n_bootstrap, n_references, sample_size)
    estimator = KMeans() if estimator is None else estimator
    if not hasattr(estimator, "n_clusters"):
        raise InputError(
            f"choose_k: {type(estimator).__name__} has no n_clusters to choose; give an estimator "
            "that has."
        )
    estimator = without_given_centers(estimator)
    rows = read_observations(X, estimator, "choose_k")
    notes: list[str] = []
    distinct = rows.count_distinct(k_max + 1)
    most = min(k_max, len(rows) - 1, distinct)
    if most < max(2, k_min):
        return _too_few(len(rows), distinct, max(2, k_min))
    if most < k_max:
        why = f"{len(rows)} rows" if most == len(rows) - 1 else f"{distinct} different rows"
        notes.append(f"k_max was lowered from {k_max} to {most}: there are {why}.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return _choose(
            rows, estimator, max(2, k_min), most, n_bootstrap, n_references, sample_size,
            random_state, notes,
        )  # fmt: skip


def _choose(
    rows: Observations,
    estimator: Any,
    k_min: int,
    k_max: int,
    n_bootstrap: int,
    n_references: int,
    sample_size: int,
    random_state: int | None,
    notes: list[str],
) -> KChoice:
    # Each part has a stream of its own: more bootstrap samples do not change the reference sets.
    # Stability alone is seeded as it is elsewhere, so that the same clustering has the same one.
    for_rows, for_fits, for_tendency, for_gap = (
        np.random.default_rng(seed) for seed in np.random.SeedSequence(random_state).spawn(4)
    )
    lloyd = is_kmeans(estimator)
    fitted = _sample(
        rows, SWEPT_ROWS if lloyd else sample_size, for_rows, notes,
        "The elbow and the estimators for each k",
    )  # fmt: skip
    fits = sweep(fitted.values, range(1, k_max + 1), estimator=estimator, random_state=for_fits)
    chosen = sample_rows(len(fitted), sample_size, for_rows)
    sample = fitted.take(chosen)
    if len(chosen) < len(fitted):
        notes.append(
            f"Silhouettes{', other indices and BIC' if rows.is_euclidean else ''} rest on a random "
            f"sample of {len(chosen):,} of {len(rows):,} rows."
        )
    ks = range(k_min, k_max + 1)
    labels = {k: np.asarray(fits[k].labels_)[chosen] for k in ks}

    repeated, most_rows = with_few_initialisations(estimator), rows_compared(estimator)
    few = _sample(
        rows, min(sample_size, most_rows), for_rows, notes,
        f"The cluster tendency test, stability{' and the gap' if rows.is_euclidean else ''}",
    )  # fmt: skip
    # Whether there is any structure is a question to the data; k-means asks it fastest.
    asked = repeated
    if rows.is_euclidean and getattr(fits[k_max], "inertia_", None) is None:
        asked = KMeans()
        notes.append("The cluster tendency test was made with k-means.")
    # Rows and parameters have passed the sweep above: no need to check them a thousand times.
    with config_context(assume_finite=True, skip_parameter_validation=True):
        tendency = tendency_test(
            few,
            range(2, min(k_max, len(few) - 1) + 1),
            estimator=asked,
            n_references=n_references,
            random_state=for_tendency,
        )
        resamples = Resamples(
            rows.values, n_rows=min(sample_size, most_rows), n_bootstrap=n_bootstrap,
            random_state=random_state,
        )  # fmt: skip
        agreement = agreement_by_k(resamples, ks, estimator)
        gap = None
        if rows.is_euclidean:
            gap = gap_statistic(
                few.values,
                range(1, k_max + 1),
                estimator=asked,
                n_references=n_references,
                random_state=for_gap,
            )

    criteria = [
        elbow(inertia_by_k(fitted, fits), reference=tendency.reference),
        silhouette(sample.distances(), labels),
    ]
    if gap is not None:
        values = np.asarray(sample.values, dtype=np.float64)
        seed = int(for_gap.integers(2**31 - 1))
        criteria += [
            *indices(values, labels),
            gap,
            bic(values, range(1, k_max + 1), random_state=seed),
        ]
    else:
        notes.append(
            "Calinski-Harabasz, Davies-Bouldin, gap statistic and BIC were left out: they rest "
            "on means and squared distances, which do not suit this distance."
        )
    criteria.append(most_stable(agreement))
    stable = {k: mean_agreement(samples) for k, samples in agreement.items()}
    found = _decide(tendency, criteria, stable, fits, k_min, _name(estimator), notes)
    of_sample = {k: np.asarray(fits[k].labels_)[chosen] for k in sorted(fits)}
    return replace(found, clustergram=clustergram(sample.values, of_sample))


def _decide(
    tendency: ClusterTendency,
    criteria: list[CriterionRecord],
    stable: dict[int, Estimate],
    fits: dict[int, Any],
    k_min: int,
    name: str,
    notes: list[str],
) -> KChoice:
    voted = vote(criteria, {k: figure.value for k, figure in stable.items()}, k_min)
    k = voted if tendency.found and voted is not None else 1
    could = [c for c in criteria if c.k is not None and (k in c.ks or c.k >= k_min)]
    if k == 1:
        could = [c for c in criteria if c.k is not None and c.name in ("gap", "bic")]
    agree = bool(could) and all(c.k == k for c in could)
    said = who_says_what(criteria)
    tied = tuple(other for other in with_most_votes(criteria, k_min) if other != k) * (k > 1)
    is_at_edge = k > 1 and k == max(fits)
    if k == 1:
        p = tendency.p_value
        sentence = (
            f"{name} separates these rows no better than data of the same spread without clusters "
            f"(p = {p:.2g})" + (f"; if a number is needed, {said}." if said else ".")
        )
    elif agree:
        sentence = (
            f"{k} clusters: all {len(could)} criteria say so, and bootstrap samples agree to "
            f"{stable[k].value:.2f} of 1."
        )
    else:
        votes = sum(c.k == k for c in criteria)
        sentence = (
            f"{k} clusters, by {votes} of {len(criteria)} criteria, which disagree: {said}; "
            f"bootstrap samples agree to {stable[k].value:.2f} of 1."
        )
    sentence = sentence.removesuffix(".") + write_tie_and_edge(k, tied, is_at_edge) + "."
    return KChoice(
        k, sentence, RULE, agree, tendency, tuple(criteria), stable, fits, tied, is_at_edge,
        notes=tuple(notes),
    )  # fmt: skip


def _sample(
    rows: Observations, size: int, rng: np.random.Generator, notes: list[str], what: str
) -> Observations:
    if len(rows) <= size:
        return rows
    notes.append(f"{what} rest on a random sample of {size:,} of {len(rows):,} rows.")
    return rows.take(sample_rows(len(rows), size, rng))


def _name(estimator: Any) -> str:
    from further.registry import name_of

    try:
        return name_of(type(estimator)).label
    except InputError:
        return type(estimator).__name__


def _too_few(n: int, distinct: int, k_min: int) -> KChoice:
    if n == 1:
        why = "1 row makes no clusters"
    elif distinct == 1:
        why = f"{n:,} rows that are all the same make no clusters"
    else:
        why = f"{n:,} rows, {distinct:,} of them different, are too few for {k_min} clusters"
    nothing = ClusterTendency(False, None, None, None, None, f"not tested: {why}")
    return KChoice(1, f"{why}.", RULE, True, nothing)


def _check_limits(
    k_min: int, k_max: int, n_bootstrap: int, n_references: int, sample_size: int
) -> None:
    if k_min < 1:
        raise InputError(f"choose_k: k_min={k_min} must be at least 1.")
    if k_max < max(2, k_min):
        raise InputError(
            f"choose_k: k_max={k_max} must be at least 2 and at least k_min={k_min}; raise k_max."
        )
    if n_bootstrap < 2:
        raise InputError(f"choose_k: n_bootstrap={n_bootstrap} gives no pair; choose at least 2.")
    if n_references < FEWEST_REFERENCES:
        raise InputError(
            f"choose_k: n_references={n_references} cannot give a p-value of {LEVEL} or less; "
            f"choose at least {FEWEST_REFERENCES}."
        )
    if sample_size < 50:
        raise InputError(f"choose_k: sample_size={sample_size} must be at least 50.")
