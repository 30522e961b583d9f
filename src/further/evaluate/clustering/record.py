"""``evaluation.json`` of a clustering, as typed objects; see :mod:`further.evaluate.record`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

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
