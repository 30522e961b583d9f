r"""Numbers and categories under one cost, computed as products with one-hot columns.

With p numbers, q categories and the weight :math:`\gamma` of a category, a row costs at a centre

.. math:: d(x, c) = \sum_{m=1}^p u_m (x_m - c_m)^2 + \gamma \sum_{m=p+1}^{p+q} u_m [x_m \ne c_m],

where :math:`u_m` is 0 if :math:`x_m` is missing, else 1. Let H hold a 1 for each category of each
row, and C one for each category of each centre; then the numbers of equal categories of all rows
and centres are :math:`H C^\top`, and how often each category is in each cluster is
:math:`L^\top H` with the one-hot labels L. The cheapest centre of a group has the mean of the known
numbers and the most frequent of the known categories; where a group knows none, it has the mean or
the most frequent category of the whole table, so that no centre is cheap by knowing nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from further.cluster.dissimilarity.base import Dissimilarity, Floats
from further.cluster.dissimilarity.categories import MISSING

#: Up to so many categories a column, and entries in all, the one-hot table is dense, in float32:
#: its counts are whole numbers below 2^24.
DENSE_CATEGORIES, DENSE_ENTRIES = 16, 2**26


class MixedDissimilarity(Dissimilarity):
    """Rows of numbers and of codes of categories, of which any may be missing.

    The one-hot centres take memory for each category of each column, as often as there are
    clusters.

    Parameters
    ----------
    numbers : ndarray of shape (n, p)
        NaN is missing.
    codes : ndarray of int, shape (n, q)
        Codes of categories, -1 for missing and -2 for a category that is in no training row.
    sizes : list of int, length q
        Number of categories of each column.
    gamma : float
        Weight of a category that differs.
    usual : ndarray of shape (p + q,), optional
        Means and most frequent categories of the training rows; those of these rows by default.
    """

    def __init__(
        self,
        numbers: Floats,
        codes: NDArray[np.integer[Any]],
        sizes: list[int],
        gamma: float = 1.0,
        usual: Floats | None = None,
    ) -> None:
        self.n, self.p = numbers.shape
        self.gamma = gamma
        self.codes = codes
        self.limits = np.cumsum([0, *sizes])
        self.known = (~np.isnan(numbers)).astype(np.float64)
        self.complete = bool(self.known.all())
        # Beside a few categories a column, full products are faster than those of the ones alone.
        most = min(DENSE_CATEGORIES * codes.shape[1], DENSE_ENTRIES // max(1, self.n))
        self.dense = int(self.limits[-1]) <= most
        self.one_hot = self._one_hot()
        self.known_categories = (codes != MISSING).sum(axis=1, dtype=self.one_hot.dtype)
        self.usual = self._find_usual(numbers) if usual is None else usual
        # Near zero the squares below lose no digits.
        self.numbers = np.nan_to_num(numbers - np.nan_to_num(self.usual[: self.p]), nan=0.0)
        self.squares = (self.numbers**2).sum(axis=1)

    def as_centers(self, index: NDArray[np.integer[Any]]) -> Floats:
        """Return some of the rows as centres, the usual value where they have none."""
        numbers = self.numbers[index] + self.usual[: self.p]
        codes = np.where(self.codes[index] >= 0, self.codes[index], self.usual[self.p :])
        return np.hstack([numbers, codes])

    def costs(self, part: slice, centers: Floats) -> Floats:
        """Return squared differences plus gamma times the number of categories that differ."""
        if not self.p:
            return self._unequal(part, centers)
        at = self._at(centers)
        total: Floats = self.squares[part, None] - 2 * self.numbers[part] @ at.T
        total += (at**2).sum(axis=1) if self.complete else self.known[part] @ (at**2).T
        np.maximum(total, 0.0, out=total)
        if len(self.limits) > 1:
            total += self._unequal(part, centers)
        return total

    def _unequal(self, part: slice, centers: Floats) -> Floats:
        rows = self.one_hot if part == slice(0, self.n) else self.one_hot[part]
        equal = rows @ self._one_hot_centers(centers)
        unequal: Floats = np.subtract(self.known_categories[part, None], equal, out=equal)
        return unequal if self.gamma == 1 else self.gamma * unequal.astype(np.float64)

    def own_costs(
        self, part: slice, labels: NDArray[np.intp], costs: Floats, centers: Floats
    ) -> Floats:
        """Return the cost with the numbers by differences, exact for a row at its centre."""
        if not self.p:
            return super().own_costs(part, labels, costs, centers)
        own: Floats = (
            ((self.numbers[part] - self._at(centers)[labels]) ** 2) * self.known[part]
        ).sum(axis=1)
        if len(self.limits) > 1:
            codes = self.codes[part]
            unequal = (codes != centers[labels, self.p :]) & (codes != MISSING)
            own = own + self.gamma * unequal.sum(axis=1)
        return own

    def centers_of(self, labels: NDArray[np.intp], centers: Floats) -> Floats:
        """Return the means and the most frequent categories of each group."""
        k = len(centers)
        sizes = np.bincount(labels, minlength=k)
        found = np.empty_like(centers)
        for j in range(self.p):
            known = sizes if self.complete else np.bincount(labels, self.known[:, j], k)
            sums = np.bincount(labels, self.numbers[:, j], k)
            found[:, j] = sums / np.maximum(known, 1.0) + self.usual[j]
        counts = self._counts(labels, k)
        for j in range(self.codes.shape[1]):
            of_column = counts[:, self.limits[j] : self.limits[j + 1]]
            found[:, self.p + j] = self.usual[self.p + j]
            if of_column.shape[1]:
                some = of_column.max(axis=1) > 0
                found[some, self.p + j] = of_column[some].argmax(axis=1)
        found[sizes == 0] = centers[sizes == 0]
        return found

    def _counts(self, labels: NDArray[np.intp], k: int) -> Floats:
        """Return how often each category is in each group, shape (k, categories)."""
        if self.dense and k * self.n <= DENSE_ENTRIES:
            ones = np.zeros((k, self.n), dtype=np.float32)
            ones[labels, np.arange(self.n)] = 1.0
            return ones @ self.one_hot
        members = (np.ones(self.n), (labels, np.arange(self.n)))
        counts = sparse.csr_array(members, shape=(k, self.n)) @ self.one_hot
        return np.asarray(counts) if self.dense else counts.toarray()

    def known_share(self) -> Floats:
        """Return the share of the columns in which each row has a value, shape (n,)."""
        columns = max(1, self.p + self.codes.shape[1])
        share: Floats = (self.known.sum(axis=1) + self.known_categories) / columns
        return share

    def _at(self, centers: Floats) -> Floats:
        """Return the numbers of centres as those of rows are held; 0 in an empty column."""
        return np.nan_to_num(centers[:, : self.p] - self.usual[: self.p], nan=0.0)

    def _one_hot(self) -> Any:
        seen = self.codes >= 0
        columns = self.codes + self.limits[:-1]
        shape = (self.n, int(self.limits[-1]))
        if self.dense:
            table = np.zeros(shape, dtype=np.float32)
            places = columns + shape[1] * np.arange(self.n)[:, None]
            table.ravel()[places if seen.all() else places[seen]] = 1.0
            return table
        limits = np.concatenate([[0], np.cumsum(seen.sum(axis=1))])
        columns = columns[seen]
        return sparse.csr_array((np.ones(len(columns)), columns, limits), shape=shape)

    def _one_hot_centers(self, centers: Floats) -> Floats:
        codes = centers[:, self.p :].astype(np.int64)
        center, column = np.nonzero(codes >= 0)
        shape = (int(self.limits[-1]), len(centers))
        one_hot = np.zeros(shape, dtype=self.one_hot.dtype)
        one_hot[codes[center, column] + self.limits[column], center] = 1.0
        return one_hot

    def _find_usual(self, numbers: Floats) -> Floats:
        known = self.known.sum(axis=0)
        sums = np.nan_to_num(numbers, nan=0.0).sum(axis=0)
        means = np.divide(sums, known, out=np.full(self.p, np.nan), where=known > 0)
        counts = np.asarray(self.one_hot.sum(axis=0, dtype=np.float64)).ravel()
        modes = [
            float(counts[low:high].argmax()) if high > low else float(MISSING)
            for low, high in zip(self.limits[:-1], self.limits[1:], strict=True)
        ]
        return np.concatenate([means, modes])
