"""Raw tables become rows to cluster, and every decision is said."""

from __future__ import annotations

import datetime
import decimal
import json

import numpy as np
import pandas as pd
import pytest
import vega_datasets
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.preprocessing import RobustScaler, StandardScaler

from further.data import TablePreparation, load
from further.errors import InputError


def decided(preparation: TablePreparation) -> dict:
    return {line.name: line for line in preparation.decisions_}


def fitted(frame, **settings):
    preparation = TablePreparation(**settings).fit(frame)
    return preparation, preparation.transform(frame), decided(preparation)


def same(a, b) -> bool:
    return a.equals(b) if isinstance(a, pd.DataFrame) else np.array_equal(a, b)


@pytest.fixture
def every_type():
    """Return 60 rows with a column of every kind that a table may hold."""
    rng = np.random.default_rng(0)
    n = 60
    return pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "length": rng.normal(170, 10, n).round(1),
            "children": pd.array([1, 2, 3, None, 0, 4] * 10, dtype="Int64"),
            "member": pd.array([True, False, None] * 20, dtype="boolean"),
            "smokes": rng.integers(0, 2, n).astype(bool),
            "colour": pd.Categorical(["red", "blue", "green"] * 20),
            "grade": pd.Categorical(
                ["low", "high", "middle", "low"] * 15, ["low", "middle", "high"], ordered=True
            ),
            "town": ["Rome", "Paris", "Oslo", None, "Rome"] * 12,
            "born": pd.date_range("2000-01-01", periods=n, freq="7D"),
            "remark": [f"a remark of its own, number {i * 7919}" for i in range(n)],
            "same": 3.0,
            "nothing": np.nan,
            "seldom": [1.0, 2.0, *[np.nan] * (n - 2)],
            "kind": [1, 2, 3, 3, 1, 2] * 10,
        }
    )


def test_every_column_gets_its_type_and_a_reason(every_type):
    preparation, X, columns = fitted(every_type)
    assert {name: (line.type, line.role) for name, line in columns.items()} == {
        "id": ("identifier", None),
        "length": ("number", "numeric"),
        "children": ("number", "numeric"),
        "member": ("binary", "categorical"),
        "smokes": ("binary", "categorical"),
        "colour": ("category", "categorical"),
        "grade": ("category", "numeric"),
        "town": ("category", "categorical"),
        "born": ("date", "numeric"),
        "remark": ("identifier", None),
        "same": ("constant", None),
        "nothing": ("empty", None),
        "seldom": ("binary", None),
        "kind": ("category", "categorical"),
    }
    assert all(line.why.endswith(".") for line in columns.values())
    assert [line.used for line in columns.values()] == [
        line.role is not None for line in columns.values()
    ]
    assert list(X.columns) == preparation.columns_
    numbers = X[["length", "children", "grade", "born"]].to_numpy()
    assert np.isfinite(numbers).all()
    assert np.allclose(numbers[:, [0, 2, 3]].mean(axis=0), 0)
    assert np.allclose(numbers[:, [0, 2, 3]].std(axis=0), 1)
    assert X["town"].isna().sum() == 12
    assert isinstance(X["smokes"].dtype, pd.CategoricalDtype)
    notes = " ".join(preparation.notes_)
    for said in (
        'Left out: "id" (Numbers the rows).',
        '"born": a date, taken as days.',
        '"grade": ordered categories, taken as ranks from 0 to 2.',
        'the median of their column: "children" (10 of 60 rows).',
        'Missing categories stay missing: "member" (20), "town" (12).',
        "97% of its values are missing, more than half",
        "Scaling: standard",
    ):
        assert said in notes


def test_a_saved_preparation_transforms_alike(every_type):
    preparation, X, _ = fitted(every_type)
    again = TablePreparation.from_json(json.loads(json.dumps(preparation.to_json())))
    assert again.transform(every_type).equals(X)
    assert again.notes_ == preparation.notes_
    assert again.decisions_ == preparation.decisions_
    assert again.get_params() == preparation.get_params()


def test_inverse_gives_back_the_units(every_type):
    preparation, X, _ = fitted(every_type)
    back = preparation.inverse(X)
    assert np.allclose(back["length"], every_type["length"])
    assert (back["born"] == every_type["born"]).all()
    assert (back["grade"] == every_type["grade"].astype(str)).all()
    assert back["town"].isna().equals(every_type["town"].isna())
    assert back.loc[3, "children"] == 2.0  # its median stands where it was missing
    with pytest.raises(InputError, match=r"rows have 2 columns, but the prepared table has 9"):
        preparation.inverse([[0.0, 1.0]])


