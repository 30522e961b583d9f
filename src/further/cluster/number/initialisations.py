r"""How much does the initialisation matter? Many single ones of each kind, beside the best.

With :math:`W_s` the inertia that initialisation s leads to and :math:`W_{\min}` the lowest of
all, whatever their kind, an initialisation *reaches the best* when

.. math:: W_s \le (1 + \tau) \, W_{\min}, \qquad \tau = 0.001.

A row *changes cluster* under initialisation s when it is not in the cluster of the best one;
clusters are matched one to one so that as many rows as possible stay (the Hungarian method of
Kuhn, 1955).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.exceptions import ConvergenceWarning

from further._sklearn import InvalidParameterError
from further.cluster.kmeans import KMeans
from further.cluster.number.observations import Observations, inertia_by_k, read_observations
from further.cluster.number.stability import pairwise_adjusted_rand
from further.cluster.number.sweep import is_kmeans, sample_rows, with_parameters
from further.errors import InputError

#: An initialisation reaches the best when its inertia is higher by no more than this part of it.
TOLERANCE = 1e-3
#: Rows on which labellings are compared pair by pair, and rows that are fitted, at most.
COMPARED_ROWS = 5000
FITTED_ROWS = 20_000
FITTED_ROWS_OTHERS = 2000
#: Rows that ``to_dict`` lists as changing cluster, at most.
LISTED = 200
#: Kinds of initialisation in the order in which they are shown; an estimator has some of them.
KINDS = ("random", "k-means++ (single draw)", "k-means++", "huang", "cao", "build")
#: Initialisations that leave nothing to chance: one of them is all there is.
DETERMINISTIC = ("cao", "build")


@dataclass(frozen=True)
class InitialisationKind:
    """Many initialisations of one kind."""

    kind: Annotated[str, "The estimator's ``init``."]
    inertia: Annotated[np.ndarray, "What each led to, shape (n_init,)."]
    best_share: Annotated[float, "Share of them that reach the best of all kinds."]
    median: Annotated[float | None, "Of the adjusted Rand index of pairs; None without pairs."]
    low: Annotated[float | None, "Its quantile 0.025."]
    high: Annotated[float | None, "Its quantile 0.975."]

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "kind": self.kind,
            "inertia": self.inertia.tolist(),
            "best_share": self.best_share,
            "ari": {"median": self.median, "low": self.low, "high": self.high},
        }


@dataclass(frozen=True)
class InitSensitivity:
    """What the initialisation changes."""

    sentence: Annotated[str, "In words."]
    n_init: Annotated[int, "Initialisations of each kind."]
    kinds: Annotated[tuple[InitialisationKind, ...], "By kind."]
    best_inertia: Annotated[float, "The lowest inertia of all."]
    tolerance: Annotated[float, "An initialisation within this part of it reaches the best."]
    labels: Annotated[np.ndarray, "Clusters under the best, shape (n,)."] = field(repr=False)
    changing: Annotated[
        np.ndarray,
        "Share of all initialisations under which each row, shape (n,), is in another cluster than "
        "under the best.",
    ] = field(repr=False)
    rows: Annotated[
        np.ndarray, "Numbers of these rows in X, shape (n,): all, or in large data a sample."
    ] = field(repr=False)
    notes: Annotated[tuple[str, ...], "Samples that were taken."] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each: kind, inertia, that over the best, whether it reaches the best."""
        frames = [
            pd.DataFrame({"kind": kind.kind, "initialisation": range(len(kind.inertia)),
                          "inertia": kind.inertia})
            for kind in self.kinds
        ]  # fmt: skip
        frame = pd.concat(frames, ignore_index=True)
        frame["relative"] = _relative(frame["inertia"].to_numpy(), self.best_inertia)
        frame["reaches_best"] = frame["relative"] <= 1 + self.tolerance
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON; of the rows that change cluster those that do so most often."""
        moved = np.flatnonzero(self.changing > 0)
        listed = moved[np.argsort(-self.changing[moved], kind="stable")][:LISTED]
        return {
            "n_init": self.n_init,
            "best_inertia": self.best_inertia,
            "tolerance": self.tolerance,
            "kinds": [kind.to_dict() for kind in self.kinds],
            "changing": {
                "share": len(moved) / len(self.changing),
                "rows": self.rows[listed].tolist(),
                "values": self.changing[listed].tolist(),
            },
            "sentence": self.sentence,
            "notes": list(self.notes),
        }


def _match_clusters(labels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Rename clusters one to one so that as many rows as possible agree with a reference.

    Clusters without a partner get new numbers.
    """
    size = int(max(labels.max(), reference.max())) + 1
    counts = np.bincount(labels * size + reference, minlength=size * size).reshape(size, size)
    ours, theirs = linear_sum_assignment(counts, maximize=True)
    names = np.empty(size, dtype=np.int64)
    names[ours] = theirs
    renamed: np.ndarray = names[labels]
    return renamed


