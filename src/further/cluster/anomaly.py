"""Detectors of anomalies by name, and how well each finds the rows that someone has marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from further.cluster.dissimilarity.base import Floats
from further.errors import InputError
from further.evaluate.clustering.anomalies import MEASURES, anomaly_report
from further.registry import find_model

#: The settings of each detector, by its name in the table of models, and what its score is.
DETECTORS: dict[str, tuple[dict[str, Any], str]] = {
    "kmeans": ({"n_clusters": 8, "n_init": 3}, "minus the distance to the nearest of 8 centroids"),
    "dbscan": ({"eps": "auto", "min_samples": 10}, "minus the distance to the 10th nearest row"),
    "mixture": ({"n_components": 8, "reg_covar": 1e-4}, "log density of 8 components"),
    "isolation_forest": ({}, "depth at which random cuts isolate a row"),
    "local_outlier_factor": (
        {"n_neighbors": 20},
        "density compared with that of the 20 nearest rows",
    ),
}


def anomaly_scores(name: str, X: Any, *, random_state: int | None = None) -> Floats:
    """Fit a detector by name and return how typical each row is.

    When to use: to rank rows for someone to look at. When it fails: distances mix columns as they
    are, so scale them before; the settings are fixed here, so take the class to choose others.

    Parameters
    ----------
    name : str
        "kmeans", "dbscan", "mixture", "isolation_forest" or "local_outlier_factor".
    X : array-like of shape (n, d)
        Numbers of like scale.
    random_state : int, optional
        Seed.

    Returns
    -------
    ndarray of shape (n,)
        Higher is more typical.

    Raises
    ------
    InputError
        If there is no detector of that name.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.concatenate([np.random.default_rng(0).normal(size=(99, 2)), [[9.0, 9.0]]])
    >>> int(anomaly_scores("local_outlier_factor", X).argmin())
    99
    """
    if name not in DETECTORS:
        names = ", ".join(DETECTORS)
        raise InputError(f'There is no anomaly detector "{name}"; there are {names}.')
    detector = find_model(name).load()(**DETECTORS[name][0])
    if "random_state" in detector.get_params():
        detector.set_params(random_state=random_state)
    scores: Floats = detector.fit(X).score_samples(X)
    return scores


def compare_detectors(
    X: Any,
    labels: Any,
    *,
    names: Sequence[str] | None = None,
    k: int | None = None,
    positive: Any = None,
    random_state: int | None = 0,
) -> pd.DataFrame:
    """Return how well each detector finds the marked rows.

    When to use: to choose a detector where some anomalies are known. When it fails: the best of
    several on few marked rows is partly luck; look at the intervals.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Numbers of like scale; the marks are not among them.
    labels : array-like of shape (n,)
        Two values.
    names : sequence of str, optional
        Detectors; all by default.
    k, positive : optional
        As in :func:`~further.evaluate.clustering.anomalies.anomaly_report`.
    random_state : int, optional
        Seed of the detectors.

    Returns
    -------
    DataFrame
        A row a detector, ordered by average precision: label, the three measures each with its
        ``_low`` and ``_high``, k, base_rate, and what the score is.
    """
    rows = []
    for name in names or DETECTORS:
        scores = anomaly_scores(name, X, random_state=random_state)
        report = anomaly_report(scores, labels, k=k, positive=positive)
        row: dict[str, Any] = {"method": name, "label": find_model(name).label}
        for measure in MEASURES:
            estimate = getattr(report, measure)
            row[measure] = estimate.value
            row[f"{measure}_low"], row[f"{measure}_high"] = estimate.low, estimate.high
        score = DETECTORS[name][1]
        rows.append({**row, "k": report.k, "base_rate": report.base_rate, "score": score})
    frame = pd.DataFrame(rows).set_index("method")
    return frame.sort_values("average_precision", ascending=False)