def test_scales_are_those_of_scikit_learn():
    wine = load_wine(as_frame=True).data
    assert np.allclose(fitted(wine)[1], StandardScaler().fit_transform(wine))
    assert np.allclose(
        fitted(wine, scale="robust")[1], RobustScaler(unit_variance=True).fit_transform(wine)
    )
    assert np.array_equal(fitted(wine, scale="none")[1], wine.to_numpy())


def test_columns_of_one_unit_or_one_range_stay_as_they_are():
    iris = load_iris(as_frame=True).data
    preparation, X, _ = fitted(iris)
    assert np.array_equal(X, iris.to_numpy())
    assert preparation.notes_[-1] == "Scaling: none, since all numbers are in cm."
    preparation, X, _ = fitted(load_digits(as_frame=True).data)
    assert X.max() == 16.0
    assert "whole numbers of one range (0 to 16), as pixels or counts are" in preparation.notes_[-1]
    constant = [line.name for line in preparation.decisions_ if line.type == "constant"]
    assert constant == ["pixel_0_0", "pixel_4_0", "pixel_4_7"]
    shares = pd.DataFrame(np.random.default_rng(0).random((200, 3)), columns=["a", "b", "c"])
    assert fitted(shares)[0].notes_[-1].startswith("Scaling: none, since all columns run over one")
    answers = pd.DataFrame({"a": [0, 1] * 10, "b": [True, False, False, False] * 5})
    assert fitted(answers)[0].notes_[-1] == "Scaling: none, since all columns have two values."


def test_a_few_heavy_outliers_make_a_scale_robust_and_a_long_tail_does_not():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"clean": rng.normal(size=1000), "typo": rng.normal(size=1000)})
    table.loc[[3, 500], "typo"] = 1e6
    table["tail"] = rng.exponential(size=1000) ** 4
    preparation, X, columns = fitted(table)
    assert [columns[c].scale for c in table] == ["standard", "robust", "standard"]
    assert 'robust (median and interquartile range) for "typo"' in preparation.notes_[-1]
    rest = np.delete(X[:, 1], [3, 500])
    assert 0.9 < rest.std() < 1.1
    mostly_zero = pd.DataFrame({"a": [0.0] * 90 + list(range(10)), "b": rng.normal(size=100)})
    preparation, _, columns = fitted(mostly_zero, scale="robust")
    assert [columns[c].scale for c in mostly_zero] == ["standard", "robust"]
    assert '"a": standard, since more than half' in preparation.notes_[-1]


def test_coordinates_come_latitude_first_and_unscaled():
    airports = vega_datasets.data.airports()
    _, X, columns = fitted(airports)
    assert isinstance(X, pd.DataFrame)
    assert columns["iata"].type == "identifier"
    assert columns["latitude"].type == columns["longitude"].type == "coordinate"
    places = airports[["longitude", "latitude", "name"]]
    preparation, X, columns = fitted(places)
    assert preparation.coordinates_ == ("latitude", "longitude")
    assert columns["name"].used is False
    assert np.array_equal(X, airports[["latitude", "longitude"]].to_numpy())
    assert preparation.columns_ == ["latitude", "longitude"]
    assert "degrees on the sphere" in preparation.notes_[-1]
    again = TablePreparation.from_json(json.loads(json.dumps(preparation.to_json())))
    assert np.array_equal(again.transform(places), X)
    assert np.allclose(preparation.inverse(X[:3])["longitude"], airports["longitude"][:3])


@pytest.mark.parametrize(
    ("names", "high"), [(("lat", "height"), 90), (("latitude", "longitude"), 900)]
)
def test_what_is_no_pair_of_degrees_is_two_numbers(names, high):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.uniform(-high, high, (50, 2)), columns=list(names))
    preparation, _, columns = fitted(table)
    assert preparation.coordinates_ is None
    assert {line.type for line in columns.values()} == {"number"}


def test_a_byte_of_which_there_is_no_amount_is_no_latitude():
    # In eight bits the amount of -128 is -128 again.
    bytes_ = np.concatenate([[-128], np.arange(-90, 91)]).astype(np.int8)
    preparation, _, _ = fitted(pd.DataFrame({"lat": bytes_, "lon": np.linspace(0, 9, 182)}))
    assert preparation.coordinates_ is None


def test_ten_thousand_categories_are_left_out_unless_asked_for():
    rng = np.random.default_rng(0)
    n = 40_000
    table = pd.DataFrame({"x": rng.normal(size=n), "code": rng.integers(0, 10_000, n).astype(str)})
    preparation, X, columns = fitted(table)
    assert X.shape == (n, 1)
    assert columns["code"].used is False
    assert "they say which rows are equal, not which are similar" in preparation.notes_[1]
    _, X, columns = fitted(table, columns=["x", "code"])
    assert columns["code"].role == "categorical"
    assert len(X["code"].cat.categories) == table["code"].nunique()


