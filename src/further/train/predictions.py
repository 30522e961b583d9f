"""``predictions.parquet``: what a model says of each held-out row, for audits and other tools."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from further.data.dataset import Dataset
from further.data.target import Numbers
from further.train.files import write_bytes

FILE = "predictions.parquet"


def write_predictions(
    folder: str | Path,
    rows: Dataset,
    identifiers: np.ndarray,
    *,
    prediction: np.ndarray | None = None,
    score: np.ndarray | None = None,
    interval: np.ndarray | None = None,
    probabilities: Mapping[str, np.ndarray] | None = None,
    fold: np.ndarray | None = None,
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
    interval : array of shape (n, 2), optional
        Ends between which the target is to lie.
    probabilities : mapping of str to array of shape (n,), optional
        Of each class.
    fold : array of shape (n,), optional
        Which model predicted each row, from 1; rows of different ones have no common scale.

    Returns
    -------
    Path
        The file. Its columns are ``identifier``; ``target``, the class or the number, where there
        is one; ``fold``, ``prediction``, ``score``, ``low`` and ``high`` where they are given; the
        probabilities, each named ``probability:CLASS``, and the attributes of the data, each named
        ``attribute:NAME``, so that none has the name of another column.
    """
    columns: dict[str, Any] = {"identifier": identifiers}
    if rows.classes is not None:
        columns["target"] = rows.classes.values
    elif isinstance(rows.target, Numbers):
        columns["target"] = rows.target.values[:, 0]
    low, high = (None, None) if interval is None else interval.T
    given = {"fold": fold, "prediction": prediction, "score": score, "low": low, "high": high}
    columns |= {name: values for name, values in given.items() if values is not None}
    columns |= {f"probability:{name}": p for name, p in (probabilities or {}).items()}
    if rows.attributes is not None:
        for attribute in rows.attributes:
            columns[f"attribute:{attribute}"] = rows.attributes[attribute].to_numpy()
    buffer = io.BytesIO()
    pd.DataFrame(columns).to_parquet(buffer, index=False)
    return write_bytes(Path(folder) / FILE, buffer.getvalue())
