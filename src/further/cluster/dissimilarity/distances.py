r"""Distances between rows by name: numbers, places on the globe, sets, categories, mixed tables.

.. math::
   \text{minkowski: } & \Bigl(\sum_m |x_m - y_m|^p\Bigr)^{1/p} \quad
   (p = 2 \text{ Euclid}, 1 \text{ Manhattan}, \infty \text{ Chebyshev}) \\
   \text{cosine: } & 1 - x^\top y / (\lVert x \rVert \lVert y \rVert) \\
   \text{great circle: } & 2R \arcsin \sqrt{\sin^2 \tfrac{\phi_x - \phi_y}{2}
   + \cos\phi_x \cos\phi_y \sin^2 \tfrac{\lambda_x - \lambda_y}{2}}, \quad R = 6371.0088
   \text{ km} \\
   \text{jaccard: } & 1 - |x \cap y| / |x \cup y|, \quad 0 \text{ for two empty sets} \\
   \text{hamming: } & \text{share of the columns that differ} \\
   \text{gower: } & \operatorname{mean}_m\, g_m, \quad g_m = |x_m - y_m| / \text{range}_m
   \text{ or } [x_m \ne y_m],

where Gower's mean is over the columns in which both rows have a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import cosine_distances, haversine_distances
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_array

from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.categories import (
    MISSING,
    as_frame,
    encode_columns,
    is_number,
    learn_columns,
    read_numbers,
)
from further.data.memory import GIB, SHARE, total_memory
from further.errors import InputError, unknown

EARTH_RADIUS = 6371.0088  # km, the mean of the axes: IUGG
#: Every distance by name, in a sentence.
METRICS: dict[str, str] = {
    "euclidean": "straight line: the square root of the sum of squared differences",
    "sqeuclidean": "sum of squared differences",
    "manhattan": "sum of absolute differences",
    "chebyshev": "largest absolute difference",
    "minkowski": "p-th root of the sum of p-th powers of absolute differences",
    "cosine": "one minus the cosine of the angle between the rows",
    "great_circle": "kilometres over the globe, from latitude and longitude in degrees",
    "jaccard": "share of the joint members of two sets that are not common to both",
    "hamming": "share of the columns that differ",
    "gower": "mean over numbers (difference by range) and categories (equal or not), of what is "
    "known",
    "precomputed": "the rows are distances already",
}
_SCIPY = {
    "euclidean": "euclidean",
    "sqeuclidean": "sqeuclidean",
    "manhattan": "cityblock",
    "chebyshev": "chebyshev",
    "minkowski": "minkowski",
}
_BLOCK = 2**20


def find_metric(name: str) -> str:
    """Return the name of a distance as the table has it.

    Raises
    ------
    InputError
        If there is none of that name; the nearest one is named.

    Examples
    --------
    >>> find_metric("great-circle")
    'great_circle'
    """
    wanted = str(name).lower().replace("-", "_")
    if wanted not in METRICS:
        raise InputError(unknown("distance", str(name), list(METRICS)))
    return wanted


def pairwise(
    X: Any,
    Y: Any = None,
    *,
    metric: str | Callable[[Any, Any], float] = "euclidean",
    p: float = 2.0,
    ranges: Floats | None = None,
) -> Floats:
    """Return the distances of all pairs of rows.

    Parameters
    ----------
    X : array-like, DataFrame or sequence of length n
        Rows. For "great_circle" two columns, latitude and longitude in degrees; for "jaccard"
        columns of 0 and 1 or of booleans, or a sequence of sets; for "gower" and "hamming" numbers
        and categories, for "gower" with missing values; for a function anything that has a length.
    Y : likewise of length m, optional
        Other rows; X itself by default.
    metric : str or callable
        A name of ``METRICS``, or a function of two rows that returns a number. A function is taken
        to be symmetric where Y is not given.
    p : float
        Power of "minkowski", at least 1.
    ranges : ndarray of shape (d,), optional
        For "gower": what the difference in each column is divided by, NaN for a category; from
        :func:`gower_ranges`. By default the ranges in X and Y together.

    Returns
    -------
    ndarray of shape (n, m), float64
        Distances; kilometres for "great_circle". Two rows without a column that both know are 1
        apart under "gower".

    Raises
    ------
    InputError
        If the name is unknown, the rows do not suit it, or the matrix would not fit.

    Examples
    --------
    >>> pairwise([[48.86, 2.35], [41.90, 12.50]], metric="great_circle").round()
    array([[   0., 1106.],
           [1106.,    0.]])
    >>> pairwise([{"milk", "tea"}, {"milk"}, set()], metric="jaccard")
    array([[0. , 0.5, 1. ],
           [0.5, 0. , 1. ],
           [1. , 1. , 0. ]])
    """
    if callable(metric):
        return _by_function(X, Y, metric)
    name = find_metric(metric)
    if name == "precomputed":
        distances: Floats = check_array(X, dtype=np.float64, ensure_non_negative=True)
        return distances
    refuse_matrix(f'metric="{name}"', _length(X), _length(X if Y is None else Y))
    if name == "gower":
        return _gower(X, Y, ranges)
    if name == "hamming":
        return _hamming(X, Y)
    if name == "jaccard":
        return _jaccard(X, Y)
    if name == "great_circle":
        x = check_coordinates(check_array(X, dtype=np.float64))
        y = x if Y is None else check_coordinates(check_array(Y, dtype=np.float64))
        return np.asarray(haversine_distances(np.radians(x), np.radians(y)) * EARTH_RADIUS)
    if name == "cosine":
        return np.asarray(cosine_distances(X, Y), dtype=np.float64)
    x = check_array(X, dtype=np.float64)
    y = x if Y is None else check_array(Y, dtype=np.float64)
    if name == "minkowski" and not p >= 1:
        raise InputError(f"minkowski: p={p} gives no distance; choose p of at least 1.")
    return np.asarray(cdist(x, y, _SCIPY[name], **({"p": p} if name == "minkowski" else {})))


def _largest_square(copies: float = 1.0) -> int:
    """Return for how many rows so many matrices of the distances of all pairs fit."""
    return math.isqrt(int(SHARE * total_memory() / (8 * copies)))


def refuse_matrix(
    what: str, n: int, m: int, *, copies: float = 1.0, remedy: str = "give at most {most} rows"
) -> None:
    """Refuse n x m distances that take more than a quarter of the memory.

    Parameters
    ----------
    what : str
        What needs them, for the message.
    n, m : int
        Rows.
    copies : float
        How many matrices of float64 stand in memory at once.
    remedy : str
        What to do about it, with {most} for the number of rows that would fit.

    Raises
    ------
    InputError
        With the number of rows that would fit.
    """
    memory = total_memory()
    needed = 8 * copies * n * m
    if needed <= SHARE * memory:
        return
    most = _largest_square(copies) if n == m else int(SHARE * memory / (8 * copies * m))
    between = f"all {n}" if n == m else f"{n} and {m}"
    raise InputError(
        f"{what}: the distances between {between} rows take {needed / GIB:.1f} GiB of this "
        f"machine's {memory / GIB:.1f} GiB of memory; {remedy.format(most=most)}."
    )


def check_coordinates(rows: Floats, who: str = "great_circle") -> Floats:
    """Return latitudes and longitudes in degrees, once they are known to be such.

    Parameters
    ----------
    rows : ndarray of shape (n, 2)
        Latitudes and longitudes.
    who : str
        Begins the message.

    Returns
    -------
    ndarray of shape (n, 2)
        The rows.

    Raises
    ------
    InputError
        If there are not two columns, or one is beyond its range (90; -180 to 360).
    """
    if rows.shape[1] != 2:
        raise InputError(
            f"{who}: X has {rows.shape[1]} columns; give two, latitude and longitude in degrees."
        )
    for column, (what, low, high) in enumerate((("latitude", -90, 90), ("longitude", -180, 360))):
        wrong = np.flatnonzero((rows[:, column] < low) | (rows[:, column] > high))
        if len(wrong):
            raise InputError(
                f"{who}: the {what} in row {wrong[0]} is {rows[wrong[0], column]:g}, outside "
                f"{low} to {high} degrees; give latitude first, then longitude."
            )
    return rows


def gower_ranges(X: Any) -> Floats:
    """Return the range of each column of numbers, NaN for categories, shape (d,).

    Parameters
    ----------
    X : DataFrame or array-like of shape (n, d)
        Training rows.

    Examples
    --------
    >>> gower_ranges(pd.DataFrame({"age": [20, 60], "city": ["Rome", "Paris"]}))
    array([40., nan])
    """
    frame = as_frame(X)
    ranges = np.full(frame.shape[1], np.nan)
    for j in range(frame.shape[1]):
        if is_number(frame.iloc[:, j]):
            values = read_numbers(frame.iloc[:, [j]])
            values = values[~np.isnan(values)]
            ranges[j] = np.ptp(values) if len(values) else 0.0
    return ranges


def is_sets(X: Any) -> bool:
    """Return whether these are sets, one a row."""
    if isinstance(X, pd.Series | np.ndarray):
        return X.ndim == 1 and len(X) > 0 and all(isinstance(x, set | frozenset) for x in X)
    return (
        isinstance(X, list | tuple) and bool(X) and all(isinstance(x, set | frozenset) for x in X)
    )


def _length(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def _by_function(X: Any, Y: Any, metric: Callable[[Any, Any], float]) -> Floats:
    x = _items(X)
    y = x if Y is None else _items(Y)
    refuse_matrix("a function as metric", len(x), len(y))
    distances = np.zeros((len(x), len(y)))
    for i, a in enumerate(x):
        if Y is None:
            distances[i, : i + 1] = [metric(a, b) for b in y[: i + 1]]
            distances[:i, i] = distances[i, :i]
        else:
            distances[i] = [metric(a, b) for b in y]
    if np.isnan(distances).any():
        raise InputError("metric: the function returned NaN; let it return a number for all pairs.")
    return distances


def _items(X: Any) -> Any:
    if isinstance(X, pd.DataFrame | pd.Series):
        X = X.to_numpy()
    return X if isinstance(X, Sequence | np.ndarray) else list(X)


def _hamming(X: Any, Y: Any) -> Floats:
    x, y = as_frame(X), None if Y is None else as_frame(Y)
    categories, codes = learn_columns(x)
    others = codes if y is None else encode_columns(y, categories)
    if (codes == MISSING).any() or (others == MISSING).any():
        raise InputError(
            'hamming: X contains NaN or other missing values; metric="gower" leaves them out.'
        )
    return np.asarray(cdist(codes, others, "hamming"))


def _jaccard(X: Any, Y: Any) -> Floats:
    x, y = _members(X, X if Y is None else Y)
    common = np.asarray((x @ y.T).todense(), dtype=np.float64)
    sizes_x, sizes_y = (np.asarray(a.sum(axis=1), dtype=np.float64).ravel() for a in (x, y))
    union = sizes_x[:, None] + sizes_y[None, :] - common
    return 1.0 - np.divide(common, union, out=np.ones_like(common), where=union > 0)


def _members(X: Any, Y: Any) -> tuple[Any, Any]:
    """Return two sparse tables of 0 and 1 with a column for each possible member."""
    if not is_sets(X):
        return sparse.csr_array(_binary(X)), sparse.csr_array(_binary(Y))
    names = {member: i for i, member in enumerate({m for rows in (X, Y) for s in rows for m in s})}
    tables = []
    for rows in (X, Y):
        members = [[names[m] for m in s] for s in rows]
        limits = np.cumsum([0, *map(len, members)])
        index = np.array([m for row in members for m in row], dtype=np.int64)
        shape = (len(members), max(1, len(names)))
        tables.append(sparse.csr_array((np.ones(len(index)), index, limits), shape=shape))
    return tables[0], tables[1]


def _binary(X: Any) -> Floats:
    rows: Floats = check_array(X, dtype=np.float64)
    wrong = np.argwhere((rows != 0) & (rows != 1))
    if len(wrong):
        i, j = wrong[0]
        raise InputError(
            f"jaccard: row {i}, column {j} of X holds {rows[i, j]:g}; give columns of 0 and 1 or "
            "a list of sets."
        )
    return rows


def _gower(X: Any, Y: Any, ranges: Floats | None) -> Floats:
    x = as_frame(X)
    y = x if Y is None else as_frame(Y)
    if ranges is None:
        ranges = gower_ranges(x if Y is None else pd.concat([x, y.set_axis(x.columns, axis=1)]))
    numeric = np.flatnonzero(~np.isnan(ranges))
    words = np.flatnonzero(np.isnan(ranges))
    # A column without range tells nothing apart in training; a new value in it is far.
    scale = np.where(ranges[numeric] > 0, ranges[numeric], 1.0)
    numbers = [read_numbers(frame.iloc[:, numeric]) / scale for frame in (x, y)]
    categories, codes_x = learn_columns(x.iloc[:, words])
    codes = [codes_x, encode_columns(y.iloc[:, words], categories)]
    known = [
        np.column_stack([~np.isnan(a), c != MISSING]).astype(np.float64)
        for a, c in zip(numbers, codes, strict=True)
    ]
    # What is missing equals nothing, so that a count of equal pairs leaves it out.
    left = np.where(codes[0] == MISSING, -1, codes[0]).astype(np.int32)
    right = np.where(codes[1] == MISSING, -2, codes[1]).astype(np.int32).T.copy()
    words_known = [part[:, len(numeric) :] for part in known]
    distances = np.empty((len(x), len(y)))
    for part in gen_batches(len(x), max(1, _BLOCK // max(1, len(y)))):
        total = words_known[0][part] @ words_known[1].T
        equal = np.zeros(total.shape, dtype=np.uint32)
        for j in range(len(words)):
            equal += left[part, j, None] == right[None, j]
        total -= equal
        for j in range(len(numeric)):
            apart = np.abs(numbers[0][part, j, None] - numbers[1][None, :, j])
            total += np.nan_to_num(apart, copy=False, nan=0.0)
        both = known[0][part] @ known[1].T
        distances[part] = np.divide(total, both, out=np.ones_like(total), where=both > 0)
    if Y is None:
        np.fill_diagonal(distances, 0.0)
    return distances
