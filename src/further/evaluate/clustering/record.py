"""``evaluation.json`` of a clustering, as typed objects; see :mod:`further.evaluate.record`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from further.evaluate.clustering.choice import (
    Alternative,
    ClusterStabilities,
    Criteria,
    Initialisations,
)
from further.evaluate.clustering.description import (
    AgreementRecord,
    DendrogramRecord,
    MapRecord,
    ProfileRecord,
    ProjectionRecord,
    RulesRecord,
    SilhouetteRecord,
    UnusualRows,
)
from further.evaluate.record import Measured, Series, Value
from further.evaluate.typed_json import OPTIONAL


@dataclass(frozen=True)
class TableRecord:
    """The table whose rows were clustered."""

    name: Annotated[str, "What the table is called."] = ""
    kind: Annotated[str, '"table".'] = "table"
    source: Annotated[str, "Where it comes from."] = ""
    options: Annotated[dict[str, Any], "How it was read."] = field(default_factory=dict)
    target: Annotated[str | None, "The column that was kept apart as a label."] = None
    fingerprint: Annotated[str, "Of the content."] = ""
    rows: Annotated[int, "Number of rows."] = 0
    columns: Annotated[int, "Number of columns."] = 0
    notes: Annotated[tuple[str, ...], "What was recognised and decided while reading."] = ()


@dataclass(frozen=True)
class Asked:
    """What the user asked for; None where further chose."""

    k: Annotated[int | None, "Number of clusters."] = None
    method: Annotated[str | None, "Name of the method."] = None
    hyperparameters: Annotated[dict[str, Any], "Those of the method."] = field(default_factory=dict)
    distance: Annotated[str | None, "Name of the distance."] = None
    columns: Annotated[tuple[str, ...] | None, "The columns to use."] = None
    scale: Annotated[str, "How to scale numbers."] = ""
    target: Annotated[str | None, "The label column."] = None
    k_max: Annotated[int, "The most clusters to try."] = 0


@dataclass(frozen=True)
class ColumnRecord:
    """What a column was taken for, whether and how it takes part, and why."""

    name: Annotated[str, "Name of the column."] = ""
    type: Annotated[str, "What it was taken for."] = ""
    used: Annotated[bool, "Whether it takes part."] = False
    role: Annotated[str | None, '"numeric" or "categorical"; None if it takes no part.'] = None
    missing: Annotated[int, "How many values are missing."] = 0
    distinct: Annotated[int, "How many different ones there are."] = 0
    why: Annotated[str, "The reason for the decision."] = ""
    scale: Annotated[str | None, "How it was scaled."] = None
    center: Annotated[Value, "What was subtracted, in the table's own units."] = None
    spread: Annotated[float | None, "What it was divided by."] = None
    fill: Annotated[Value, "What replaces a missing value, in the table's own units."] = None


@dataclass(frozen=True)
class Steps:
    """A sample of rows in principal components, on which k-means can be played."""

    scores: Annotated[tuple[Series, ...], "Principal components of each row."] = ()
    cluster: Annotated[tuple[int, ...], "Of each row."] = ()
    share: Annotated[float | None, "Share of the variance that they keep."] = None
    axes: Annotated[tuple[str, ...], "What the components are made of."] = ()
    k: Annotated[int, "Number of clusters."] = 0
    note: Annotated[str, "What the sample is."] = ""


@dataclass(frozen=True)
class Spent:
    """What all of it took, and which grid its carbon assumes."""

    watt_hours: Annotated[float | None, "Energy."] = None
    carbon_g: Annotated[float | None, "Grams of CO₂ equivalent."] = None
    method: Annotated[str, "How the energy was measured or estimated."] = ""
    grid_g_per_kwh: Annotated[float | None, "Grams of CO₂ equivalent for a kilowatt-hour."] = None
    grid_source: Annotated[str, "Which grid, in which year."] = ""
    cpu_seconds: Annotated[float | None, "Processor time, over all threads."] = field(
        default=None, metadata=OPTIONAL
    )
    low_watt_hours: Annotated[float | None, "Lower end of the range in which the energy lies."] = (
        field(default=None, metadata=OPTIONAL)
    )
    high_watt_hours: Annotated[float | None, "Upper end of that range."] = field(
        default=None, metadata=OPTIONAL
    )


@dataclass(frozen=True)
class ClusteringEvaluation:
    """``evaluation.json`` of a clustering."""

    schema: Annotated[int, "Version of this format."] = 1
    task: Annotated[Literal["clustering"], '"clustering".'] = "clustering"
    command: Annotated[str, "What made the run."] = ""
    run: Annotated[str, "Its folder."] = ""
    further: Annotated[str, "Version of further."] = ""
    seed: Annotated[int | None, "Seed of everything."] = None
    sentence: Annotated[str, "The answer."] = ""
    data: Annotated[TableRecord, "The table."] = field(default_factory=TableRecord)
    asked: Annotated[Asked, "What the user asked for."] = field(default_factory=Asked)
    method: Annotated[str, "The method, in code."] = ""
    label: Annotated[str, "The method, for readers."] = ""
    hyperparameters: Annotated[dict[str, Any], "Those of the fitted method."] = field(
        default_factory=dict
    )
    distance: Annotated[str, "The distance between rows."] = ""
    scale: Annotated[str, "How numbers were scaled."] = ""
    columns: Annotated[tuple[ColumnRecord, ...], "What was decided about each."] = ()
    k: Annotated[int | None, "Number of clusters; 1 is no structure."] = None
    sizes: Annotated[tuple[int, ...], "Rows of each cluster."] = ()
    noise: Annotated[int, "Rows in none."] = 0
    inertia: Annotated[float | None, "What the method minimises, where it has such a sum."] = None
    stability: Annotated[Measured | None, "How far clusterings of bootstrap samples agree."] = None
    cluster_stability: Annotated[
        ClusterStabilities | None, "How well each cluster is found again in them."
    ] = None
    notes: Annotated[tuple[str, ...], "What else was decided."] = ()
    doubts: Annotated[tuple[str, ...], "Where values may be read in two ways."] = ()
    criteria: Annotated[Criteria | None, "How the number of clusters was chosen."] = None
    alternatives: Annotated[tuple[Alternative, ...], "Other methods on the same rows."] = ()
    initialisations: Annotated[Initialisations | None, "How much they matter."] = None
    profile: Annotated[tuple[ProfileRecord, ...], "What the clusters are."] = ()
    rules: Annotated[RulesRecord | None, "Rules that describe them."] = None
    silhouette: Annotated[SilhouetteRecord | None, "Silhouettes of the rows."] = None
    projection: Annotated[ProjectionRecord | None, "Rows in the plane."] = None
    map: Annotated[MapRecord | None, "Rows by their coordinates."] = None
    dendrogram: Annotated[DendrogramRecord | None, "The last merges of an agglomeration."] = None
    anomalies: Annotated[UnusualRows, "The most unusual rows."] = field(default_factory=UnusualRows)
    agreement: Annotated[AgreementRecord | None, "Comparison with a label."] = None
    steps: Annotated[Steps | None, "Rows for the animation of k-means."] = None
    energy: Annotated[Spent, "What it took."] = field(default_factory=Spent)
    machine: Annotated[dict[str, Any], "What the figures were found on."] = field(
        default_factory=dict
    )
    versions: Annotated[dict[str, Any], "What they were found with."] = field(default_factory=dict)
    seconds: Annotated[float | None, "What all of it took."] = None
