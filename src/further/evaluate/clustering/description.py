"""Of a clustering: what its clusters are, which rows are unusual, and whom it agrees with."""

from __future__ import annotations

from dataclasses import dataclass, field

from further.evaluate.record import Measured, Series, Value
from further.evaluate.typed_json import OPTIONAL


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
