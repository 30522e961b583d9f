"""Writes run folders as a clustering leaves them, computed from real data by scikit-learn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_samples,
    silhouette_score,
)
from sklearn.tree import DecisionTreeClassifier

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp; $headline"


def iris() -> pd.DataFrame:
    from sklearn.datasets import load_iris

    return load_iris(as_frame=True).data


def noise(rows: int = 200, columns: int = 2) -> pd.DataFrame:
    values = np.random.default_rng(0).uniform(size=(rows, columns))
    return pd.DataFrame(values, columns=[f"u{place}" for place in range(columns)])


def penguins(tables: Path) -> pd.DataFrame:
    return pd.read_csv(tables / "penguins.csv").drop(columns="species").dropna()


def airports() -> pd.DataFrame:
    from vega_datasets import data

    return data.airports()[["latitude", "longitude"]].iloc[::3].reset_index(drop=True)


def make_clustering(
    folder: Path,
    frame: pd.DataFrame,
    *,
    name: str = "iris",
    k: int = 3,
    hostile: bool = False,
    coordinates: bool = False,
    starts: int = 30,
) -> Path:
    """Write the run folder of a clustering of a table."""
    folder.mkdir(parents=True, exist_ok=True)
    if hostile:
        frame = frame.rename(columns={frame.columns[0]: HOSTILE})
    write(folder, evaluate(frame, HOSTILE if hostile else name, k, coordinates, starts, hostile))
    return folder


def write(folder: Path, evaluation: Mapping[str, Any]) -> None:
    """Write the two files of a run."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evaluation.json").write_text(json.dumps(evaluation))
    record = {"schema": 1, "command": evaluation.get("command"), "task": "clustering",
              "status": "finished", "seed": 0}  # fmt: skip
    (folder / "run.json").write_text(json.dumps(record))


