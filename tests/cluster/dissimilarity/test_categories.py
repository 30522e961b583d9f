"""Categories as codes: types, missing values, new values."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from further.cluster.dissimilarity.categories import (
    as_frame,
    as_objects,
    encode_columns,
    is_number,
    learn_columns,
    read_numbers,
)
from further.errors import InputError


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["b", None, "a", "b"]),
        pd.Series(["b", None, "a", "b"], dtype="category"),
        pd.Series(["b", np.nan, "a", "b"], dtype=object),
        pd.Series(["b", pd.NA, "a", "b"], dtype="string"),
    ],
)
def test_texts_of_every_type(column):
    categories, codes = learn_columns(column.to_frame())
    assert categories == [["a", "b"]]
    np.testing.assert_array_equal(codes[:, 0], [1, -1, 0, 1])
    new = pd.DataFrame({"x": ["c", "a"]})
    np.testing.assert_array_equal(encode_columns(new, categories[:1]).ravel(), [-2, 0])


def test_numbers_and_booleans_equal_themselves_in_another_type():
    categories, _ = learn_columns(pd.DataFrame({"legs": [4, 2, 4], "fur": [True, False, True]}))
    assert categories == [[2, 4], [False, True]]
    new = pd.DataFrame({"legs": [4.0, None], "fur": pd.Series([None, True], dtype=object)})
    np.testing.assert_array_equal(encode_columns(new, categories), [[1, -1], [-1, 1]])


def test_dates_and_lists_become_texts():
    frame = pd.DataFrame(
        {"day": [datetime.date(2020, 1, 2), datetime.date(2020, 1, 1)], "tags": [["x"], {"y": 1}]}
    )
    categories, codes = learn_columns(frame)
    assert categories == [["2020-01-01", "2020-01-02"], ["['x']", "{'y': 1}"]]
    np.testing.assert_array_equal(codes, [[1, 0], [0, 1]])
    assert as_objects(frame).tolist() == [["2020-01-02", "['x']"], ["2020-01-01", "{'y': 1}"]]


def test_columns_of_objects_get_the_type_of_what_they_hold():
    frame = as_frame(np.array([[1, "a", None], [None, "b", 2.5]], dtype=object))
    assert [is_number(frame.iloc[:, j]) for j in range(3)] == [True, False, True]
    np.testing.assert_array_equal(read_numbers(frame.iloc[:, [0, 2]]), [[1, np.nan], [np.nan, 2.5]])
    assert [is_number(c) for _, c in as_frame([[1, "a"], [2, "b"]]).items()] == [True, False]
    assert not is_number(pd.Series([True, False]))


def test_what_is_no_table_is_refused():
    for wrong in ([1.0, 2.0], np.empty((0, 2)), pd.DataFrame({"a": []})):
        with pytest.raises(ValueError, match=r"Expected 2D|0 sample"):
            as_frame(wrong)
    with pytest.raises(ValueError, match="infinity"):
        read_numbers(pd.DataFrame({"a": [np.inf]}))
    with pytest.raises(InputError, match='Column "a" held numbers in training'):
        read_numbers(pd.DataFrame({"a": ["word"]}))
