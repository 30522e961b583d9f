"""The clustergram in the page: how clusters split and merge as their number grows."""

from __future__ import annotations

from further.report.chart import chart, columns
from further.report.clustering.run import ClusterRun
from further.report.markup import Markup, join, tag
from further.report.numbers import significant


def clustergram(run: ClusterRun) -> Markup | None:
    """Draw where the clusters of each number lie, and which rows pass from one to the next."""
    found = run.criteria.clustergram
    if found is None or not found.nodes:
        return None
    ks = sorted({node.k for node in found.nodes})
    n = sum(node.rows for node in found.nodes if node.k == ks[0])
    scores = {(node.k, node.cluster): node.score for node in found.nodes}
    links = [
        (link.k, link.cluster, link.next, link.rows)
        for link in found.links
        if (link.k, link.cluster) in scores
    ]
    figure = chart(
        {
            "mark": "clustergram",
            "nodes": columns(
                ("k", "cluster", "score", "rows"),
                [(node.k, node.cluster, node.score, node.rows) for node in found.nodes],
            ),
            "links": columns(("k", "cluster", "next", "rows"), links),
            "n": n,
            "chosen": run.k if run.k in ks else None,
        },
        title=join(
            (
                tag("b", "How clusters split as k grows"),
                tag("span", "each dot is a cluster, at the mean of its rows on the first principal "
                            "component; a line is as wide as the rows that pass"),
            ),
            " ",
        ),
        description=f"Clustergram for k from {ks[0]} to {ks[-1]}, drawn along {found.axis}.",
        head=("k", "Cluster", "Mean on the component", "Rows", "Rows that pass to"),
        rows=[
            (
                node.k,
                node.cluster,
                significant(node.score),
                f"{node.rows:,}",
                ", ".join(
                    f"{other} ({rows:,})"
                    for k, cluster, other, rows in links
                    if (k, cluster) == (node.k, node.cluster)
                ),
            )
            for node in found.nodes
        ],
    )  # fmt: skip
    note = tag(
        "p",
        f"Drawn along {found.axis}. Clusters that are in the data keep their rows from one k to "
        "the next; where lines cross and fray, a further cluster only cuts what is one. Clusters "
        "that this component does not tell apart lie on each other.",
        class_="note",
    )
    return join((figure, note))
