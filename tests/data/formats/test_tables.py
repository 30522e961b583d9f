from __future__ import annotations

import gzip
import warnings

import numpy as np
import pandas as pd
import pytest

from further.data import fit_encoding, load
from further.errors import InputError

ROWS = "\n".join(f"{i / 10},{i % 7},{'ab'[i % 2]}" for i in range(40))


@pytest.fixture
def csv(tmp_path):
    def write(text, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
        return path

    return write


# Recognition -----------------------------------------------------------------------------------


def test_header_types_and_label(csv):
    dataset = load(csv(f"x,k,kind\n{ROWS}\n"))
    assert dict(dataset.frame.dtypes.astype(str)) == {"x": "float64", "k": "int64"}
    assert (dataset.target.name, dataset.target.names) == ("kind", ("a", "b"))
    assert dataset.columns == ("x", "k", "kind")
    assert dataset.source.endswith("table.csv")
    assert any('last column, "kind"' in note for note in dataset.notes)


def test_without_header_columns_are_numbered(csv):
    dataset = load(csv(ROWS))
    assert dataset.feature_names == ("column_1", "column_2")
    assert len(dataset) == 40
    assert any("no header" in note for note in dataset.notes)


def test_a_header_can_be_asserted_or_denied(csv):
    path = csv("2019,2020\n" + "1,2\n3,5\n" * 10)
    assert len(load(path, header=False)) == 21
    assert load(path, header=True, target="none").feature_names == ("2019", "2020")


def test_text_only_tables_tell_header_from_rows(csv):
    rows = "p,x,s\ne,x,y\n" * 10
    assert len(load(csv(rows))) == 20
    assert len(load(csv("class,shape,surface\n" + rows))) == 20


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(csv, delimiter):
    dataset = load(csv(f"x,k,kind\n{ROWS}\n".replace(",", delimiter)))
    assert dataset.feature_names == ("x", "k")


def test_decimal_commas_between_semicolons(csv):
    dataset = load(csv("x;k\n" + "1,5;2,25\n3,25;1,0\n" * 10), target="none")
    assert dataset.frame.iloc[0].tolist() == [1.5, 2.25]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(csv, encoding):
    dataset = load(csv(f"größe,k,kind\n{ROWS}\n", encoding=encoding))
    assert dataset.feature_names == ("größe", "k")


def test_gzip_and_windows_line_ends(csv):
    content = gzip.compress(f"x,k,kind\r\n{ROWS}\r\n".replace("\n", "\r\n").encode())
    assert len(load(csv(content, "table.csv.gz"))) == 40


def test_quotes_leading_blanks_and_blank_lines(csv):
    rows = '1.5, "a, b", x\n\n2.5, "say ""no""", y\n\n' * 6
    dataset = load(csv("n, text, kind\n" + rows))
    assert sorted(dataset.frame["text"].unique()) == ["a, b", 'say "no"']
    assert dataset.classes.names == ("x", "y")


def test_missing_values_in_every_kind_of_column(csv):
    lines = [f"{i},{i / 4},{'TRUE' if i % 2 else 'false'},{'uvw'[i % 3]},2020-01-{i + 1:02d}"
             for i in range(12)]  # fmt: skip
    lines += ["?,NA,,n/a,NaN", ",None,?,NULL,"]
    dataset = load(csv("i,x,b,c,d\n" + "\n".join(lines)), target="none")
    types = {"i": "Int64", "x": "float64", "b": "boolean", "c": str(pd.Series(["a"]).dtype)}
    types["d"] = "datetime64"
    for name, dtype in types.items():
        assert str(dataset.frame[name].dtype).startswith(dtype)
        assert dataset.frame[name].isna().sum() == 2
    back = fit_encoding(dataset)
    pd.testing.assert_frame_equal(back.decode(back.encode(dataset)), dataset.frame)


def test_none_is_a_category_among_words_and_missing_among_numbers(csv):
    dataset = load(csv("a,b,c\n" + "none,1,0.5\nx,None,2\nnone,3,1\n" * 5), target="none")
    assert set(dataset.frame["a"]) == {"none", "x"}
    assert dataset.frame["b"].isna().sum() == 5


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2020-02-29", "2021-12-31"),
        ("2020/02/29", "2021/12/31"),
        ("29.02.2020", "31.12.2021"),
        ("02/29/2020", "12/31/2021"),
        ("29/02/2020", "31/12/2021"),
        ("2020-02-29 00:00:00", "2021-12-31T00:00:00"),
    ],
)
def test_dates(csv, first, second):
    dataset = load(csv(f"d,x\n{first},1\n{second},5\n{first},8\n"), target="none")
    assert dataset.frame["d"].tolist()[:2] == [
        pd.Timestamp(2020, 2, 29),
        pd.Timestamp(2021, 12, 31),
    ]