def evaluate(
    frame: pd.DataFrame, name: str, k: int, coordinates: bool, starts: int, hostile: bool
) -> dict[str, Any]:
    """Cluster a table and describe it as the contract of a cluster run says."""
    rng = np.random.default_rng(0)
    numeric = frame.select_dtypes("number")
    X = pd.get_dummies(frame, dtype=float).to_numpy()
    center, spread = X.mean(axis=0), X.std(axis=0)
    X = X if coordinates else (X - center) / spread
    fitted = KMeans(k, n_init=10, random_state=0).fit(X)
    labels, sizes = fitted.labels_, np.bincount(fitted.labels_).tolist()
    pca = PCA(min(8, X.shape[1]), random_state=0).fit(X)
    scores = pca.transform(X)
    axes = [f"PC{place + 1} ({part:.0%})" for place, part in
            enumerate(pca.explained_variance_ratio_)]  # fmt: skip
    criteria = _criteria(X, k, rng)
    several = k > 1
    stability = criteria["stability"][str(k)] if several else None
    changing = _starts(X, k, starts, labels) if several else None
    by_row = {} if changing is None else dict(
        zip(changing["changing"]["rows"], changing["changing"]["values"], strict=True)
    )  # fmt: skip
    distances = fitted.transform(X)
    own = distances.min(axis=1)
    return {
        "schema": 1,
        "task": "clustering",
        "command": f"further cluster {name} --seed 0",
        "run": "runs/cluster",
        "further": "0.1.0",
        "seed": 0,
        "seconds": 6.3,
        "energy": {"watt_hours": 0.021, "carbon_g": 0.0099, "grid_g_per_kwh": 473.0,
                   "method": "estimated from processor time at 12 W a core (design power)",
                   "grid_source": "world average 2024"},
        "versions": {"python": "3.11.9", "numpy": "2.4.0", "scikit-learn": "1.9.1"},
        "machine": {"cpu": "2 cores, x86_64", "memory_gib": 8, "threads": 1},
        "data": {"name": name, "source": name, "fingerprint": "3f1c" * 16, "kind": "table",
                 "rows": len(frame), "columns": frame.shape[1],
                 "notes": [f"A table of {len(frame)} rows.", *([HOSTILE] if hostile else [])]},
        "sentence": HOSTILE if hostile else _sentence(name, k, sizes, stability),
        "k": k,
        "method": "kmeans",
        "label": "k-means",
        "distance": "great_circle" if coordinates else "euclidean",
        "scale": "none" if coordinates else "standard",
        "notes": ["Columns of numbers are scaled to mean 0 and standard deviation 1."],
        "columns": [_column(frame, column, numeric.columns) for column in frame],
        "criteria": criteria,
        "stability": stability,
        "inertia": float(fitted.inertia_),
        "sizes": sizes,
        "noise": 0,
        "alternatives": _alternatives(X, labels, k, stability) if several else [],
        "silhouette": _silhouette(X, labels) if several else None,
        "profile": _profile(frame, labels, distances, hostile) if several else [],
        "rules": {"fidelity": _estimate(0.953, 0.02, len(X)), "depth": 3,
                  "text": [f"cluster {c}: {HOSTILE if hostile else 'petal width <= 0.8'}"
                           for c in range(k)]} if several else None,
        "initialisations": changing,
        "projection": {
            "method": "pca", "note": "The plane of most variance.",
            "explained": pca.explained_variance_ratio_[:2].tolist(),
            "axes": [HOSTILE if hostile else axes[0], axes[1]] if len(axes) > 1 else axes,
            "x": scores[:, 0].round(4).tolist(),
            "y": (scores[:, 1] if scores.shape[1] > 1 else 0 * scores[:, 0]).round(4).tolist(),
            "cluster": labels.tolist(), "row": list(range(len(X))),
            "changing": [by_row.get(row, 0.0) for row in range(len(X))] if changing else None,
            "n": len(X), "sampled": False,
        },
        "map": {"latitude": frame["latitude"].tolist(), "longitude": frame["longitude"].tolist(),
                "cluster": labels.tolist(), "row": list(range(len(X)))} if coordinates else None,
        "dendrogram": _dendrogram(X) if several else None,
        "anomalies": {
            "method": HOSTILE if hostile else "k-means",
            "note": "The distance to the own cluster's centre.",
            "rows": [{"row": int(row), "score": float(own[row]), "cluster": int(labels[row]),
                      "values": _values(frame, row, hostile)} for row in np.argsort(-own)[:8]],
            "labelled": {"column": "rare", "precision_at_k": _estimate(0.4, 0.2, len(X)), "k": 10,
                         "average_precision": _estimate(0.31, 0.1, len(X)), "base_rate": 0.05,
                         "roc_auc": _estimate(0.81, 0.05, len(X))},
        },
        "steps": {
            "scores": scores[:400].round(4).tolist(), "cluster": labels[:400].tolist(),
            "share": float(pca.explained_variance_ratio_.sum()), "axes": axes, "k": min(k, 10),
            "note": HOSTILE if hostile else f"{min(400, len(X))} rows in {len(axes)} components.",
        },
    }  # fmt: skip


def _sentence(name: str, k: int, sizes: Sequence[int], stability: Any) -> str:
    if k == 1:
        return f"No cluster structure was found: {name} looks like data of no structure."
    rows = ", ".join(map(str, sizes))
    return f"{k} clusters by k-means with {rows} rows; they are firm ({stability['value']:.2f})."


def _estimate(value: float, half: float, n: int) -> dict[str, Any]:
    return {"value": float(value), "low": float(value - half), "high": float(min(1, value + half)),
            "n": n, "method": "bootstrap of rows"}  # fmt: skip


