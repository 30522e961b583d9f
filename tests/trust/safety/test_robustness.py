"""Corruptions by hand, and what they cost real models."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import balanced_accuracy_score, r2_score

from further import robustness
from further.errors import InputError
from further.evaluate.interval import paired_difference
from further.trust.safety.corruptions.corruption import Corruption
from further.trust.safety.corruptions.pictures import PICTURE_CORRUPTIONS
from further.trust.safety.corruptions.tables import table_corruptions
from further.trust.safety.held_out_metric import score_predictions

PICTURES = {corruption.name: corruption for corruption in PICTURE_CORRUPTIONS}


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, size=(40, 20, 30)).astype(np.uint8)


@pytest.mark.parametrize("name", list(PICTURES))
@pytest.mark.parametrize("shape", [(8, 8), (20, 30, 3)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_pictures_keep_shape_type_and_range(name, shape, dtype):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, size=(5, *shape)).astype(dtype)
    before = X.copy()
    distances = []
    for severity in range(1, 6):
        found = PICTURES[name](X, severity)
        assert (found.shape, found.dtype) == (X.shape, X.dtype)
        assert found.min() >= 0
        assert found.max() <= 255
        assert (found == PICTURES[name](X, severity)).all()
        distances.append(np.abs(found.astype(float) - X).mean())
    assert (before == X).all()
    assert distances[-1] > distances[0]


def test_amounts_are_in_their_units(faces):
    grey = np.full((200, 40, 40), 128, dtype=np.uint8)
    noisy = PICTURES["noise"](np.where(np.arange(40) < 1, 255, grey).astype(np.uint8), 2)
    assert noisy[:, :, 1:].std() == pytest.approx(0.08 * 255, rel=0.03)
    assert (PICTURES["brightness"](grey, 1) == round(128 + 25.5)).all()
    covered = PICTURES["occlusion"](np.zeros_like(grey) + np.uint8(255), 3)
    assert (covered != 255).mean() == pytest.approx(0.1, abs=0.02)
    contrast = PICTURES["low contrast"](faces, 2)
    assert contrast.std(axis=(1, 2)) == pytest.approx(faces.std(axis=(1, 2)) / 2, rel=0.02)


def test_sixteen_grey_levels_stay_sixteen():
    X = load_digits().images[:50].astype(np.uint8)
    noisy = PICTURES["noise"](X, 1)
    assert noisy.max() <= 16
    assert np.abs(noisy.astype(int) - X).mean() < 1


def test_tables_by_hand():
    X = pd.DataFrame(
        {"age": np.arange(2000) % 7, "word": ["a", "b"] * 1000, "w": np.linspace(0, 9, 2000)}
    )
    gap, plain = HistGradientBoostingClassifier(), LogisticRegression()
    with_gaps = {c.name: c for c in table_corruptions(gap, X)}
    filled = {c.name: c for c in table_corruptions(plain, X)}
    assert list(filled)[3:] == ["without age", "without word", "without w"]
    noisy = filled["noise"](X, 3)
    assert noisy["w"].sub(X["w"]).std() == pytest.approx(0.5 * X["w"].std(), rel=0.1)
    assert noisy["age"].dtype == X["age"].dtype
    assert (noisy["word"] == X["word"]).all()
    assert with_gaps["missing values"](X, 3).isna().mean().to_numpy() == pytest.approx(
        0.2, abs=0.03
    )
    assert filled["missing values"](X, 3).isna().to_numpy().sum() == 0
    assert filled["without w"](X, 1)["w"].to_numpy() == pytest.approx(X["w"].mean())
    assert with_gaps["without word"](X, 1)["word"].isna().all()
    wrong = filled["wrong values"](X, 5)
    assert (wrong["word"] != X["word"]).mean() == pytest.approx(0.25, abs=0.04)
    assert set(wrong["age"]) == set(X["age"])


def test_a_digit_reader_is_broken_by_rotation_first():
    X, y = load_digits(return_X_y=True)
    model = LogisticRegression(max_iter=300).fit(X[:900] / 16, y[:900])
    kinds = [PICTURES[name] for name in ("rotation", "brightness")]
    found = robustness(model, X[900:1300] / 16, y[900:1300], kinds, shape=(8, 8))
    assert found.clean.value == pytest.approx(
        balanced_accuracy_score(y[900:1300], model.predict(X[900:1300] / 16))
    )
    assert found.first.corruption == "rotation"
    assert "breaks it first" in found.sentence
    table = found.to_frame()
    rotated = kinds[0](X[900:1300].reshape(-1, 8, 8) / 16, 5).reshape(400, -1)
    last = table[(table["corruption"] == "rotation") & (table["severity"] == 5)].iloc[0]
    assert last["balanced_accuracy"] == pytest.approx(
        balanced_accuracy_score(y[900:1300], model.predict(rotated))
    )
    assert last["loss_low"] > 0
    assert last["loss"] == pytest.approx(found.clean.value - last["balanced_accuracy"])
    json.dumps(found.to_json())


def test_numbers_and_missing_columns():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = LinearRegression().fit(X[::2], y[::2])
    held_out, truth = X[1::2], y[1::2]
    kinds = [
        c for c in table_corruptions(model, held_out) if c.name in ("without bmi", "without s2")
    ]
    found = robustness(model, held_out, truth, kinds)
    assert found.metric == "r2"
    assert found.clean.value == pytest.approx(r2_score(truth, model.predict(held_out)))
    assert found.constant == 0
    losses = found.to_frame().set_index("corruption")["loss"]
    assert losses["without bmi"] > 0.05


def test_one_of_your_own_and_what_cannot_be():
    X, y = load_breast_cancer(return_X_y=True)
    model = LogisticRegression(max_iter=5000).fit(X[::2], y[::2])
    zeros = Corruption("zeros", "of all", (1.0,), lambda rows, amount, rng: rows * (1 - amount))
    found = robustness(model, X[1::2], y[1::2], [zeros])
    assert found.first.corruption == "zeros"
    assert found.first.figure.value == pytest.approx(0.5)
    with pytest.raises(InputError, match="must be 1 to 1"):
        zeros(X, 2)
    with pytest.raises(InputError, match="has 64 values"):
        robustness(model, X, y, shape=(8, 8))
    with pytest.raises(InputError, match="needs y"):
        robustness(model, X)
    with pytest.raises(InputError, match="same value"):
        robustness(model, X, np.zeros(len(X)), [zeros])


@pytest.mark.slow
def test_the_interval_of_a_loss_holds_it():
    """Over 300 samples of 200 rows, right in 90 and 80 %, and corrupted in 75 and 60 %."""
    rng = np.random.default_rng(0)
    held, truth = [], (0.9 + 0.8) / 2 - (0.75 + 0.6) / 2
    for _ in range(300):
        y = np.repeat([0, 1], [140, 60])
        u = rng.random(200)
        predictions = [
            np.where(u < np.where(y == 0, a, b), y, 1 - y) for a, b in ((0.9, 0.8), (0.75, 0.6))
        ]
        clean, corrupted = (score_predictions("balanced_accuracy", y, p) for p in predictions)
        loss = paired_difference(clean, corrupted)
        held.append(loss.low <= truth <= loss.high)
    assert 0.925 <= np.mean(held) <= 0.975
