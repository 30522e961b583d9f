"""The tree of an agglomeration: which clusters were merged, and how far apart they were."""

from __future__ import annotations

import math
from collections.abc import Sequence

from further.report.chart import chart, columns
from further.report.clustering.marks import legend
from further.report.markup import Markup, join
from further.report.numbers import as_number, listing, significant
from further.report.run_folder import RunFolder, mapping, numbers, whole


def dendrogram(run: RunFolder) -> Markup | None:
    """Draw which clusters an agglomeration merged, and how far apart they were."""
    found = mapping(run.evaluation.get("dendrogram"))
    merges = [
        [value for value in numbers(merge) if value is not None]
        for merge in found.get("merges") or []
    ]
    if not merges or any(len(merge) < 3 for merge in merges):
        return None
    leaves = len(merges) + 1
    sizes = [whole(size) or 1 for size in found.get("leaf_sizes") or []]
    sizes = sizes if len(sizes) == leaves else [1] * leaves
    place = _places(merges)
    if place is None:
        return None
    heights = [0.0] * leaves + [merge[2] for merge in merges]
    cut = as_number(found.get("cut"))
    links = [
        (place[int(a)], place[int(b)], heights[int(a)], heights[int(b)], height)
        for a, b, height, *_ in merges
    ]
    own = _branch_clusters(merges, numbers(found.get("leaf_clusters")))
    clusters = sorted({cluster for cluster in own if cluster is not None})
    above = 0 if cut is None else sum(height > cut for *_, height in links)
    ordered = sorted(range(leaves), key=lambda leaf: place[leaf])
    told = ["Leaves are groups of rows; a bridge stands at the distance at which two were merged"]
    if cut is not None:
        told.append(f"the cut at {significant(cut)} leaves {above + 1} branches")
    if found.get("note"):
        told.append(str(found["note"]).strip().rstrip("."))
    last = listing([significant(height) for height in sorted(heights)[-3:]])
    figure = chart(
        {
            "mark": "dendrogram",
            "data": columns(
                left=[link[0] for link in links],
                right=[link[1] for link in links],
                from_left=[link[2] for link in links],
                from_right=[link[3] for link in links],
                height=[link[4] for link in links],
                cluster=own[leaves:],
            ),
            "marked": bool(clusters),
            "sizes": [sizes[leaf] for leaf in ordered],
            "cut": cut,
        },
        title="; ".join(told) + ".",
        description=f"A tree of {leaves} leaves; its last three merges are at {last}.",
        head=("Merge", "Distance", "Left", "Right"),
        rows=[
            (step + 1, significant(height), _node(int(a), sizes), _node(int(b), sizes))
            for step, (a, b, height, *_) in enumerate(merges)
        ],
    )
    return join((legend(clusters) if len(clusters) > 1 else None, figure))


def _branch_clusters(
    merges: Sequence[Sequence[float]], leaves: Sequence[float | None]
) -> list[int | None]:
    """Give each leaf and merge the cluster that all its rows are in; None where they are in two."""
    if len(leaves) != len(merges) + 1:
        return [None] * (2 * len(merges) + 1)
    own = [whole(cluster) for cluster in leaves]
    own = [None if cluster is None or cluster < 0 else cluster for cluster in own]
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