def _criteria(X: np.ndarray, k: int, rng: np.random.Generator) -> dict[str, Any]:
    ks = list(range(2, 11))
    flat = rng.uniform(X.min(axis=0), X.max(axis=0), size=X.shape)
    fits = {n: KMeans(n, n_init=3, random_state=0).fit(X) for n in ks}
    flat_fits = {n: KMeans(n, n_init=2, random_state=0).fit(flat) for n in ks}
    sample = rng.permutation(len(X))[:400]

    def item(
        name: str,
        label: str,
        better: str,
        values: Sequence[float],
        own: int | None,
        reference: Sequence[float] | None = None,
        half: float = 0.0,
    ) -> dict[str, Any]:
        return {"name": name, "label": label, "better": better, "k": own, "ks": ks,
                "values": list(values), "note": f"How {label} answers.",
                "low": [v - half for v in values] if half else None,
                "high": [v + half for v in values] if half else None,
                "reference": None if reference is None else list(reference)}  # fmt: skip

    silhouettes = [silhouette_score(X[sample], fits[n].labels_[sample]) for n in ks]
    inertia = [float(fits[n].inertia_) for n in ks]
    gap = [float(np.log(flat_fits[n].inertia_ / fits[n].inertia_)) for n in ks]
    stability = {}
    for n in ks:
        halves = [rng.choice(len(X), len(X)) for _ in range(4)]
        scores = [adjusted_rand_score(fits[n].labels_,
                                      KMeans(n, n_init=2, random_state=0).fit(X[h]).predict(X))
                  for h in halves]  # fmt: skip
        stability[str(n)] = _estimate(float(np.mean(scores)), float(np.std(scores)) + 0.01, len(X))
    items = [
        item("elbow", "Elbow of inertia", "lower", inertia, max(2, k),
             [float(flat_fits[n].inertia_) for n in ks]),
        item("silhouette", "Silhouette", "higher", silhouettes, ks[int(np.argmax(silhouettes))],
             [silhouette_score(flat[sample], flat_fits[n].labels_[sample]) for n in ks], 0.02),
        item("calinski_harabasz", "Calinski-Harabasz", "higher",
             [calinski_harabasz_score(X, fits[n].labels_) for n in ks], max(2, k)),
        item("davies_bouldin", "Davies-Bouldin", "lower",
             [davies_bouldin_score(X, fits[n].labels_) for n in ks], 2),
        item("gap", "Gap statistic", "higher", gap, None, None, 0.03),
    ]  # fmt: skip
    return {
        "k": k,
        "sentence": "Most of them give this number." if k > 1 else "Nothing beats chance.",
        "rule": "The k that most criteria name, if it is stable and beyond data of no structure.",
        "agree": False,
        "tendency": {"found": k > 1, "statistic": 0.62 if k > 1 else 0.37, "low": 0.31,
                      "high": 0.44, "p_value": 0.05 if k > 1 else 0.61,
                      "method": "silhouette of 20 samples of no structure"},
        "items": items,
        "stability": stability,
    }  # fmt: skip


def _starts(X: np.ndarray, k: int, n: int, labels: np.ndarray) -> dict[str, Any]:
    kinds, away = [], np.zeros(len(X))
    for kind, init in (("random", "random"), ("k-means++", "k-means++")):
        fits = [KMeans(k, init=init, n_init=1, random_state=seed).fit(X) for seed in range(n)]
        rand = [adjusted_rand_score(labels, fit.labels_) for fit in fits]
        for fit in fits:
            # A cluster of another start stands for that of this one which it shares most rows with.
            table = np.zeros((k, k))
            np.add.at(table, (fit.labels_, labels), 1)
            away += table.argmax(axis=1)[fit.labels_] != labels
        inertia = np.array([fit.inertia_ for fit in fits])
        kinds.append({"kind": kind, "inertia": inertia.tolist(),
                      "best_share": float((inertia < inertia.min() * 1.0001).mean()),
                      "ari": {"median": float(np.median(rand)), "low": float(min(rand)),
                              "high": float(max(rand))}})  # fmt: skip
    rows = np.flatnonzero(away)
    return {"n_init": n, "kinds": kinds, "sentence": "Others mostly come to the same.",
            "changing": {"share": len(rows) / len(X), "rows": rows.tolist(),
                         "values": (away[rows] / (2 * n)).tolist()}}  # fmt: skip


def _alternatives(X: np.ndarray, labels: np.ndarray, k: int, stability: Any) -> list[Any]:
    tree = AgglomerativeClustering(k).fit_predict(X[:1500])
    return [
        {"method": "kmeans", "label": "k-means", "k": k, "stability": stability, "note": "",
         "silhouette": _estimate(0.55, 0.03, len(X)), "noise_share": 0.0, "agreement": 1.0,
         "chosen": True, "seconds": 0.03},
        {"method": "agglomerative", "label": "Agglomerative clustering", "k": k,
         "stability": _estimate(0.71, 0.12, len(X)), "silhouette": _estimate(0.52, 0.03, len(X)),
         "noise_share": 0.0, "agreement": adjusted_rand_score(labels[:1500], tree),
         "chosen": False, "seconds": 0.4, "note": "Fitted to a sample."},
        {"method": "hdbscan", "label": "HDBSCAN", "k": None, "stability": None, "silhouette": None,
         "noise_share": None, "agreement": None, "chosen": False, "seconds": None,
         "note": "Not fitted."},
    ]  # fmt: skip


