"""``evaluation.json`` of a clustering, as typed objects; see :mod:`further.evaluate.record`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from further.evaluate.record import Measured
from further.evaluate.typed_json import OPTIONAL

#: A value of a row, in the table's own units.
Value = float | int | bool | str | None
Series = tuple[float | None, ...]


@dataclass(frozen=True)
class TableRecord:
    """The table whose rows were clustered."""

    name: str = ""
    kind: str = "table"
    source: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    target: str | None = None
    fingerprint: str = ""
    rows: int = 0
    columns: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What the user asked for; None where further chose."""

    k: int | None = None
    method: str | None = None
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    distance: str | None = None
    columns: tuple[str, ...] | None = None
    scale: str = ""
    target: str | None = None
    k_max: int = 0


@dataclass(frozen=True)
class ColumnRecord:
    """What a column was taken for, whether and how it takes part, and why."""

    name: str = ""
    type: str = ""
    used: bool = False
    role: str | None = None
    missing: int = 0
    distinct: int = 0
    why: str = ""
    scale: str | None = None
    center: Value = None
    spread: float | None = None
    fill: Value = None


@dataclass(frozen=True)
class TendencyRecord:
    """The test of cluster tendency: the statistic beside its range in data without structure."""

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
    """One criterion for every number of clusters, with its own answer ``k``."""

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
    """How many clusters, by which rule, and what each criterion says."""

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
    """How well one cluster is found again in bootstrap samples (Hennig's Jaccard similarity)."""

    cluster: int = 0
    jaccard: Measured = field(default_factory=Measured)
    recovered: float | None = None
    dissolved: float | None = None
    verdict: str = ""


@dataclass(frozen=True)
class ClusterStabilities:
    """The stability of each cluster, and the limits by which it is judged."""

    stable_from: float | None = None
    pattern_from: float | None = None
    clusters: tuple[StabilityOfCluster, ...] = ()


@dataclass(frozen=True)
class Alternative:
    """Another method on the same rows, or the chosen one."""

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
    """A median with the range that most values lie in."""

    median: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class InitialisationKind:
    """What initialisations of one kind came to."""

    kind: str = ""
    inertia: Series = ()
    best_share: float | None = None
    ari: Spread = field(default_factory=Spread)


@dataclass(frozen=True)
class Changing:
    """The rows that other initialisations put into another cluster, and how often."""

    share: float = 0.0
    rows: tuple[int, ...] = ()
    values: Series = ()


@dataclass(frozen=True)
class Initialisations:
    """How much the initialisation matters."""

    n_init: int = 0
    best_inertia: float | None = None
    tolerance: float | None = None
    kinds: tuple[InitialisationKind, ...] = ()
    changing: Changing = field(default_factory=Changing)
    sentence: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class EffectRecord:
    """How far a column sets a cluster apart."""

    column: str = ""
    effect: float | None = None
    measure: str = ""
    text: str = ""


