"""A table larger than memory: judged on a seeded sample of its rows, clustered by all of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from further.cluster.kmeans import KMeans
from further.cluster.streaming import predict_batches, write_assignments
from further.compare.clustering.prepared_table import PreparedTable
from further.data.batches import Batches
from further.data.dataset import Dataset
from further.data.formats.tables import load_frame
from further.data.loading import READ_AS
from further.data.memory import is_too_large

#: Rows on which columns, number of clusters and everything but the centroids are judged.
SAMPLE = 50_000


def is_larger_than_memory(source: Any) -> bool:
    """Whether a file is a table that cannot be read as a whole here."""
    if not isinstance(source, str | Path):
        return False
    path = Path(source).expanduser()
    return path.is_file() and is_too_large(READ_AS * path.stat().st_size)


def sample_table(source: str | Path, seed: int) -> tuple[Dataset, Batches]:
    """Return a seeded sample of a table's columns of numbers, and the batches of all rows.

    Parameters
    ----------
    source : path
        A CSV or Parquet file.
    seed : int
        Of the sample.

    Returns
    -------
    dataset : Dataset
        The sample.
    batches : Batches
        All rows.

    Raises
    ------
    InputError
        If the file cannot be read or has no column of numbers.
    """
    path = Path(source).expanduser().resolve()
    batches = Batches(path, columns="numeric", dtype="float64")
    frame = pd.DataFrame(batches.sample(SAMPLE, seed), columns=list(batches.feature_names))
    notes = [
        f"{path.name}: {batches.count():,} rows do not fit into memory; columns, number of "
        f"clusters and what describes them are judged on a seeded sample of {len(frame):,} rows "
        "(numbers of rows in the report count within it), and the centroids and assignments are of "
        "all rows, read in batches.",
    ]
    if batches.left_out:
        notes.append(f"Columns that hold no numbers are left out: {', '.join(batches.left_out)}.")
    dataset = load_frame(frame, str(path), path.stem, tuple(notes), tidy=False)
    return dataclasses.replace(dataset, source=str(path)), batches


def fit_all_rows(
    estimator: Any, table: PreparedTable, batches: Batches, folder: Path
) -> tuple[KMeans, list[int]]:
    """Move the centroids of the sample on by all rows and write every row's cluster.

    Parameters
    ----------
    estimator : KMeans
        Fitted to the sample.
    table : PreparedTable
        The prepared sample.
    batches : Batches
        All rows.
    folder : Path
        The run, where ``assignments.csv`` is written: cluster and distance in the order of the
        file.

    Returns
    -------
    estimator : KMeans
        Fitted to all rows; its ``labels_`` are those of the sample.
    sizes : list of int
        Rows in each cluster.
    """
    decided = {line.name: line for line in table.preparation.decisions_}
    used = [decided[name] for name in table.preparation.columns_]
    scaled = Batches(batches.source, columns=[line.name for line in used]).scaled(
        np.array([line.center or 0.0 for line in used]),
        np.array([line.spread or 1.0 for line in used]),
    )
    k = len(estimator.cluster_centers_)
    fitted = KMeans(k, init=estimator.cluster_centers_, n_init=1).fit(scaled)
    # Its columns are prepared rows by position, as those of the sample are.
    fitted.__dict__.pop("feature_names_in_", None)
    sizes = np.zeros(k, dtype=np.int64)
    for labels, _ in predict_batches(fitted, scaled):
        sizes += np.bincount(labels, minlength=k)
    write_assignments(fitted, scaled, folder / "assignments.csv")
    fitted.labels_ = fitted.predict(np.asarray(table.X, dtype=np.float32))
    return fitted, sizes.tolist()
