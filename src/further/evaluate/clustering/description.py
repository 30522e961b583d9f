"""Of a clustering: what its clusters are, which rows are unusual, and whom it agrees with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from further.evaluate.record import Measured, Series, Value
from further.evaluate.typed_json import OPTIONAL


@dataclass(frozen=True)
class EffectRecord:
    """How far a column sets a cluster apart."""

    column: Annotated[str, "Name of the column."] = ""
    effect: Annotated[float | None, "Above 0 where the cluster has more."] = None
    measure: Annotated[str, '"Hedges\' g" or "Cohen\'s h".'] = ""
    text: Annotated[str, "In words."] = ""


@dataclass(frozen=True)
class ExampleRow:
    """A row of the table with what is known of it."""

    row: Annotated[int, "Its number in the table."] = 0
    values: Annotated[dict[str, Value], "Its cells by column."] = field(default_factory=dict)
    distance: Annotated[float | None, "From the centre of its cluster."] = field(
        default=None, metadata=OPTIONAL
    )
    score: Annotated[float | None, "How unusual it is."] = field(default=None, metadata=OPTIONAL)
    cluster: Annotated[int | None, "Its cluster."] = field(default=None, metadata=OPTIONAL)
    other: Annotated[int | None, "The next nearest cluster."] = field(
        default=None, metadata=OPTIONAL
    )


@dataclass(frozen=True)
class ProfileRecord:
    """What a cluster is; number -1 is the rows in none."""

    cluster: Annotated[int, "Its number."] = 0
    noise: Annotated[bool, "Whether these are the rows in no cluster."] = False
    size: Annotated[int, "Number of rows."] = 0
    share: Annotated[float, "Share of all rows."] = 0.0
    center: Annotated[dict[str, Value], "Mean or most frequent value of each column."] = field(
        default_factory=dict
    )
    features: Annotated[
        tuple[EffectRecord, ...], "What sets it apart, the largest effect first."
    ] = ()
    rule: Annotated[str | None, "A condition that selects it."] = None
    precision: Annotated[float | None, "Precision of the rule."] = None
    recall: Annotated[float | None, "Recall of the rule."] = None
    typical: Annotated[tuple[ExampleRow, ...], "Rows in the middle of the cluster."] = ()
    borderline: Annotated[tuple[ExampleRow, ...], "Rows at its edge."] = ()
    note: Annotated[str, "What limits the description."] = ""


@dataclass(frozen=True)
class RuleRecord:
    """A rule for one cluster."""

    cluster: Annotated[int, "Its number."] = 0
    text: Annotated[str, "The condition."] = ""
    precision: Annotated[float | None, "Share of the selected rows that are in the cluster."] = None
    recall: Annotated[float | None, "Share of the cluster's rows that are selected."] = None
    rows: Annotated[int, "How many rows it selects."] = 0


@dataclass(frozen=True)
class RulesRecord:
    """A shallow tree that describes all clusters."""

    fidelity: Annotated[
        Measured, "Share of rows that the tree assigns to their cluster, cross-validated."
    ] = field(default_factory=Measured)
    baseline: Annotated[float | None, "Share of the largest cluster."] = None
    depth: Annotated[int, "Questions at most."] = 0
    text: Annotated[tuple[str, ...], "A sentence for each cluster."] = ()
    note: Annotated[str, "How to read them."] = ""
    clusters: Annotated[tuple[RuleRecord, ...], "One by one."] = ()


@dataclass(frozen=True)
class ClusterSilhouette:
    """The silhouettes of one cluster, from the highest to the lowest."""

    cluster: Annotated[int, "Its number."] = 0
    n: Annotated[int, "How many rows were measured."] = 0
    mean: Annotated[float | None, "Their mean."] = None
    values: Annotated[Series, "From the highest to the lowest; quantiles of many."] = ()
    negative_share: Annotated[float | None, "Share below 0: nearer to another cluster."] = None


@dataclass(frozen=True)
class SilhouetteRecord(Measured):
    """The mean silhouette, and those of each cluster."""

    sampled: Annotated[bool, "Whether the rows are a sample."] = False
    clusters: Annotated[tuple[ClusterSilhouette, ...], "One by one."] = ()


@dataclass(frozen=True)
class ProjectionRecord:
    """Rows in the plane."""

    method: Annotated[str, '"pca", "tsne" or "umap".'] = ""
    note: Annotated[str, "What its distances mean."] = ""
    explained: Annotated[Series, 'Share of the variance on each axis, for "pca".'] = ()
    axes: Annotated[tuple[str, ...], "What the axes are made of."] = ()
    x: Annotated[Series, "First coordinates."] = ()
    y: Annotated[Series, "Second coordinates."] = ()
    cluster: Annotated[tuple[int, ...], "Cluster of each point."] = ()
    row: Annotated[tuple[int, ...], "Row of each point."] = ()
    changing: Annotated[
        Series | None, "How often each changes cluster with the initialisation."
    ] = None
    n: Annotated[int, "Number of rows of the table."] = 0
    sampled: Annotated[bool, "Whether points are a sample of them."] = False


@dataclass(frozen=True)
class MapRecord:
    """Rows by their coordinates, in degrees."""

    latitude: Annotated[Series, "Of each row, degrees."] = ()
    longitude: Annotated[Series, "Of each row, degrees."] = ()
    cluster: Annotated[tuple[int, ...], "Cluster of each row."] = ()
    row: Annotated[tuple[int, ...], "Number of each row."] = ()


@dataclass(frozen=True)
class DendrogramRecord:
    """The last merges of an agglomeration: left, right, height, rows."""

    merges: Annotated[
        tuple[tuple[float, ...], ...], "Left, right, height and number of rows of each."
    ] = ()
    leaf_sizes: Annotated[tuple[int, ...], "Rows of each leaf."] = ()
    leaf_clusters: Annotated[tuple[int, ...], "Cluster of each leaf."] = ()
    cut: Annotated[float | None, "The height at which the tree was cut."] = None
    note: Annotated[str, "What was left out."] = ""


@dataclass(frozen=True)
class LabelledRows:
    """How well the score finds rows that a label calls unusual."""

    column: Annotated[str, "The label."] = ""
    positive: Annotated[str, "The value that marks unusual rows."] = ""
    precision_at_k: Annotated[
        Measured, "Share of marked rows among the k with the highest scores."
    ] = field(default_factory=Measured)
    average_precision: Annotated[Measured, "Of the score; chance is the base rate."] = field(
        default_factory=Measured
    )
    roc_auc: Annotated[Measured, "Of the score; chance is 0.5."] = field(default_factory=Measured)
    k: Annotated[int, "Rows counted above."] = 0
    base_rate: Annotated[float | None, "Share of marked rows."] = None
    n: Annotated[int, "Rows."] = 0
    n_positive: Annotated[int, "Marked rows."] = 0


@dataclass(frozen=True)
class UnusualRows:
    """The most unusual rows by the score of the method."""

    method: Annotated[str, "How the score is made."] = ""
    note: Annotated[str, "How to read it."] = ""
    rows: Annotated[tuple[ExampleRow, ...], "The highest score first."] = ()
    labelled: Annotated[LabelledRows | None, "None without a label."] = None


@dataclass(frozen=True)
class AgreementRecord:
    """The clusters counted against a label that took no part."""

    column: Annotated[str, "The label."] = ""
    adjusted_rand: Annotated[float | None, "1 is the same division, 0 what chance gives."] = None
    classes: Annotated[tuple[str, ...], "Values of the label."] = ()
    clusters: Annotated[tuple[int, ...], "Numbers of the clusters."] = ()
    counts: Annotated[tuple[tuple[int, ...], ...], "Rows of each class and cluster."] = ()
    sentence: Annotated[str, "In words."] = ""
