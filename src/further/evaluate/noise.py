"""Uniform noise in the form of the data: the lower end of every scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from further.data.spec import Block

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.floating[Any]]


def uniform_values(
    train: Floats,
    n: int,
    rng: np.random.Generator,
    *,
    levels: int | None = None,
    blocks: Sequence[Block] = (),
) -> NDArray[np.float32]:
    """Draw rows whose every value is uniform and independent of the others.

    Parameters
    ----------
    train : ndarray of shape (m, d)
        Encoded training rows, from which the range of each column is taken.
    n : int
        Rows to draw.
    rng : numpy.random.Generator
        Source of randomness.
    levels : int, optional
        Pictures: grey levels, drawn uniformly and scaled to [0, 1].
    blocks : sequence of Block
        Tables: a categorical block gets one of its categories.

    Returns
    -------
    ndarray of float32, shape (n, d)
        The drawn rows, encoded as the training rows are.

    Examples
    --------
    >>> train = np.array([[0.0, -1.0], [1.0, 3.0]])
    >>> uniform_values(train, 2, np.random.default_rng(0), levels=3).tolist()
    [[1.0, 0.5], [0.5, 0.0]]
    """
    d = train.shape[1]
    if levels is not None:
        return (rng.integers(0, levels, (n, d)) / (levels - 1)).astype(np.float32)
    values = rng.uniform(train.min(axis=0), train.max(axis=0), (n, d)).astype(np.float32)
    for block in blocks:
        if block.kind == "categorical":
            categories = rng.integers(0, block.stop - block.start, n)
            values[:, block.start : block.stop] = np.eye(block.stop - block.start)[categories]
    return values


def uniform_frame(train: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a table whose every column is uniform over its range, or over its categories.

    Parameters
    ----------
    train : DataFrame
        Training rows in the source's own units.
    n : int
        Rows to draw.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    DataFrame
        The same columns; whole numbers stay whole, missing values are not drawn.

    Examples
    --------
    >>> import pandas as pd
    >>> train = pd.DataFrame({"age": [20, 60], "sex": ["f", "m"]})
    >>> noise = uniform_frame(train, 50, np.random.default_rng(0))
    >>> bool(noise["age"].between(20, 60).all()), sorted(set(noise["sex"]))
    (True, ['f', 'm'])
    """
    import pandas as pd

    columns = {}
    for name, column in train.items():
        present = column.dropna()
        if not len(present):
            columns[name] = pd.Series([None] * n, dtype=object)
        elif pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            values = present.to_numpy(dtype=float)
            drawn = rng.uniform(values.min(), values.max(), n)
            columns[name] = pd.Series(np.round(drawn) if (values % 1 == 0).all() else drawn)
        elif pd.api.types.is_datetime64_any_dtype(column):
            span = (present.max() - present.min()) * pd.Series(rng.random(n))
            columns[name] = present.min() + span
        else:
            categories = present.unique()
            columns[name] = pd.Series(
                [categories[i] for i in rng.integers(0, len(categories), n)], dtype=object
            )
    return pd.DataFrame(columns)