def test_codes_with_leading_zeros_stay_text(csv):
    dataset = load(csv("zip,x\n" + "00501,1\n90210,2\n00501,4\n" * 9), target="none")
    assert set(dataset.frame["zip"]) == {"00501", "90210"}


def test_index_and_identifier_columns_are_left_out_with_a_note(csv):
    lines = [f"{i},user{i},{i % 5},{'free words that say number ' + str(i)}" for i in range(1, 31)]
    dataset = load(csv(",user_id,x,remark\n" + "\n".join(lines)), target="none")
    assert dataset.feature_names == ("x",)
    notes = " ".join(dataset.notes)
    assert all(f'"{name}"' in notes for name in ("column_1", "user_id", "remark"))


def test_row_names_as_r_writes_them(csv):
    dataset = load(csv('"x","k"\n' + "\n".join(f'"{i}",{i * 0.5},{i % 3}' for i in range(1, 30))))
    assert dataset.feature_names == ("x", "k")


def test_constant_and_empty_columns_are_said(csv):
    dataset = load(csv("x,same,nothing\n" + "\n".join(f"{i * i},7," for i in range(12))))
    assert dataset.feature_names == ("x", "same")
    notes = " ".join(dataset.notes)
    assert 'always generated as it is: "same"' in notes
    assert '"nothing" (no value in any row)' in notes


# The label -------------------------------------------------------------------------------------


def test_the_label_by_name_by_request_and_not_at_all(csv):
    path = csv("Species,x,k\n" + "\n".join(f"{'uvw'[i % 3]},{i * 0.7},{i % 2}" for i in range(30)))
    assert load(path).target.name == "Species"
    assert load(path, target="k").classes.names == ("0", "1")
    assert load(path, target="species").target.name == "Species"
    none = load(path, target="none")
    assert none.target is None
    assert load(path, target="k").options == {"target": "k"}


def test_a_target_that_is_a_quantity_stays_a_column(csv):
    dataset = load(csv("a,y\n" + "\n".join(f"{i % 9},{i * 1.3}" for i in range(30))), target="y")
    assert dataset.classes is None
    assert dataset.feature_names == ("a", "y")
    assert any("stays an ordinary column" in note for note in dataset.notes)


def test_one_class_only_is_no_label(csv):
    dataset = load(csv("a,class\n" + "\n".join(f"{i % 9},yes" for i in range(30))), target="class")
    assert dataset.classes is None
    assert any("All labels are yes" in note for note in dataset.notes)


def test_rows_without_a_label_are_left_out(csv):
    dataset = load(csv("a,class\n" + "1,x\n2,y\n3,\n" * 6))
    assert len(dataset) == 12
    assert any('6 rows without "class"' in note for note in dataset.notes)


def test_an_unknown_target_gives_the_nearest(csv):
    with pytest.raises(InputError, match=r'no column "spezies".*did you mean "species"'):
        load(csv(f"x,k,species\n{ROWS}"), target="spezies")


def test_groups_are_kept_together_and_out_of_the_features(csv):
    lines = [f"{i % 10},{i * 0.3},{'ab'[i % 2]}" for i in range(60)]
    dataset = load(csv("patient,x,kind\n" + "\n".join(lines)), groups="patient")
    assert dataset.feature_names == ("x",)
    split = dataset.split()
    assert not set(dataset.groups[split.train]) & set(dataset.groups[split.test])
    with pytest.raises(InputError, match=r'no column "pat".*groups'):
        load(csv("patient,x\n1,2\n"), groups="pat")


# What is wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("a,b\n", "has a header but no rows"),
        ("a,b\n1,2\n1,2,3\n", "line 3: 3 fields, but line 1 has 2"),
        ("a,b\n1,2\n3\n", "line 3: 1 fields, but line 1 has 2"),
        ("a,b,a\n1,2,3\n", r'line 1: the column name "a".*columns 1 and 3'),
        # A column without a name is numbered; the number may be the name of another.
        (",column_1,b\n1,2,3\n", r'the column name "column_1".*columns 1 and 2'),
        ('a,b\n1,"open\n2,3\n', "line 3: unexpected end of data"),
        ("a,b\n1,2\n\n3,inf\n", r'line 4, column "b": "inf" is infinite'),
        ("a,b\n,\n,\n", 'no column that a model can use.*"a", "b": no value'),
        ("a,b\n1,2\n1,2\n1,2\n", "no column that varies"),
        ("a\0b,c\n1,2\n", "is binary"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(csv, text, message):
    path = csv(text)
    with pytest.raises(InputError, match=message) as error:
        load(path)
    assert str(path) in str(error.value)
    assert str(error.value).count("\n") == 0


def test_a_word_among_numbers_is_named_with_line_and_column(csv):
    lines = [str(i * 1.5) + ",1" for i in range(100)]
    lines[49] = "12O,1"
    with pytest.raises(InputError, match=r'line 51, column "price": "12O" is not a number'):
        load(csv("price,k\n" + "\n".join(lines)))


def test_three_rows_load_but_do_not_split(csv):
    dataset = load(csv("x,kind\n1.5,a\n2.5,b\n3.5,a\n"))
    assert len(dataset) == 3
    with pytest.raises(InputError, match="There are 3 rows"):
        dataset.split()


def test_options_of_other_formats_are_refused(csv):
    with pytest.raises(InputError, match="resize=32 has no meaning"):
        load(csv(f"x,k,kind\n{ROWS}"), resize=32)


# Parquet and DataFrames -------------------------------------------------------------------------


def test_parquet(tmp_path):
    frame = pd.DataFrame(
        {"x": np.arange(20) / 4, "c": pd.Categorical(list("ab") * 10), "class": [1, 2] * 10}
    )
    frame.to_parquet(tmp_path / "table.parquet")
    dataset = load(tmp_path / "table.parquet")
    assert dataset.classes.names == ("1", "2")
    assert str(dataset.frame["c"].dtype) == "category"
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "table.parquet").read_bytes()[:500])
    with pytest.raises(InputError, match=r"cut\.parquet cannot be read as Parquet"):
        load(tmp_path / "cut.parquet")


