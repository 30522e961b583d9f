"""``assignments.csv``: the rows of the source with cluster, distance, silhouette and anomaly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from further.compare.clustering.evidence import Evidence
from further.compare.clustering.prepared_table import TASK
from further.compare.result import NewRows
from further.data.dataset import as_dataset
from further.data.kind import KINDS
from further.data.loading import load
from further.data.preparation.columns import quoted
from further.data.preparation.table_preparation import TablePreparation
from further.errors import InputError, RunError
from further.train.files import read_json, write_bytes
from further.train.load import load as load_model
from further.train.run import Run


def write_assignments(folder: Path, found: Evidence) -> Path:
    """Write every row of the source with what the clustering says of it.

    Silhouettes stand beside the rows that they were computed for, a seeded sample where there are
    many.

    Parameters
    ----------
    folder : Path
        The run.
    found : Evidence
        What the clusters are.

    Returns
    -------
    Path
        ``assignments.csv`` in the run.
    """
    silhouettes = np.full(len(found.source_labels), np.nan)
    if found.silhouettes is not None:
        silhouettes[found.table.rows[found.silhouettes.rows]] = found.silhouettes.values
    table = _with_clusters(
        found.source.frame, found.estimator, found.source_labels, -found.source_scores, silhouettes
    )
    return write_bytes(folder / "assignments.csv", table.to_csv(index=False).encode())


def _with_clusters(
    frame: pd.DataFrame,
    estimator: Any,
    labels: np.ndarray,
    scores: np.ndarray,
    silhouettes: np.ndarray | None = None,
) -> pd.DataFrame:
    """Return a table with the columns of the clustering after its own.

    ``anomaly_score`` is minus ``score_samples``: the higher, the less typical. ``distance`` is that
    to the own cluster's centre, for methods that have centres; for k-prototypes the row's cost
    there. A column whose name is taken already begins with ``further_``.
    """
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
        The rows with cluster (-1: none), distance and anomaly_score; ``attrs["notes"]`` says what
        is doubtful about them.

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
    made.refuse_unfinished()
    estimator = load_model(run)
    preparation = TablePreparation.from_json(read_json(Path(run) / "preparation.json"))
    if isinstance(data, str | Path | pd.DataFrame):
        dataset = load(data, tidy=False, **_as_the_run(made, loading))
    else:
        dataset = as_dataset(data)
    frame = KINDS[dataset.kind].as_table(dataset)
    try:
        X = preparation.transform(frame)
    except InputError as error:
        raise InputError(f"{dataset.name}: {error}") from error
    is_empty = frame[preparation.columns_].isna().all(axis=1).to_numpy()
    labels = np.where(is_empty, -1, estimator.predict(X))
    scores = np.where(is_empty, np.nan, -np.asarray(estimator.score_samples(X)))
    table = _with_clusters(frame, estimator, labels, scores)
    table.attrs["notes"] = [*dataset.notes, *_doubts(Path(run), preparation, frame, scores)]
    return table


def predict(run: str | Path, data: Any, **loading: Any) -> NewRows:
    """Return new rows with their cluster, as :func:`further.compare.task.predict` has them.

    Parameters
    ----------
    run, data, **loading
        See :func:`predict_clusters`.

    Returns
    -------
    NewRows
        Counted by cluster.
    """
    table = predict_clusters(run, data, **loading)
    name = "further_cluster" if "further_cluster" in table else "cluster"
    counts = table[name].value_counts().sort_index()
    sizes = dict(zip(counts.index.tolist(), counts.tolist(), strict=True))
    told = ", ".join(f"{n:,} in {c}" if c >= 0 else f"{n:,} in none" for c, n in sizes.items())
    return NewRows(table, tuple(table.attrs["notes"]), sizes, told)


def _as_the_run(made: Run, loading: dict[str, Any]) -> dict[str, Any]:
    """Return the options of reading, with those of the run where none are given."""
    known = made.record["data"].get("options", {})
    kept = {
        name: known[name] for name in ("missing_values", "categorical", "numeric") if name in known
    }
    return kept | loading


def _doubts(
    run: Path, preparation: TablePreparation, frame: pd.DataFrame, scores: np.ndarray
) -> list[str]:
    """Say why new rows may not be what the clustering was made with."""
    doubts = []
    absent = [name for name in preparation.columns_ if frame[name].isna().all()]
    if absent:
        doubts.append(
            f"Missing in every row, so that the median or no category stands in: {quoted(absent)}. "
            "The clusters rest on other columns alone; is this the same table?"
        )
    assignments = run / "assignments.csv"
    known = scores[~np.isnan(scores)]
    if assignments.is_file() and len(known):
        made = pd.read_csv(assignments)
        # Columns of the clustering come last.
        score, cluster = (
            [str(column) for column in made if str(column) in (name, f"further_{name}")][-1]
            for name in ("anomaly_score", "cluster")
        )
        farthest = made[score][made[cluster] >= 0].max()
        beyond = int((known > farthest + 1e-6).sum())
        if beyond > len(known) / 2:
            doubts.append(
                f"{beyond:,} of {len(known):,} rows are less typical than any row that the "
                "clusters were made from: they may be other data, or in other units."
            )
    return doubts
