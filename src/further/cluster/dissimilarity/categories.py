r"""Columns of categories as codes: what was seen, what is missing, what is new.

The categories of a column, sorted, :math:`a_1 < \ldots < a_m`, give each value its code,

.. math:: \text{code}(x) = \begin{cases} i & x = a_i \\ -1 & x \text{ is missing} \\
          -2 & x \text{ was not seen in training.} \end{cases}
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_array

from further.errors import InputError

MISSING, UNSEEN = -1, -2
_NUMBERS = ("floating", "integer", "mixed-integer-float", "decimal")


def as_frame(X: Any) -> pd.DataFrame:
    """Return rows as a table whose columns have the type of what they hold.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n, d)
        Numbers, texts, booleans; None and NaN are missing.

    Raises
    ------
    ValueError
        By scikit-learn's ``check_array``: if X is not two-dimensional, is empty or is complex.

    Examples
    --------
    >>> as_frame(np.array([[1, "a"], [None, "b"]], dtype=object))[0].tolist()
    [1.0, nan]
    """
    if not isinstance(X, pd.DataFrame):
        rows = check_array(X, dtype=None, ensure_all_finite=False)
        # A list of numbers and words would be an array of words.
        mixed = isinstance(X, list | tuple) and rows.dtype.kind in "US"
        # Objects stay objects: pandas' own type for texts takes longer to make than to read.
        kind = object if rows.dtype.kind == "O" else None
        X = pd.DataFrame(list(X)) if mixed else pd.DataFrame(rows, dtype=kind)
    elif 0 in X.shape:
        check_array(np.empty(X.shape))
    frame: pd.DataFrame = X
    for j, (_, column) in enumerate(X.items()):
        if column.dtype.kind == "O" and pd.api.types.infer_dtype(column) in _NUMBERS:
            frame = frame.copy(deep=False)
            frame.isetitem(j, pd.to_numeric(column))
    return frame


def is_number(column: pd.Series[Any]) -> bool:
    """Return whether a column holds numbers; booleans are categories."""
    kind = column.dtype
    return bool(pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind))


def read_numbers(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return columns of numbers as floats, NaN where missing.

    Raises
    ------
    InputError
        If one holds something else.
    ValueError
        By scikit-learn's ``check_array``, if a number is infinite.
    """
    if frame.shape[1] == 0:
        return np.empty(frame.shape)
    numbers = []
    for j, name in enumerate(frame.columns):
        try:
            numbers.append(frame.iloc[:, j].to_numpy(dtype=np.float64, na_value=np.nan))
        except (ValueError, TypeError) as error:
            raise InputError(
                f'Column "{name}" held numbers in training and now holds something else '
                f"({error}); give numbers or leave the cells empty."
            ) from error
    checked: NDArray[np.float64] = check_array(
        np.column_stack(numbers), dtype=np.float64, ensure_all_finite="allow-nan"
    )
    return checked


def learn_columns(frame: pd.DataFrame) -> tuple[list[list[Any]], NDArray[np.int64]]:
    """Return the categories of each column, numbers before texts and sorted, and their codes.

    Parameters
    ----------
    frame : DataFrame of shape (n, q)
        What is neither text, number nor boolean (a date, say) becomes its text.

    Examples
    --------
    >>> learn_columns(pd.DataFrame({"size": ["b", None, "a", "b"]}))
    ([['a', 'b']], array([[ 1], [-1], [ 0], [ 1]]))
    """
    categories = []
    codes = np.empty(frame.shape, dtype=np.int64)
    for j, (_, column) in enumerate(frame.items()):
        places, keys = _factorize(column)
        categories.append(sorted(set(keys), key=lambda key: (isinstance(key, str), key)))
        codes[:, j] = _look_up(places, keys, categories[j])
    return categories, codes


def encode_columns(frame: pd.DataFrame, categories: list[list[Any]]) -> NDArray[np.int64]:
    """Return the codes of all columns, -1 for what is missing and -2 for what was never seen.

    Parameters
    ----------
    frame : DataFrame of shape (n, q)
        Values.
    categories : list of lists
        Those of the training rows, from :func:`learn_columns`.

    Returns
    -------
    ndarray of int, shape (n, q)
        Places in ``categories``, or -1 or -2.

    Examples
    --------
    >>> encode_columns(pd.DataFrame({"size": ["b", None, "c"]}), [["a", "b"]]).ravel()
    array([ 1, -1, -2])
    """
    codes = np.empty(frame.shape, dtype=np.int64)
    for j, (_, column) in enumerate(frame.items()):
        codes[:, j] = _look_up(*_factorize(column), categories[j])
    return codes


def decode_columns(
    codes: NDArray[np.integer[Any]], categories: list[list[Any]]
) -> NDArray[np.object_]:
    """Return the categories of codes.

    Parameters
    ----------
    codes : ndarray of int, shape (n, q)
        Places in ``categories``.
    categories : list of lists
        Those of each column.

    Returns
    -------
    ndarray of objects, shape (n, q)
        None where a code is negative.
    """
    values = np.empty(codes.shape, dtype=object)
    for j, known in enumerate(categories):
        values[:, j] = [known[code] if code >= 0 else None for code in codes[:, j]]
    return values


def as_objects(frame: pd.DataFrame) -> NDArray[np.object_]:
    """Return the cells as what JSON can hold, None where missing, shape (n, d).

    Examples
    --------
    >>> as_objects(pd.DataFrame({"kg": [1.5, None], "born": pd.to_datetime(["2020-01-31", None])}))
    array([[1.5, '2020-01-31 00:00:00'],
           [None, None]], dtype=object)
    """
    cells = np.full(frame.shape, None, dtype=object)
    for j, (_, column) in enumerate(frame.items()):
        for i in np.flatnonzero(column.notna()):
            cells[i, j] = _key(column.iloc[i])
    return cells


def _look_up(places: NDArray[np.intp], keys: list[Any], categories: list[Any]) -> NDArray[np.int64]:
    position = {category: i for i, category in enumerate(categories)}
    table = np.array([*(position.get(key, UNSEEN) for key in keys), MISSING], dtype=np.int64)
    return table[places]


def _factorize(column: pd.Series[Any]) -> tuple[NDArray[np.intp], list[Any]]:
    """Return which of the distinct values each row holds (-1: missing), and those values."""
    try:
        codes, values = pd.factorize(column)
    except TypeError:
        # Lists and dictionaries have no hash.
        codes, values = pd.factorize(column.map(str, na_action="ignore"))
    return codes, [_key(value) for value in values]


def _key(value: Any) -> Any:
    """Return a value that JSON keeps and that equals itself after a save."""
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | bool | int | float) else str(value)
