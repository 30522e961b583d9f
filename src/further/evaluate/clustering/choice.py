"""Of a clustering: whether there are clusters, how many, and how stable they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from further.evaluate.record import Measured, Series
from further.evaluate.typed_json import OPTIONAL


@dataclass(frozen=True)
class TendencyRecord:
    """The test of cluster tendency: the statistic beside its range in data without structure."""

    found: Annotated[bool, "Whether there is cluster structure."] = False
    statistic: Annotated[float | None, "That of the data."] = None
    low: Annotated[float | None, "Lower end of its range in data without structure."] = None
    high: Annotated[float | None, "Upper end of its range in data without structure."] = None
    p_value: Annotated[float | None, "The largest of the kinds of reference data."] = None
    method: Annotated[str, "How it was tested."] = ""
    kind: Annotated[str | None, "The kind of reference data that explains the rows best."] = None
    k: Annotated[int | None, "The number of clusters at which the statistic was taken."] = None
    p_values: Annotated[dict[str, float], "By kind of reference data."] = field(
        default_factory=dict
    )


@dataclass(frozen=True)
class CriterionRecord:
    """One criterion for every number of clusters, with its own answer ``k``."""

    name: Annotated[str, "In code."] = ""
    label: Annotated[str, "For readers."] = ""
    better: Annotated[str | None, '"higher" or "lower"; None where neither is meant.'] = None
    k: Annotated[int | None, "Its own answer."] = None
    ks: Annotated[tuple[int, ...], "Numbers of clusters."] = ()
    values: Annotated[Series, "Its value for each of them."] = ()
    low: Annotated[Series | None, "Lower limits of the values."] = None
    high: Annotated[Series | None, "Upper limits of the values."] = None
    reference: Annotated[Series | None, "What data without structure give."] = None
    note: Annotated[str, "How the answer follows from the values."] = ""


@dataclass(frozen=True)
class ClustergramNode:
    """A cluster of a clustergram."""

    k: Annotated[int, "Of how many clusters it is one."] = 1
    cluster: Annotated[int, "Its number."] = 0
    score: Annotated[float, "Mean of its rows on the first principal component."] = 0.0
    rows: Annotated[int, "How many it has."] = 0


@dataclass(frozen=True)
class ClustergramLink:
    """Rows that pass from a cluster of k to one of the next number of clusters."""

    k: Annotated[int, "The lower number of clusters."] = 1
    cluster: Annotated[int, "The cluster of k."] = 0
    next: Annotated[int, "The cluster of the next number."] = 0
    rows: Annotated[int, "How many are in both."] = 0


@dataclass(frozen=True)
class Clustergram:
    """How clusters split and merge as their number grows."""

    axis: Annotated[str, "What the first principal component is made of."] = ""
    nodes: Annotated[tuple[ClustergramNode, ...], "The clusters for each number."] = ()
    links: Annotated[tuple[ClustergramLink, ...], "The rows that pass between them."] = ()


@dataclass(frozen=True)
class Criteria:
    """How many clusters, by which rule, and what each criterion says."""

    k: Annotated[int, "The answer; 1 is no structure."] = 1
    sentence: Annotated[str, "The answer in words."] = ""
    rule: Annotated[str, "What turned the criteria into the answer."] = ""
    agree: Annotated[bool, "Whether all criteria that could give this answer do."] = False
    tendency: Annotated[TendencyRecord, "Whether there is any structure."] = field(
        default_factory=TendencyRecord
    )
    items: Annotated[tuple[CriterionRecord, ...], "One by one."] = ()
    stability: Annotated[
        dict[str, Measured], "Agreement of bootstrap samples by number of clusters."
    ] = field(default_factory=dict)
    tied: Annotated[tuple[int, ...], "Numbers with as many votes as the answer."] = ()
    is_at_edge: Annotated[bool, "Whether the answer is the largest number that was tried."] = False
    clustergram: Annotated[Clustergram | None, "How clusters split as k grows."] = None
    notes: Annotated[tuple[str, ...], "Samples, limits and omissions."] = ()


@dataclass(frozen=True)
class StabilityOfCluster:
    """How well one cluster is found again in bootstrap samples (Hennig's Jaccard similarity)."""

    cluster: Annotated[int, "Its number."] = 0
    jaccard: Annotated[
        Measured, "Mean similarity over the samples, with limits that hold 95 % of them."
    ] = field(default_factory=Measured)
    recovered: Annotated[float | None, "Share of samples with a similarity from 0.75 on."] = None
    dissolved: Annotated[float | None, "Share of samples with a similarity of at most 0.5."] = None
    verdict: Annotated[str, '"stable", "pattern" or "unstable".'] = ""


@dataclass(frozen=True)
class ClusterStabilities:
    """The stability of each cluster, and the limits by which it is judged."""

    stable_from: Annotated[float | None, "Least similarity of a stable cluster."] = None
    pattern_from: Annotated[float | None, "Least similarity of a pattern."] = None
    clusters: Annotated[tuple[StabilityOfCluster, ...], "One by one."] = ()


@dataclass(frozen=True)
class Alternative:
    """Another method on the same rows, or the chosen one."""

    method: Annotated[str, "Its name in code."] = ""
    label: Annotated[str, "Its name for readers."] = ""
    distance: Annotated[str, "Name of the distance."] = ""
    chosen: Annotated[bool, "Whether this is the chosen one."] = False
    k: Annotated[int | None, "Number of clusters that it finds."] = None
    stability: Annotated[Measured | None, "Agreement of bootstrap samples."] = None
    silhouette: Annotated[Measured | None, "The mean silhouette."] = None
    noise_share: Annotated[float | None, "Share of rows in no cluster."] = None
    agreement: Annotated[float | None, "Adjusted Rand index with the chosen one."] = None
    note: Annotated[str, "Why something is absent."] = ""
    seconds: Annotated[float | None, "Time taken."] = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class Spread:
    """A median with the range that most values lie in."""

    median: Annotated[float | None, "The median."] = None
    low: Annotated[float | None, "Lower limit of the range."] = None
    high: Annotated[float | None, "Upper limit of the range."] = None


@dataclass(frozen=True)
class InitialisationKind:
    """What initialisations of one kind came to."""

    kind: Annotated[str, "How initial centroids were chosen."] = ""
    inertia: Annotated[Series, "Of each initialisation."] = ()
    best_share: Annotated[float | None, "Share of them that reach the best inertia."] = None
    ari: Annotated[Spread, "Adjusted Rand index between the clusterings and the best one."] = field(
        default_factory=Spread
    )


@dataclass(frozen=True)
class Changing:
    """The rows that other initialisations put into another cluster, and how often."""

    share: Annotated[float, "Share of rows that change cluster at least once."] = 0.0
    rows: Annotated[tuple[int, ...], "Those that change most often."] = ()
    values: Annotated[Series, "How often each does, as a share of the initialisations."] = ()


@dataclass(frozen=True)
class Initialisations:
    """How much the initialisation matters."""

    n_init: Annotated[int, "Initialisations of each kind."] = 0
    best_inertia: Annotated[float | None, "The lowest of all."] = None
    tolerance: Annotated[float | None, "Inertias within this share of the best reach it."] = None
    kinds: Annotated[tuple[InitialisationKind, ...], "By kind."] = ()
    changing: Annotated[Changing, "The rows whose cluster depends on it."] = field(
        default_factory=Changing
    )
    sentence: Annotated[str, "In words."] = ""
    notes: Annotated[tuple[str, ...], "Samples that were taken."] = ()
