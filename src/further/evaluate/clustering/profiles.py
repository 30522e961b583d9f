r"""What each cluster is: size, centre, what sets it apart, a rule for it, and rows of it.

What sets it apart are the columns with the largest standardised differences from all other rows
(:mod:`further.evaluate.clustering.effects`). Typical rows are those nearest to the centre of
their cluster; borderline rows those with the smallest margin

.. math:: \frac{d_2 - d_1}{\max(d_1, d_2)}

between the distances :math:`d_1` to the centre of their own and :math:`d_2` to that of the next
cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_consistent_length, column_or_1d

from further.data.preparation.column_text import json_value
from further.data.preparation.columns import typed_table
from further.data.preparation.table_preparation import TablePreparation
from further.errors import InputError
from further.evaluate.clustering.description import ExampleRow
from further.evaluate.clustering.effects import ColumnEffects, Effect
from further.evaluate.clustering.rules import ClusterRule, Rules, find_rules
from further.evaluate.clustering.silhouettes import Silhouettes
from further.evaluate.typed_json import to_json

#: A smaller effect sets nothing apart.
LEAST_EFFECT = 0.2
EXAMPLES = 3
NOTE = (
    "The clusters were made from these columns, so they differ in them by construction: the effect "
    "sizes describe the clusters, and a test of significance would be circular."
)


@dataclass(frozen=True)
class ClusterProfile:
    """What a cluster is."""

    cluster: Annotated[int, "-1 for noise: rows that are in no cluster."]
    size: Annotated[int, "How many rows it has."]
    share: Annotated[float, "Their part of all rows."]
    center: Annotated[
        dict[str, Any], "Mean of each column of numbers, most frequent value of the others."
    ]
    features: Annotated[
        tuple[Effect, ...],
        "What sets it apart from all other rows, the largest effect first, none below 0.2.",
    ]
    rule: Annotated[ClusterRule, "A rule for it, with precision and recall."]
    typical: Annotated[tuple[ExampleRow, ...], "The rows nearest to its centre."] = ()
    borderline: Annotated[tuple[ExampleRow, ...], "Rows that are almost in another cluster."] = ()
    note: Annotated[str, "What the effects say and what they do not."] = field(
        default=NOTE, repr=False
    )

    @property
    def is_noise(self) -> bool:
        """Whether these are the rows that are in no cluster."""
        return self.cluster < 0

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each column that sets the cluster apart."""
        names = ["column", "effect", "measure", "text"]
        return pd.DataFrame([vars(effect) for effect in self.features], columns=names)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        found = {**to_json(self), "noise": self.is_noise, "rule": self.rule.text}
        return {**found, "precision": self.rule.precision, "recall": self.rule.recall}


def profile_clusters(
    frame: Any,
    labels: Any,
    *,
    X: Any = None,
    distances: Any = None,
    feature_names: Sequence[str] | None = None,
    rules: Rules | None = None,
    silhouettes: Silhouettes | None = None,
) -> list[ClusterProfile]:
    """Return what each cluster is, in the units of the table.

    When to use: on any clustering of a table. When it fails: it compares one column at a time; a
    cluster that only a combination of columns distinguishes has no features here, but a rule.

    Parameters
    ----------
    frame : DataFrame or array of shape (n, d)
        The table as it came.
    labels : array of shape (n,), int
        The clusters; -1 is noise, which is described as such.
    X : array of shape (n, p) or DataFrame, optional
        The rows as they were clustered; prepared from ``frame`` by default.
    distances : array of shape (n,), optional
        How far each row is from the centre of its cluster; Euclidean in X by default.
    feature_names : sequence of str, optional
        The columns to describe; all by default.
    rules : Rules, optional
        From :func:`~further.evaluate.clustering.rules.cluster_rules`; found here by default.
    silhouettes : Silhouettes, optional
        Borderline rows are then those with the smallest silhouettes, in place of the smallest
        margin between two centres in X.

    Returns
    -------
    list of ClusterProfile
        In the order of the clusters, noise last.

    Raises
    ------
    InputError
        For unknown names of columns.

    References
    ----------
    Cohen, "Statistical Power Analysis for the Behavioral Sciences" (1988).
    Hedges, "Distribution theory for Glass's estimator of effect size", J. Educ. Stat. 6 (1981).

    Examples
    --------
    >>> table = pd.DataFrame({"size (cm)": [1.1, 1.3, 1.2, 4.9, 5.1, 5.0]})
    >>> profile_clusters(table, [0, 0, 0, 1, 1, 1])[0].features[0].text
    'size is lower: 1.20 against 5.00 cm'
    """
    if not isinstance(frame, pd.DataFrame):
        array = np.asarray(frame)
        frame = pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])])
    labels = column_or_1d(labels)
    check_consistent_length(frame, labels)
    table = typed_table(frame, name="frame")
    names = list(table) if feature_names is None else [str(name) for name in feature_names]
    unknown = [name for name in names if name not in table]
    if unknown:
        raise InputError(f'feature_names: frame has no column "{unknown[0]}".')
    columns = [ColumnEffects(table[name]) for name in names]
    clusters = sorted(np.unique(labels).tolist(), key=lambda cluster: (cluster < 0, cluster))
    found = _rules(table, labels, rules)
    place = _Places(table, labels, X, distances, silhouettes)
    return [
        ClusterProfile(
            cluster=int(cluster),
            size=int(members.sum()),
            share=float(members.mean()),
            center={column.name: column.center(members) for column in columns},
            features=_features(columns, members),
            rule=found.get(int(cluster), ClusterRule(int(cluster), None)),
            typical=tuple(place.typical(members)) if cluster >= 0 else (),
            borderline=tuple(place.borderline(int(cluster))) if cluster >= 0 else (),
        )
        for cluster, members in ((cluster, labels == cluster) for cluster in clusters)
    ]


