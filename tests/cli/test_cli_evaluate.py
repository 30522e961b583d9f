"""``further evaluate SYNTHETIC --train TRAIN --test TEST``, beside ``further evaluate RUN``."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest


def test_a_table_from_elsewhere_is_judged_and_judged_again(further, table: Path, tmp_path) -> None:
    frame = pd.read_csv(table)
    names = {"made": frame[:60], "learnt": frame[:60], "unseen": frame[60:]}
    made, learnt, unseen = (tmp_path / f"{name}.csv" for name in names)
    for name, part in names.items():
        part.to_csv(tmp_path / f"{name}.csv", index=False)
    run = tmp_path / "run"
    given = ("--train", learnt, "--test", unseen, "--target", "kind", "--out", run)
    status, out, err = further("evaluate", made, *given)
    assert (status, err) == (0, "")
    assert "made.csv" in out.splitlines()[1]
    assert "memorizes" in out.splitlines()[1]
    assert "made.csv: Of the 60 rows of unseen.csv 30, drawn at random, serve as" in out
    assert (run / "report.html").is_file()
    status, out, _ = further("evaluate", run, "--json")
    found = json.loads(out)
    assert found["command"].startswith("further evaluate ")
    assert found["data"]["rows"] == {"train": 60, "validation": 30, "test": 30}
    assert found["budget"]["text"] == ""
    assert found["models"][0]["flags"] == ["memorizes"]
    assert "made.csv" in further("runs", tmp_path).out
    status, _, err = further("sample", run)
    assert (status, err.count("\n")) == (2, 1)
    assert "its rows were made elsewhere" in err
    status, _, err = further("evaluate", run, "--train", learnt, "--test", unseen)
    assert (status, err.count("\n")) == (2, 1)
    assert "is a run" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "is a file, not a run; to evaluate rows that another tool made, name"),
        (("--seed", "3"), "--seed is for rows that another tool made"),
        (("--missing-values", "9"), "--missing-values is for rows that another tool made"),
        (("--train", "TABLE"), "--test is missing"),
        (("--test", "TABLE"), "--train is missing"),
        (("--train", "TABLE", "--test", "TABLE", "--device", "cpu"), "--device is for a RUN"),
        (("--train", "TABLE", "--test", "nowhere.csv"), 'no file or folder "nowhere.csv"'),
        (("--train", "TABLE", "--test", "digits"), "digits holds pictures"),
        (("--train", "TABLE", "--test", "TABLE", "--target", "knd"), 'did you mean "kind"?'),
    ],
)
def test_what_is_missing_is_one_sentence(further, table: Path, options, message: str) -> None:
    status, out, err = further("evaluate", table, *(table if o == "TABLE" else o for o in options))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
