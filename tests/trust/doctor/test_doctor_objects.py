"""Histories that are objects of Python."""

from __future__ import annotations

import math
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from further import doctor
from further.errors import InputError
from further.trust.doctor.formats import read


def test_dicts_lists_and_frames_say_the_same(overfitted) -> None:
    frame = pd.DataFrame(overfitted)
    rows = frame.to_dict("records")
    arrays = {name: np.array(values) for name, values in overfitted.items()}
    diagnoses = [doctor(history).to_json() for history in (overfitted, frame, rows, arrays)]
    for found in diagnoses:
        assert found["findings"] == diagnoses[0]["findings"]
        assert found["columns"] == diagnoses[0]["columns"]


def test_objects_of_keras_skorch_and_hugging_face_are_looked_into(overfitted) -> None:
    lists = {"loss": overfitted["train_loss"], "val_loss": overfitted["val_loss"]}
    keras = SimpleNamespace(history=lists, epoch=list(range(60)))
    log = [
        {"step": i, "epoch": float(i), "loss": a, "eval_loss": b}
        for i, (a, b) in enumerate(zip(*lists.values(), strict=True))
    ]
    trainer = SimpleNamespace(state=SimpleNamespace(log_history=log))
    skorch = SimpleNamespace(
        history=[
            {"batches": [], "epoch": i + 1, "train_loss": a, "valid_loss": b}
            for i, (a, b) in enumerate(zip(*lists.values(), strict=True))
        ]
    )
    for history in (keras, trainer, skorch):
        assert [f.condition for f in doctor(history).findings] == ["overfitting"]


def test_a_multilayer_perceptron_of_scikit_learn_is_read(digits) -> None:
    from sklearn.neural_network import MLPClassifier

    X, y = digits[0].reshape(len(digits[0]), -1), digits[1]
    net = MLPClassifier((16,), early_stopping=True, max_iter=60, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.fit(X / 16, y)
    found = doctor(net)
    assert found.layout == "scikit-learn loss_curve_"
    assert found.columns["metrics"] == "validation_score"
    assert doctor(net.loss_curve_).columns["train"] == "loss"


def test_nan_in_a_frame_is_missing_unless_nothing_comes_after_it() -> None:
    frame = pd.DataFrame(
        {
            "train_loss": [0.9, np.nan, 0.8, np.nan, 0.7, np.nan],
            "val_loss": [np.nan, 0.9, np.nan, 0.8, np.nan, 0.7],
        }
    )
    assert [len(row) for row in read(frame).rows] == [1] * 6
    frame = pd.DataFrame({"train_loss": [0.9, 0.8, np.nan, np.nan]})
    assert math.isnan(read(frame).rows[3]["train_loss"])
    assert doctor(frame).findings[0].condition == "non_finite"


def test_what_is_no_history_gets_one_sentence() -> None:
    for history in (3, None, [], {}, [None], {"loss": 3}, object(), [[1, 2]], "", {"a": [1, 2]}):
        with pytest.raises(InputError) as caught:
            doctor(history)
        assert "\n" not in str(caught.value)
