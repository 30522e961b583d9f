r"""Lloyd's iteration: label every row by its nearest centroid, then move centroids to the means.

.. math:: a_i = \arg\min_j \lVert x_i - c_j \rVert^2, \qquad
          c_j = \frac{\sum_{a_i = j} w_i x_i}{\sum_{a_i = j} w_i}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Protocol

import numpy as np

#: Squared distances below this share of the spread are rounding.
_ROUNDING = 1e-26


class AssignmentStep(Protocol):
    """What labels rows and moves centroids; coordinates are less ``offset``."""

    labels: np.ndarray
    offset: np.ndarray
    #: Mean variance of the columns.
    variance: float

    def start(self, n_clusters: int) -> None:
        """Forget labels, for new initial centroids."""

    def step(self, centers: np.ndarray) -> tuple[np.ndarray, int]:
        """Label all rows and return new centroids and the number of rows that moved."""

    def label(self, centers: np.ndarray, *, update: bool = True) -> int:
        """Label all rows by their nearest centroids.

        Parameters
        ----------
        centers : ndarray of shape (k, d), float64
            Centroids.
        update : bool
            Whether the sums of the clusters are to follow.

        Returns
        -------
        int
            How many labels changed.
        """

    def inertia(self, centers: np.ndarray) -> float:
        """Return the weighted sum of squared distances to the centroids of the labels."""

    def plus_plus(
        self, n_clusters: int, random_state: np.random.RandomState, n_candidates: int | None = None
    ) -> np.ndarray:
        """Return the rows that k-means++ draws.

        Parameters
        ----------
        n_clusters : int
            How many to draw.
        random_state : RandomState
            Draws as scikit-learn's ``kmeans_plusplus`` does.
        n_candidates : int, optional
            Candidates for each centroid; 2 + ln k when None.

        Returns
        -------
        ndarray of shape (n_clusters,), int
            Their indices.
        """

    def squared_distances(self, centers: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return each row's squared distance to the centroid of its label.

        Parameters
        ----------
        centers : ndarray of shape (k, d), float64
            Centroids.
        labels : ndarray of shape (n,), int32
            Their indices.

        Returns
        -------
        ndarray of shape (n,), float64
            Squared distances.
        """

    def shut(self) -> None:
        """End the threads, if there are any."""


@dataclass(frozen=True)
class Iteration:
    """One iteration of k-means, as ``history_`` keeps it."""

    centers: Annotated[np.ndarray, "The centroids that the rows were assigned to, shape (k, d)."]
    inertia: Annotated[float, "The weighted sum of squared distances to them."]
    moved: Annotated[int, "How many rows changed their cluster; all of them at first."]


@dataclass(frozen=True)
class Solution:
    """What one initialisation of k-means led to."""

    labels: Annotated[np.ndarray, "Clusters of the rows, shape (n,), int32."]
    centers: Annotated[np.ndarray, "Centroids, less the offset, shape (k, d), float64."]
    inertia: Annotated[float, "The weighted sum of squared distances to them."]
    n_iter: Annotated[int, "Iterations."]
    history: Annotated[list[Iteration], "All of them, if they were to be recorded."]


def iterate(
    assignment: AssignmentStep,
    centers: np.ndarray,
    *,
    max_iter: int,
    tol: float,
    record: bool = False,
) -> Solution:
    """Run Lloyd's iteration until no label changes, centroids move less than ``tol``, or max_iter.

    Parameters
    ----------
    assignment : AssignmentStep
        What labels and moves.
    centers : ndarray of shape (k, d), float64
        Initial centroids, less the offset of the assignment.
    max_iter : int
        Most iterations.
    tol : float
        Sum of the centroids' squared movements below which to stop.
    record : bool
        Whether to keep every iteration.

    Returns
    -------
    Solution
        The last labels and centroids.
    """
    assignment.start(len(centers))
    history: list[Iteration] = []
    settled, n_iter = False, 0
    while n_iter < max_iter:
        n_iter += 1
        new, moved = assignment.step(centers)
        if record:
            history.append(
                Iteration(centers + assignment.offset, assignment.inertia(centers), moved)
            )
        apart = new - centers
        shift = float(np.vdot(apart, apart))
        centers = new
        settled = moved == 0
        if settled or shift <= tol:
            break
    if not settled:
        moved = assignment.label(centers, update=False)
    inertia = assignment.inertia(centers)
    if record and not settled:
        history.append(Iteration(centers + assignment.offset, inertia, moved))
    return Solution(assignment.labels, centers, inertia, n_iter, history)


def means(
    sums: np.ndarray,
    mass: np.ndarray,
    empty: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    *,
    squared: Callable[[], np.ndarray],
    row: Callable[[int], np.ndarray],
    spread: float,
) -> np.ndarray:
    """Return the means of the clusters; empty ones get the rows farthest from their centroids.

    Parameters
    ----------
    sums : ndarray of shape (k, d)
        Weighted sums of the clusters' rows.
    mass : ndarray of shape (k,)
        Sums of their weights.
    empty : ndarray of int
        Clusters without a row of any weight.
    labels : ndarray of shape (n,)
        Clusters of the rows.
    weights : ndarray of shape (n,) or (0,)
        Weights of the rows; none when all are 1.
    squared : callable
        Returns the rows' squared distances to the centroids that they were assigned to.
    row : callable
        Returns a row in the coordinates of ``sums``.
    spread : float
        Mean squared distance of the rows to their mean.

    Returns
    -------
    ndarray of shape (k, d)
        Centroids in the coordinates of ``sums``.
    """
    if len(empty):
        sums, mass = sums.copy(), mass.copy()
        sums[empty], mass[empty] = 0, 0
        distances = squared()
        # Where all that is left is rounding, there are fewer distinct rows than clusters.
        if distances.max() > _ROUNDING * spread:
            far = np.argpartition(distances, -len(empty))[: -len(empty) - 1 : -1]
            for new, i in zip(empty, far, strict=True):
                weight = weights[i] if weights.size else 1.0
                point = row(i) * weight
                sums[labels[i]] -= point
                mass[labels[i]] -= weight
                sums[new], mass[new] = point, weight
    filled = mass > 0
    centers: np.ndarray = (
        sums * np.divide(1.0, mass, out=np.zeros_like(mass), where=filled)[:, None]
    )
    # As scikit-learn: what stays empty goes to the place of the largest.
    if not filled.all():
        centers[~filled] = centers[mass.argmax()]
    return centers
