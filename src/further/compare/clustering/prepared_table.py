"""The rows of a clustering: which columns take part, which is a label, and what they become.

Structure is judged on rows that have values. A row without any takes no part, nor does one with a
value so far from all others that nothing else would be seen; both are in no cluster. Where many
numbers are missing, the number of clusters and the clusters are found on the rows that have all of
them, since a median in place of a number makes rows alike that may not be; the other rows are
assigned afterwards.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import pandas as pd

from further.cluster.dissimilarity.distances import find_metric
from further.cluster.number.sweep import take_rows
from further.data.dataset import Dataset
from further.data.formats.tables import TARGET_NAMES
from further.data.kind import KINDS
from further.data.preparation.column_text import numbers_of, write_value
from further.data.preparation.columns import quoted
from further.data.preparation.copies import copies
from further.data.preparation.far_values import far_values
from further.data.preparation.table_preparation import TablePreparation
from further.errors import InputError

TASK = "clustering"
#: A column with a label's name and at most this many values is compared with, not clustered.
MOST_LABELS = 30
#: A larger share of rows with a number that was filled in is left out where structure is judged,
FILLED = 0.01
#: if at least so many rows remain, and such a share.
FEWEST_COMPLETE, LEAST_COMPLETE = 30, 0.25


@dataclass(frozen=True)
class PreparedTable:
    """The rows of a run: as they came, and as the method gets them."""

    frame: Annotated[pd.DataFrame, "Every column of the source."]
    used: Annotated[pd.DataFrame, "Those that are clustered, as they came."]
    X: Annotated[Any, "The prepared rows: an array of shape (n, d), or a DataFrame."]
    preparation: Annotated[TablePreparation, "What was decided about the columns."]
    kind: Annotated[str, "A key of :data:`further.compare.clustering.method.DISTANCES`."]
    label: Annotated[
        pd.Series | None, "A label column, which is compared with the clusters and not clustered."
    ]
    notes: Annotated[tuple[str, ...], "In sentences."]
    rows: Annotated[np.ndarray, "Their numbers in the source, shape (n,)."]
    is_empty: Annotated[np.ndarray, "Rows without any value, shape (n,)."]
    is_apart: Annotated[np.ndarray, "Rows that are in no cluster, empty or far, shape (n,)."]
    is_judged: Annotated[np.ndarray, "Rows on which structure is judged, shape (n,)."]

    def take(self, chosen: np.ndarray) -> PreparedTable:
        """Return the rows of a mask."""
        if chosen.all():
            return self
        kept = np.flatnonzero(chosen)
        return dataclasses.replace(
            self,
            frame=self.frame.iloc[kept],
            used=self.used.iloc[kept].reset_index(drop=True),
            X=take_rows(self.X, kept),
            label=None if self.label is None else self.label.iloc[kept].reset_index(drop=True),
            rows=self.rows[kept],
            is_empty=self.is_empty[kept],
            is_apart=self.is_apart[kept],
            is_judged=self.is_judged[kept],
        )

    @cached_property
    def clustered(self) -> PreparedTable:
        """The rows that are in a cluster."""
        return self.take(~self.is_apart)

    @cached_property
    def judged(self) -> PreparedTable:
        """The rows on which structure is judged."""
        return self.take(self.is_judged)


def prepare_table(dataset: Dataset, asked: Mapping[str, Any]) -> PreparedTable:
    """Decide what each column is and return the rows as a method gets them.

    Parameters
    ----------
    dataset : Dataset
        With every column of the source.
    asked : mapping
        The options ``columns``, ``scale``, ``target`` and ``distance`` of
        :func:`further.compare.cluster_table`.

    Returns
    -------
    PreparedTable
        All rows, and what was decided about them and their columns.

    Raises
    ------
    InputError
        If there is no such column or none that can be used, or if the distance compares sets and a
        column holds other numbers than 0 and 1.
    """
    columns, scale = asked["columns"], asked["scale"]
    # Sets have members, not sizes.
    is_sets = asked["distance"] is not None and find_metric(asked["distance"]) == "jaccard"
    if is_sets and scale == "auto":
        scale = "none"
    frame = KINDS[dataset.kind].as_table(dataset)
    name, label, notes = _label(dataset, frame, asked["target"], columns)
    if name in (columns or ()) and name in frame:
        raise InputError(
            f'"{name}" is the label that the clusters are compared with, so they are not made from '
            "it; leave it out of the columns, or name no target."
        )
    candidates = frame.drop(columns=[] if name is None or name not in frame else [name])
    if label is not None:
        candidates, label, said = _without_label_copies(candidates, label, columns or ())
        notes += said
    preparation, X, is_empty, is_far, said = _prepare_rows(candidates, dataset, columns, scale)
    notes += said
    if is_sets and not isinstance(X, pd.DataFrame):
        other = ~np.isin(X, (0.0, 1.0)).all(axis=0)
        if other.any():
            name = preparation.columns_[int(other.argmax())]
            raise InputError(
                f'The distance "jaccard" compares sets, columns of 0 and 1, but "{name}" holds '
                "other numbers; choose columns with --columns."
            )
    used = candidates[[line.name for line in preparation.decisions_ if line.used]]
    is_apart = is_empty | is_far
    is_judged, said = _judged(preparation, used, is_apart)
    kind = _kind_of(X, preparation.coordinates_)
    return PreparedTable(
        frame, used, X, preparation, kind, label, (*notes, *preparation.notes_, *said),
        np.arange(len(frame)), is_empty, is_apart, is_judged,
    )  # fmt: skip


def _prepare_rows(
    table: pd.DataFrame, dataset: Dataset, columns: Sequence[str] | None, scale: str
) -> tuple[TablePreparation, Any, np.ndarray, np.ndarray, list[str]]:
    """Fit the preparation to rows that have values, none of them far; return all rows prepared."""
    preparation = TablePreparation(columns=columns, scale=scale, declared=dict(dataset.declared))
    is_empty = table.isna().all(axis=1).to_numpy()
    is_far = np.zeros(len(table), dtype=bool)
    notes = []
    if not is_empty.all():
        preparation.fit(table[~is_empty])
        used = [line for line in preparation.decisions_ if line.used]
        # A row may have an identifier and nothing else.
        is_empty = table[[line.name for line in used]].isna().all(axis=1).to_numpy()
        far: list[str] = []
        for line in used:
            if line.type in ("number", "date"):
                found = far_values(numbers_of(table[line.name]))
                if found.any():
                    is_far |= found
                    shown = ", ".join(map(write_value, table[line.name][found][:3]))
                    far.append(f'"{line.name}" ({shown})')
        if far:
            rows = (
                "1 row has a value" if is_far.sum() == 1 else f"{is_far.sum():,} rows have values"
            )
            notes.append(
                f"{rows} so far from all others that nothing else would be seen: {', '.join(far)}. "
                "Structure is judged without, and they are in no cluster (-1)."
            )
    if is_empty.any():
        rows = "1 row has" if is_empty.sum() == 1 else f"{is_empty.sum():,} rows have"
        notes.append(f"{rows} no value in the columns that are clustered: in no cluster (-1).")
    apart = is_empty | is_far
    # Far values would decide the scales. Without such rows it is fitted to all of them already.
    if apart.any() or not hasattr(preparation, "decisions_"):
        preparation.fit(table if apart.all() else table[~apart])
    return preparation, preparation.transform(table), is_empty, is_far, notes


def _judged(
    preparation: TablePreparation, used: pd.DataFrame, is_apart: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Return the rows on which structure is judged: those with all their numbers, if enough."""
    numeric = [line.name for line in preparation.decisions_ if line.used and line.role == "numeric"]
    is_filled = used[numeric].isna().any(axis=1).to_numpy() & ~is_apart
    clustered = np.count_nonzero(~is_apart)
    n = int(is_filled.sum())
    if n <= FILLED * clustered:
        return ~is_apart, []
    complete = clustered - n
    said = f"{n:,} of {clustered:,} rows lack a number"
    if complete < FEWEST_COMPLETE or complete < LEAST_COMPLETE * clustered:
        return ~is_apart, [
            f"{said}, too many to judge without: structure is judged on medians in their place, "
            "which make rows look more alike than they may be."
        ]
    return ~is_apart & ~is_filled, [
        f"{said}: structure is judged and clusters are found on the other {complete:,}, and these "
        "are assigned afterwards, with the median in place of what they lack."
    ]


