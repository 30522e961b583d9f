from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from further.data import as_dataset, encoding_from_json, fit_encoding, load
from further.data.preparation.normal_score import NormalScore
from further.errors import InputError


def there_and_back(values):
    dataset = values if hasattr(values, "kind") else as_dataset(values)
    encoding = encoding_from_json(json.loads(json.dumps(fit_encoding(dataset).to_json())))
    encoded = encoding.encode(dataset)
    assert encoded.dtype == np.float32
    assert encoded.shape == (len(dataset), *encoding.spec.shape)
    assert np.isfinite(encoded).all()
    return dataset.values, encoding.decode(encoded), encoding


# Normal scores ---------------------------------------------------------------------------------


@given(
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=200),
)
@settings(max_examples=100, deadline=None)
def test_scores_are_monotone_and_come_back(numbers):
    column = np.array(numbers)
    score = NormalScore.fit(column)
    z = score.encode(column)
    order = np.argsort(column)
    assert (np.diff(z[order]) >= 0).all()
    assert np.abs(z).max() <= 3
    np.testing.assert_allclose(score.decode(z), column, rtol=1e-9, atol=1e-9)


def test_scores_of_a_large_column_are_standard_normal_and_keep_to_its_range():
    column = np.random.default_rng(0).exponential(size=50_000)
    score = NormalScore.fit(column)
    z = score.encode(column)
    assert len(score.values) == 1000
    assert abs(z.mean()) < 0.01
    assert abs(z.std() - 1) < 0.01
    drawn = score.decode(np.random.default_rng(1).standard_normal(50_000))
    assert drawn.min() >= column.min()
    assert drawn.max() <= column.max()
    assert np.quantile(drawn, 0.9) == pytest.approx(np.quantile(column, 0.9), rel=0.05)


def test_equal_values_keep_their_shares_under_a_normal_sample():
    column = np.repeat([0.0, 1.0, 7.0], [700, 200, 100])
    drawn = NormalScore.fit(column).decode(np.random.default_rng(0).standard_normal(20_000))
    assert np.mean(drawn < 0.5) == pytest.approx(0.7, abs=0.02)
    assert np.mean(drawn > 4) == pytest.approx(0.1, abs=0.02)


def test_values_beyond_the_training_range_are_far_but_bounded():
    score = NormalScore.fit(np.linspace(0, 1, 100))
    inside, beyond, far = score.encode(np.array([1.0, 2.0, 1e9]))
    assert inside < beyond < far == pytest.approx(inside + 5)
    assert score.decode(np.array([far]))[0] == 1.0


# Tables ----------------------------------------------------------------------------------------

CELLS = {
    "int64": st.integers(-(2**40), 2**40),
    "decimal": st.integers(-(10**6), 10**6).map(lambda i: i / 100),
    "bool": st.booleans(),
    "str": st.sampled_from(["a", "b", "long name", "ü", "0"]),
    "category": st.sampled_from(["low", "middle", "high"]),
    "datetime": st.datetimes(
        min_value=pd.Timestamp("1900-01-01").to_pydatetime(),
        max_value=pd.Timestamp("2100-01-01").to_pydatetime(),
    ).map(lambda t: t.replace(microsecond=0)),
    "Int64": st.none() | st.integers(-1000, 1000),
    "float_missing": st.none() | st.integers(-50, 50).map(lambda i: i / 10),
    "str_missing": st.none() | st.sampled_from(["x", "y"]),
    "boolean": st.none() | st.booleans(),
}
TYPES = {
    "int64": "int64",
    "decimal": "float64",
    "bool": "bool",
    "str": "str",
    "category": pd.CategoricalDtype(["low", "middle", "high", "never"], ordered=True),
    "datetime": "datetime64[us]",
    "Int64": "Int64",
    "float_missing": "float64",
    "str_missing": "str",
    "boolean": "boolean",
}


@st.composite
def frames(draw):
    n = draw(st.integers(1, 60))
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=5, unique=True))
    columns = {}
    for kind in kinds:
        cells = draw(st.lists(CELLS[kind], min_size=n, max_size=n))
        cells[0] = next((cell for cell in cells if cell is not None), None)
        if cells[0] is None:
            cells[0] = {"Int64": 1, "float_missing": 0.5, "str_missing": "x", "boolean": True}[kind]
        columns[kind] = pd.Series(cells, dtype=TYPES[kind])
    return pd.DataFrame(columns)


