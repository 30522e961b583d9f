r"""How clusters split and merge as their number grows: the clustergram.

Cluster j of k stands above k at the mean score of its rows on the first principal component,

.. math:: m_{jk} = \frac{1}{n_{jk}} \sum_{i: a_k(i) = j} z_i,

and a line between cluster j of k and cluster l of k + 1 is as wide as the number of rows that are
in both. Clusters that are in the data keep their rows from one k to the next; where lines cross and
fray, a further cluster only cuts what is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from further.evaluate.clustering.choice import Clustergram, ClustergramLink, ClustergramNode
from further.evaluate.clustering.projection import project


def clustergram(X: Any, labels: Mapping[int, np.ndarray]) -> Clustergram | None:
    """Return how rows pass from the clusters of each number to those of the next.

    Use it to see which split comes first, and which clusters stay. It fails where the first
    principal component does not tell clusters apart: their lines then lie on each other.

    Parameters
    ----------
    X : array of shape (n, d) or DataFrame
        Prepared rows.
    labels : mapping of int to array of shape (n,)
        The clusters of these rows for each number of clusters.

    Returns
    -------
    Clustergram or None
        None where there are fewer than two numbers, or no component.

    References
    ----------
    Schonlau, M. (2002). The clustergram: a graph for visualizing hierarchical and nonhierarchical
    cluster analyses. The Stata Journal 2 (4).

    Examples
    --------
    >>> rows = [[0.0], [1.0], [9.0], [10.0]]
    >>> found = clustergram(rows, {1: np.zeros(4, int), 2: np.array([0, 0, 1, 1])})
    >>> [(node.k, node.score, node.rows) for node in found.nodes]
    [(1, 0.0, 4), (2, -4.5, 2), (2, 4.5, 2)]
    >>> [(link.k, link.cluster, link.next, link.rows) for link in found.links]
    [(1, 0, 0, 2), (1, 0, 1, 2)]
    """
    ks = sorted(labels)
    if len(ks) < 2 or len(labels[ks[0]]) < 2:
        return None
    plane = project(X)
    scores = plane.x
    nodes, links = [], []
    for k, following in zip(ks, [*ks[1:], None], strict=True):
        own = np.asarray(labels[k])
        for cluster in np.unique(own[own >= 0]):
            members = own == cluster
            nodes.append(
                ClustergramNode(
                    k, int(cluster), float(np.round(scores[members].mean(), 6)), int(members.sum())
                )
            )
            if following is None:
                continue
            later, counts = np.unique(np.asarray(labels[following])[members], return_counts=True)
            links += [
                ClustergramLink(k, int(cluster), int(other), int(n))
                for other, n in zip(later, counts, strict=True)
                if other >= 0
            ]
    return Clustergram(plane.axes[0], tuple(nodes), tuple(links))