def _rules(
    table: pd.DataFrame, labels: NDArray[np.intp], rules: Rules | None
) -> dict[int, ClusterRule]:
    if rules is not None:
        return {rule.cluster: rule for rule in rules.clusters}
    varies = any(table[name].nunique(dropna=False) > 1 for name in table)
    if len(np.unique(labels)) < 2 or not varies:
        return {}
    return {rule.cluster: rule for rule in find_rules(table, labels)}


def _features(columns: list[ColumnEffects], members: NDArray[np.bool_]) -> tuple[Effect, ...]:
    if members.all():
        return ()
    effects = [column.effect(members) for column in columns]
    large = [e for e in effects if e is not None and abs(e.effect) >= LEAST_EFFECT]
    return tuple(sorted(large, key=lambda effect: -abs(effect.effect)))


class _Places:
    """Where the rows lie in their clusters, and which are almost in another one."""

    def __init__(
        self,
        table: pd.DataFrame,
        labels: NDArray[np.intp],
        X: Any,
        distances: Any,
        silhouettes: Silhouettes | None,
    ) -> None:
        self.table, self.labels, self.silhouettes = table, labels, silhouettes
        self.clusters = np.unique(labels[labels >= 0])
        self.distances: NDArray[np.float64] | None = None
        if distances is not None:
            self.distances = column_or_1d(distances).astype(np.float64)
            check_consistent_length(self.distances, labels)
        rows = self._rows(X) if distances is None or silhouettes is None else None
        self.to_centers: NDArray[np.float64] | None = None
        if rows is None or len(self.clusters) == 0:
            return
        centers = [rows[labels == cluster].mean(axis=0) for cluster in self.clusters]
        # One centre at a time: all differences at once would be k times the table.
        self.to_centers = np.column_stack(
            [np.linalg.norm(rows - center, axis=1) for center in centers]
        )
        if self.distances is None:
            own = np.searchsorted(self.clusters, np.maximum(labels, self.clusters[0]))
            self.distances = self.to_centers[np.arange(len(labels)), own]

    def typical(self, members: NDArray[np.bool_]) -> list[ExampleRow]:
        """Return the rows nearest to the centre, rows with equal values once."""
        if self.distances is None:
            return []
        rows = np.flatnonzero(members)
        nearest = rows[np.argsort(self.distances[rows], kind="stable")]
        return [self._example(int(row)) for row in self._different(nearest)]

    def borderline(self, cluster: int) -> list[ExampleRow]:
        """Return the rows that are nearest to leaving the cluster, with the one they would join."""
        if len(self.clusters) < 2:
            return []
        if self.silhouettes is not None:
            inside = self.silhouettes.labels == cluster
            rows, margins = self.silhouettes.rows[inside], self.silhouettes.values[inside]
            others = self.silhouettes.neighbours[inside]
        elif self.to_centers is not None:
            rows = np.flatnonzero(self.labels == cluster)
            own = int(np.searchsorted(self.clusters, cluster))
            to_centers = self.to_centers[rows].copy()
            first = to_centers[:, own].copy()
            to_centers[:, own] = np.inf
            nearest = to_centers.argmin(axis=1)
            second = to_centers[np.arange(len(rows)), nearest]
            largest = np.maximum(np.maximum(first, second), np.finfo(np.float64).tiny)
            margins, others = (second - first) / largest, self.clusters[nearest]
        else:
            return []
        order = np.argsort(margins, kind="stable")
        other = dict(zip(rows.tolist(), others.tolist(), strict=True))
        return [self._example(int(row), other[int(row)]) for row in self._different(rows[order])]

    def _different(self, rows: NDArray[np.intp]) -> list[int]:
        """Return the first rows that differ in some value: copies of one row tell nothing more."""
        found: dict[tuple[Any, ...], int] = {}
        for row in rows[: 20 * EXAMPLES].tolist():
            found.setdefault(tuple(map(str, self.table.iloc[row])), row)
            if len(found) == EXAMPLES:
                break
        return list(found.values())

    def _example(self, row: int, other: int | None = None) -> ExampleRow:
        values = {str(name): json_value(self.table[name].iloc[row]) for name in self.table}
        distance = None if self.distances is None else float(self.distances[row])
        return ExampleRow(row, values, distance, other=other)

    def _rows(self, X: Any) -> NDArray[np.float64] | None:
        if X is None:
            try:
                X = TablePreparation().fit(self.table).transform(self.table)
            except InputError:  # nothing in the table can be compared
                return None
        if isinstance(X, pd.DataFrame):
            X = pd.get_dummies(X, dtype=float).fillna(0.0)
        return np.asarray(X, dtype=np.float64)