def test_the_largest_numbers_are_no_infinity_and_nobody_is_warned() -> None:
    frame = pd.DataFrame({"a": np.linspace(1e308, 1.7e308, 30), "b": np.arange(30.0)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(load(frame, target="none").frame) == ["a", "b"]


def test_data_frames_say_what_is_wrong():
    with pytest.raises(InputError, match=r'column "b" has infinity in row 1'):
        load(pd.DataFrame({"a": [1, 2], "b": [0.5, np.inf]}))
    with pytest.raises(InputError, match=r"more than once \(columns 1 and 2\)"):
        load(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(InputError, match="holds a list in row 0"):
        load(pd.DataFrame({"a": [[1], [2]], "b": [1, 2]}))
    with pytest.raises(InputError, match="timedelta"):
        load(pd.DataFrame({"a": pd.to_timedelta([1, 2], unit="s"), "b": [1, 2]}))
    with pytest.raises(InputError, match="0 rows"):
        load(pd.DataFrame({"a": []}))


# Real tables ------------------------------------------------------------------------------------

REAL = {
    "adult_test": (16281, 14, "column_15", 2),
    "boston_housing": (506, 14, None, 0),
    "fish": (159, 7, "Species", 7),
    "german_credit_readable": (1000, 20, "credit_risk", 2),
    "heart_cleveland": (303, 13, "AHD", 2),
    "law_school": (20798, 11, "pass_bar", 2),
    "mammography": (11183, 6, "column_7", 2),
    "mushrooms": (8124, 22, "class", 2),
    "penguins": (344, 6, "species", 3),
    "zoo": (101, 16, "type", 7),
}


@pytest.mark.parametrize("name", sorted(REAL))
def test_real_tables_are_recognised_and_come_back(real_data, name):
    dataset = load(real_data / "tables" / f"{name}.csv")
    target = dataset.target
    label = (None, 0) if target is None else (target.name, len(target.names))
    found = (len(dataset), dataset.values.shape[1], *label)
    assert found == REAL[name]
    encoding = fit_encoding(dataset)
    back = encoding.decode(encoding.encode(dataset))
    for column in dataset.frame:
        was, now = dataset.frame[column], back[column]
        assert now.dtype == was.dtype
        assert (now.isna() == was.isna()).all()
        if was.dtype.kind in "iufb":
            spread = float(was.max()) - float(was.min()) if was.dtype.kind != "b" else 1.0
            gap = (now.astype(float) - was.astype(float)).abs().max()
            assert gap <= 1e-4 * spread + 1e-9, column
        elif was.nunique() <= 50:
            assert (now.dropna() == was.dropna()).all()


def test_the_index_column_of_heart_cleveland_is_left_out(real_data):
    dataset = load(real_data / "tables" / "heart_cleveland.csv")
    assert 'Left out: "column_1" (numbers the rows).' in dataset.notes
    assert dataset.frame["Ca"].isna().sum() == 4
    assert str(dataset.frame["Ca"].dtype) == "Int64"


def test_the_column_of_fish_that_repeats_the_label_is_said(real_data):
    notes = " ".join(load(real_data / "tables" / "fish.csv").notes)
    assert '"Category" repeats the label' in notes


def test_an_untidied_table_keeps_every_column(tmp_path):
    path = tmp_path / "people.csv"
    rows = "".join(f"{i},{'ab'[i % 2]},name {i},7,{i % 7}\n" for i in range(30))
    path.write_text("id,species,name,constant,size\n" + rows)
    whole = load(path, tidy=False)
    assert list(whole.frame) == ["id", "species", "name", "constant", "size"]
    assert whole.classes is None
    assert whole.options == {"tidy": False}
    assert list(load(path).frame) == ["constant", "size"]
    assert load(path, **whole.options).fingerprint == whole.fingerprint
