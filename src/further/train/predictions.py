"""``predictions.parquet``: what a model says of each held-out row, for audits and other tools."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from further.data.dataset import Dataset
from further.train.files import write_bytes

FILE = "predictions.parquet"


def write_predictions(
    folder: str | Path,
    rows: Dataset,
    identifiers: np.ndarray,
    *,
    prediction: np.ndarray | None = None,
    score: np.ndarray | None = None,
) -> Path:
    """Write a row a held-out example.

    Parameters
    ----------
    folder : path
        Of the run.
    rows : Dataset
        The held-out rows.
    identifiers : array of shape (n,)
        The number of each row in the data, from 0.
    prediction : array of shape (n,), optional
        What was predicted.
    score : array of shape (n,), optional
        How strongly, such as a probability or, of a generative model, the log-likelihood in nats.

    Returns
    -------
    Path
        The file. Its columns are ``identifier``; ``target``, the class, where there is one;
        ``prediction`` and ``score`` where they are given; and the attributes of the data, each
        named ``attribute:NAME``, so that none has the name of another column.
    """
    columns: dict[str, Any] = {"identifier": identifiers}
    if rows.classes is not None:
        columns["target"] = rows.classes.values
    for name, values in (("prediction", prediction), ("score", score)):
        if values is not None:
            columns[name] = values
    if rows.attributes is not None:
        for attribute in rows.attributes:
            columns[f"attribute:{attribute}"] = rows.attributes[attribute].to_numpy()
    buffer = io.BytesIO()
    pd.DataFrame(columns).to_parquet(buffer, index=False)
    return write_bytes(Path(folder) / FILE, buffer.getvalue())
