"""Groups of at most sixteen neighbouring centroids, so that those of a group move alike."""

from __future__ import annotations

import numpy as np

from further.cluster.exact.layout import GROUP


def group_centroids(centers: np.ndarray) -> np.ndarray:
    """Return a slot for each centroid: those of slots 16 g to 16 g + 15 are group g.

    The centroids are split in two along their direction of largest variance until sixteen are left.

    Parameters
    ----------
    centers : ndarray of shape (k, d)
        Centroids.
    """
    order = np.concatenate(_split(centers, np.arange(len(centers))))
    slot = np.empty(len(centers), np.int64)
    slot[order] = np.arange(len(centers))
    return slot


def _split(centers: np.ndarray, part: np.ndarray) -> list[np.ndarray]:
    if len(part) <= GROUP:
        return [part]
    points = centers[part] - centers[part].mean(axis=0)
    direction = points[np.argmax((points**2).sum(axis=1))]
    # A few steps of the power method; the direction need not be exact.
    for _ in range(8):
        direction = points.T @ (points @ direction)
        norm = np.linalg.norm(direction)
        if norm == 0:
            break
        direction /= norm
    order = part[np.argsort(points @ direction, kind="stable")]
    left = -(-len(part) // (2 * GROUP)) * GROUP
    return _split(centers, order[:left]) + _split(centers, order[left:])