def _kind_of(rows: np.ndarray | pd.DataFrame, coordinates: tuple[str, str] | None) -> str:
    if isinstance(rows, pd.DataFrame):
        numbers = [c for c in rows if not isinstance(rows[c].dtype, pd.CategoricalDtype)]
        return "mixed" if numbers else "categorical"
    return "coordinates" if coordinates is not None and rows.shape[1] == 2 else "numeric"


def _without_label_copies(
    table: pd.DataFrame, label: pd.Series, asked: Collection[str]
) -> tuple[pd.DataFrame, pd.Series | None, list[str]]:
    """Leave out columns that repeat the label, and no label if one of them was asked for."""
    name = str(label.name)
    found = copies([label, *(table[column] for column in table if str(column) != name)])
    repeated = [column for column, first in found.items() if first == name]
    if not repeated:
        return table, label, []
    if not set(repeated) & set(asked):
        said = f'Left out: {quoted(repeated)} (says the same as the label, "{name}").'
        return table.drop(columns=repeated), label, [said]
    said = (
        f'{quoted(repeated)} says the same as "{name}" and takes part, as asked: how far the '
        f'clusters agree with "{name}" would show nothing.'
    )
    return table, None, [said]


def _label(
    dataset: Dataset, frame: pd.DataFrame, target: str | None, columns: Sequence[str] | None
) -> tuple[str | None, pd.Series | None, list[str]]:
    """Return name and values of the label column, and a note that says why it is one."""
    if target is not None and target != "none":
        if target not in frame:
            raise InputError(
                f'{dataset.name} has no column "{target}"; its columns are '
                f"{', '.join(map(str, frame.columns[:20]))}."
            )
        return target, frame[target], [f'"{target}" is compared with the clusters, as asked.']
    if dataset.classes is not None and target is None:
        name, values = dataset.classes.name, dataset.classes.values.astype(str)
        return name, pd.Series(values, name=name), [f'The label, "{name}", is left out.']
    if target is None and columns is None and frame.shape[1] > 1:
        for column in frame:
            customary = str(column).strip().lower() in TARGET_NAMES
            if customary and 2 <= frame[column].nunique() <= MOST_LABELS:
                why = (
                    f'"{column}" looks like a label: it is left out and compared with the clusters '
                    "(--target none makes it a column like others)."
                )
                return str(column), frame[column], [why]
    return None, None, []