@dataclass(frozen=True)
class ExampleRow:
    """A row of the table with what is known of it."""

    row: int = 0
    values: dict[str, Value] = field(default_factory=dict)
    distance: float | None = field(default=None, metadata=OPTIONAL)
    score: float | None = field(default=None, metadata=OPTIONAL)
    cluster: int | None = field(default=None, metadata=OPTIONAL)
    other: int | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class ProfileRecord:
    """What a cluster is; number -1 is the rows in none."""

    cluster: int = 0
    noise: bool = False
    size: int = 0
    share: float = 0.0
    center: dict[str, Value] = field(default_factory=dict)
    features: tuple[EffectRecord, ...] = ()
    rule: str | None = None
    precision: float | None = None
    recall: float | None = None
    typical: tuple[ExampleRow, ...] = ()
    borderline: tuple[ExampleRow, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class RuleRecord:
    """A rule for one cluster."""

    cluster: int = 0
    text: str = ""
    precision: float | None = None
    recall: float | None = None
    rows: int = 0


@dataclass(frozen=True)
class RulesRecord:
    """A shallow tree that describes all clusters."""

    fidelity: Measured = field(default_factory=Measured)
    baseline: float | None = None
    depth: int = 0
    text: tuple[str, ...] = ()
    note: str = ""
    clusters: tuple[RuleRecord, ...] = ()


@dataclass(frozen=True)
class ClusterSilhouette:
    """The silhouettes of one cluster, from the highest to the lowest."""

    cluster: int = 0
    n: int = 0
    mean: float | None = None
    values: Series = ()
    negative_share: float | None = None


@dataclass(frozen=True)
class SilhouetteRecord(Measured):
    """The mean silhouette, and those of each cluster."""

    sampled: bool = False
    clusters: tuple[ClusterSilhouette, ...] = ()


@dataclass(frozen=True)
class ProjectionRecord:
    """Rows in the plane."""

    method: str = ""
    note: str = ""
    explained: Series = ()
    axes: tuple[str, ...] = ()
    x: Series = ()
    y: Series = ()
    cluster: tuple[int, ...] = ()
    row: tuple[int, ...] = ()
    changing: Series | None = None
    n: int = 0
    sampled: bool = False


@dataclass(frozen=True)
class MapRecord:
    """Rows by their coordinates, in degrees."""

    latitude: Series = ()
    longitude: Series = ()
    cluster: tuple[int, ...] = ()
    row: tuple[int, ...] = ()


@dataclass(frozen=True)
class DendrogramRecord:
    """The last merges of an agglomeration: left, right, height, rows."""

    merges: tuple[tuple[float, ...], ...] = ()
    leaf_sizes: tuple[int, ...] = ()
    leaf_clusters: tuple[int, ...] = ()
    cut: float | None = None
    note: str = ""


@dataclass(frozen=True)
class LabelledRows:
    """How well the score finds rows that a label calls unusual."""

    column: str = ""
    positive: str = ""
    precision_at_k: Measured = field(default_factory=Measured)
    average_precision: Measured = field(default_factory=Measured)
    roc_auc: Measured = field(default_factory=Measured)
    k: int = 0
    base_rate: float | None = None
    n: int = 0
    n_positive: int = 0


@dataclass(frozen=True)
class UnusualRows:
    """The most unusual rows by the score of the method."""

    method: str = ""
    note: str = ""
    rows: tuple[ExampleRow, ...] = ()
    labelled: LabelledRows | None = None


@dataclass(frozen=True)
class AgreementRecord:
    """The clusters counted against a label that took no part."""

    column: str = ""
    adjusted_rand: float | None = None
    classes: tuple[str, ...] = ()
    clusters: tuple[int, ...] = ()
    counts: tuple[tuple[int, ...], ...] = ()
    sentence: str = ""


@dataclass(frozen=True)
class Steps:
    """A sample of rows in principal components, on which k-means can be played."""

    scores: tuple[Series, ...] = ()
    cluster: tuple[int, ...] = ()
    share: float | None = None
    axes: tuple[str, ...] = ()
    k: int = 0
    note: str = ""


@dataclass(frozen=True)
class Spent:
    """What all of it took, and which grid its carbon assumes."""

    watt_hours: float | None = None
    carbon_g: float | None = None
    method: str = ""
    grid_g_per_kwh: float | None = None
    grid_source: str = ""


@dataclass(frozen=True)
class ClusteringEvaluation:
    """``evaluation.json`` of a clustering.

    Attributes
    ----------
    sentence : str
        The answer.
    k : int
        Number of clusters; 1 is no structure.
    stability : Measured or None
        How far clusterings of bootstrap samples agree.
    cluster_stability : ClusterStabilities or None
        How well each cluster is found again in them.
    """

    schema: int = 1
    task: Literal["clustering"] = "clustering"
    command: str = ""
    run: str = ""
    further: str = ""
    seed: int | None = None
    sentence: str = ""
    data: TableRecord = field(default_factory=TableRecord)
    asked: Asked = field(default_factory=Asked)
    method: str = ""
    label: str = ""
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    distance: str = ""
    scale: str = ""
    columns: tuple[ColumnRecord, ...] = ()
    k: int | None = None
    sizes: tuple[int, ...] = ()
    noise: int = 0
    inertia: float | None = None
    stability: Measured | None = None
    cluster_stability: ClusterStabilities | None = None
    notes: tuple[str, ...] = ()
    criteria: Criteria | None = None
    alternatives: tuple[Alternative, ...] = ()
    initialisations: Initialisations | None = None
    profile: tuple[ProfileRecord, ...] = ()
    rules: RulesRecord | None = None
    silhouette: SilhouetteRecord | None = None
    projection: ProjectionRecord | None = None
    map: MapRecord | None = None
    dendrogram: DendrogramRecord | None = None
    anomalies: UnusualRows = field(default_factory=UnusualRows)
    agreement: AgreementRecord | None = None
    steps: Steps | None = None
    energy: Spent = field(default_factory=Spent)
    machine: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, Any] = field(default_factory=dict)
    seconds: float | None = None
