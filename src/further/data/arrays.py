"""From arrays to pictures and labels: channel order, grey levels, class codes, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.data.target import Classes, Numbers
from further.errors import InputError

#: A picture of bytes; integers beyond it are read as continuous.
MOST_LEVELS = 256
#: Integers that stay below half of a byte's range have as many levels as they use.
HALF_A_BYTE = 128


def read_classes(
    y: Any, n: int, name: str = "y", called: str | None = None
) -> tuple[Classes | None, tuple[str, ...]]:
    """Return the classes of labels of any type, or None where they define none.

    Parameters
    ----------
    y : array-like of shape (n,), (n, 1) or (n, classes) one-hot
        Integers, booleans, text or categories.
    n : int
        Number of rows that they belong to.
    name, called : str
        Of the column, and what to call it in messages where that is not its name.

    Returns
    -------
    classes, notes
        In the order of :func:`numpy.unique`; None for one class only and for a quantity, with a
        sentence that says so.

    Raises
    ------
    InputError
        If there is not one label a row, or some are missing.

    Examples
    --------
    >>> classes, _ = read_classes(["cat", "dog", "cat", "dog"], 4)
    >>> classes.codes.tolist(), classes.names
    ([0, 1, 0, 1], ('cat', 'dog'))
    """
    classes, distinct = _classes(y, n, name, called)
    if len(distinct) == 1:
        return None, (f"All labels are {distinct[0]!s}, so nothing is conditioned on them.",)
    if is_quantity(distinct, n):
        return None, (
            f"{called or name} has {len(distinct)} distinct values in {n} rows: a quantity or a "
            "name rather than a class, so nothing is conditioned on it.",
        )
    return classes, ()


def classes_of(y: Any, n: int, name: str = "y") -> Classes:
    """Return the classes of labels of any type, however many there are.

    Parameters
    ----------
    y, n, name
        See :func:`read_classes`.

    Returns
    -------
    Classes
        In the order of :func:`numpy.unique`.

    Raises
    ------
    InputError
        If there is not one label a row, or some are missing.

    Examples
    --------
    >>> classes_of([7, 7, 7], 3).names
    ('7',)
    """
    return _classes(y, n, name)[0]


def _classes(y: Any, n: int, name: str, called: str | None = None) -> tuple[Classes, NDArray[Any]]:
    """Return the classes of labels, and the distinct labels as they were given."""
    called = called or name
    values = _labels(y)
    if values.ndim != 1:
        raise InputError(
            f"{called} has the shape {values.shape}; labels are one column, or one-hot rows."
        )
    if len(values) != n:
        raise InputError(
            f"{called} has {len(values)} labels but there are {n} rows; give one label for each "
            "row."
        )
    missing = pd.isna(values)
    if missing.any():
        raise InputError(
            f"{called} has no label in row {int(missing.argmax())} (NaN) and in "
            f"{int(missing.sum())} rows in all; leave those rows out, or give them a "
            "class of their own."
        )
    # Sorting the distinct labels alone is ten times faster than np.unique on a column of text.
    found, distinct = pd.factorize(values)
    try:
        names, order = np.unique(distinct, return_inverse=True)
    except TypeError:  # 1 and "a" in one column
        names, order = np.unique([str(value) for value in distinct], return_inverse=True)
    codes = order[found]
    pandas_own = isinstance(y, pd.Series) and not isinstance(y.dtype, np.dtype)
    dtype = str(y.dtype if pandas_own else values.dtype)
    classes = Classes(name, codes.astype(np.int64), tuple(str(v) for v in names), dtype)
    return classes, names


def numbers_of(y: Any, n: int, name: str = "y") -> Numbers:
    """Return the numbers to predict, one a row or several.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, k)
        Numbers.
    n : int
        Number of rows that they belong to.
    name : str
        Of the column, where it has none.

    Returns
    -------
    Numbers
        As float64.

    Raises
    ------
    InputError
        If there is not one entry a row, if they are no numbers, or if some are missing or infinite.

    Examples
    --------
    >>> numbers_of([1, 2, 4], 3).values.ravel().tolist()
    [1.0, 2.0, 4.0]
    """
    named = isinstance(y, pd.DataFrame)
    array = np.asarray(y)
    if array.dtype.kind in "OUS":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            first = next(str(v) for v in array.ravel().tolist() if not _is_number(v))
            raise InputError(
                f'{name} holds "{first}", which is no number; give numbers to predict, or take a '
                "classifier for classes."
            ) from None
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} has the type {array.dtype}; give numbers to predict.")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] == 0:
        raise InputError(
            f"{name} has the shape {np.shape(y)}; give one column of numbers, or several."
        )
    if len(array) != n:
        raise InputError(
            f"{name} has {len(array)} numbers but there are {n} rows; give one for each row."
        )
    values = native(array).astype(np.float64)
    wrong = ~np.isfinite(values)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        what = "NaN" if np.isnan(values[row, column]) else "infinity"
        raise InputError(
            f"{name} is {what} in row {row}, and NaN or infinity in {int(wrong.any(axis=1).sum())} "
            "rows in all; leave those rows out."
        )
    k = values.shape[1]
    columns = [str(c) for c in y.columns] if named else [name]
    if len(columns) != k:
        columns = [f"{name}{i}" for i in range(k)]
    return Numbers(", ".join(columns), values, tuple(columns))


def _labels(y: Any) -> NDArray[Any]:
    values = native(y.to_numpy() if isinstance(y, pd.Series | pd.DataFrame) else np.asarray(y))
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2 and _is_one_hot(values):
        values = values.argmax(axis=1)
    return values


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def native(array: NDArray[Any]) -> NDArray[Any]:
    """Return numbers in the byte order of this machine, floats in single or double precision.

    Instruments and old file formats write the other order, which pandas and torch refuse; so they
    do half and extended precision.

    Examples
    --------
    >>> native(np.array([1, 2], dtype=">i2")).dtype.isnative
    True
    """
    kind = array.dtype.newbyteorder("=")
    if kind == np.float16:
        kind = np.dtype(np.float32)
    elif kind.kind == "f" and kind.itemsize > 8:
        kind = np.dtype(np.float64)
    return array.astype(kind, copy=False)


def native_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with each column of NumPy's types as :func:`native` has it."""
    columns = {i: kind for i, kind in enumerate(frame.dtypes) if isinstance(kind, np.dtype)}
    changed = {i: k for i, k in columns.items() if native(np.empty(0, dtype=k)).dtype != k}
    if not changed:
        return frame
    series = [frame.iloc[:, i] for i in range(frame.shape[1])]
    for i in changed:
        series[i] = pd.Series(native(series[i].to_numpy()), frame.index, name=series[i].name)
    return pd.concat(series, axis=1)


