"""The tree of an agglomeration: which clusters were merged, and how far apart they were."""

from __future__ import annotations

import math
from collections.abc import Sequence

from further.report.chart import chart, columns
from further.report.clustering.marks import legend
from further.report.clustering.run import ClusterRun
from further.report.markup import Markup, join
from further.report.numbers import listing, significant


def dendrogram(run: ClusterRun) -> Markup | None:
    """Draw which clusters an agglomeration merged, and how far apart they were."""
    found = run.found.dendrogram
    if found is None or not found.merges or any(len(merge) < 3 for merge in found.merges):
        return None
    merges = found.merges
    leaves = len(merges) + 1
    sizes = found.leaf_sizes if len(found.leaf_sizes) == leaves else [1] * leaves
    place = _places(merges)
    if place is None:
        return None
    heights = [0.0] * leaves + [merge[2] for merge in merges]
    own = _branch_clusters(merges, found.leaf_clusters)
    links = [
        (place[int(a)], place[int(b)], heights[int(a)], heights[int(b)], height, cluster)
        for (a, b, height, *_), cluster in zip(merges, own[leaves:], strict=True)
    ]
    clusters = sorted({cluster for cluster in own if cluster is not None})
    ordered = sorted(range(leaves), key=lambda leaf: place[leaf])
    told = ["Leaves are groups of rows; a bridge stands at the distance at which two were merged"]
    if found.cut is not None:
        above = sum(height > found.cut for _, _, height, *_ in merges)
        told.append(f"the cut at {significant(found.cut)} leaves {above + 1} branches")
    if found.note:
        told.append(found.note.strip().rstrip("."))
    last = listing([significant(height) for height in sorted(heights)[-3:]])
    figure = chart(
        {
            "mark": "dendrogram",
            "data": columns(
                ("left", "right", "from_left", "from_right", "height", "cluster"), links
            ),
            "marked": bool(clusters),
            "sizes": [sizes[leaf] for leaf in ordered],
            "cut": found.cut,
        },
        title="; ".join(told) + ".",
        description=f"A tree of {leaves} leaves; its last three merges are at {last}.",
        head=("Merge", "Distance", "Left", "Right"),
        rows=[
            (step + 1, significant(height), _node(int(a), sizes), _node(int(b), sizes))
            for step, (a, b, height, *_) in enumerate(merges)
        ],
    )
    return join((legend(clusters), figure))


def _branch_clusters(merges: Sequence[Sequence[float]], leaves: Sequence[int]) -> list[int | None]:
    """Give each leaf and merge the cluster that all its rows are in; None where they are in two."""
    if len(leaves) != len(merges) + 1:
        return [None] * (2 * len(merges) + 1)
    own = [None if cluster < 0 else cluster for cluster in leaves]
    for merge in merges:
        a, b = own[int(merge[0])], own[int(merge[1])]
        own.append(a if a == b else None)
    return own


def _node(node: int, sizes: Sequence[int]) -> str:
    if node < len(sizes):
        return f"leaf {node + 1} ({sizes[node]:,} {'row' if sizes[node] == 1 else 'rows'})"
    return f"merge {node - len(sizes) + 1}"


def _places(merges: Sequence[Sequence[float]]) -> list[float] | None:
    """Place the leaves side by side so that no branches cross, each merge midway between its two.

    None where the merges are no tree.
    """
    leaves = len(merges) + 1
    place: list[float] = [math.nan] * (leaves + len(merges))
    waiting = [leaves + len(merges) - 1]
    spot = 0.0
    for _ in range(2 * len(place)):
        if not waiting:
            break
        node = waiting.pop()
        if node < leaves:
            place[node] = spot
            spot += 1.0
            continue
        a, b = (int(child) for child in merges[node - leaves][:2])
        if not (0 <= a < node and 0 <= b < node):
            return None
        waiting += [b, a]
    for step, merge in enumerate(merges):
        place[leaves + step] = (place[int(merge[0])] + place[int(merge[1])]) / 2
    return None if any(math.isnan(x) for x in place) else place
