from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from further.compare.generation import written_samples
from further.compare.generation.written_samples import write_samples
from further.errors import InputError
from further.generate.gaussian_mixture import GaussianMixtureDensity
from further.generate.rejection import sample_where


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    days = pd.date_range("2020-01-01", periods=300, freq="D")
    frame = pd.DataFrame({"x": rng.normal(size=300).round(2), "day": rng.choice(days, 300)})
    return GaussianMixtureDensity(random_state=0).fit(frame, rng.choice(["a", "b"], 300))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_pieces_make_one_table_with_a_forecast(model, tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(written_samples, "MOST_ROWS", 400)
    events = []
    file = write_samples(model, 1000, tmp_path / f"rows{suffix}", on_event=events.append)
    read = pd.read_csv if suffix == ".csv" else pd.read_parquet
    rows = read(file)
    assert len(rows) == 1000
    assert rows["x"].nunique() > 200
    assert not rows[:400].reset_index(drop=True).equals(rows[400:800].reset_index(drop=True))
    assert pd.to_datetime(rows["day"]).dt.normalize().equals(pd.to_datetime(rows["day"]))
    assert [event["event"] for event in events] == ["forecast", "step", "step", "step"]
    assert "1,000 rows" in events[0]["note"]
    again = read(write_samples(model, 1000, tmp_path / f"again{suffix}"))
    pd.testing.assert_frame_equal(rows, again)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"again{suffix}", f"rows{suffix}"]


def test_a_piece_is_one_call_of_sample(model, tmp_path):
    rows = pd.read_csv(write_samples(model, 50, tmp_path / "rows.csv", seed=3))
    X = model.sample(50, random_state=3)
    assert np.allclose(rows["x"], X["x"])


def test_a_disk_that_would_be_full_is_refused_and_nothing_is_left(model, tmp_path, monkeypatch):
    monkeypatch.setattr(written_samples, "MOST_ROWS", 100)
    monkeypatch.setattr(written_samples, "FREE_SHARE", 0.0)
    with pytest.raises(InputError, match="are free on the disk"):
        write_samples(model, 1000, tmp_path / "rows.csv")
    assert not list(tmp_path.iterdir())


def test_what_does_not_fit_into_memory_is_refused_before_it_is_drawn(model):
    with pytest.raises(InputError, match="200,000,000,000 samples would take"):
        model.sample(200_000_000_000)
    with pytest.raises(InputError, match="200,000,000,000 rows would take"):
        sample_where(model, 200_000_000_000, where="x > 0")