def test_numbers_are_categories_only_where_that_is_said():
    table = pd.DataFrame(
        {"rooms": [1, 2, 3, 4] * 10, "size": np.arange(40) / 7, "zone_type": [1, 5, 9, 9] * 10}
    )
    _, _, columns = fitted(table)
    assert [columns[c].role for c in table] == ["numeric", "numeric", "categorical"]
    assert "the name says that the 3 values are codes" in columns["zone_type"].why
    preparation, X, columns = fitted(table, categories=["rooms"])
    assert columns["rooms"].role == "categorical"
    assert X["rooms"].cat.categories.tolist() == [1, 2, 3, 4]
    assert '"rooms": a category of 4 values, as asked.' in preparation.notes_


def test_booleans_are_numbers_among_numbers_and_categories_among_categories():
    table = pd.DataFrame({"a": [True, False] * 10, "b": np.arange(20) / 3})
    assert isinstance(fitted(table)[1], np.ndarray)
    table["c"] = ["x", "y", "z", "x"] * 5
    _, X, columns = fitted(table)
    assert columns["a"].role == "categorical"
    assert X["a"].cat.categories.tolist() == [False, True]


def test_new_rows_may_hold_what_training_did_not_see():
    table = pd.DataFrame({"size": [1.0, 2.0, 3.0] * 10, "colour": ["red", "blue", "red"] * 10})
    preparation, _, _ = fitted(table)
    new = pd.DataFrame({"more": [1, 2], "colour": ["green", None], "size": [np.nan, 9.0]})
    X = preparation.transform(new)
    assert X["colour"].cat.categories.tolist() == ["blue", "red", "green"]
    assert X["colour"].isna().tolist() == [False, True]
    assert X["size"].iloc[0] == 0.0  # the median, which is the mean here
    words, _, _ = fitted(pd.DataFrame({"floor": ["1", "2", "attic", "2"] * 10}))
    part = words.transform(pd.DataFrame({"floor": pd.array([1, None, 2], dtype="Int64")}))
    assert part["floor"].astype(object).where(part["floor"].notna(), None).tolist() == [
        "1",
        None,
        "2",
    ]
    empty = pd.DataFrame({"colour": [None, None], "size": [None, None]}, dtype=object)
    assert preparation.transform(empty)["size"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ({"colour": ["red"], "sise": [1.0]}, r'no column "size", .*did you mean "sise"'),
        (
            {"colour": ["red"], "size": ["wide"]},
            r'"size" holds \'wide\' in row 0, .*a number there',
        ),
        ({"colour": ["red"], "size": [np.inf]}, r'"size" has infinity in row 0'),
    ],
)
def test_rows_that_do_not_fit_are_refused(new, message):
    table = pd.DataFrame({"size": [1.0, 2.0, 3.0] * 10, "colour": ["red", "blue", "red"] * 10})
    preparation, _, _ = fitted(table)
    with pytest.raises(InputError, match=message):
        preparation.transform(pd.DataFrame(new))


def test_dates_keep_to_dates_and_ranks_to_their_order():
    table = pd.DataFrame(
        {
            "when": pd.to_datetime(["2020-01-01", None, "2020-01-03"] * 3).tz_localize("UTC"),
            "size": pd.Categorical(["S", "M", "L"] * 3, ["S", "M", "L"], ordered=True),
        }
    )
    preparation, X, columns = fitted(table, scale="none")
    assert X[:3].tolist() == [[18262, 0], [18263, 1], [18264, 2]]
    assert columns["when"].fill == 18263
    with pytest.raises(InputError, match=r'"when" holds 5 in row 0, .*a date there'):
        preparation.transform(table.assign(when=5))
    with pytest.raises(InputError, match=r"'XL' in row 0, which has no rank"):
        preparation.transform(table.assign(size="XL"))


@pytest.mark.parametrize(
    ("frame", "settings", "message"),
    [
        ({"a": [1, 2, 3]}, {"columns": ["b"]}, 'columns: there is no column "b"'),
        ({"colour": [1, 2]}, {"columns": ["color"]}, r'did you mean "colour"'),
        ({"a": [1, 2, 3]}, {"categories": ["z"]}, 'categories: there is no column "z"'),
        (
            {"a": [1, 1], "b": [None, None]},
            {},
            'no column to cluster by: "a": constant: 1 in every',
        ),
        ({"a": [1, np.inf]}, {}, 'the column "a" has infinity in row 1'),
        ({"a": [[1], [2]]}, {}, 'the column "a" holds a list in row 0'),
    ],
)
def test_what_cannot_be_clustered_is_refused_in_a_sentence(frame, settings, message):
    with pytest.raises(InputError, match=message):
        TablePreparation(**settings).fit(pd.DataFrame(frame))


