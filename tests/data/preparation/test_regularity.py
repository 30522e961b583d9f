from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from further.data import fit_encoding, load
from further.data.encoding import TableEncoding

RNG = np.random.default_rng(0)


def generated(frame, n=500):
    """Return rows decoded from noise, by the encoding as it is saved."""
    encoding = fit_encoding(load(frame, target="none"))
    encoding = TableEncoding.from_json(json.loads(json.dumps(encoding.to_json())))
    return encoding.decode(RNG.normal(size=(n, *encoding.spec.shape)))


@pytest.mark.parametrize(
    ("values", "step"),
    [
        (1000 * RNG.integers(20, 900, 200), 1000),
        (2 * RNG.integers(20, 90, 200), 2),
        (0.25 * RNG.integers(20, 900, 200), 0.25),
        (7 + 50 * RNG.integers(0, 90, 200), 50),
        (0.05 * RNG.integers(-300, 300, 200).round(2), 0.05),
    ],
)
def test_numbers_stay_on_their_grid(values, step):
    values = np.round(values, 2)
    made = generated(pd.DataFrame({"x": values}))["x"].to_numpy()
    places = (made - values[0]) / step
    assert np.abs(places - np.round(places)).max() < 1e-6
    assert values.min() <= made.min()
    assert made.max() <= values.max()
    assert len(np.unique(made)) > 50


@pytest.mark.parametrize("unit", ["D", "h", "15min", "MS", "W-MON"])
def test_dates_keep_their_unit(unit):
    range_ = pd.date_range("2010-01-01", periods=120, freq=unit)
    frame = pd.DataFrame({"at": RNG.choice(range_, 300), "x": RNG.normal(size=300)})
    made = generated(frame)["at"]
    grid = pd.date_range(range_[0], range_[-1], freq=unit)
    assert set(made) <= set(grid)
    assert made.nunique() > 30


def test_moments_without_a_unit_have_none():
    seconds = RNG.integers(0, 10**8, 300)
    frame = pd.DataFrame({"at": pd.to_datetime(seconds, unit="s"), "x": RNG.normal(size=300)})
    assert (generated(frame)["at"].dt.second > 0).mean() > 0.9


def test_codes_that_do_not_exist_are_not_made():
    codes = RNG.choice(np.arange(10_000, 99_999), 60, replace=False)
    frame = pd.DataFrame({"shop": RNG.choice(codes, 1000), "x": RNG.normal(size=1000)})
    assert set(generated(frame)["shop"]) <= set(codes)
    prices = RNG.choice([4.99, 9.99, 19.99, 24.99, 49.99, 99.0, *RNG.uniform(1, 99, 30).round(2)],
                        1000)  # fmt: skip
    assert set(generated(pd.DataFrame({"price": prices, "x": frame["x"]}))["price"]) <= set(prices)


def test_ages_that_were_not_seen_are_made():
    ages = RNG.integers(18, 90, 150)
    assert set(generated(pd.DataFrame({"age": ages, "x": RNG.normal(size=150)}))["age"]) - set(ages)


def test_a_model_saved_before_still_decodes():
    encoding = fit_encoding(
        load(pd.DataFrame({"x": RNG.normal(size=50).round(1), "k": [0, 5] * 25}))
    )
    record = encoding.to_json()
    for column in record["columns"]:
        if column["kind"] == "numeric":
            regularity = column.pop("regularity")
            column |= {"decimals": regularity["decimals"], "steps": regularity["values"]}
    old = TableEncoding.from_json(json.loads(json.dumps(record)))
    z = RNG.normal(size=(20, *encoding.spec.shape))
    pd.testing.assert_frame_equal(old.decode(z), encoding.decode(z))


@pytest.mark.parametrize("form", ["{}:{:02d}", "{:02d}:{:02d}", "{:02d}:{:02d}:00"])
def test_times_of_day_come_back_as_they_were_written(form):
    clock = [
        form.format(h, 15 * q)
        for h, q in zip(RNG.integers(7, 19, 300), RNG.integers(0, 4, 300), strict=True)
    ]
    frame = pd.DataFrame({"at": clock, "x": RNG.normal(size=300)})
    frame.loc[::10, "at"] = None
    made = generated(frame)["at"]
    grid = {form.format(h, 15 * q) for h in range(7, 19) for q in range(4)}
    assert set(made.dropna()) <= grid
    assert made.nunique() > 30
    assert 0 < made.isna().mean() < 1
