"""What has to be done for each kind of data: one handler a kind, found in a table.

A further kind of data is a further handler in :data:`KINDS`; nothing else asks what kind it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from further.data.dataset import Dataset
from further.data.encoding import Encoding, ImageEncoding, TableEncoding
from further.data.preparation.column_encoding import FitScore
from further.errors import InputError

VALUES_SHOWN = 4


class Kind(ABC):
    """What has to be done for one kind of data.

    When to use: derive from it for a further kind. When it fails: it knows data sets, not models.
    """

    encoding: ClassVar[type[Encoding]]

    def frame(self, dataset: Dataset) -> pd.DataFrame | None:
        """Return the columns as in the source; None where rows have none."""
        return None

    @abstractmethod
    def as_table(self, dataset: Dataset) -> pd.DataFrame:
        """Return one column a value, for methods that know tables alone."""

    def describe_columns(self, dataset: Dataset) -> list[dict[str, Any]]:
        """Return name, type, missing values and range or categories of each column."""
        return []


class _Table(Kind):
    encoding = TableEncoding

    def frame(self, dataset: Dataset) -> pd.DataFrame | None:
        return dataset.frame

    def as_table(self, dataset: Dataset) -> pd.DataFrame:
        return dataset.frame

    def describe_columns(self, dataset: Dataset) -> list[dict[str, Any]]:
        return [
            {
                "name": str(name),
                "type": str(column.dtype),
                "missing": int(column.isna().sum()),
                "values": _values_of(column.dropna()),
            }
            for name, column in dataset.frame.items()
        ]


class _Images(Kind):
    encoding = ImageEncoding

    def as_table(self, dataset: Dataset) -> pd.DataFrame:
        flat = np.asarray(dataset.values).reshape(len(dataset), -1)
        return pd.DataFrame(flat, columns=[f"pixel_{i}" for i in range(flat.shape[1])])


def _values_of(known: pd.Series) -> str:
    """Return the range of numbers, or how many categories there are and the most frequent ones."""
    if is_numeric_dtype(known) and not is_bool_dtype(known) and len(known):
        return f"{known.min():g} to {known.max():g}"
    counted = known.value_counts()
    shown = ", ".join(map(str, counted.index[:VALUES_SHOWN]))
    return f"{len(counted)}: {shown}{', …' if len(counted) > VALUES_SHOWN else ''}"


KINDS: dict[str, Kind] = {"table": _Table(), "images": _Images()}


def fit_encoding(train: Dataset, score: FitScore | None = None) -> Encoding:
    """Return the encoding of a data set, fitted on training rows.

    When to use: after the split, on ``dataset.take(split.train)``. When it fails: on a table that
    has no column a model can use.

    Parameters
    ----------
    train : Dataset
        The rows.
    score : callable, optional
        Fits the scores of a column of numbers; default: normal scores. Pictures have none.

    Returns
    -------
    Encoding
        Fitted.

    Examples
    --------
    >>> from further.data import load
    >>> digits = load("digits")
    >>> encoding = fit_encoding(digits)
    >>> x = encoding.encode(digits)
    >>> x.shape, float(x.max()), bool((encoding.decode(x) == digits.values).all())
    ((1797, 1, 8, 8), 1.0, True)
    """
    return KINDS[train.kind].encoding.fit(train, score)


def encoding_from_json(record: dict[str, Any]) -> Encoding:
    """Return the encoding that ``to_json`` recorded.

    Raises
    ------
    InputError
        If the record is of no kind known here.
    """
    kind = KINDS.get(str(record.get("kind")))
    if kind is None:
        raise InputError(
            f"An encoding of the kind {record.get('kind')!r} is unknown; it is "
            f"{' or '.join(sorted(KINDS))}."
        )
    return kind.encoding.from_json(record)
