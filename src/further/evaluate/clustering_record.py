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
    """The table whose rows were clustered.

    Attributes
    ----------
    name, source : str
        What the table is called, and where it comes from.
    kind : str
        "table".
    options : dict
        How it was read.
    target : str or None
        The column that was kept apart as a label.
    fingerprint : str
        Of the content.
    rows, columns : int
        Their numbers.
    notes : tuple of str
        What was recognised and decided while reading.
    """

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
    """What the user asked for; None where further chose.

    Attributes
    ----------
    k : int or None
        Number of clusters.
    method : str or None
        Name of the method.
    hyperparameters : dict
        Those of the method.
    distance : str or None
        Name of the distance.
    columns : tuple of str or None
        The columns to use.
    scale : str
        How to scale numbers.
    target : str or None
        The label column.
    k_max : int
        The most clusters to try.
    """

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
    """What a column was taken for, whether and how it takes part, and why.

    Attributes
    ----------
    name : str
        Name of the column.
    type : str
        What it was taken for.
    used : bool
        Whether it takes part.
    role : str or None
        "numeric" or "categorical"; None if it takes no part.
    missing, distinct : int
        How many values are missing, and how many different ones there are.
    why : str
        The reason for the decision.
    scale : str or None
        How it was scaled.
    center, fill : number, text or None
        What was subtracted, and what takes the place of a missing value; in the table's own units.
    spread : float or None
        What it was divided by.
    """

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


@dataclass(frozen=True)
class EffectRecord:
    """How far a column sets a cluster apart.

    Attributes
    ----------
    column : str
        Name of the column.
    effect : float or None
        Above 0 where the cluster has more.
    measure : str
        "Hedges' g" or "Cohen's h".
    text : str
        In words.
    """

    column: str = ""
    effect: float | None = None
    measure: str = ""
    text: str = ""


@dataclass(frozen=True)
class ExampleRow:
    """A row of the table with what is known of it.

    Attributes
    ----------
    row : int
        Its number in the table.
    values : dict
        Its cells by column.
    distance : float or None
        From the centre of its cluster.
    score : float or None
        How unusual it is.
    cluster, other : int or None
        Its cluster, and the next nearest one.
    """

    row: int = 0
    values: dict[str, Value] = field(default_factory=dict)
    distance: float | None = field(default=None, metadata=OPTIONAL)
    score: float | None = field(default=None, metadata=OPTIONAL)
    cluster: int | None = field(default=None, metadata=OPTIONAL)
    other: int | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class ProfileRecord:
    """What a cluster is; number -1 is the rows in none.

    Attributes
    ----------
    cluster : int
        Its number.
    noise : bool
        Whether these are the rows in no cluster.
    size : int
        Number of rows.
    share : float
        Share of all rows.
    center : dict
        Mean or most frequent value of each column.
    features : tuple of EffectRecord
        What sets it apart, the largest effect first.
    rule : str or None
        A condition that selects it.
    precision, recall : float or None
        Of the rule.
    typical, borderline : tuple of ExampleRow
        Rows in the middle of the cluster and at its edge.
    note : str
        What limits the description.
    """

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
    """A rule for one cluster.

    Attributes
    ----------
    cluster : int
        Its number.
    text : str
        The condition.
    precision, recall : float or None
        Share of the selected rows that are in the cluster, and of its rows that are selected.
    rows : int
        How many rows it selects.
    """

    cluster: int = 0
    text: str = ""
    precision: float | None = None
    recall: float | None = None
    rows: int = 0


@dataclass(frozen=True)
class RulesRecord:
    """A shallow tree that describes all clusters.

    Attributes
    ----------
    fidelity : Measured
        Share of rows that the tree assigns to their cluster, cross-validated.
    baseline : float or None
        Share of the largest cluster.
    depth : int
        Questions at most.
    text : tuple of str
        A sentence for each cluster.
    note : str
        How to read them.
    clusters : tuple of RuleRecord
        One by one.
    """

    fidelity: Measured = field(default_factory=Measured)
    baseline: float | None = None
    depth: int = 0
    text: tuple[str, ...] = ()
    note: str = ""
    clusters: tuple[RuleRecord, ...] = ()


@dataclass(frozen=True)
class ClusterSilhouette:
    """The silhouettes of one cluster, from the highest to the lowest.

    Attributes
    ----------
    cluster, n : int
        Its number, and how many rows were measured.
    mean : float or None
        Their mean.
    values : tuple of float
        From the highest to the lowest; quantiles of many.
    negative_share : float or None
        Share below 0: nearer to another cluster.
    """

    cluster: int = 0
    n: int = 0
    mean: float | None = None
    values: Series = ()
    negative_share: float | None = None


@dataclass(frozen=True)
class SilhouetteRecord(Measured):
    """The mean silhouette, and those of each cluster.

    Attributes
    ----------
    value, low, high : float or None
        The mean with its 95 % interval.
    n : int
        Number of rows behind it.
    method : str
        How the interval was made.
    sampled : bool
        Whether the rows are a sample.
    clusters : tuple of ClusterSilhouette
        One by one.
    """

    sampled: bool = False
    clusters: tuple[ClusterSilhouette, ...] = ()


