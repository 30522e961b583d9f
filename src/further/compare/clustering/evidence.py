"""What the clusters are: profiles, rules, silhouettes, pictures of them, and unusual rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import pandas as pd

from further.cluster.dissimilarity.silhouette import silhouette_values
from further.cluster.number.sweep import sample_rows
from further.compare.clustering.method import WITH_CATEGORIES, Method
from further.compare.clustering.prepared_table import PreparedTable
from further.data.preparation.column_text import json_value
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


@dataclass(frozen=True)
class Evidence:
    """What the fitted clusters are, for ``evaluation.json``."""

    source: Annotated[PreparedTable, "All rows as they were prepared."]
    chosen: Annotated[Method, "Method and distance."]
    estimator: Annotated[Any, "Fitted to the rows on which structure is judged."]
    initialisations: Annotated[dict[str, Any] | None, "What other initialisations gave."]
    seed: Annotated[int, "Of samples."]

    @cached_property
    def table(self) -> PreparedTable:
        """The rows that are clustered."""
        return self.source.clustered

    @cached_property
    def source_labels(self) -> np.ndarray:
        """The cluster of each row of the source, -1 for none."""
        source = self.source
        labels = np.full(len(source.rows), -1)
        labels[source.is_judged] = self.estimator.labels_
        later = ~source.is_judged & ~source.is_apart
        if later.any():
            labels[later] = self.estimator.predict(source.take(later).X)
        return labels

    @cached_property
    def source_scores(self) -> np.ndarray:
        """How typical each row of the source is, NaN for rows without values."""
        scores = np.full(len(self.source.rows), np.nan)
        given = self.source.take(~self.source.is_empty)
        scores[given.rows] = self.estimator.score_samples(given.X)
        return scores

    @cached_property
    def labels(self) -> np.ndarray:
        """The cluster of each row that is clustered."""
        return self.source_labels[self.table.rows]

    @cached_property
    def silhouettes(self) -> Silhouettes | None:
        """Those of the rows, of many of a sample; None where there are fewer than two clusters."""
        if len(set(self.labels.tolist()) - {-1}) < 2:
            return None
        metric, seed = self.chosen.metric, self.seed
        return silhouette_values(self.table.X, self.labels, metric=metric, random_state=seed)

    def entries(self) -> dict[str, Any]:
        """Return the entries by their names in :class:`ClusteringEvaluation`."""
        table, labels, silhouettes = self.table, self.labels, self.silhouettes
        clusters = sorted(set(labels.tolist()) - {-1})
        notes = list(table.notes)
        if silhouettes is not None and silhouettes.sampled:
            notes.append(
                f"Silhouettes were computed on a seeded sample of {len(silhouettes.rows):,} rows, "
                "since their cost grows with the square of the number of rows."
            )
        scores = self.source_scores[table.rows]
        rules, profiles = None, []
        if len(clusters) > 1:
            rules = cluster_rules(table.used, labels, random_state=self.seed)
            profiles = profile_clusters(
                table.used,
                labels,
                X=table.X,
                distances=-scores if getattr(self.estimator, "score_is_distance", True) else None,
                rules=rules,
                silhouettes=silhouettes,
            )
        plane = self._plane()
        agreement = self._agreement()
        if agreement is not None:
            notes.append(agreement["sentence"])
        inertia = getattr(self.estimator, "inertia_", None)
        dendrogram = getattr(self.estimator, "dendrogram", None)
        return {
            "k": max(1, len(clusters)),
            "sizes": [int((labels == cluster).sum()) for cluster in clusters],
            "noise": int((self.source_labels < 0).sum()),
            "inertia": None if inertia is None else float(inertia),
            "notes": notes,
            "profile": [self._in_source(profile.to_dict()) for profile in profiles],
            "rules": None if rules is None else rules.to_dict(),
            "silhouette": None if silhouettes is None else silhouettes.to_dict(),
            "projection": self._projection(plane),
            "map": self._map(),
            "dendrogram": None if dendrogram is None else dendrogram().to_dict(),
            "anomalies": self._anomalies(),
            "agreement": agreement,
            "steps": self._steps(plane, max(1, len(clusters))),
        }

    def _in_source(self, profile: dict[str, Any]) -> dict[str, Any]:
        """Return a profile whose rows have the numbers of the source."""
        for kind in ("typical", "borderline"):
            for example in profile[kind]:
                example["row"] = int(self.table.rows[example["row"]])
        return profile

    def _plane(self) -> Projection | None:
        X = self.table.X
        if len(X) < 2 or self.table.kind == "coordinates":  # these have a map
            return None
        names = self.table.preparation.columns_ if isinstance(X, np.ndarray) else None
        return project(X, method="pca", feature_names=names)

    def _projection(self, found: Projection | None) -> dict[str, Any] | None:
        n = len(self.table.X)
        if found is None or n < 3:
            return None
        drawn = sample_rows(n, POINTS_DRAWN, self.seed)
        note = found.note
        if self.table.kind in WITH_CATEGORIES:
            note += " Categories take part as one-hot columns."
        changing = None
        moved = self.initialisations["changing"] if self.initialisations is not None else None
        if moved is not None and moved["values"]:
            judged = self.source.judged.rows[moved["rows"]].tolist()
            by_row = dict(zip(judged, moved["values"], strict=True))
            changing = [by_row.get(int(self.table.rows[row]), 0.0) for row in drawn]
        return {
            "method": found.method,
            "note": note,
            "explained": list(found.explained),
            "axes": list(found.axes),
            "x": _rounded(found.x[drawn]),
            "y": _rounded(found.y[drawn]),
            "cluster": self.labels[drawn].tolist(),
            "row": self.table.rows[drawn].tolist(),
            "changing": changing,
            "n": n,
            "sampled": len(drawn) < n,
        }

    def _map(self) -> dict[str, Any] | None:
        frame, names = self.table.frame, self.table.preparation.coordinates_
        if names is None or not set(names) <= set(frame):
            return None
        latitude, longitude = (frame[name].to_numpy(np.float64, na_value=np.nan) for name in names)
        placed = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
        drawn = placed[sample_rows(len(placed), POINTS_DRAWN, self.seed)]
        return {
            "latitude": latitude[drawn].tolist(),
            "longitude": longitude[drawn].tolist(),
            "cluster": self.labels[drawn].tolist(),
            "row": self.table.rows[drawn].tolist(),
        }

    def _anomalies(self) -> dict[str, Any]:
        table, scores = self.source, self.source_scores
        labelled = None
        rare = None if table.label is None else rare_class(table.label)
        if table.label is not None and rare is not None:
            known = table.label.notna().to_numpy() & ~table.is_empty
            report = anomaly_report(scores[known], table.label[known], positive=rare)
            labelled = {"column": str(table.label.name), **report.to_dict()}
        return {
            "method": self.chosen.line.label,
            "note": f"The score is {getattr(self.estimator, 'score_meaning', CENTRE_DISTANCE)}.",
            "rows": [
                {
                    "row": int(row),
                    "score": float(-scores[row]),
                    "cluster": int(self.source_labels[row]),
                    "values": {
                        str(name): json_value(table.used[name].iloc[row]) for name in table.used
                    },
                }
                for row in np.argsort(scores, kind="stable")[:UNUSUAL_ROWS]
                if not table.is_empty[row]
            ],
            "labelled": labelled,
        }

    def _agreement(self) -> dict[str, Any] | None:
        """Compare the clusters with a label that took no part."""
        label = self.table.label
        if label is None:
            return None
        from sklearn.metrics import adjusted_rand_score

        known = label.notna().to_numpy()
        truth, names = pd.factorize(label[known])
        if len(names) < 2:
            return None
        value = float(adjusted_rand_score(truth, self.labels[known]))
        counted = pd.crosstab(self.labels[known], truth)
        return {
            "column": str(label.name),
            "adjusted_rand": value,
            "classes": [str(name) for name in names],
            "clusters": [int(cluster) for cluster in counted.index],
            "counts": counted.to_numpy().tolist(),
            "sentence": f'The clusters agree with "{label.name}", which took no part, to an '
            f"adjusted Rand index of {value:.2f} (1: the same groups, 0: no better than chance).",
        }

    def _steps(self, plane: Projection | None, k: int) -> dict[str, Any] | None:
        """Return a sample of rows in principal components, on which a page can play k-means."""
        if plane is None or self.table.kind != "numeric" or self.chosen.distance != "euclidean":
            return None
        from sklearn.decomposition import PCA

        X = np.asarray(self.table.X, dtype=np.float64)
        played = sample_rows(len(X), POINTS_PLAYED, self.seed)
        if min(X.shape) < 2:
            return None
        pca = PCA(n_components=min(COMPONENTS_PLAYED, *X.shape), random_state=self.seed).fit(X)
        some = f"{len(X):,} rows" if len(played) == len(X) else f"{len(played)} of {len(X):,} rows"
        share = float(pca.explained_variance_ratio_.sum())
        return {
            "scores": _rounded(pca.transform(X[played])),
            "cluster": self.labels[played].tolist(),
            "share": share,
            "axes": list(plane.axes),
            "k": min(k, 10),
            "note": f"{some} in {pca.n_components_} principal components, "
            f"which keep {share:.0%} of the variance.",
        }


def _rounded(values: np.ndarray) -> list[Any]:
    rounded: list[Any] = np.round(values, 4).tolist()
    return rounded
