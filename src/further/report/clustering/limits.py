"""What the figures of a clustering measure, and what they cannot show."""

from __future__ import annotations

from further.evaluate.metrics import METRICS
from further.report.clustering.run import ClusterRun
from further.report.markup import Markup
from further.report.provenance import limits_table


def _metric(name: str) -> tuple[str, str, str]:
    metric = METRICS[name]
    return metric.label, metric.shows, metric.cannot


#: The entry of the evaluation that a figure is made from; its name, what it measures and what it
#: cannot show.
_LIMITS = (
    (
        "profile",
        "Clusters",
        "Groups of rows that are closer to each other than to the rest, in the columns used, "
        "on their scales and by the distance chosen.",
        "That the groups are kinds of things in the world. Other columns, another scaling or "
        "another distance can give other groups that are just as good.",
    ),
    (
        "criteria",
        "Number of clusters",
        "Which k several criteria prefer, and whether there is more structure than in data "
        "without structure but of the same spread.",
        "A true number: groups have subgroups, and where the criteria disagree several k can "
        "be useful, each for its own purpose.",
    ),
    ("stability", *_metric("stability")),
    ("silhouette", *_metric("silhouette")),
    (
        "initialisations",
        "Other initialisations",
        "Whether k-means ends at the same place from other initial centroids.",
        "Whether the best of these is the best there is; no method can cheaply tell.",
    ),
    (
        "profile",
        "What sets a cluster apart",
        "How large the differences are, as effect sizes.",
        "Whether they are more than chance: the clusters were made to differ in these columns, "
        "so a test of significance would mean nothing, and there is none here.",
    ),
    ("rules", *_metric("fidelity")),
    (
        "projection",
        "Projection",
        "The rows in a plane that preserves their distances as well as it can.",
        "All of their distances: clusters that overlap here may be apart in other dimensions.",
    ),
    (
        "map",
        "Map",
        "Where the rows lie, true to shape in the middle of the map.",
        "Distances at its edges; the clustering used distances on the sphere where it says so.",
    ),
    (
        "dendrogram",
        "Dendrogram",
        "Which groups were merged at which distance.",
        "That neighbouring leaves are alike: branches may be flipped at every bridge.",
    ),
    (
        "anomalies",
        "Unusual rows",
        "Rows that are far from what is typical by the score named.",
        "That they are errors or of interest: in any data set some rows are the farthest out.",
    ),
)


def limits(run: ClusterRun) -> Markup | None:
    """Say of each figure of this page what it cannot show."""
    told = [limit for key, *limit in _LIMITS if run.evaluation.get(key)]
    return limits_table(told) if told else None
