"""Real rows with a model that is fitted to some of them, for 200 splits of the others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.datasets import load_digits
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SPLITS = 200


class Told(ClassifierMixin, BaseEstimator):
    """A classifier of two classes that is told the probability of the second one: X is it."""

    classes_ = np.array([0, 1])

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        X = np.asarray(X, dtype=float)
        return np.column_stack([1 - X[:, 0], X[:, 0]])

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


class Zero(RegressorMixin, BaseEstimator):
    """A regressor that says 0."""

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.zeros(len(X))


@dataclass(frozen=True, eq=False)
class Pool:
    """Rows that the model has not seen."""

    model: Any
    X: np.ndarray
    y: np.ndarray
    attribute: np.ndarray


def _frame(name: str, folder: str) -> tuple[pd.DataFrame, str, str]:
    """Return a table, its target and an attribute."""
    path = Path(folder) / "tables" / name
    if name == "heart_cleveland.csv":
        return pd.read_csv(path, index_col=0).dropna(), "AHD", "Sex"
    if name == "german_credit_readable.csv":
        return pd.read_csv(path), "credit_risk", "personal_status_sex"
    if name == "penguins.csv":
        return pd.read_csv(path).dropna(), "species", "sex"
    if name == "adult_test.csv":
        frame = pd.read_csv(path, header=None, skipinitialspace=True)
        return frame.rename(columns=str), "14", "9"
    if name == "boston_housing.csv":
        return pd.read_csv(path, header=None).rename(columns=str), "13", "3"
    assert name == "fish.csv"
    return pd.read_csv(path, encoding="utf-8-sig"), "Weight", "Species"


@cache
def table(name: str, folder: str, fitted_to: float) -> Pool:
    """Return the rest of a table, with a linear model of some of its rows."""
    frame, target, attribute = _frame(name, folder)
    rows = np.random.default_rng(0).permutation(len(frame))
    frame = frame.iloc[rows].reset_index(drop=True)
    X = pd.get_dummies(frame.drop(columns=target)).to_numpy(float)
    y = frame[target].to_numpy()
    if name == "penguins.csv":  # one column of four, so that there is something to get wrong
        X = frame[["bill_length_mm"]].to_numpy(float)
    k = int(len(y) * fitted_to)
    of_classes = y.dtype.kind not in "fi" or name == "german_credit_readable.csv"
    estimator = LogisticRegression(max_iter=300) if of_classes else LinearRegression()
    model = make_pipeline(StandardScaler(), estimator).fit(X[:k], y[:k])
    return Pool(model, X[k:], y[k:], frame[attribute].to_numpy()[k:])


@cache
def digits_pool() -> Pool:
    """Return 1,500 digits, with a model of 297 others."""
    X, y = load_digits(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(y))
    X, y = X[rows] / 16, y[rows]
    model = LogisticRegression(max_iter=300).fit(X[:297], y[:297])
    return Pool(model, X[297:], y[297:], np.where(y[297:] < 5, "low", "high"))
