"""What the networks are worth on real tables and pictures, beside the simplest models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

import further.data
from further import (
    CNNClassifier,
    ConstantClassifier,
    ConstantRegressor,
    LinearRegression,
    LogisticRegression,
    MLPClassifier,
    MLPRegressor,
)

pytestmark = pytest.mark.slow

#: Log loss by which a perceptron may be worse than logistic regression on one split. On some
#: hundred noisy rows it is: 0.43 and 0.37 on heart, 0.53 and 0.46 on German credit.
NATS = 0.1


def halves(n, classes=None, *, train_size=0.7):
    return train_test_split(np.arange(n), train_size=train_size, stratify=classes, random_state=0)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("penguins.csv", "species"),
        ("heart_cleveland.csv", "AHD"),
        ("german_credit_readable.csv", "credit_risk"),
        ("breast_cancer", None),
    ],
)
def test_mlp_is_near_logistic_regression_and_far_from_a_constant(real_data, name, target):
    source = real_data / "tables" / name if target else name
    dataset = further.data.load(source, **({"target": target} if target else {}))
    train, test = halves(len(dataset), dataset.codes)
    y = np.asarray(dataset.codes)[test]
    loss = {}
    for cls, options in (
        (MLPClassifier, {"random_state": 0, "precision": "float32"}),
        (LogisticRegression, {}),
        (ConstantClassifier, {}),
    ):
        model = cls(**options).fit(dataset.take(train))
        loss[cls] = log_loss(y, model.predict_proba(dataset.take(test)))
    assert loss[MLPClassifier] < loss[LogisticRegression] + NATS, loss
    assert loss[MLPClassifier] < 0.9 * loss[ConstantClassifier], loss


@pytest.mark.parametrize(
    ("name", "target", "of_linear"),
    [
        ("fish.csv", "Weight", 0.7),
        ("boston_housing.csv", "13", 0.85),
        ("diabetes", "progression", 1.05),
    ],
)
def test_mlp_beats_what_a_straight_line_misses(real_data, name, target, of_linear):
    if name == "boston_housing.csv":  # has no header
        frame = pd.read_csv(real_data / "tables" / name, header=None).rename(columns=str)
    elif name.endswith(".csv"):
        frame = pd.read_csv(real_data / "tables" / name)
    else:
        frame = further.data.load(name).frame
    y = frame.pop(target).to_numpy(float)
    train, test = halves(len(y))
    error = {}
    for cls, options in (
        (MLPRegressor, {"random_state": 0, "precision": "float32"}),
        (LinearRegression, {}),
        (ConstantRegressor, {}),
    ):
        model = cls(**options).fit(frame.iloc[train], y[train])
        predicted = model.predict(frame.iloc[test])
        error[cls] = float(np.sqrt(np.mean((y[test] - predicted) ** 2)))
    assert error[MLPRegressor] < of_linear * error[LinearRegression], error
    assert error[MLPRegressor] < 0.85 * error[ConstantRegressor], error


def accuracy(dataset, n, **options):
    """Return the accuracy on the rows that are left when n have trained a network."""
    train, test = halves(len(dataset), dataset.codes, train_size=n)
    model = CNNClassifier(random_state=0, **options).fit(dataset.take(train))
    p = model.predict_proba(dataset.take(test))
    return float(np.mean(p.argmax(axis=1) == np.asarray(dataset.codes)[test]))


def test_cnn_reads_digits():
    assert accuracy(further.data.load("digits"), 1300, budget="30 epochs") > 0.98


def test_cnn_reads_larger_digits(real_data):
    mnist = further.data.load(real_data / "mnist10k")
    assert accuracy(mnist, 7000, budget="4 epochs") > 0.98


def test_cnn_tells_photographs_apart(real_data):
    photographs = further.data.load(real_data / "cifar10_mini")
    assert accuracy(photographs, 2000, augmentation="mirror", budget="30 epochs") > 0.5
