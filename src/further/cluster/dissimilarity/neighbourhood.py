r"""Nearest rows under any distance: scikit-learn's trees where they know it, blocks where not.

The distance on the globe is scikit-learn's ``haversine`` in another unit,

.. math:: d_\text{great circle}(x, y) = R\, d_\text{haversine}(\tfrac{\pi}{180} x,
   \tfrac{\pi}{180} y), \qquad R = 6371.0088\ \text{km},

so that its ball tree serves it. A distance that scikit-learn does not know at all (Gower's) goes
to its clusterers as the square matrix of all pairs, which is refused where it does not fit. The
rest of this file is what estimators that derive from scikit-learn's share.
"""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from further._sklearn import StrOptions
from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.distances import (
    EARTH_RADIUS,
    check_coordinates,
    gower_ranges,
    pairwise,
    refuse_matrix,
)
from further.errors import InputError
from further.train.estimator import Estimator

#: Rows as scikit-learn reads them.
Rows: TypeAlias = "NDArray[Any] | sparse.csr_matrix"

#: Distances that scikit-learn's clusterers are to take beside their own.
GREAT_CIRCLE, GOWER = "great_circle", "gower"
BLOCK_BYTES = 2**26


class Measure:
    """The distance that an estimator's parameters name, and how scikit-learn's code gets to use it.

    Parameters
    ----------
    estimator : estimator
        Its ``metric`` is one of scikit-learn's names, "great_circle" (columns latitude and
        longitude in degrees; km), "jaccard" (what is not zero is a member), "gower" (numbers and
        categories, missing values allowed), "precomputed", or a function of two rows.

    Attributes
    ----------
    inner : str or callable
        The metric that scikit-learn is given.
    unit : float
        One of scikit-learn's units in ours: the Earth's radius in km, else 1.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator, self.metric = estimator, estimator.metric
        self.metric_params = getattr(estimator, "metric_params", None)
        self.p = getattr(estimator, "p", None)
        self.inner, self.unit = self.metric, 1.0
        if self._is(GREAT_CIRCLE):
            self.inner, self.unit = "haversine", EARTH_RADIUS
        elif self.needs_matrix:
            self.inner = "precomputed"

    def _is(self, name: str) -> bool:
        return isinstance(self.metric, str) and self.metric == name

    @property
    def needs_matrix(self) -> bool:
        """Whether scikit-learn's clusterers can have it only as a matrix of all pairs."""
        return self._is(GOWER)

    @property
    def is_precomputed(self) -> bool:
        """Whether the rows that are given are distances already."""
        return self._is("precomputed")

    def check(self, X: Any, *, reset: bool = True, **checks: Any) -> Rows:
        """Return validated rows: scikit-learn's checks, but for what only our distances can read.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n, d)
            Rows, or distances to the training rows.
        reset : bool
            Whether these are the training rows; others need a fitted estimator.
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
        if not reset:
            check_is_fitted(self.estimator)
        if self.needs_matrix:
            validate_data(self.estimator, X, reset=reset, skip_check_array=True)
            return _numbers_and_words(X)
        checks.setdefault("accept_sparse", False if self.is_precomputed and not reset else "csr")
        rows = validate_data(self.estimator, X, reset=reset, **checks)
        if self._is(GREAT_CIRCLE):
            check_coordinates(rows, type(self.estimator).__name__)
        return rows

    def given(self, rows: Any) -> Rows:
        """Return what scikit-learn's ``fit`` takes in place of validated rows, shape (n, d).

        That is the distances of all pairs where scikit-learn does not know the distance.

        Raises
        ------
        InputError
            If those do not fit into memory, with the number of rows that do.
        """
        if self.needs_matrix:
            n, who = len(rows), type(self.estimator).__name__
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

    def pairwise(self, new: Any, rows: Any) -> Floats:
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
    ) -> tuple[Floats, NDArray[np.intp]]:
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
                n_jobs=getattr(self.estimator, "n_jobs", None),
            )  # fmt: skip
            search.fit(self.prepared(rows))
            found, index = search.kneighbors(self.prepared(new), n_neighbors=k)
        return found * self.unit, index if chosen is None else chosen[index]

    def _matrix(self, new: Any, rows: Any, ranges: Floats) -> Any:
        return pairwise(_frame(new), _frame(rows), metric=self.metric, ranges=ranges)

    def _nearest_in_blocks(
        self, new: Any, rows: Any, k: int, ranges: Floats
    ) -> tuple[Floats, NDArray[np.intp]]:
        step = max(1, BLOCK_BYTES // (8 * max(1, len(rows))))
        parts = []
        for block in gen_batches(len(new), step):
            parts.append(_smallest(self._matrix(new[block], rows, ranges), k))
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _smallest(between: Floats, k: int) -> tuple[Floats, NDArray[np.intp]]:
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


def accept_our_metrics(theirs: Any) -> dict[str, Any]:
    """Return the limits of the parameters of a class of scikit-learn's, with our metrics too."""
    limits = theirs._parameter_constraints
    known = (option for option in limits["metric"] if isinstance(option, StrOptions))
    names = {name for option in known for name in option.options}
    return {**limits, "metric": [StrOptions(names | {GREAT_CIRCLE, GOWER}), callable]}


def learn_as(
    estimator: Any, theirs: type[Any], rows: Any, *, sample_weight: Any = None, **changed: Any
) -> None:
    """Fit scikit-learn's own class with an estimator's parameters, and take over what it learns.

    Parameters
    ----------
    estimator : estimator
        Ours, derived from ``theirs``.
    theirs : type
        The class.
    rows : array-like
        What its ``fit`` takes.
    sample_weight : array-like of shape (n,), optional
        Weights of the rows, where its ``fit`` takes them.
    **changed
        Parameters in which it is to differ from the estimator.
    """
    own, parameters = estimator.get_params(deep=False), signature(theirs).parameters
    inner = theirs(**{**{name: own[name] for name in parameters}, **changed})
    inner.fit(rows, **({} if sample_weight is None else {"sample_weight": sample_weight}))
    for name, value in vars(inner).items():
        if name not in parameters and name not in ("n_features_in_", "feature_names_in_"):
            setattr(estimator, name, value)


class KeepsTrainingRows(Estimator):
    """Mixin for what compares new rows with training rows, or is rebuilt from them when loaded.

    ``training_rows_`` goes into the files, so a saved estimator holds the data.
    """

    training_rows_: Any

    def save(self, folder: str | Path) -> Path:
        """Write ``model.safetensors`` and ``model.json``, the training rows among them.

        Raises
        ------
        InputError
            If it was fitted on a sparse matrix.
        """
        check_is_fitted(self)
        if sparse.issparse(self.training_rows_):
            raise InputError(
                f"{type(self).__name__}: it was fitted on a sparse matrix, which is not saved; "
                "fit it on a dense array."
            )
        return super().save(folder)

    def _rebuild(self) -> None:
        rows = self.training_rows_
        if isinstance(rows, np.ndarray) and rows.dtype == object:
            # A table of objects comes back as a list a row.
            self.training_rows_ = np.array(rows.tolist(), dtype=object)
