"""Energy: measured where there is a counter, estimated otherwise, and always named."""

from __future__ import annotations

import time

import pytest

from further.errors import InputError
from further.train import energy as module
from further.train.energy import Energy, EnergyMeter
from further.train.power import rapl
from further.train.power.design_power import WATTS_PER_CORE
from further.train.power.grid import grid_intensity


@pytest.fixture
def counters(tmp_path, monkeypatch):
    """Return the files of two processor packages' counters in microjoules."""
    monkeypatch.setattr(rapl, "POWERCAP", tmp_path)
    files = []
    for number in (0, 1):
        (tmp_path / f"intel-rapl:{number}").mkdir()
        files.append(tmp_path / f"intel-rapl:{number}" / "energy_uj")
        files[-1].write_text("1000000")
    return files


def test_a_counter_is_read(counters):
    meter = EnergyMeter(Energy(1.0, ""))
    counters[0].write_text(f"{1_000_000 + 3600 * 2_000_000}")
    used = meter.read()
    assert used.watt_hours == pytest.approx(1.0 + 2.0)
    assert used.method == "measured by RAPL, whole processor package"


def test_a_counter_that_wrapped_around_is_not_believed(counters):
    meter = EnergyMeter()
    counters[0].write_text("5")
    used = meter.read()
    assert used.watt_hours >= 0
    assert used.method.startswith("estimated")


def test_a_counter_that_vanished_is_not_believed(counters):
    meter = EnergyMeter()
    counters[0].unlink()
    assert meter.read().method.startswith("estimated")


def test_without_a_counter_processor_time_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(rapl, "POWERCAP", tmp_path)
    clock = iter([10.0, 310.0])
    monkeypatch.setattr(module.time, "process_time", lambda: next(clock))
    used = EnergyMeter(Energy(0.5, "")).read()
    assert used.watt_hours == pytest.approx(0.5 + 300 * WATTS_PER_CORE / 3600)
    assert used.method == "estimated from processor time at 12 W a core (design power)"


def test_work_takes_energy_and_waiting_none(tmp_path, monkeypatch):
    monkeypatch.setattr(rapl, "POWERCAP", tmp_path)
    worked = 10.0
    monkeypatch.setattr(module.time, "process_time", lambda: worked)
    meter = EnergyMeter()
    time.sleep(0.01)
    assert meter.read().watt_hours == 0
    worked += 60
    assert meter.read().watt_hours == pytest.approx(WATTS_PER_CORE / 60)


def test_carbon_is_energy_times_the_grid(monkeypatch):
    monkeypatch.setenv("FURTHER_GRID_G_PER_KWH", "50")
    assert Energy(2000.0, "").carbon_g == pytest.approx(100.0)
    assert grid_intensity()[1].endswith("set by the user")
    monkeypatch.delenv("FURTHER_GRID_G_PER_KWH")
    grams, source = grid_intensity()
    assert 300 < grams < 700
    assert "2024" in source


def test_a_grid_that_is_no_number_is_refused(monkeypatch):
    monkeypatch.setenv("FURTHER_GRID_G_PER_KWH", "green")
    with pytest.raises(InputError, match='FURTHER_GRID_G_PER_KWH="green" must be a number'):
        grid_intensity()


def test_beside_other_work_of_ours_a_counter_is_not_read(counters, monkeypatch):
    monkeypatch.setattr(module, "runs_side_by_side", True)
    assert "estimated from processor time" in EnergyMeter().read().method
