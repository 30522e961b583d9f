"""The rungs that scikit-learn fits, and a small table to fit them to, for their tests."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd

from further.registry import find_model, models_for

HAS_EBM = importlib.util.find_spec("interpret") is not None
ALL = [
    line.name
    for task in ("classification", "regression")
    for line in models_for(task)
    if ".rungs." in line.module
]
RUNGS = [name for name in ALL if HAS_EBM or not name.startswith("explainable")]
CLASSIFIERS = [name for name in RUNGS if find_model(name).task == "classification"]
REGRESSORS = [name for name in RUNGS if find_model(name).task == "regression"]
N = 90


def table(n: int = N, seed: int = 0) -> pd.DataFrame:
    """Return a table with missing numbers, categories, a date and a boolean."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": np.where(rng.random(n) < 0.1, np.nan, rng.integers(18, 80, n)),
            "income": rng.lognormal(10, 1, n).round(),
            "city": rng.choice(["Bonn", "Paris", "Rome"], n),
            "since": pd.to_datetime("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D"),
            "member": rng.random(n) < 0.5,
        }
    )
    frame.loc[3, "city"] = None
    return frame


def target(name: str, frame: pd.DataFrame, seed: int = 0) -> pd.Series:
    """Return what a rung of that name is to predict: three classes, or numbers."""
    rng = np.random.default_rng(seed)
    signal = frame["age"].fillna(40) / 20 + 2 * (frame["city"] == "Rome") + rng.normal(size=N) / 3
    if find_model(name).task == "regression":
        return 1000 * signal.rename("spent")
    return pd.Series(np.array(["no", "perhaps", "yes"])[np.digitize(signal, [2.2, 3.5])])
