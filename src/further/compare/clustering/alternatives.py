"""Other methods on the same rows: how stable each is, and whether it finds the same clusters."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from sklearn.metrics import adjusted_rand_score

from further.cluster.dissimilarity.silhouette import silhouette_values
from further.cluster.number.stability import (
    PATTERN,
    STABLE,
    Resamples,
    mean_agreement,
    rows_compared,
)
from further.cluster.number.sweep import sample_rows, take_rows
from further.compare.clustering.method import Method, alternatives
from further.compare.clustering.prepared_table import PreparedTable
from further.errors import InputError

#: Methods are compared on a sample of this many rows, since some grow with their square.
ROWS_COMPARED = 2000


def compare_methods(
    table: PreparedTable,
    chosen: Method,
    estimator: Any,
    k: int | None,
    seed: int,
) -> dict[str, Any]:
    """Fit each method to the same rows and bootstrap samples: stability, silhouette, agreement.

    Parameters
    ----------
    table : PreparedTable
        The prepared rows.
    chosen : Method
        Which is compared with the others.
    estimator : estimator
        The chosen method, fitted to all rows.
    k : int or None
        The number of clusters that it was given.
    seed : int
        Of samples and initialisations.

    Returns
    -------
    dict
        ``methods`` and ``clusters``: the ``alternatives`` of ``evaluation.json``, the chosen method
        first, and its ``cluster_stability``.
    """
    # As the number of clusters was chosen: the same clustering has the same stability here.
    resamples = Resamples(table.X, n_rows=rows_compared(chosen.make(k, seed)), random_state=seed)
    cluster_stability = None
    sample = sample_rows(len(table.X), ROWS_COMPARED, seed)
    X = take_rows(table.X, sample)
    reference = np.asarray(estimator.labels_)[sample]
    clusters = len(set(reference.tolist()) - {-1})
    entries = []
    for method in alternatives(chosen, table.kind):
        started = time.monotonic()
        is_chosen = method.line.name == chosen.line.name
        entry: dict[str, Any] = {
            "method": method.line.name,
            "label": method.line.label,
            "distance": method.distance,
            "chosen": is_chosen,
            "k": None, "stability": None, "silhouette": None, "noise_share": None,
            "agreement": None, "note": "",
        }  # fmt: skip
        entries.append(entry)
        if clusters < 2 and is_chosen:
            entry["k"] = clusters
            entry["note"] = "One cluster always agrees with itself, so there is no stability."
            continue
        if clusters < 2 and method.has_k:
            entry["note"] = "Not fitted: it needs a number of clusters, and none was found."
            continue
        try:
            fitted = method.make(k or clusters, seed).fit(X)
            labels = np.asarray(fitted.labels_)
        except (InputError, ValueError) as error:
            entry["note"] = f"Not fitted: {error}"
            continue
        entry["k"] = len(set(labels.tolist()) - {-1})
        entry["noise_share"] = float((labels < 0).mean())
        entry["agreement"] = float(adjusted_rand_score(reference, labels))
        if entry["k"] >= 2:
            (found,) = resamples.cluster(method.make(k or clusters, seed))
            entry["stability"] = mean_agreement(resamples.agreement(found)).to_dict()
            if is_chosen:
                own = resamples.clusters(found, np.asarray(estimator.labels_))
                cluster_stability = {
                    "stable_from": STABLE,
                    "pattern_from": PATTERN,
                    "clusters": [one.to_dict() for one in own],
                }
            entry["silhouette"] = silhouette_values(
                X, labels, metric=method.metric, random_state=seed
            ).estimate.to_dict()
        entry["seconds"] = time.monotonic() - started
    return {"methods": entries, "clusters": cluster_stability}