def is_quantity(distinct: Any, n: int) -> bool:
    """Whether distinct values, met in n rows, are too many or too fine to be classes.

    Parameters
    ----------
    distinct : array
        Without missing ones.
    n : int
        Number of rows.

    Returns
    -------
    bool
        True for a quantity or names.
    """
    distinct = np.asarray(distinct)
    if distinct.dtype.kind == "f" and not (distinct == np.floor(distinct)).all():
        return len(distinct) > min(20, n // 3)
    return len(distinct) > max(2, n // 3)


def read_pictures(array: np.ndarray) -> tuple[np.ndarray, int | None, tuple[str, ...]]:
    """Return pictures ``(n, channels, height, width)``, their number of grey levels, and notes.

    Whole numbers from 0 to 255, stored as floats too, are grey levels and become uint8; all else
    becomes float32, with None for the levels.

    Raises
    ------
    InputError
        For NaN or infinity, for channels that cannot be told, and for empty arrays.
    """
    values, order = _channels_first(native(array))
    if values.size == 0:
        raise InputError(f"An array of the shape {array.shape} has no pictures in it.")
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    if values.dtype.kind not in "iuf":
        raise InputError(f"Pictures are numbers, but these have the type {values.dtype}.")
    check_finite(values.reshape(len(values), -1), "picture", "pixel")
    low, high = values.min(), values.max()
    levels = grey_levels(low, high, whole=is_whole(values))
    size = "x".join(str(side) for side in values.shape[1:])
    if levels is not None:
        note = f"{len(values)} pictures of {size} ({order}) with {levels} grey levels."
        return values.astype(np.uint8), levels, (note,)
    note = f"{len(values)} pictures of {size} ({order}), values from {low:.6g} to {high:.6g}."
    return single_precision(values, "X"), None, (note,)


def is_whole(values: NDArray[Any]) -> bool:
    """Whether all of some numbers are whole."""
    return values.dtype.kind in "iu" or bool((values == np.floor(values)).all())


def grey_levels(low: float, high: float, *, whole: bool) -> int | None:
    """Return the number of grey levels of pictures, None for continuous values.

    Whole numbers that fit into a byte have 256 unless half are unused.

    Parameters
    ----------
    low, high : float
        The range of all values.
    whole : bool
        Whether all are whole numbers.

    Returns
    -------
    int or None
        From 2 to 256.
    """
    if not whole or low < 0 or not 0 < high < MOST_LEVELS:
        return None
    return int(high) + 1 if high < HALF_A_BYTE else MOST_LEVELS


def single_precision(values: NDArray[Any], place: str) -> NDArray[np.float32]:
    """Return numbers as float32, refusing those of which it would leave nothing.

    Parameters
    ----------
    values : array
        Finite numbers.
    place : str
        The file, for messages.

    Returns
    -------
    array of float32
        Of the same shape.
    """
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    low, high = values.min(), values.max()
    if not np.isfinite(single).all() or (low < high and single.min() == single.max()):
        raise InputError(
            f"{place} has values from {low:.9g} to {high:.9g}, which single precision cannot tell "
            "apart or hold; subtract a number from all of them, or divide by one."
        )
    return single


def check_finite(array: np.ndarray, row: str = "row", column: str = "column") -> None:
    """Refuse NaN and infinity in a two-dimensional array, naming the first place.

    Parameters
    ----------
    array : array of shape (n, d)
        Of any type; only floats can be neither.
    row, column : str
        What to call a place, for the message.
    """
    places = not_finite(array)
    if len(places):
        i, j = places[0]
        what = "NaN" if np.isnan(array[i, j]) else "infinity"
        raise InputError(
            f"Input X contains {what} in {row} {i}, {column} {j} ({len(places)} such values in "
            "all); replace them or leave those rows out."
        )


def not_finite(array: np.ndarray) -> np.ndarray:
    """Return the places (m, ndim) of NaN and infinity, in the order of the rows."""
    # A sum is finite only when all its terms are, and takes no memory; huge terms may overflow it.
    with np.errstate(over="ignore", invalid="ignore"):
        if array.dtype.kind != "f" or np.isfinite(array.sum(dtype=np.float64)):
            return np.empty((0, array.ndim), dtype=np.intp)
    return np.argwhere(~np.isfinite(array))


def _is_one_hot(values: np.ndarray) -> bool:
    return bool(
        values.dtype.kind in "biuf"
        and values.shape[1] > 1
        and np.isin(values, (0, 1)).all()
        and (values.sum(axis=1) == 1).all()
    )


def _channels_first(array: np.ndarray) -> tuple[np.ndarray, str]:
    if array.ndim == 3:
        return array[:, None], "channels x height x width"
    if array.ndim == 4 and array.shape[1] in (1, 3):
        return array, "channels x height x width"
    if array.ndim == 4 and array.shape[3] in (1, 3, 4):
        return np.ascontiguousarray(array.transpose(0, 3, 1, 2)), (
            "channels x height x width, channels were last"
        )
    raise InputError(
        f"An array of the shape {array.shape} is no set of pictures: give (n, height, width), "
        "(n, channels, height, width) or (n, height, width, channels) with 1 or 3 channels."
    )
