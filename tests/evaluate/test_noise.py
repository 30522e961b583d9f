from __future__ import annotations

import numpy as np
import pandas as pd

from further.data.spec import Block
from further.evaluate.noise import uniform_frame, uniform_values


def test_pictures_lie_on_the_grid():
    noise = uniform_values(np.zeros((3, 64)), 500, np.random.default_rng(0), levels=17)
    assert set(np.unique(noise * 16)) == set(range(17))


def test_categories_stay_one_hot_and_numbers_in_range():
    train = np.array([[-2.0, 1, 0, 0], [5.0, 0, 1, 0]])
    blocks = (Block("a", 0, 1, "numeric"), Block("b", 1, 4, "categorical"))
    noise = uniform_values(train, 400, np.random.default_rng(0), blocks=blocks)
    assert (noise[:, 1:].sum(axis=1) == 1).all()
    assert noise[:, 1:].mean(axis=0).min() > 0.25
    assert noise[:, 0].min() >= -2
    assert noise[:, 0].max() <= 5


def test_frame_keeps_columns_and_whole_numbers():
    train = pd.DataFrame(
        {
            "whole": [1, 9],
            "real": [0.5, 0.7],
            "word": ["a", None],
            "yes": [True, False],
            "day": pd.to_datetime(["2024-01-01", "2024-03-01"]),
            "empty": [np.nan, np.nan],
            "kind": pd.Categorical(["u", "v"]),
        }
    )
    noise = uniform_frame(train, 60, np.random.default_rng(0))
    assert list(noise.columns) == list(train.columns)
    assert set(noise["whole"]) == set(range(1, 10))
    assert set(noise["word"]) == {"a"}
    assert set(noise["yes"]) == {True, False}
    assert noise["day"].between("2024-01-01", "2024-03-01").all()
    assert noise["empty"].isna().all()
    assert set(noise["kind"]) == {"u", "v"}
