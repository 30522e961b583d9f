"""The lecture's experiment runs, and its lessons hold, on MNIST where it is there."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

import further

pytestmark = pytest.mark.slow
EPOCHS = 8


@pytest.fixture(scope="module")
def lecture() -> ModuleType:
    file = Path(__file__).parents[2] / "examples" / "lecture_autoencoder.py"
    spec = importlib.util.spec_from_file_location("lecture_autoencoder", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    import sys

    sys.modules["lecture_autoencoder"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table(lecture: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = os.environ.get("FURTHER_TEST_DATA")
    mnist = Path(folder or "") / "mnist10k"
    dataset = further.data.load(mnist if folder and mnist.is_dir() else "digits")
    outcomes, test = lecture.train_all(dataset, EPOCHS)
    drawn = tmp_path_factory.mktemp("lecture")
    lecture.draw(outcomes, test, drawn)
    for name in ("curves", "reconstructions", "latent"):
        assert (drawn / f"{name}.png").stat().st_size > 10_000
    train = dataset.take(dataset.split(seed=0).train)
    found: pd.DataFrame = lecture.results(outcomes, train, test)
    return found


def error(table: pd.DataFrame, **conditions: object) -> float:
    rows = table
    for column, value in conditions.items():
        rows = rows[rows[column] == value]
    return float(rows["test_mse"].iloc[0])


def test_all_twelve_are_there(table: pd.DataFrame) -> None:
    assert len(table) == 12
    assert table["test_mse"].notna().all()


@pytest.mark.parametrize("output", ["linear, MSE", "sigmoid, MSE", "sigmoid, BCE"])
def test_a_wider_bottleneck_rebuilds_better_under_adam(table: pd.DataFrame, output: str) -> None:
    wide = error(table, bottleneck=64, output=output, optimizer="adam")
    narrow = error(table, bottleneck=16, output=output, optimizer="adam")
    assert wide < narrow * 1.05


def test_every_adam_run_learns_more_than_the_mean_picture(table: pd.DataFrame) -> None:
    # The mean picture leaves an error of 0.067 on MNIST and 0.075 on the digits.
    adam = table[table["optimizer"] == "adam"]
    assert (adam["test_mse"] < 0.05).all()