def init_sensitivity(
    X: Any,
    n_clusters: int,
    *,
    estimator: Any = None,
    kinds: Sequence[str] | None = None,
    n_init: int = 30,
    random_state: int | None = None,
) -> InitSensitivity:
    """Initialise many times in each way and say what that changes.

    Use it before one clustering is believed: where few initialisations reach the best, raise
    ``n_init`` or choose another number of clusters. It fails to find an optimum that none reaches:
    the best here is the best seen.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n, d)
        Rows. Of more than 20,000 (2,000 for estimators other than k-means) a seeded sample is
        taken and named in ``notes``.
    n_clusters : int
        Number of clusters, at least 1.
    estimator : estimator with ``n_clusters``, optional
        Default: :class:`~further.cluster.kmeans.KMeans`. Without a parameter ``init`` only its
        seed is varied.
    kinds : sequence of str, optional
        Values of ``init``; default: those that the estimator has of "random", "k-means++ (single
        draw)" as in the paper, "k-means++" with several candidates a draw, and so on.
    n_init : int, default=30
        Initialisations of each kind; one where a kind leaves nothing to chance.
    random_state : int or None
        Seed.

    Returns
    -------
    InitSensitivity
        Inertias by kind of initialisation, and the rows whose cluster depends on it.

    Raises
    ------
    InputError
        If there are fewer rows than clusters, ``n_init`` is below 2, or a kind is unknown.

    References
    ----------
    Celebi, M. E., Kingravi, H. A. and Vela, P. A. (2013). A comparative study of efficient
    initialization methods for the k-means clustering algorithm. Expert Systems with
    Applications 40.

    Examples
    --------
    >>> from further.cluster import init_sensitivity
    >>> rng = np.random.default_rng(0)
    >>> X = np.vstack([rng.normal(c, 1, (30, 2)) for c in ((0, 0), (30, 0), (0, 30))])
    >>> found = init_sensitivity(X, 3, kinds=("k-means++",), n_init=10, random_state=0)
    >>> found.kinds[0].best_share
    1.0
    >>> found.sentence
    'The initialisation makes little difference: all 10 reach the lowest inertia, to within 0.1 %.'
    """
    estimator = KMeans() if estimator is None else estimator
    if n_init < 2:
        raise InputError(f"init_sensitivity: n_init={n_init} shows no spread; choose 2 or more.")
    if n_clusters < 1:
        raise InputError(f"init_sensitivity: n_clusters={n_clusters} must be at least 1.")
    every = read_observations(X, estimator, "init_sensitivity")
    if n_clusters > len(every):
        raise InputError(
            f"init_sensitivity: n_clusters={n_clusters} but X has {len(every)} rows; choose "
            f"n_clusters of at most {len(every)}."
        )
    rng = np.random.default_rng(random_state)
    most = FITTED_ROWS if is_kmeans(estimator) else FITTED_ROWS_OTHERS
    numbers = sample_rows(len(every), most, rng)
    rows, notes = every, []
    if len(numbers) < len(every):
        rows = every.take(numbers)
        notes.append(f"A random sample of {most:,} of {len(every):,} rows was clustered.")
    wanted = _kinds_of(estimator) if kinds is None else tuple(kinds)
    found = {
        kind: _initialise_often(rows, estimator, n_clusters, kind, n_init, rng) for kind in wanted
    }
    return _compare(found, numbers, n_init, rng, notes)


