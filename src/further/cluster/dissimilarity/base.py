"""What a measure must provide for clustering: costs of rows at centres, and the cheapest centre."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


class Dissimilarity(ABC):
    """Rows under one measure: what each costs at a centre, and the cheapest centre of a group.

    A measure whose cheapest centre has no formula needs medoids instead.
    """

    #: Number of rows.
    n: int

    @abstractmethod
    def as_centers(self, index: NDArray[np.integer[Any]]) -> Floats:
        """Return some of the rows as centres."""

    @abstractmethod
    def costs(self, part: slice, centers: Floats) -> Floats:
        """Return the costs of the rows of a slice at each centre.

        Parameters
        ----------
        part : slice
            Which rows, m of them.
        centers : ndarray of shape (k, d)
            Centres.

        Returns
        -------
        ndarray of shape (m, k)
            Costs.
        """

    @abstractmethod
    def centers_of(self, labels: NDArray[np.intp], centers: Floats) -> Floats:
        """Return the cheapest centre of each group; that of an empty group stays as it is.

        Parameters
        ----------
        labels : ndarray of int, shape (n,)
            Groups of the rows.
        centers : ndarray of shape (k, d)
            Their present centres.

        Returns
        -------
        ndarray of shape (k, d)
            The cheapest ones.
        """

    def own_costs(
        self, part: slice, labels: NDArray[np.intp], costs: Floats, centers: Floats
    ) -> Floats:
        """Return the cost of each row of a slice at its own centre, where need be more exactly.

        Parameters
        ----------
        part : slice
            Which rows, m of them.
        labels : ndarray of int, shape (m,)
            Their centres.
        costs : ndarray of shape (m, k)
            What :meth:`costs` returned.
        centers : ndarray of shape (k, d)
            Centres.

        Returns
        -------
        ndarray of shape (m,)
            Costs.
        """
        own: Floats = np.take_along_axis(costs, labels[:, None], axis=1)[:, 0]
        return own
