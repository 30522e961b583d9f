"""What structure is in a table? Clustering, anomalies, how many clusters, and what they are."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from further.cluster.agglomerative import AgglomerativeClustering
    from further.cluster.choosing import choose_k
    from further.cluster.dbscan import DBSCAN
    from further.cluster.great_circle_kmeans import GreatCircleKMeans
    from further.cluster.hdbscan import HDBSCAN
    from further.cluster.isolation_forest import IsolationForest
    from further.cluster.kmeans import KMeans
    from further.cluster.kmedians import KMedians
    from further.cluster.kmedoids import KMedoids
    from further.cluster.kmodes import KModes
    from further.cluster.kprototypes import KPrototypes
    from further.cluster.local_outlier_factor import LocalOutlierFactor
    from further.cluster.mean_shift import MeanShift
    from further.cluster.minibatch_kmeans import MiniBatchKMeans
    from further.cluster.mixture import GaussianMixture
    from further.cluster.optics import OPTICS
    from further.cluster.preparation import TablePreparation
    from further.cluster.profiles import cluster_rules, profile_clusters
    from further.cluster.projection import project
    from further.cluster.silhouette import silhouette_values
    from further.cluster.spherical_kmeans import SphericalKMeans
    from further.cluster.starts import init_sensitivity

# No module has the name of a function: importing it would put the module in the function's place.
_HOME = {
    "AgglomerativeClustering": "agglomerative",
    "DBSCAN": "dbscan",
    "GaussianMixture": "mixture",
    "GreatCircleKMeans": "great_circle_kmeans",
    "HDBSCAN": "hdbscan",
    "IsolationForest": "isolation_forest",
    "KMeans": "kmeans",
    "KMedians": "kmedians",
    "KMedoids": "kmedoids",
    "KModes": "kmodes",
    "KPrototypes": "kprototypes",
    "LocalOutlierFactor": "local_outlier_factor",
    "MeanShift": "mean_shift",
    "MiniBatchKMeans": "minibatch_kmeans",
    "OPTICS": "optics",
    "SphericalKMeans": "spherical_kmeans",
    "TablePreparation": "preparation",
    "choose_k": "choosing",
    "cluster_rules": "profiles",
    "init_sensitivity": "starts",
    "profile_clusters": "profiles",
    "project": "projection",
    "silhouette_values": "silhouette",
}

__all__ = [
    "DBSCAN", "HDBSCAN", "OPTICS", "AgglomerativeClustering", "GaussianMixture",
    "GreatCircleKMeans", "IsolationForest", "KMeans", "KMedians", "KMedoids", "KModes",
    "KPrototypes", "LocalOutlierFactor", "MeanShift", "MiniBatchKMeans", "SphericalKMeans",
    "TablePreparation", "choose_k", "cluster_rules", "init_sensitivity", "profile_clusters",
    "project", "silhouette_values",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'further.cluster' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"further.cluster.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
