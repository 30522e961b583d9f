"""What the figures of a clustering measure, and what they cannot show."""

from __future__ import annotations

from dataclasses import dataclass

from further.evaluate.metrics import METRICS
from further.report.chart import data_table
from further.report.markup import Markup, tag
from further.report.run_folder import RunFolder


@dataclass(frozen=True)
class Limit:
    """A figure, what it measures and what it cannot show.

    Attributes
    ----------
    key : str
        The entry of ``evaluation.json`` that the page shows it for.
    label : str
        What the page calls it.
    shows, cannot : str
        What it measures, and what it cannot show.
    """

    key: str
    label: str
    shows: str
    cannot: str


def _of(key: str, name: str) -> Limit:
    """Take over what the table of metrics says."""
    metric = METRICS[name]
    return Limit(key, metric.label, metric.shows, metric.cannot)


LIMITS = (
    Limit(
        "profile",
        "Clusters",
        "Groups of rows that are closer to each other than to the rest, in the columns used, on "
        "their scales and by the distance chosen.",
        "That the groups are kinds of things in the world. Other columns, another scaling or "
        "another distance can give other groups that are just as good.",
    ),
    Limit(
        "criteria",
        "Number of clusters",
        "Which k several criteria prefer, and whether there is more structure than in data without "
        "structure but of the same spread.",
        "A true number: groups have subgroups, and where the criteria disagree several k can be "
        "useful, each for its own purpose.",
    ),
    _of("stability", "stability"),
    _of("silhouette", "silhouette"),
    Limit(
        "initialisations",
        "Other initialisations",
        "Whether k-means ends at the same place from other initial centroids.",
        "Whether the best of these is the best there is; no method can cheaply tell.",
    ),
    Limit(
        "profile",
        "What sets a cluster apart",
        "How large the differences are, as effect sizes.",
        "Whether they are more than chance: the clusters were made to differ in these columns, so "
        "a test of significance would mean nothing, and there is none here.",
    ),
    _of("rules", "fidelity"),
    Limit(
        "projection",
        "Projection",
        "The rows in a plane that preserves their distances as well as it can.",
        "All of their distances: clusters that overlap here may be apart in other dimensions.",
    ),
    Limit(
        "map",
        "Map",
        "Where the rows lie, true to shape in the middle of the map.",
        "Distances at its edges; the clustering used distances on the sphere where it says so.",
    ),
    Limit(
        "dendrogram",
        "Dendrogram",
        "Which groups were merged at which distance.",
        "That neighbouring leaves are alike: branches may be flipped at every bridge.",
    ),
    Limit(
        "anomalies",
        "Unusual rows",
        "Rows that are far from what is typical by the score named.",
        "That they are errors or of interest: in any data set some rows are the farthest out.",
    ),
)


def limits(run: RunFolder) -> Markup | None:
    """Say of each figure of this page what it cannot show."""
    rows = [
        (tag("b", limit.label), limit.shows, limit.cannot)
        for limit in LIMITS
        if run.evaluation.get(limit.key)
    ]
    if not rows:
        return None
    return data_table(("Figure", "What it measures", "What it cannot show"), rows, "limits stacked")
