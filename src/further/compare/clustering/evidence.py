"""What the clusters are: profiles, rules, silhouettes, pictures of them, and unusual rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from further.cluster.number.sweep import sample_rows
from further.compare.clustering.method import Method
from further.compare.clustering.prepared_table import PreparedTable
from further.evaluate.clustering.anomalies import anomaly_report, rare_class
from further.evaluate.clustering.profiles import profile_clusters
from further.evaluate.clustering.projection import Projection, project
from further.evaluate.clustering.rules import cluster_rules
from further.evaluate.clustering.silhouettes import Silhouettes

#: What a page can draw and a reader can see.
POINTS_DRAWN = 3000
POINTS_PLAYED = 400
COMPONENTS_PLAYED = 8
UNUSUAL_ROWS = 10
#: What minus ``score_samples`` is, unless the class of the method says otherwise.
CENTRE_DISTANCE = "the distance to the centre of its cluster"


def evidence(
    table: PreparedTable,
    chosen: Method,
    estimator: Any,
    silhouettes: Silhouettes | None,
    initialisations: dict[str, Any] | None,
    seed: int,
) -> dict[str, Any]:
    """Return the entries of ``evaluation.json`` that describe the fitted clusters.

    Parameters
    ----------
    table : PreparedTable
        The prepared rows and where they come from.
    chosen : Method
        Method and distance.
    estimator : estimator
        Fitted to all rows.
    silhouettes : Silhouettes or None
        None where there are fewer than two clusters.
    initialisations : dict or None
        What other initialisations gave.
    seed : int
        Of samples.

    Returns
    -------
    dict
        By the names of :class:`~further.evaluate.clustering.record.ClusteringEvaluation`.
    """
    labels = np.asarray(estimator.labels_)
    clusters = sorted(set(labels.tolist()) - {-1})
    several = len(clusters) > 1
    notes = list(table.notes)
    if silhouettes is not None and silhouettes.sampled:
        notes.append(
            f"Silhouettes were computed on a seeded sample of {len(silhouettes.rows):,} rows, "
            "since their cost grows with the square of the number of rows."
        )
    scores = np.asarray(estimator.score_samples(table.X), dtype=np.float64)
    rules = cluster_rules(table.used, labels, random_state=seed) if several else None
    plane = _plane(table)
    agreement = _agreement(table, labels)
    if agreement is not None:
        notes.append(agreement["sentence"])
    return {
        "k": max(1, len(clusters)),
        "sizes": [int((labels == cluster).sum()) for cluster in clusters],
        "noise": int((labels < 0).sum()),
        "inertia": _number(getattr(estimator, "inertia_", None)),
        "notes": notes,
        "profile": [
            profile.to_dict()
            for profile in profile_clusters(
                table.used,
                labels,
                X=table.X,
                distances=-scores if getattr(estimator, "score_is_distance", True) else None,
                rules=rules,
                silhouettes=silhouettes,
            )
        ]
        if several
        else [],
        "rules": None if rules is None else rules.to_dict(),
        "silhouette": None if silhouettes is None else silhouettes.to_dict(),
        "projection": _projection(table, plane, labels, initialisations, seed),
        "map": _map(table, labels, seed),
        "dendrogram": _dendrogram(estimator),
        "anomalies": _anomalies(table, chosen, estimator, scores),
        "agreement": agreement,
        "steps": _steps(table, chosen, plane, labels, max(1, len(clusters)), seed),
    }


def _projection(
    table: PreparedTable,
    found: Projection | None,
    labels: np.ndarray,
    initialisations: dict[str, Any] | None,
    seed: int,
) -> dict[str, Any] | None:
    n = len(table.X)
    if found is None or n < 3:
        return None
    drawn = sample_rows(n, POINTS_DRAWN, seed)
    note = found.note
    if table.kind in ("mixed", "categorical"):
        note += " Categories take part as one-hot columns."
    changing = None
    moved = initialisations["changing"] if initialisations is not None else None
    if moved is not None and moved["values"]:
        by_row = dict(zip(moved["rows"], moved["values"], strict=True))
        changing = [by_row.get(int(row), 0.0) for row in drawn]
    return {
        "method": found.method,
        "note": note,
        "explained": list(found.explained),
        "axes": list(found.axes),
        "x": _rounded(found.x[drawn]),
        "y": _rounded(found.y[drawn]),
        "cluster": labels[drawn].tolist(),
        "row": drawn.tolist(),
        "changing": changing,
        "n": n,
        "sampled": len(drawn) < n,
    }


def _plane(table: PreparedTable) -> Projection | None:
    if len(table.X) < 2 or table.kind == "coordinates":  # these have a map
        return None
    names = table.preparation.columns_ if isinstance(table.X, np.ndarray) else None
    return project(table.X, method="pca", feature_names=names)


def _map(table: PreparedTable, labels: np.ndarray, seed: int) -> dict[str, Any] | None:
    names = table.preparation.coordinates_
    if names is None or not set(names) <= set(table.frame):
        return None
    latitude, longitude = (
        table.frame[name].to_numpy(np.float64, na_value=np.nan) for name in names
    )
    placed = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
    drawn = placed[sample_rows(len(placed), POINTS_DRAWN, seed)]
    return {
        "latitude": latitude[drawn].tolist(),
        "longitude": longitude[drawn].tolist(),
        "cluster": labels[drawn].tolist(),
        "row": drawn.tolist(),
    }


def _dendrogram(estimator: Any) -> dict[str, Any] | None:
    draw = getattr(estimator, "dendrogram", None)
    return None if draw is None else draw().to_dict()


def _anomalies(
    table: PreparedTable, chosen: Method, estimator: Any, scores: np.ndarray
) -> dict[str, Any]:
    unusual = np.argsort(scores, kind="stable")[:UNUSUAL_ROWS]
    labels = np.asarray(estimator.labels_)
    labelled = None
    rare = None if table.label is None else rare_class(table.label)
    if table.label is not None and rare is not None:
        known = table.label.notna().to_numpy()
        report = anomaly_report(scores[known], table.label[known], positive=rare)
        labelled = {"column": str(table.label.name), **report.to_dict()}
    return {
        "method": chosen.line.label,
        "note": f"The score is {getattr(estimator, 'score_meaning', CENTRE_DISTANCE)}.",
        "rows": [
            {
                "row": int(row),
                "score": float(-scores[row]),
                "cluster": int(labels[row]),
                "values": _values(table.used.iloc[row]),
            }
            for row in unusual
        ],
        "labelled": labelled,
    }


def _agreement(table: PreparedTable, labels: np.ndarray) -> dict[str, Any] | None:
    """Compare the clusters with a label that took no part."""
    if table.label is None:
        return None
    from sklearn.metrics import adjusted_rand_score

    known = table.label.notna().to_numpy()
    truth, names = pd.factorize(table.label[known])
    if len(names) < 2:
        return None
    value = float(adjusted_rand_score(truth, labels[known]))
    counted = pd.crosstab(labels[known], truth)
    return {
        "column": str(table.label.name),
        "adjusted_rand": value,
        "classes": [str(name) for name in names],
        "clusters": [int(cluster) for cluster in counted.index],
        "counts": counted.to_numpy().tolist(),
        "sentence": f'The clusters agree with "{table.label.name}", which took no part, to an '
        f"adjusted Rand index of {value:.2f} (1: the same groups, 0: no better than chance).",
    }


def _steps(
    table: PreparedTable,
    chosen: Method,
    plane: Projection | None,
    labels: np.ndarray,
    k: int,
    seed: int,
) -> dict[str, Any] | None:
    """Return a sample of rows in principal components, on which a page can play k-means."""
    if plane is None or table.kind != "numeric" or chosen.distance != "euclidean":
        return None
    from sklearn.decomposition import PCA

    played = sample_rows(len(table.X), POINTS_PLAYED, seed)
    X = np.asarray(table.X, dtype=np.float64)
    if min(X.shape) < 2:
        return None
    pca = PCA(n_components=min(COMPONENTS_PLAYED, *X.shape), random_state=seed).fit(X)
    played_rows = (
        f"{len(X):,} rows" if len(played) == len(X) else f"{len(played)} of {len(X):,} rows"
    )
    share = float(pca.explained_variance_ratio_.sum())
    return {
        "scores": _rounded(pca.transform(X[played])),
        "cluster": labels[played].tolist(),
        "share": share,
        "axes": list(plane.axes),
        "k": min(k, 10),
        "note": f"{played_rows} in {pca.n_components_} principal components, "
        f"which keep {share:.0%} of the variance.",
    }


def _values(row: pd.Series) -> dict[str, Any]:
    return {
        str(name): None if pd.isna(value) else value if isinstance(value, float) else str(value)
        for name, value in row.items()
    }


def _rounded(values: np.ndarray) -> list[Any]:
    rounded: list[Any] = np.round(values, 4).tolist()
    return rounded


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