@given(frames())
@settings(max_examples=80, deadline=None)
def test_a_table_comes_back_with_its_types_and_values(frame):
    given_values, back, _ = there_and_back(frame)
    pd.testing.assert_frame_equal(back, given_values, check_dtype=True)


@given(frames(), st.integers(0, 2**31 - 1))
@settings(max_examples=60, deadline=None)
def test_whatever_a_model_generates_decodes_to_legal_rows(frame, seed):
    dataset = as_dataset(frame)
    encoding = fit_encoding(dataset)
    noise = np.random.default_rng(seed).normal(size=(40, *encoding.spec.shape)) * 3
    rows = encoding.decode(noise.astype(np.float32))
    assert list(rows.columns) == list(frame.columns)
    assert (rows.dtypes == dataset.frame.dtypes).all()
    for name in frame:
        seen, new = frame[name].dropna(), rows[name].dropna()
        if seen.dtype.kind in "ifM":
            assert new.empty or (new.min() >= seen.min() and new.max() <= seen.max())
        else:
            assert set(new) <= set(seen)
        if not frame[name].isna().any():
            assert not rows[name].isna().any()
    if "decimal" in rows:
        assert (rows["decimal"].round(2) == rows["decimal"]).all()


@given(
    st.lists(
        st.tuples(st.floats(-1e3, 1e3), st.floats(0, 1), st.integers(0, 9)), min_size=2, max_size=50
    )
)
@settings(max_examples=60, deadline=None)
def test_a_plain_array_comes_back_unrounded_as_an_array(rows):
    array = np.array(rows, dtype=np.float64)
    _, back, encoding = there_and_back(array)
    assert isinstance(back, np.ndarray)
    assert all(block.kind == "numeric" for block in encoding.spec.blocks)
    spread = np.ptp(array, axis=0)
    assert (np.abs(back - array) <= 1e-5 * spread + 1e-9).all()
    between = encoding.decode(np.full((1, 3), 0.123, dtype=np.float32))
    assert between.shape == (1, 3)


def test_float32_stays_float32_and_integers_stay_integers():
    rng = np.random.default_rng(0)
    assert there_and_back(rng.normal(size=(30, 2)).astype(np.float32))[1].dtype == np.float32
    values, back, _ = there_and_back(rng.integers(0, 100, (30, 2)))
    assert back.dtype == np.int64
    assert (back == values.to_numpy()).all()


def test_missing_numbers_become_a_block_of_their_own_and_come_back():
    frame = pd.DataFrame({"x": [1.5, np.nan, 2.5, 3.5], "k": [0, 1, 2, 3]})
    _, back, encoding = there_and_back(frame)
    assert [(block.name, block.kind) for block in encoding.spec.blocks] == [
        ("x", "numeric"),
        ("x is missing", "categorical"),
        ("k", "numeric"),
    ]
    assert back["x"].isna().tolist() == [False, True, False, False]


def test_values_missing_only_in_test_rows_get_the_middle():
    train = as_dataset(pd.DataFrame({"x": np.arange(9.0), "c": list("aabbaabba")}))
    test = as_dataset(pd.DataFrame({"x": [np.nan], "c": [None]}).astype({"c": "str"}))
    encoded = fit_encoding(train).encode(test)
    assert encoded.tolist() == [[0.0, 1.0, 0.0]]


def test_rare_categories_are_pooled_and_drawn_back_by_frequency():
    often = [f"often{i:02d}" for i in range(50)]
    column = often * 40 + ["rare1"] * 9 + ["rare2"] * 3
    dataset = as_dataset(pd.DataFrame({"c": column}))
    encoding = fit_encoding(dataset)
    assert encoding.spec.shape == (51,)
    pooled = np.zeros((4000, 51), dtype=np.float32)
    pooled[:, 50] = 1
    drawn = encoding.decode(pooled)["c"].value_counts(normalize=True)
    assert drawn["rare1"] == pytest.approx(0.75, abs=0.03)
    assert set(drawn.index) == {"rare1", "rare2"}


