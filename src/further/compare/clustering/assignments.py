"""``assignments.csv``: the rows of the source with cluster, distance, silhouette and anomaly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from further.compare.clustering.prepared_table import TASK, PreparedTable
from further.data.dataset import as_dataset
from further.data.kind import KINDS
from further.data.loading import load
from further.data.preparation.table_preparation import TablePreparation
from further.errors import InputError, RunError
from further.evaluate.clustering.silhouettes import Silhouettes
from further.train.files import read_json, write_bytes
from further.train.load import load as load_model
from further.train.run import Run


def write_assignments(
    folder: Path, prepared: PreparedTable, estimator: Any, silhouettes: Silhouettes | None
) -> Path:
    """Write every row of the source with what the clustering says of it.

    Silhouettes stand beside the rows that they were computed for, a seeded sample where there are
    many.

    Parameters
    ----------
    folder : Path
        The run.
    prepared : PreparedTable
        The prepared rows.
    estimator : estimator
        Fitted to all rows.
    silhouettes : Silhouettes or None
        Of the rows or a sample of them.

    Returns
    -------
    Path
        ``assignments.csv`` in the run.
    """
    labels = np.asarray(estimator.labels_)
    values = np.full(len(labels), np.nan)
    if silhouettes is not None:
        values[silhouettes.rows] = silhouettes.values
    table = _with_clusters(prepared.frame, prepared.X, estimator, labels, values)
    return write_bytes(folder / "assignments.csv", table.to_csv(index=False).encode())


def _with_clusters(
    frame: pd.DataFrame,
    X: Any,
    estimator: Any,
    labels: np.ndarray,
    silhouettes: np.ndarray | None = None,
) -> pd.DataFrame:
    """Return a table with the columns of the clustering after its own.

    ``anomaly_score`` is minus ``score_samples``: the higher, the less typical. ``distance`` is that
    to the own cluster's centre, for methods that have centres; for k-prototypes the row's cost
    there. A column whose name is taken already begins with ``further_``.
    """
    scores = -np.asarray(estimator.score_samples(X), dtype=np.float64)
    added: dict[str, Any] = {"cluster": labels}
    if getattr(estimator, "cluster_centers_", None) is not None:
        added["distance"] = scores
    if silhouettes is not None:
        added["silhouette"] = silhouettes
    added["anomaly_score"] = scores
    taken = {str(column) for column in frame}
    renamed = {name: name if name not in taken else f"further_{name}" for name in added}
    table = pd.DataFrame({renamed[name]: values for name, values in added.items()}).round(6)
    return pd.concat([frame.reset_index(drop=True), table], axis=1)


def predict_clusters(run: str | Path, data: Any, **loading: Any) -> pd.DataFrame:
    """Return new rows with the cluster that a finished run gives to each.

    Parameters
    ----------
    run : path
        The run of a clustering.
    data : str, Path, DataFrame or array
        Rows with the columns that the run clustered; others stay as they are.
    **loading
        Further options of :func:`further.data.load`.

    Returns
    -------
    DataFrame
        The rows with cluster (-1: none), distance and anomaly_score.

    Raises
    ------
    InputError
        If a column is missing or is not what it was.
    RunError
        If the folder is no clustering or has not finished.
    """
    made = Run(run)
    if made.record.get("task") != TASK:
        raise RunError(f'"{run}" is not a clustering; "further cluster DATA" makes one.')
    if made.status != "finished":
        raise RunError(f'"{run}" has not finished; resume it with "further resume {run}".')
    estimator = load_model(run)
    preparation = TablePreparation.from_json(read_json(Path(run) / "preparation.json"))
    if isinstance(data, str | Path | pd.DataFrame):
        dataset = load(data, tidy=False, **loading)
    else:
        dataset = as_dataset(data)
    frame = KINDS[dataset.kind].as_table(dataset)
    try:
        X = preparation.transform(frame)
    except InputError as error:
        raise InputError(f"{dataset.name}: {error}") from error
    return _with_clusters(frame, X, estimator, np.asarray(estimator.predict(X)))
