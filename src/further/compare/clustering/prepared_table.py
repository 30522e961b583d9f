"""The rows of a clustering: which columns take part, which is a label, and what they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd

from further.cluster.dissimilarity.distances import find_metric
from further.data.dataset import Dataset
from further.data.formats.tables import TARGET_NAMES
from further.data.kind import KINDS
from further.data.preparation.table_preparation import TablePreparation
from further.errors import InputError

TASK = "clustering"
#: A column with a label's name and at most this many values is compared with, not clustered.
MOST_LABELS = 30


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
        The rows, and what was decided about them.

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
    preparation = TablePreparation(columns=columns, scale=scale).fit(candidates)
    X = preparation.transform(candidates)
    if is_sets and not isinstance(X, pd.DataFrame):
        other = ~np.isin(X, (0.0, 1.0)).all(axis=0)
        if other.any():
            name = preparation.columns_[int(other.argmax())]
            raise InputError(
                f'The distance "jaccard" compares sets, columns of 0 and 1, but "{name}" holds '
                "other numbers; choose columns with --columns."
            )
    used = candidates[[line.name for line in preparation.decisions_ if line.used]]
    kind = _kind_of(X, preparation.coordinates_)
    return PreparedTable(frame, used, X, preparation, kind, label, (*notes, *preparation.notes_))


def _kind_of(rows: np.ndarray | pd.DataFrame, coordinates: tuple[str, str] | None) -> str:
    if isinstance(rows, pd.DataFrame):
        numbers = [c for c in rows if not isinstance(rows[c].dtype, pd.CategoricalDtype)]
        return "mixed" if numbers else "categorical"
    return "coordinates" if coordinates is not None and rows.shape[1] == 2 else "numeric"


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