def _silhouette(X: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    rows = np.arange(len(X))[:1000]
    values = silhouette_samples(X[rows], labels[rows])
    clusters = []
    for cluster in np.unique(labels[rows]):
        own = np.sort(values[labels[rows] == cluster])[::-1]
        shown = np.quantile(own, np.linspace(1, 0, min(200, len(own))))
        clusters.append(
            {
                "cluster": int(cluster),
                "n": len(own),
                "mean": float(own.mean()),
                "values": shown.tolist(),
                "negative_share": float((own < 0).mean()),
            }
        )
    return {**_estimate(values.mean(), 0.03, len(rows)), "sampled": len(X) > 1000,
            "clusters": clusters}  # fmt: skip


def _values(frame: pd.DataFrame, row: int, hostile: bool = False) -> dict[str, Any]:
    values = {str(name): value.item() if isinstance(value, np.generic) else value
              for name, value in frame.iloc[row].items()}  # fmt: skip
    if hostile:
        values[str(frame.columns[1])] = HOSTILE
    return values


def _profile(
    frame: pd.DataFrame, labels: np.ndarray, distances: np.ndarray, hostile: bool
) -> list[dict[str, Any]]:
    coded = pd.get_dummies(frame, dtype=float)
    found = []
    for cluster in np.unique(labels):
        inside = labels == cluster
        features = []
        for column in frame:
            if frame[column].dtype.kind not in "fi":
                continue
            here, there = frame[column][inside], frame[column][~inside]
            effect = (here.mean() - there.mean()) / frame[column].std()
            way = "higher" if effect > 0 else "lower"
            features.append({"column": str(column), "effect": float(effect),
                             "measure": "Cohen's d",
                             "text": f"{column} is {way}: {here.mean():.3g} against "
                                     f"{there.mean():.3g}"})  # fmt: skip
        features.sort(key=lambda feature: -abs(feature["effect"]))
        tree = DecisionTreeClassifier(max_depth=1, random_state=0).fit(coded, inside)
        told = tree.predict(coded).astype(bool)
        order = np.argsort(distances[:, cluster])
        own = [int(row) for row in order if inside[row]]
        center = {str(c): float(frame[c][inside].mean()) if frame[c].dtype.kind in "fi"
                  else str(frame[c][inside].mode()[0]) for c in frame}  # fmt: skip
        rule = f"{coded.columns[tree.tree_.feature[0]]} <= {tree.tree_.threshold[0]:.2f}"
        found.append({
            "cluster": int(cluster), "size": int(inside.sum()), "share": float(inside.mean()),
            "center": center, "features": features[:4], "rule": HOSTILE if hostile else rule,
            "precision": float(inside[told].mean()) if told.any() else None,
            "recall": float(told[inside].mean()),
            "typical": [{"row": row, "distance": float(distances[row, cluster]),
                         "values": _values(frame, row, hostile)} for row in own[:3]],
            "borderline": [{"row": row, "distance": float(distances[row, cluster]),
                            "values": _values(frame, row),
                            "other": int(np.argsort(distances[row])[1])} for row in own[-2:]],
        })  # fmt: skip
    return found


def _dendrogram(X: np.ndarray) -> dict[str, Any]:
    leaves = X[np.linspace(0, len(X) - 1, min(30, len(X))).astype(int)]
    merges = linkage(leaves, "ward")
    return {"merges": merges.tolist(), "leaf_sizes": [5] * len(leaves),
            "leaf_clusters": (fcluster(merges, 2, "maxclust") - 1).tolist(),
            "cut": float(merges[-2:, 2].mean()), "note": "Ward's linkage of groups."}  # fmt: skip


def _column(frame: pd.DataFrame, column: Any, numeric: Sequence[Any]) -> dict[str, Any]:
    number = column in numeric
    values = frame[column]
    return {"name": str(column), "type": "number" if number else "category", "used": True,
            "role": "numeric" if number else "categorical", "missing": 0,
            "distinct": int(values.nunique()), "scale": "standard" if number else None,
            "center": float(values.mean()) if number else None,
            "spread": float(values.std()) if number else None, "fill": None,
            "why": "Numbers of many values." if number else "Words of few values."}  # fmt: skip
