"""Of a clustering: whether there are clusters, how many, and how stable they are."""

from __future__ import annotations

from dataclasses import dataclass, field

from further.evaluate.record import Measured, Series
from further.evaluate.typed_json import OPTIONAL


@dataclass(frozen=True)
class TendencyRecord:
    """The test of cluster tendency: the statistic beside its range in data without structure.

    Attributes
    ----------
    found : bool
        Whether there is cluster structure.
    statistic : float or None
        That of the data.
    low, high : float or None
        Its range in data without structure.
    p_value : float or None
        The largest of the kinds of reference data.
    method : str
        How it was tested.
    kind : str or None
        The kind of reference data that explains the rows best.
    k : int or None
        The number of clusters at which the statistic was taken.
    p_values : dict of str to float
        By kind of reference data.
    """

    found: bool = False
    statistic: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    method: str = ""
    kind: str | None = None
    k: int | None = None
    p_values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class CriterionRecord:
    """One criterion for every number of clusters, with its own answer ``k``.

    Attributes
    ----------
    name, label : str
        In code and for readers.
    better : str or None
        "higher" or "lower"; None where neither is meant.
    k : int or None
        Its own answer.
    ks : tuple of int
        Numbers of clusters.
    values : tuple of float
        Its value for each of them.
    low, high : tuple of float or None
        Limits of the values.
    reference : tuple of float or None
        What data without structure give.
    note : str
        How the answer follows from the values.
    """

    name: str = ""
    label: str = ""
    better: str | None = None
    k: int | None = None
    ks: tuple[int, ...] = ()
    values: Series = ()
    low: Series | None = None
    high: Series | None = None
    reference: Series | None = None
    note: str = ""


@dataclass(frozen=True)
class Criteria:
    """How many clusters, by which rule, and what each criterion says.

    Attributes
    ----------
    k : int
        The answer; 1 is no structure.
    sentence : str
        The answer in words.
    rule : str
        What turned the criteria into the answer.
    agree : bool
        Whether all criteria that could give this answer do.
    tendency : TendencyRecord
        Whether there is any structure.
    items : tuple of CriterionRecord
        One by one.
    stability : dict of str to Measured
        Agreement of bootstrap samples by number of clusters.
    notes : tuple of str
        Samples, limits and omissions.
    """

    k: int = 1
    sentence: str = ""
    rule: str = ""
    agree: bool = False
    tendency: TendencyRecord = field(default_factory=TendencyRecord)
    items: tuple[CriterionRecord, ...] = ()
    stability: dict[str, Measured] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StabilityOfCluster:
    """How well one cluster is found again in bootstrap samples (Hennig's Jaccard similarity).

    Attributes
    ----------
    cluster : int
        Its number.
    jaccard : Measured
        Mean similarity over the samples, with limits that hold 95 % of them.
    recovered, dissolved : float or None
        Share of samples with a similarity of at least 0.75, and of at most 0.5.
    verdict : str
        "stable", "pattern" or "unstable".
    """

    cluster: int = 0
    jaccard: Measured = field(default_factory=Measured)
    recovered: float | None = None
    dissolved: float | None = None
    verdict: str = ""


@dataclass(frozen=True)
class ClusterStabilities:
    """The stability of each cluster, and the limits by which it is judged.

    Attributes
    ----------
    stable_from, pattern_from : float or None
        Least similarity of a stable cluster, and of a pattern.
    clusters : tuple of StabilityOfCluster
        One by one.
    """

    stable_from: float | None = None
    pattern_from: float | None = None
    clusters: tuple[StabilityOfCluster, ...] = ()


@dataclass(frozen=True)
class Alternative:
    """Another method on the same rows, or the chosen one.

    Attributes
    ----------
    method, label : str
        Name in code and for readers.
    distance : str
        Name of the distance.
    chosen : bool
        Whether this is the chosen one.
    k : int or None
        Number of clusters that it finds.
    stability, silhouette : Measured or None
        Agreement of bootstrap samples; the mean silhouette.
    noise_share : float or None
        Share of rows in no cluster.
    agreement : float or None
        Adjusted Rand index with the chosen one.
    note : str
        Why something is absent.
    seconds : float or None
        Time taken.
    """

    method: str = ""
    label: str = ""
    distance: str = ""
    chosen: bool = False
    k: int | None = None
    stability: Measured | None = None
    silhouette: Measured | None = None
    noise_share: float | None = None
    agreement: float | None = None
    note: str = ""
    seconds: float | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class Spread:
    """A median with the range that most values lie in.

    Attributes
    ----------
    median : float or None
        The median.
    low, high : float or None
        Limits of the range.
    """

    median: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class InitialisationKind:
    """What initialisations of one kind came to.

    Attributes
    ----------
    kind : str
        How initial centroids were chosen.
    inertia : tuple of float
        Of each initialisation.
    best_share : float or None
        Share of initialisations that reach the best inertia.
    ari : Spread
        Adjusted Rand index between the clusterings and the best one.
    """

    kind: str = ""
    inertia: Series = ()
    best_share: float | None = None
    ari: Spread = field(default_factory=Spread)


@dataclass(frozen=True)
class Changing:
    """The rows that other initialisations put into another cluster, and how often.

    Attributes
    ----------
    share : float
        Share of rows that change cluster at least once.
    rows : tuple of int
        Those that change most often.
    values : tuple of float
        How often each does, as a share of the initialisations.
    """

    share: float = 0.0
    rows: tuple[int, ...] = ()
    values: Series = ()


@dataclass(frozen=True)
class Initialisations:
    """How much the initialisation matters.

    Attributes
    ----------
    n_init : int
        Initialisations of each kind.
    best_inertia : float or None
        The lowest of all.
    tolerance : float or None
        An inertia within this share of the best reaches it.
    kinds : tuple of InitialisationKind
        By kind.
    changing : Changing
        The rows whose cluster depends on it.
    sentence : str
        In words.
    notes : tuple of str
        Samples that were taken.
    """

    n_init: int = 0
    best_inertia: float | None = None
    tolerance: float | None = None
    kinds: tuple[InitialisationKind, ...] = ()
    changing: Changing = field(default_factory=Changing)
    sentence: str = ""
    notes: tuple[str, ...] = ()
