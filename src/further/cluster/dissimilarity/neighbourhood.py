r"""Nearest rows under any distance: scikit-learn's trees where they know it, blocks where not.

The distance on the globe is scikit-learn's ``haversine`` in another unit,

.. math:: d_\text{great circle}(x, y) = R\, d_\text{haversine}(\tfrac{\pi}{180} x,
   \tfrac{\pi}{180} y), \qquad R = 6371.0088\ \text{km},

so that its ball tree serves it. A distance that scikit-learn does not know at all (Gower's) goes
to its clusterers as the square matrix of all pairs, which is refused where it does not fit.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import gen_batches
from sklearn.utils.validation import validate_data

from further._sklearn import StrOptions
from further.cluster.dissimilarity.distances import (
    EARTH_RADIUS,
    check_coordinates,
    gower_ranges,
    pairwise,
    refuse_matrix,
)

#: Distances that scikit-learn's clusterers are to take beside their own.
#: Rows as scikit-learn reads them.
Rows: TypeAlias = "NDArray[Any] | sparse.csr_matrix"

GREAT_CIRCLE = "great_circle"
MATRIX_METRICS = ("gower",)
OUR_METRICS = (GREAT_CIRCLE, *MATRIX_METRICS)
BLOCK_BYTES = 2**26


class Measure:
    """A distance by name, and how scikit-learn's code is brought to use it.

    When to use: inside the clusterers that have a ``metric``. When it fails: a function of two
    rows is called once a pair, from Python.

    Parameters
    ----------
    metric : str or callable
        scikit-learn's names, "great_circle" (columns latitude and longitude in degrees; km),
        "jaccard" (what is not zero is a member), "gower" (numbers and categories, missing values
        allowed), "precomputed".
    metric_params : dict, optional
        Further arguments of the distance.
    p : float, optional
        Power of Minkowski's distance.
    n_jobs : int, optional
        Threads of the neighbour search.

    Attributes
    ----------
    inner : str or callable
        The metric that scikit-learn is given.
    unit : float
        One of scikit-learn's units in ours: the Earth's radius in km, else 1.

    Examples
    --------
    >>> paris_and_rome = np.array([[48.86, 2.35], [41.90, 12.50]])
    >>> measure = Measure("great_circle")
    >>> distance, _ = measure.nearest(paris_and_rome[:1], paris_and_rome, 2)
    >>> distance.round()
    array([[   0., 1106.]])
    """

    def __init__(
        self,
        metric: Any,
        *,
        metric_params: dict[str, Any] | None = None,
        p: float | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.metric, self.metric_params, self.p, self.n_jobs = metric, metric_params, p, n_jobs
        self.inner, self.unit = metric, 1.0
        if self._is(GREAT_CIRCLE):
            self.inner, self.unit = "haversine", EARTH_RADIUS
        elif self.needs_matrix:
            self.inner = "precomputed"

    @classmethod
    def of(cls, estimator: Any) -> Measure:
        """Return the distance that an estimator's parameters name."""
        return cls(
            estimator.metric,
            metric_params=getattr(estimator, "metric_params", None),
            p=getattr(estimator, "p", None),
            n_jobs=getattr(estimator, "n_jobs", None),
        )

    def _is(self, name: str) -> bool:
        return isinstance(self.metric, str) and self.metric == name

    @property
    def needs_matrix(self) -> bool:
        """Whether scikit-learn's clusterers can have it only as a matrix of all pairs."""
        return isinstance(self.metric, str) and self.metric in MATRIX_METRICS

    @property
    def is_precomputed(self) -> bool:
        """Whether the rows that are given are distances already."""
        return self._is("precomputed")

    def check(self, estimator: Any, X: Any, *, reset: bool = True, **checks: Any) -> Rows:
        """Return validated rows: scikit-learn's checks, but for what only our distances can read.

        Parameters
        ----------
        estimator : estimator
            Keeps the number of features and their names, or compares them.
        X : array-like, DataFrame or sparse matrix of shape (n, d)
            Rows, or distances to the training rows.
        reset : bool
            Whether these are the training rows.
        **checks
            Of scikit-learn's ``validate_data``.

        Returns
        -------
        array, sparse matrix or DataFrame
            The rows.

        Raises
        ------
        InputError
            If there are not two columns in range for a distance on the globe.
        """
        if self.needs_matrix:
            validate_data(estimator, X, reset=reset, skip_check_array=True)
            return _numbers_and_words(X)
        checks.setdefault("accept_sparse", False if self.is_precomputed and not reset else "csr")
        rows = validate_data(estimator, X, reset=reset, **checks)
        if self._is(GREAT_CIRCLE):
            check_coordinates(rows, type(estimator).__name__)
        return rows

    def given(self, rows: Any, who: str) -> Rows:
        """Return what scikit-learn's ``fit`` takes in the place of the rows.

        Parameters
        ----------
        rows : array-like of shape (n, d)
            Validated training rows.
        who : str
            The estimator, for the message.

        Returns
        -------
        array-like of shape (n, d) or ndarray of shape (n, n)
            Rows, or distances of all pairs.

        Raises
        ------
        InputError
            If that is a matrix of all pairs which does not fit, with the number of rows that do.
        """
        if self.needs_matrix:
            n = len(rows)
            refuse_matrix(f'{who}: metric="{self.metric}"', n, n, copies=3)
            return self.pairwise(rows, rows)
        return self.prepared(rows)

    def prepared(self, rows: Any) -> Rows:
        """Return rows as scikit-learn's distance of that name reads them."""
        if self._is(GREAT_CIRCLE):
            return np.radians(np.asarray(rows, dtype=np.float64))
        if self._is("jaccard") and not sparse.issparse(rows):
            return np.asarray(rows) != 0
        return rows

    def pairwise(self, new: Any, rows: Any) -> NDArray[np.floating[Any]]:
        """Return the distances of all pairs in our unit.

        Parameters
        ----------
        new : array-like of shape (m, d)
            Validated rows.
        rows : array-like of shape (n, d)
            Training rows.

        Returns
        -------
        ndarray of shape (m, n)
            Distances.
        """
        if self.needs_matrix:
            return self._matrix(new, rows, gower_ranges(_frame(rows)))
        options = dict(self.metric_params or {})
        if self.inner == "minkowski" and self.p is not None:
            options["p"] = self.p
        new, rows = self.prepared(new), self.prepared(rows)
        return pairwise_distances(new, rows, metric=self.inner, **options) * self.unit

    def nearest(
        self, new: Any, rows: Any, k: int, chosen: NDArray[np.intp] | None = None
    ) -> tuple[NDArray[np.floating[Any]], NDArray[np.intp]]:
        """Return the k nearest rows of each new row, by distance and then by their order.

        Parameters
        ----------
        new : array-like of shape (m, d)
            Validated rows; with a precomputed distance that to each training row.
        rows : array-like of shape (n, d)
            Training rows; not looked at with a precomputed distance.
        k : int
            Neighbours, at most as many as there are rows to choose from.
        chosen : ndarray of int, optional
            Which rows may be neighbours; all of them by default.

        Returns
        -------
        distances, indices : ndarray of shape (m, k)
            Distances in our unit; numbers of training rows.
        """
        if self.is_precomputed:
            chosen = np.arange(new.shape[1]) if chosen is None else chosen
            found, index = _smallest(np.asarray(new)[:, chosen], k)
            return found, chosen[index]
        # Of all rows: a difference is to weigh the same whichever rows may be neighbours.
        ranges = gower_ranges(_frame(rows)) if self.needs_matrix else None
        if chosen is not None:
            rows = rows[chosen]
        if ranges is not None:
            found, index = self._nearest_in_blocks(new, rows, k, ranges)
        else:
            search = NearestNeighbors(
                metric=self.inner, p=self.p or 2, metric_params=self.metric_params,
                n_jobs=self.n_jobs,
            )  # fmt: skip
            search.fit(self.prepared(rows))
            found, index = search.kneighbors(self.prepared(new), n_neighbors=k)
        return found * self.unit, index if chosen is None else chosen[index]

    def _matrix(self, new: Any, rows: Any, ranges: NDArray[np.floating[Any]]) -> Any:
        return pairwise(_frame(new), _frame(rows), metric=self.metric, ranges=ranges)

    def _nearest_in_blocks(
        self, new: Any, rows: Any, k: int, ranges: NDArray[np.floating[Any]]
    ) -> tuple[NDArray[np.floating[Any]], NDArray[np.intp]]:
        step = max(1, BLOCK_BYTES // (8 * max(1, len(rows))))
        parts = []
        for block in gen_batches(len(new), step):
            parts.append(_smallest(self._matrix(new[block], rows, ranges), k))
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _smallest(
    between: NDArray[np.floating[Any]], k: int
) -> tuple[NDArray[np.floating[Any]], NDArray[np.intp]]:
    if k < between.shape[1]:
        index = np.sort(np.argpartition(between, k - 1, axis=1)[:, :k], axis=1)
    else:
        index = np.broadcast_to(np.arange(between.shape[1]), between.shape)
    found = np.take_along_axis(between, index, axis=1)
    order = np.argsort(found, axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(index, order, axis=1)


def _numbers_and_words(X: Any) -> NDArray[np.object_]:
    """Return floats and texts, None for what is missing, so that a saved table reads the same."""
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X)).infer_objects()
    rows = np.empty(frame.shape, dtype=object)
    for i in range(frame.shape[1]):
        column = frame.iloc[:, i]
        number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        if number:
            rows[:, i] = column.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            present = column.notna().to_numpy()
            rows[present, i] = column[present].astype(str).to_numpy(dtype=object)
    return rows


def _frame(rows: NDArray[np.object_]) -> pd.DataFrame:
    return pd.DataFrame(rows).infer_objects()


def accept_our_metrics(theirs: list[Any]) -> list[Any]:
    """Return scikit-learn's constraint of a ``metric`` with our names among its own."""
    names = {name for option in theirs if isinstance(option, StrOptions) for name in option.options}
    return [StrOptions(names | set(OUR_METRICS)), callable]


def adopt(estimator: Any, inner: Any) -> None:
    """Take over what scikit-learn's own estimator of the same name has learnt.

    Parameters
    ----------
    estimator, inner : estimator
        Ours and scikit-learn's, the latter fitted.
    """
    parameters = inner.get_params(deep=False)
    for name, value in vars(inner).items():
        if name not in parameters and name not in ("n_features_in_", "feature_names_in_"):
            setattr(estimator, name, value)
