"""Advice on settings: what matters is found, and what does not is left alone."""

from __future__ import annotations

import json

import numpy as np
import pytest

import further.data
from further import CNNClassifier, MLPClassifier, MLPRegressor
from further.data.dataset import as_dataset
from further.errors import InputError
from further.supervised.advice import advise
from further.supervised.range_test import range_test


def checkerboard(n=400):
    """Return rows whose class no single unit can tell."""
    X = np.random.default_rng(0).uniform(-1, 1, size=(n, 2))
    return as_dataset(X, (X[:, 0] > 0) ^ (X[:, 1] > 0))


def test_a_net_that_is_too_small_is_found():
    found = advise(
        MLPClassifier(hidden=(1,), embedding="none"), checkerboard(), tried={"hidden": [(64, 64)]},
    )  # fmt: skip
    (hidden,) = [s for s in found.settings if s.name == "hidden"]
    assert hidden.trials[0].better
    assert hidden.advice.startswith("Take 64-64: its loss is lower by")
    assert found.loss > 0.5
    assert json.loads(json.dumps(found.to_json()))["metric"] == "log loss"


def test_what_makes_no_difference_is_kept():
    noise = as_dataset(np.random.default_rng(0).normal(size=(200, 3)), np.arange(200) % 2)
    tried = {"training.weight_decay": [0.0], "dropout": [0.2]}
    found = advise(MLPClassifier(hidden=(16,)), noise, tried=tried, seeds=4)
    for setting in found.settings[-2:]:
        assert setting.advice.startswith("Keep it")
        assert not any(trial.better for trial in setting.trials)


@pytest.mark.slow
def test_numbers_and_pictures_are_advised_on_too():
    diabetes = further.data.load("diabetes").with_numbers("progression")
    found = advise(MLPRegressor(hidden=(16,)), diabetes, tried={}, seeds=2)
    assert found.metric == "root mean squared error"
    assert 45 < found.loss < 80
    digits = further.data.load("digits").take(np.arange(0, 1797, 6))
    found = advise(
        CNNClassifier(channels=(8,)), digits, tried={"channels": [(4,)]}, seeds=2
    )  # fmt: skip
    assert found.settings[-1].name == "channels"


def test_bad_calls():
    with pytest.raises(InputError, match="seeds=1 must be at least 2"):
        advise(MLPClassifier(), checkerboard(), seeds=1)
    with pytest.raises(InputError, match="has no target; name the column"):
        advise(MLPClassifier(), as_dataset(np.zeros((20, 2))))


def test_the_rate_of_a_range_test_learns_and_its_limit_does_not():
    data = further.data.load("breast_cancer")
    model = MLPClassifier(hidden=(32,), random_state=0, precision="float32", budget="30 epochs")
    found = range_test(model, data)
    assert found.low < found.rate < found.high
    assert found.rate < found.limit

    def loss(rate):
        training = {"learning_rate": rate, "schedule": "constant", "keep": "last"}
        return model.set_params(training=training).fit(data).history_["train_loss"].iloc[-1]

    at_rate = loss(found.rate)
    assert at_rate < 0.7 * loss(found.rate / 100)
    assert at_rate < 0.15