def test_duplicated_names_are_refused():
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    with pytest.raises(InputError, match='the column name "a" more than once'):
        TablePreparation().fit(frame)


def test_unknown_scale_is_refused_by_the_declared_limits():
    with pytest.raises(
        ValueError, match="'scale' parameter of TablePreparation must be a str among"
    ):
        TablePreparation(scale="log").fit(pd.DataFrame({"a": [1, 2]}))


def test_an_array_has_numbered_columns_and_the_rows_asked_for():
    X = np.random.default_rng(0).normal(size=(30, 3)) * [1, 10, 100]
    preparation = TablePreparation(columns=["x0", "x2"])
    assert np.allclose(preparation.fit_transform(X), StandardScaler().fit_transform(X[:, [0, 2]]))
    assert decided(preparation)["x1"].why == "Not among the columns asked for."


@pytest.mark.parametrize(
    ("name", "kind", "width", "missing"),
    [
        ("penguins", pd.DataFrame, 7, "sex"),
        ("zoo", pd.DataFrame, 17, None),
        ("mushrooms", pd.DataFrame, 22, "stalk-root"),
        ("heart_cleveland", pd.DataFrame, 14, "Thal"),
        ("german_credit_readable", pd.DataFrame, 21, None),
        ("boston_housing", np.ndarray, 14, None),
    ],
)
def test_real_tables(real_data, name, kind, width, missing):
    table = load(real_data / "tables" / f"{name}.csv", tidy=False).frame
    preparation, X, columns = fitted(table)
    assert isinstance(X, kind)
    assert X.shape == (len(table), width)
    again = TablePreparation.from_json(json.loads(json.dumps(preparation.to_json())))
    assert same(again.transform(table), X)
    if missing is not None:
        assert X[missing].isna().sum() == table[missing].isna().sum() > 0
    numbers = X if isinstance(X, np.ndarray) else X.select_dtypes("number").to_numpy()
    assert np.isfinite(numbers).all()
    assert all(line.why for line in columns.values())


def test_all_numeric_zoo_and_all_categorical_mushrooms(real_data):
    zoo = load(real_data / "tables" / "zoo.csv", tidy=False).frame.drop(columns="type")
    assert isinstance(fitted(zoo)[1], np.ndarray)
    mushrooms = load(real_data / "tables" / "mushrooms.csv", tidy=False).frame
    preparation, X, columns = fitted(mushrooms)
    assert all(isinstance(dtype, pd.CategoricalDtype) for dtype in X.dtypes)
    assert preparation.notes_[-1] == "Scaling: none, since categories have no scale."
    assert columns["veil-type"].why == "Constant: p in every row."


@pytest.mark.parametrize(
    ("column", "kind", "role"),
    [
        (pd.Series([1.5, 2.5, None, 4.0] * 5, dtype="double[pyarrow]"), "number", "numeric"),
        (pd.Series(["a", "b", None, "c"] * 5, dtype="string[pyarrow]"), "category", "categorical"),
        (pd.Series([True, False, None, True] * 5, dtype="boolean"), "binary", "numeric"),
        (pd.Series([1, None, 3, 7] * 5, dtype="UInt8"), "number", "numeric"),
        (pd.Series([1, "a", 2.5, None] * 5, dtype=object), "category", "categorical"),
        (pd.Series([decimal.Decimal(i) / 4 for i in range(20)]), "number", "numeric"),
        (pd.Series([datetime.date(2020, 1, 1 + i) for i in range(20)]), "date", "numeric"),
        (pd.Series(pd.Categorical([1, 2, 3, None] * 5)), "category", "categorical"),
        (pd.Series(pd.date_range("2020", periods=20, tz="Europe/Berlin")), "date", "numeric"),
    ],
)
def test_every_type_of_pandas(column, kind, role):
    table = pd.DataFrame({"a": column, "b": np.arange(20) / 7})
    preparation, X, columns = fitted(table)
    assert (columns["a"].type, columns["a"].role) == (kind, role)
    again = TablePreparation.from_json(json.loads(json.dumps(preparation.to_json())))
    assert same(again.transform(table), X)
    assert columns["a"].missing == column.isna().sum()


def test_rounding_errors_are_no_structure_and_overflow_is_refused():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": 1e9 + rng.integers(0, 3, 50) * 1e-7, "b": rng.normal(size=50)})
    _, X, columns = fitted(table)
    assert X.shape == (50, 1)
    assert columns["a"].why == "Constant but for rounding errors: 1e+09."
    with pytest.raises(InputError, match=r'"b" holds .*e.300, whose square is beyond'):
        TablePreparation().fit(table.assign(b=table["b"] * 1e300))
