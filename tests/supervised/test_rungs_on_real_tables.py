"""The rungs on real tables: better than the constant, and additive where lines are too stiff."""

from __future__ import annotations

import pandas as pd

import further.data
from further.supervised import (
    AdditiveRegressor,
    ConstantClassifier,
    LinearRegression,
)
from small_models import make_small
from small_rungs import CLASSIFIERS, REGRESSORS


def test_the_rungs_beat_the_constant_on_real_tables(real_data):
    data = further.data.load(real_data / "tables" / "penguins.csv")
    constant = ConstantClassifier().fit(data).score(data, data.classes.values)
    for name in CLASSIFIERS:
        if name != "constant_classifier":
            assert make_small(name).fit(data).score(data, data.classes.values) > constant + 0.2
    frame = pd.read_csv(real_data / "tables" / "fish.csv").drop(columns="Category")
    y = frame.pop("Weight")
    for name in REGRESSORS:
        if name != "constant_regressor":
            model = make_small(name).fit(frame[::2], y[::2])
            assert model.score(frame[1::2], y[1::2]) > 0.5, name


def test_additive_models_see_what_linear_ones_do_not(real_data):
    frame = pd.read_csv(real_data / "tables" / "boston_housing.csv", header=None)
    y = frame.pop(13)
    frame.columns = [f"c{i}" for i in range(13)]
    linear = LinearRegression().fit(frame[::2], y[::2]).score(frame[1::2], y[1::2])
    additive = AdditiveRegressor().fit(frame[::2], y[::2]).score(frame[1::2], y[1::2])
    assert additive > linear + 0.05
