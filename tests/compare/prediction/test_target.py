"""What is to be predicted: found, said, or refused in one sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from further.compare.prediction.setting import Setting
from further.compare.prediction.target import read_question
from further.errors import InputError


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 60
    return pd.DataFrame(
        {
            "age": rng.integers(20, 80, n),
            "income": rng.normal(50, 10, n).round(2),
            "town": rng.choice(["north", "south"], n),
            "grade": rng.integers(1, 4, n),
            "bought": rng.random(n) < 0.4,
        }
    )


@pytest.mark.parametrize(
    ("target", "task", "said"),
    [
        ("income", "regression", "different numbers, so this is a regression"),
        ("age", "regression", "--task classification would take each for a class"),
        ("town", "classification", "holds 2 classes, so this is a classification."),
        ("grade", "classification", "--task regression would predict it as a number"),
        ("bought", "classification", "holds 2 classes"),
    ],
)
def test_the_task_is_found_and_said(frame, target, task, said):
    question = read_question(frame, target=target)
    assert question.task == task
    assert said in question.told
    assert target not in question.dataset.feature_names


def test_the_task_is_what_was_asked_for(frame):
    assert read_question(frame, target="grade", task="regression").task == "regression"
    with pytest.raises(InputError, match=r'"town" holds ".*", which is no number'):
        read_question(frame, target="town", task="regression")


def test_rows_without_a_target_are_left_out_and_said(frame):
    frame["income"] = frame["income"].mask(frame.index < 7)
    question = read_question(frame, target="income")
    assert len(question.dataset) == 53
    assert any("7 rows without" in note for note in question.dataset.notes)


def test_a_copy_of_the_target_is_seen_by_no_model(frame):
    frame["pounds"] = frame["income"] * 0.8 + 3
    frame["place"] = frame["town"].map({"north": "N", "south": "S"})
    assert list(read_question(frame, target="income").left_out) == ["pounds"]
    assert list(read_question(frame, target="town").left_out) == ["place"]
    with pytest.raises(InputError, match="no other column to predict it from"):
        read_question(frame[["income", "pounds"]], target="income")


def test_bad_targets_get_one_sentence(frame):
    for change, target, said in (
        ({"bought": True}, "bought", "is True in every row, so there is nothing to predict"),
        ({"income": 7.5}, "income", "is 7.5 in every row, so there is nothing to predict"),
        ({}, "incme", 'did you mean "income"'),
        ({"income": np.nan}, "income", "has no value"),
    ):
        with pytest.raises(InputError, match=said) as caught:
            read_question(frame.assign(**change), target=target)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="has no label; name the column to predict"):
        read_question(frame[["age", "income"]])
    frame["town"] = [f"town {i}" for i in range(60)]
    with pytest.raises(InputError, match="they are names rather than classes"):
        read_question(frame, target="town")


def test_a_class_of_one_row_is_left_out_and_said(frame):
    frame.loc[3, "town"] = "elsewhere"
    question = read_question(frame, target="town")
    assert len(question.dataset) == 59
    assert question.dataset.classes.names == ("north", "south")
    assert any('"elsewhere"' in note for note in question.dataset.notes)


def test_every_row_is_held_out_once_and_groups_stay_together(frame):
    setting = Setting(read_question(frame, target="town"), 0)
    assert sorted(setting.held_out) == list(range(60))
    for fold in setting.folds:
        assert not set(fold.train) & set(fold.test)
    frame["person"] = np.repeat(np.arange(12), 5)
    grouped = Setting(read_question(frame, target="town", groups="person"), 0)
    groups = np.asarray(grouped.dataset.groups)
    for fold in grouped.folds:
        assert not set(groups[fold.train]) & set(groups[fold.test])


def test_many_rows_are_divided_once():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=2400), "y": np.repeat(["a", "b"], 1200)})
    setting = Setting(read_question(frame, target="y"), 0)
    assert len(setting.folds) == 1
    assert len(setting.held_out) == 600
    assert (setting.dataset.codes[setting.held_out] == 0).sum() == 300