def _kinds_of(estimator: Any) -> tuple[str, ...]:
    """Return the kinds of initialisation that an estimator takes, by its declared limits."""
    if "init" not in estimator.get_params(deep=False):
        return ("its own",)
    allowed: set[str] = set()
    for constraint in getattr(estimator, "_parameter_constraints", {}).get("init", []):
        allowed |= set(getattr(constraint, "options", ()))
    return tuple(kind for kind in KINDS if kind in allowed) or ("random",)


def _initialise_often(
    rows: Observations,
    estimator: Any,
    k: int,
    kind: str,
    n_init: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return inertia (s,) and labels (s, n) of single initialisations of a kind."""
    inertia, labels = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for _ in range(1 if kind in DETERMINISTIC else n_init):
            seed = int(rng.integers(2**31 - 1))
            single = with_parameters(estimator, n_clusters=k, n_init=1, random_state=seed)
            if "init" in single.get_params(deep=False):
                single.set_params(init=kind)
            try:
                single.fit(rows.values)
            except InvalidParameterError as error:
                raise InputError(
                    f'init_sensitivity: {type(estimator).__name__} has no init "{kind}"; choose '
                    f"from {', '.join(_kinds_of(estimator))}."
                ) from error
            inertia.append(inertia_by_k(rows, {k: single})[k])
            labels.append(np.asarray(single.labels_))
    return np.array(inertia), np.array(labels)


def _compare(
    found: dict[str, tuple[np.ndarray, np.ndarray]],
    numbers: np.ndarray,
    n_init: int,
    rng: np.random.Generator,
    notes: list[str],
) -> InitSensitivity:
    inertia = np.concatenate([pair[0] for pair in found.values()])
    labels = np.concatenate([pair[1] for pair in found.values()])
    first = int(np.argmin(inertia))
    best, reference = float(inertia[first]), labels[first]
    compared = sample_rows(labels.shape[1], COMPARED_ROWS, rng)
    if len(compared) < labels.shape[1]:
        notes.append(
            f"Initialisations were compared in pairs on {len(compared):,} rows drawn at random."
        )
    kinds = []
    for kind, (values, lines) in found.items():
        agreement = pairwise_adjusted_rand(lines[:, compared])
        pairs = agreement[np.triu_indices(len(lines), 1)]
        quantiles = np.quantile(pairs, [0.5, 0.025, 0.975]).tolist() if len(pairs) else [None] * 3
        reached = float((_relative(values, best) <= 1 + TOLERANCE).mean())
        kinds.append(InitialisationKind(kind, values, reached, *quantiles))
    left = np.zeros(len(reference))
    for line in labels:
        left += _match_clusters(line, reference) != reference
    changing = left / len(labels)
    sentence = _say(kinds, inertia, best, changing)
    return InitSensitivity(
        sentence, n_init, tuple(kinds), best, TOLERANCE, reference, changing, numbers,
        tuple(notes),
    )  # fmt: skip


def _relative(inertia: np.ndarray, best: float) -> np.ndarray:
    """Return inertia over the best; an exact fit is reached only by another one."""
    if best <= 0:
        return np.where(inertia <= 0, 1.0, np.inf)
    relative: np.ndarray = inertia / best
    return relative


def _say(
    kinds: Sequence[InitialisationKind], inertia: np.ndarray, best: float, changing: np.ndarray
) -> str:
    total = len(inertia)
    relative = _relative(inertia, best)
    reached = int((relative <= 1 + TOLERANCE).sum())
    within = f"to within {100 * TOLERANCE:g} %"
    if reached == total:
        return (
            f"The initialisation makes little difference: all {total} reach the lowest inertia, "
            f"{within}."
        )
    by_kind = ""
    if len(kinds) > 1:
        shares = ", ".join(f"{100 * kind.best_share:.0f} % by {kind.kind}" for kind in kinds)
        by_kind = f" ({shares})"
    worst = float(relative.max())
    if worst < 2:
        end = f"{100 * (worst - 1):.2g} % above it"
    else:
        end = f"at {worst:.3g} times it" if np.isfinite(worst) else "above it"
    moved = float(changing.mean()) * total / max(total - 1, 1)
    return (
        f"The initialisation matters: {reached} of {total} reach the lowest inertia {within}"
        f"{by_kind}, the worst ends {end}, and one that is not the best puts {_percent(moved)} "
        "of the rows into another cluster on average."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "less than 1 %"