@dataclass(frozen=True)
class ProjectionRecord:
    """Rows in the plane.

    Attributes
    ----------
    method, note : str
        "pca", "tsne" or "umap", and what its distances mean.
    explained : tuple of float
        Share of the variance on each axis, for "pca".
    axes : tuple of str
        What the axes are made of.
    x, y : tuple of float
        Coordinates.
    cluster, row : tuple of int
        Of each point.
    changing : tuple of float or None
        How often each changes cluster with the initialisation.
    n : int
        Number of rows of the table.
    sampled : bool
        Whether points are a sample of them.
    """

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
    """Rows by their coordinates, in degrees.

    Attributes
    ----------
    latitude, longitude : tuple of float
        Of each row, degrees.
    cluster, row : tuple of int
        Of each row.
    """

    latitude: Series = ()
    longitude: Series = ()
    cluster: tuple[int, ...] = ()
    row: tuple[int, ...] = ()


@dataclass(frozen=True)
class DendrogramRecord:
    """The last merges of an agglomeration: left, right, height, rows.

    Attributes
    ----------
    merges : tuple of tuple of float
        Left, right, height and number of rows of each.
    leaf_sizes, leaf_clusters : tuple of int
        Rows and cluster of each leaf.
    cut : float or None
        The height at which the tree was cut.
    note : str
        What was left out.
    """

    merges: tuple[tuple[float, ...], ...] = ()
    leaf_sizes: tuple[int, ...] = ()
    leaf_clusters: tuple[int, ...] = ()
    cut: float | None = None
    note: str = ""


@dataclass(frozen=True)
class LabelledRows:
    """How well the score finds rows that a label calls unusual.

    Attributes
    ----------
    column, positive : str
        The label, and the value that marks unusual rows.
    precision_at_k : Measured
        Share of marked rows among the k with the highest scores.
    average_precision, roc_auc : Measured
        Of the score; chance is the base rate and 0.5.
    k, n, n_positive : int
        Rows counted above, rows, and marked rows.
    base_rate : float or None
        Share of marked rows.
    """

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
    """The most unusual rows by the score of the method.

    Attributes
    ----------
    method, note : str
        How the score is made, and how to read it.
    rows : tuple of ExampleRow
        The highest score first.
    labelled : LabelledRows or None
        None without a label.
    """

    method: str = ""
    note: str = ""
    rows: tuple[ExampleRow, ...] = ()
    labelled: LabelledRows | None = None


@dataclass(frozen=True)
class AgreementRecord:
    """The clusters counted against a label that took no part.

    Attributes
    ----------
    column : str
        The label.
    adjusted_rand : float or None
        1 is the same division, 0 what chance gives.
    classes : tuple of str
        Values of the label.
    clusters : tuple of int
        Numbers of the clusters.
    counts : tuple of tuple of int
        Rows of each class and cluster.
    sentence : str
        In words.
    """

    column: str = ""
    adjusted_rand: float | None = None
    classes: tuple[str, ...] = ()
    clusters: tuple[int, ...] = ()
    counts: tuple[tuple[int, ...], ...] = ()
    sentence: str = ""


@dataclass(frozen=True)
class Steps:
    """A sample of rows in principal components, on which k-means can be played.

    Attributes
    ----------
    scores : tuple of tuple of float
        Principal components of each row.
    cluster : tuple of int
        Of each row.
    share : float or None
        Share of the variance that they keep.
    axes : tuple of str
        What the components are made of.
    k : int
        Number of clusters.
    note : str
        What the sample is.
    """

    scores: tuple[Series, ...] = ()
    cluster: tuple[int, ...] = ()
    share: float | None = None
    axes: tuple[str, ...] = ()
    k: int = 0
    note: str = ""


@dataclass(frozen=True)
class Spent:
    """What all of it took, and which grid its carbon assumes.

    Attributes
    ----------
    watt_hours, carbon_g : float or None
        Energy, and grams of CO₂ equivalent.
    method : str
        How the energy was measured or estimated.
    grid_g_per_kwh : float or None
        Grams of CO₂ equivalent for a kilowatt-hour.
    grid_source : str
        Which grid, in which year.
    """

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
    schema : int
        Version of this format.
    task : str
        "clustering".
    command, run, further : str
        What made the run, its folder, and the version of further.
    seed : int or None
        Seed of everything.
    sentence : str
        The answer.
    data : TableRecord
        The table.
    asked : Asked
        What the user asked for.
    method, label : str
        The method, in code and for readers.
    hyperparameters : dict
        Those of the fitted method.
    distance, scale : str
        The distance, and how numbers were scaled.
    columns : tuple of ColumnRecord
        What was decided about each.
    k : int or None
        Number of clusters; 1 is no structure.
    sizes : tuple of int
        Rows of each cluster.
    noise : int
        Rows in none.
    inertia : float or None
        What the method minimises, where it has such a sum.
    stability : Measured or None
        How far clusterings of bootstrap samples agree.
    cluster_stability : ClusterStabilities or None
        How well each cluster is found again in them.
    notes : tuple of str
        What else was decided.
    criteria : Criteria or None
        How the number of clusters was chosen.
    alternatives : tuple of Alternative
        Other methods on the same rows.
    initialisations : Initialisations or None
        How much the initialisation matters.
    profile : tuple of ProfileRecord
        What the clusters are.
    rules : RulesRecord or None
        Rules that describe them.
    silhouette, projection, map, dendrogram : records or None
        What is drawn.
    anomalies : UnusualRows
        The most unusual rows.
    agreement : AgreementRecord or None
        Comparison with a label.
    steps : Steps or None
        Rows for the animation of k-means.
    energy : Spent
        What it took.
    machine, versions : dict
        What the figures were found on and with.
    seconds : float or None
        What all of it took.
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