def test_a_category_that_training_never_saw_is_encoded_as_the_most_frequent():
    train = as_dataset(pd.DataFrame({"c": ["a", "b", "b"]}))
    new = as_dataset(pd.DataFrame({"c": ["z"]}))
    assert fit_encoding(train).encode(new).tolist() == [[0.0, 1.0]]


def test_few_numbers_are_decoded_to_one_of_them():
    frame = pd.DataFrame({"legs": [0, 2, 4, 6, 8] * 20, "x": np.arange(100.0)})
    encoding = fit_encoding(as_dataset(frame))
    z = np.column_stack([np.linspace(-3, 3, 500), np.zeros(500)]).astype(np.float32)
    assert set(encoding.decode(z)["legs"]) == {0, 2, 4, 6, 8}


def test_the_label_column_comes_back_in_its_place_and_type():
    iris = load("iris")
    frame = fit_encoding(iris).with_labels(iris.frame, iris.codes)
    assert frame.columns[-1] == "class"
    assert frame["class"].tolist()[:1] == ["setosa"]
    numbers = pd.DataFrame({"a": np.arange(30.0), "class": [1, 2, 3] * 10, "b": np.arange(30)})
    dataset = load(numbers)
    restored = fit_encoding(dataset).with_labels(dataset.frame, dataset.codes)
    pd.testing.assert_frame_equal(restored, numbers)


def test_an_encoding_asks_for_the_columns_it_knows():
    encoding = fit_encoding(as_dataset(pd.DataFrame({"a": [1, 2, 3], "b": [3, 4, 6]})))
    with pytest.raises(InputError, match='no column "b"'):
        encoding.encode(as_dataset(pd.DataFrame({"a": [1, 2, 3], "c": [3, 4, 5]})))


def test_a_million_rows_come_back():
    n = 1_000_000
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"x": rng.normal(size=n), "i": rng.integers(0, 90, n), "c": rng.choice(["a", "b"], n)}
    )
    dataset = as_dataset(frame)
    encoding = fit_encoding(dataset)
    back = encoding.decode(encoding.encode(dataset))
    assert (back["i"] == frame["i"]).all()
    assert (back["c"] == frame["c"]).all()


# Pictures --------------------------------------------------------------------------------------


@given(
    levels=st.integers(2, 256),
    shape=st.tuples(st.integers(1, 5), st.sampled_from([1, 3]), st.integers(4, 9), st.just(5)),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_grey_levels_come_back(levels, shape, seed):
    values = np.random.default_rng(seed).integers(0, levels, shape).astype(np.uint8)
    values.flat[0] = levels - 1
    given_values, back, encoding = there_and_back(values)
    assert back.dtype == np.uint8
    assert (back == given_values).all()
    assert encoding.spec.levels == (levels if levels <= 128 else 256)


def test_digits_are_scaled_by_their_levels():
    digits = load("digits")
    encoding = fit_encoding(digits)
    assert (encoding.spec.levels, encoding.spec.n_classes) == (17, 10)
    np.testing.assert_allclose(encoding.encode(digits) * 16, digits.values, atol=1e-5)
    assert encoding.decode(np.full((1, 1, 8, 8), 9.0)).max() == 16
    assert encoding.decode(np.full((1, 1, 8, 8), -9.0)).min() == 0


def test_continuous_pictures_keep_to_their_range():
    values = np.random.default_rng(0).normal(size=(6, 8, 9)).astype(np.float32)
    _, back, encoding = there_and_back(values)
    np.testing.assert_allclose(back[:, 0], values, atol=1e-5)
    wide = encoding.decode(np.array([-1.0, 2.0]).reshape(2, 1, 1, 1) * np.ones((2, 1, 8, 9)))
    assert (wide.min(), wide.max()) == (values.min(), values.max())


def test_pictures_of_another_size_are_refused():
    encoding = fit_encoding(load("digits"))
    with pytest.raises(InputError, match=r"\(1, 9, 9\)"):
        encoding.encode(as_dataset(np.ones((2, 9, 9), dtype=np.uint8)))


def test_an_unknown_record_is_refused():
    with pytest.raises(InputError, match="unknown"):
        encoding_from_json({"kind": "sounds"})
