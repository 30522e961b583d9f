"""How a CSV file is read: every decision is said, and none rests on the first rows alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from further.data import load
from further.errors import InputError

ROWS = range(1, 41)
#: The planted groups of the cases, in the order of the columns.
BASE = {"age": 20.5, "income": 389, "visits": 4.58}


@pytest.fixture
def csv(tmp_path):
    def write(lines, name="table.csv"):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def read(path, **options):
    dataset = load(path, **{"target": "none", "tidy": False} | options)
    return dataset.frame, " ".join(dataset.notes)


# Numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "numbers", "said"),
    [
        (['"$5,200.93"', "$12", "$1.50"], [5200.93, 12, 1.5], "without $, thousands separated"),
        (["1.234,50 €", "20,00 €", "0,99 €"], [1234.5, 20, 0.99], "without €, thousands"),
        (["5 200,93", "7,1", "12"], [5200.93, 7.1, 12], "thousands separated, decimal comma"),
        (["1'234.5", "12.25", "3"], [1234.5, 12.25, 3], "thousands separated"),
        (["35.0%", "7.25%", "100%"], [35, 7.25, 100], "without %"),
        (["(12.50)", "3.00", "-1.25"], [-12.5, 3, -1.25], "negative in brackets"),
        (["20 kg", "7.5 kg", "3 kg"], [20, 7.5, 3], "without kg"),
        (["\u22121.5", "2.5", "+3.5"], [-1.5, 2.5, 3.5], ""),
        (["1e3", ".5", "7."], [1000, 0.5, 7], ""),
    ],
)
def test_numbers_as_people_write_them(csv, texts, numbers, said):
    frame, notes = read(csv(["x;k", *(f"{text};{i}" for i, text in enumerate(texts * 5))]))
    assert frame["x"].tolist()[:3] == numbers
    assert said in notes


def test_a_decimal_comma_between_any_delimiter(csv):
    for delimiter in ("\t", "|", ";"):
        rows = [f"{i},5{delimiter}{i % 7},25" for i in ROWS]
        frame, notes = read(csv([f"a{delimiter}b", *rows]))
        assert frame.iloc[0].tolist() == [1.5, 1.25]
        assert "decimal comma" in notes
        headless, _ = read(csv(rows))
        assert headless.shape == (40, 2)


def test_what_one_column_leaves_open_another_decides(csv):
    german, _ = read(csv(["a;b", *(f"{i},5;{i}.{i * 37 % 1000:03d}" for i in ROWS)]))
    assert german["b"].tolist()[:2] == [1037, 2074]
    english, _ = read(csv(["a;b", *(f"{i}.5;{i},{i * 37 % 1000:03d}" for i in ROWS)]))
    assert english["b"].tolist()[:2] == [1037, 2074]
    decimals, _ = read(csv(["a;b", *(f"{i},5;{i},{i * 37 % 1000:03d}" for i in ROWS)]))
    assert decimals["b"].tolist()[:2] == [1.037, 2.074]
    _, open_still = read(csv(["a;b", *(f"{i};{i},{i * 37 % 1000:03d}" for i in ROWS)]))
    assert "which nothing in the file confirms or denies" in open_still


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (["$1.50", "€2.50"], "several units ($, €)"),
        (["1%", "2"], "% at some of the numbers only"),
        (["5 apples", "12 apples"], "begins with a number"),
    ],
)
def test_numbers_of_two_kinds_stay_text_with_the_reason(csv, texts, why):
    frame, notes = read(csv(["x;k", *(f"{text};{i}" for i, text in enumerate(texts * 15))]))
    assert frame["x"].dtype == "str"
    assert why in notes


@pytest.mark.parametrize("start", [10**16, 99182259567547284697])
def test_whole_numbers_beyond_exact_ones_are_text(csv, start):
    frame, notes = read(csv(["code,x", *(f"{start + 7 * i},{i % 9}" for i in ROWS)]))
    assert frame["code"].iloc[0] == str(start + 7)
    assert 'Codes, not numbers: "code"' in notes
    asked, _ = read(csv(["code,x", *(f"{start + 7 * i},{i % 9}" for i in ROWS)]), numeric=["code"])
    assert asked["code"].dtype == "float64"


def test_leading_zeros_are_found_in_the_last_row(csv):
    frame, _ = read(csv(["zip,x", *(f"{10000 + i},{i}" for i in ROWS), "00501,3"]))
    assert frame["zip"].iloc[-1] == "00501"
    asked, _ = read(csv(["zip,x", *(f"{10000 + i},{i}" for i in ROWS), "00501,3"]), numeric=["zip"])
    assert asked["zip"].iloc[-1] == 501


@pytest.mark.parametrize("text", ["na", "N.A.", "missing", "Unknown", "NuLL", "-", "#REF!"])
def test_missing_in_any_case_among_numbers_and_dates_and_truth_values(csv, text):
    rows = [f"{i},{i / 4},2012-01-{i % 28 + 1:02d},{bool(i % 2)},{'uvw'[i % 3]}" for i in ROWS]
    frame, notes = read(csv(["i,x,d,b,c", *rows, ",".join([text] * 5)]))
    kinds = {name: frame[name].dtype.kind for name in ("i", "x", "d", "b")}
    assert kinds == {"i": "i", "x": "f", "d": "M", "b": "b"}
    assert frame[["i", "x", "d", "b"]].isna().sum().tolist() == [1, 1, 1, 1]
    # Among words it may be one of them.
    assert frame["c"].iloc[-1] == text
    assert f'"{text}" in 1 row' in notes


def test_an_answer_in_words_among_numbers_is_doubtful_until_it_is_named(csv):
    path = csv(["q,x", *(f"{i % 5},{i}" for i in ROWS), "refused,3"])
    frame, notes = read(path)
    assert frame["q"].dtype == "str"
    assert '"q" ("refused")' in notes
    for options in ({"missing_values": "refused"}, {"numeric": ["q"]}):
        frame, notes = read(path, **options)
        assert frame["q"].isna().sum() == 1
        assert frame["q"].max() == 4
        assert "refused" in notes


def test_what_is_missing_as_asked(csv):
    path = csv(["a,b,c", *(f"{i},{i % 7},{'xy'[i % 2]}" for i in ROWS), "-999,-999.0,none"])
    frame, notes = read(path, missing_values=[-999, "c=none"])
    assert frame.isna().sum().tolist() == [1, 1, 1]
    assert 'Missing, as asked: -999 in "a" (1 row), "b" (1 row).' in notes
    with pytest.raises(InputError, match=r'no column "d".*its columns are'):
        read(path, missing_values="d=1")


# Dates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["04-09-2012", "24-09-2012"], "2012-09-04"),
        (["12/1/2010 8:26", "12/31/2010 18:05"], "2010-12-01 08:26"),
        (["23/10/2020 10:30", "01/02/2021 09:00"], "2020-10-23 10:30"),
        (["20120704", "20130124"], "2012-07-04"),
        (["4-Jul-2012", "12-Dec-2013"], "2012-07-04"),
        (['"July 4, 2012"', '"May 12, 2013"'], "2012-07-04"),
        (["4.7.12", "24.12.13"], "2012-07-04"),
        (["7/4/2012 1:05 PM", "12/31/2012 12:00 AM"], "2012-07-04 13:05"),
        (["2012.07.04", "2013.01.24"], "2012-07-04"),
    ],
)
def test_dates_as_people_write_them(csv, texts, first):
    frame, _ = read(csv(["d;x", *(f"{text};{i}" for i, text in enumerate(texts * 5))]))
    assert frame["d"].iloc[0] == pd.Timestamp(first)


def test_day_and_month_are_decided_over_the_whole_column_and_file(csv):
    ambiguous = [f"{i % 12 + 1:02d}/{i % 11 + 1:02d}/2012" for i in ROWS]
    frame, notes = read(csv(["d,x", *(f"{d},{i}" for i, d in enumerate(ambiguous))]))
    assert frame["d"].iloc[1] == pd.Timestamp("2012-03-03")
    assert "month first, which nothing in the file confirms or denies" in notes
    # One value in the last row is enough.
    frame, _ = read(csv(["d,x", *(f"{d},1" for d in ambiguous), "13/01/2012,1"]))
    assert frame["d"].iloc[0] == pd.Timestamp("2012-02-02")
    assert frame["d"].iloc[-1] == pd.Timestamp("2012-01-13")
    other = [f"{i % 28 + 1:02d}/01/2013" for i in ROWS]
    pairs = zip(["03/04/2012"] * 40, other, strict=True)
    frame, _ = read(csv(["d,e", *(f"{d},{e}" for d, e in pairs)]))
    assert frame["d"].iloc[0] == pd.Timestamp("2012-04-03")
    mixed, notes = read(csv(["d,x", *(f"{d},1" for d in ambiguous), "13/01/2012,1", "1/13/2012,1"]))
    assert mixed["d"].dtype == "str"
    assert "some have the day first and others the month" in notes


def test_numbers_that_are_no_dates_stay_numbers(csv):
    frame, _ = read(csv(["x,k", *(f"{20120700 + i},{i}" for i in ROWS)]))
    assert frame["x"].dtype == "int64"


# Layout -----------------------------------------------------------------------------------------


def test_a_delimiter_at_the_end_of_rows_moves_no_name(csv):
    for header in ("a,b", "a,b,"):
        for rows in (
            [f"{i},{i % 7}," for i in ROWS],
            [f"{i},{i % 7}" + "," * (i % 3 == 0) for i in ROWS],
        ):
            frame, notes = read(csv([header, *rows]))
            assert list(frame) == ["a", "b"]
            assert frame["a"].tolist() == list(ROWS)
    assert "in a delimiter" in notes


def test_row_names_need_a_reason(csv):
    named, notes = read(csv(["x,k", *(f"row {i},{i * 0.5},{i % 3}" for i in ROWS)]))
    assert list(named) == ["column_1", "x", "k"]
    assert "row names" in notes
    with pytest.raises(InputError, match="line 1: 2 names, but the rows have 3 fields"):
        read(csv(["x,k", *(f"{i % 3},{i * 0.5},{i % 3}" for i in ROWS)]))


@pytest.mark.parametrize(
    ("lines", "names", "rows"),
    [
        (["land,2010,2011,2012", *(f"l{i},{i}.5,{i}.25,{i}.7" for i in ROWS)],
         ["land", "2010", "2011", "2012"], 40),
        (["gene,101,105,102", *(f"g{i},{i}.5,{i}.25,{i}.7" for i in ROWS)],
         ["gene", "101", "105", "102"], 40),
        ([",".join(map(str, range(30))), *(",".join(str(i * k % 255) for k in range(30))
                                           for i in ROWS)], [str(k) for k in range(30)], 40),
        (["name,2010,height", *(f"l{i},{i}.5,{i}.25" for i in ROWS)],
         ["name", "2010", "height"], 40),
        ([f"{i},{i * 37 % 11},{i * 17 % 13}" for i in ROWS], None, 40),
        (["5.1,3.5,setosa", *(f"{i / 7:.2f},{i % 5}.5,setosa" for i in ROWS)], None, 41),
        ([f"g{i % 3},{i},{2 * i},{3 * i}" for i in ROWS], None, 40),
    ],
)  # fmt: skip
def test_a_header_that_holds_numbers(csv, lines, names, rows):
    frame, notes = read(csv(lines))
    assert list(frame) == (names or [f"column_{i + 1}" for i in range(frame.shape[1])])
    assert len(frame) == rows
    assert ("judging by what stands below" in notes) == (names is not None)


def test_what_stands_above_the_table(csv):
    rows = [f"{i},{i % 7},{i / 4}" for i in ROWS]
    for above, said in (
        (["sep=,"], "names the delimiter"),
        (["# exported on a Monday", "#", "# by hand, in a hurry"], "3 lines begin with #"),
        (["Sales of the year", "", "region north"], "2 lines stand above a table of 3 columns"),
    ):
        frame, notes = read(csv([*above, "a,b,c", *rows]))
        assert list(frame) == ["a", "b", "c"]
        assert len(frame) == 40
        assert said in notes
    frame, _ = read(csv(["#a,b,c", *rows]))
    assert list(frame) == ["a", "b", "c"]
    with pytest.raises(InputError, match="line 5: 2 fields"):
        read(csv(["# a comment", "a,b,c", *rows[:2], "1,2", *rows]))


def test_columns_that_are_aligned_by_blanks(csv):
    rows = [f"  {i:>6.1f}   {i % 7:>4}  'x y'".replace("'", '"') for i in ROWS]
    frame, _ = read(csv(["  size  count  kind", *rows]))
    assert list(frame) == ["size", "count", "kind"]
    assert frame.iloc[0].tolist() == [1.0, 1, "x y"]
    text, _ = read(csv(["remark", *(f"no table at all {'abc'[i % 3]}" for i in ROWS)]))
    assert text.shape == (40, 1)


def test_a_name_over_two_lines_is_one_name(csv):
    frame, _ = read(csv(['"age\n(years)",x', *(f"{i},{i % 3}" for i in ROWS)]))
    assert list(frame) == ["age (years)", "x"]


# Identifiers and doubts -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["CustomerID", "Account No", "ID.", "ID#", "order number", "invoice_no", "patientid"]
)
def test_an_identifier_is_known_by_its_name_in_any_spelling(csv, name):
    rng = np.random.default_rng(0)
    numbers = rng.permutation(np.arange(10_000, 99_999))[:100]
    lines = [f"{name},x", *(f"{number},{i % 9}" for i, number in enumerate(numbers))]
    dataset = load(csv(lines), target="none")
    assert dataset.feature_names == ("x",)
    assert any(f'"{name}" (an identifier' in note for note in dataset.notes)
    kept = load(csv(lines), target="none", numeric=[name])
    assert kept.feature_names == (name, "x")


@pytest.mark.parametrize("name", ["number of rooms", "paid", "income"])
def test_numbers_that_only_look_like_identifiers_stay_and_are_said(csv, name):
    rng = np.random.default_rng(0)
    numbers = rng.permutation(np.arange(10_000, 99_999))[:100]
    path = csv([f"x,{name}", *(f"{i % 9},{number}" for i, number in enumerate(numbers))])
    dataset = load(path, target="none")
    assert dataset.feature_names == ("x", name)
    assert any("--identifier COLUMNS" in note for note in dataset.notes)
    assert load(path, target="none", identifier=[name]).feature_names == ("x",)


def test_sentinels_and_codes_are_said_with_their_counts(csv):
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 12, 200).round(2)
    x[::20] = -200
    path = csv(["x,y,region", *(f"{a},{b:.2f},{i % 3 + 1}"
                                for i, (a, b) in enumerate(zip(x, rng.normal(size=200),
                                                               strict=True)))])  # fmt: skip
    notes = " ".join(load(path, target="none").notes)
    assert 'Recurs far from all other values: -200 in "x" (10 rows)' in notes
    assert 'measurements: "region" (3 values)' in notes
    said = load(path, target="none", missing_values=-200, categorical="region")
    assert said.frame["x"].isna().sum() == 10
    assert isinstance(said.frame["region"].dtype, pd.CategoricalDtype)
    assert not any("Recurs far" in note or "measurements" in note for note in said.notes)


def test_a_column_is_one_thing(csv):
    path = csv(["a,b", *(f"{i},{i % 3}" for i in ROWS)])
    with pytest.raises(InputError, match=r'"a" cannot be both categorical and numeric'):
        load(path, categorical=["a"], numeric=["a"])
    with pytest.raises(InputError, match=r'no column "c"'):
        load(path, categorical=["c"])


# The cases --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["a_trailing", "aa_emptyrows", "b_sep", "c_comment", "d_tabcomma", "e_sentinel", "gg_na",
     "l_trailing", "f_accountno", "g_huge", "mm_dmy_dash", "mm_us_time", "mm_yyyymmdd"],
)  # fmt: skip
def test_the_cases_hold_the_planted_columns(cases, name):
    frame, _ = read(cases / "clustering" / f"{name}.csv")
    first = frame[["age", "income", "visits"]].dropna().iloc[0].to_dict()
    truth = pd.read_csv(cases / "clustering" / "base.csv")
    assert first in truth.to_dict("records")
    dates = frame.select_dtypes("datetime")
    assert dates.shape[1] == name.startswith("mm_")
