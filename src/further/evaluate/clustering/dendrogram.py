"""The top of a tree of merges: as many branches as can be drawn, and where it is cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from further.errors import InputError
from further.evaluate.typed_json import to_json

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Dendrogram:
    """The last merges of a tree."""

    merges: Annotated[
        Floats,
        "SciPy's linkage, shape (n_leaves - 1, 4): the two nodes that merge, the height, and the "
        "rows below; nodes under ``n_leaves`` are leaves, and row i makes node ``n_leaves + i``.",
    ]
    leaf_sizes: Annotated[NDArray[np.intp], "Rows in each leaf."]
    leaf_clusters: Annotated[
        NDArray[np.intp], "The cluster of a leaf's rows; -1 where they belong to several."
    ]
    cut: Annotated[float, "A height at which the tree falls into its clusters."]
    note: Annotated[str, "What the tree was built by and on."]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            **to_json(self),
            "merges": [
                [int(left), int(right), float(height), int(size)]
                for left, right, height, size in self.merges
            ],
        }


def truncate(
    children: NDArray[np.integer[Any]],
    heights: Floats,
    labels: NDArray[np.integer[Any]],
    n_leaves: int,
    *,
    threshold: float | None = None,
    note: str = "",
) -> Dendrogram:
    """Return the last merges of a whole tree.

    Parameters
    ----------
    children : ndarray of int, shape (n - 1, 2)
        Merge i joins these nodes into node n + i.
    heights : ndarray of shape (n - 1,)
        Of the merges.
    labels : ndarray of int, shape (n,)
        The cluster of each row.
    n_leaves : int
        Branches at most.
    threshold : float, optional
        Where the tree was cut, if at a height and not at a number of clusters.
    note : str
        What the tree was built by and on.

    Returns
    -------
    Dendrogram
        With min(n, n_leaves) leaves.

    Raises
    ------
    InputError
        If fewer than two leaves are asked for.
    """
    if n_leaves < 2:
        raise InputError(f"dendrogram: n_leaves={n_leaves}, but a tree has at least 2 leaves.")
    n = len(children) + 1
    sizes, clusters = _sizes_and_clusters(children, labels)
    first = max(0, n - n_leaves)
    top = children[first:]
    leaves = np.setdiff1d(top.ravel(), np.arange(n + first, 2 * n - 1))
    number = np.full(2 * n - 1, -1, dtype=np.intp)
    number[leaves] = np.arange(len(leaves))
    number[n + first :] = len(leaves) + np.arange(len(top))
    merges = np.column_stack([number[top], heights[first:], sizes[n + first :]]).astype(np.float64)
    cut = threshold if threshold is not None else _cut(heights, len(np.unique(labels)))
    return Dendrogram(merges, sizes[leaves], clusters[leaves], float(cut), note)


def _sizes_and_clusters(
    children: NDArray[np.integer[Any]], labels: NDArray[np.integer[Any]]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    n = len(labels)
    sizes = np.ones(2 * n - 1, dtype=np.intp)
    clusters = np.full(2 * n - 1, -1, dtype=np.intp)
    clusters[:n] = labels
    for i, (left, right) in enumerate(children.tolist()):
        sizes[n + i] = sizes[left] + sizes[right]
        if clusters[left] == clusters[right]:
            clusters[n + i] = clusters[left]
    return sizes, clusters


def _cut(heights: Floats, k: int) -> float:
    """Return the middle between the last merge that was made and the first that was not."""
    made = len(heights) + 1 - k
    below = heights[made - 1] if made > 0 else 0.0
    above = heights[made] if made < len(heights) else 1.05 * heights[-1]
    return float((below + above) / 2)
