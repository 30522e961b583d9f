"""Energy: measured where there is a counter, estimated otherwise, and always named."""

from __future__ import annotations

import math
import subprocess
import sys
import time

import pytest
import torch
from sklearn.datasets import load_iris

from further.errors import InputError
from further.generate.gaussian_mixture import GaussianMixtureDensity
from further.supervised.mlp import MLPClassifier
from further.supervised.rungs.linear import LogisticRegression
from further.train import energy as module
from further.train.energy import Energy, EnergyMeter
from further.train.power import nvml, rapl
from further.train.power.design_power import WATTS_PER_CORE, from_design_power
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


def zone(folder, number, name, microjoules, most=262_143_328_850):
    path = folder / f"intel-rapl:{number}"
    path.mkdir(exist_ok=True)
    (path / "name").write_text(f"{name}\n")
    (path / "energy_uj").write_text(str(microjoules))
    (path / "max_energy_range_uj").write_text(str(most))
    return path / "energy_uj"


def test_memory_is_counted_and_what_holds_or_is_part_of_a_package_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(rapl, "POWERCAP", tmp_path)
    files = [
        zone(tmp_path, number, name, 0)
        for number, name in (("0", "package-0"), ("0:0", "core"), ("0:1", "dram"), ("1", "psys"))
    ]
    meter = EnergyMeter()
    for file, joules in zip(files, (3600, 1000, 360, 9999), strict=True):
        file.write_text(str(joules * 10**6))
    used = meter.read()
    assert used.watt_hours == pytest.approx(1.1)
    assert used.method == "measured by RAPL, whole processor package and memory"
    assert used.range == (used.watt_hours, used.watt_hours)
    assert not used.is_estimate


def test_a_counter_that_wraps_around_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(rapl, "POWERCAP", tmp_path)
    file = zone(tmp_path, "0", "package-0", 262_143_000_000)
    meter = EnergyMeter()
    file.write_text("3599671150")
    assert meter.read().watt_hours == pytest.approx(3600 / 3600)
    file.write_text("7199671150")
    assert meter.read().watt_hours == pytest.approx(2.0)


def test_a_counter_that_may_have_wrapped_twice_is_not_believed(tmp_path, monkeypatch):
    monkeypatch.setattr(rapl, "POWERCAP", tmp_path)
    file = zone(tmp_path, "0", "package-0", 0)
    clock = iter([0.0, 500.0, 1100.0])  # 262 kJ are 524 s of 500 W
    monkeypatch.setattr(rapl.time, "monotonic", lambda: next(clock, 1100.0))
    counter = rapl.Rapl()
    file.write_text("5000000")
    assert counter.joules() == 5
    file.write_text("9000000")
    assert math.isnan(counter.joules())


def test_the_range_is_computed_by_hand(tmp_path, monkeypatch):
    """Two hours of processor time in an hour, with 10 GB."""
    value, low, high = from_design_power(7200, 3600, 10.0)
    assert (value, low) == (pytest.approx(24.0), pytest.approx(3.8))
    assert high == pytest.approx(1.67 * (2 * 23.8 + 3.725))


def test_an_estimate_has_its_range_and_the_processor_time(tmp_path, monkeypatch):
    monkeypatch.setattr(rapl, "POWERCAP", tmp_path)
    clock = iter([0.0, 3600.0])
    monkeypatch.setattr(module.time, "process_time", lambda: next(clock))
    used = EnergyMeter().read()
    assert used.cpu_seconds == 3600
    low, high = used.range
    assert low == pytest.approx(1.9)
    assert 1.67 * 23.8 < high < 1.67 * 23.8 + 1  # the memory of a moment
    assert used.is_estimate


class Library:
    """What NVML answers: the handle of one GPU, and a counter of millijoules."""

    def __init__(self):
        self.millijoules, self.asked, self.status = 5_000_000, [], 0

    def nvmlInit_v2(self):
        return 0

    def nvmlDeviceGetHandleByUUID(self, name, device):
        self.asked.append(name)
        return 0

    def nvmlDeviceGetTotalEnergyConsumption(self, device, found):
        found._obj.value = self.millijoules
        return self.status


@pytest.fixture
def gpu(tmp_path, monkeypatch):
    """Let this process compute on a GPU, without a counter of the processor."""
    monkeypatch.setattr(rapl, "POWERCAP", tmp_path)
    library = Library()
    monkeypatch.setattr(nvml, "_identifier", lambda: "GPU-1234")
    monkeypatch.setattr(nvml.ctypes, "CDLL", lambda name: library)
    return library


def test_a_gpu_is_measured_beside_the_processor(gpu):
    before = Energy(1.0, "GPU measured by NVML, whole board", cpu_seconds=5.0)
    meter = EnergyMeter(before, device="cuda")
    gpu.millijoules += 7_200_000
    used = meter.read()
    assert gpu.asked == [b"GPU-1234"]
    assert used.watt_hours == pytest.approx(1.0 + 2.0, abs=1e-3)
    assert used.range[0] >= 3.0
    assert used.method.count("GPU measured by NVML") == 1
    assert "estimated from processor time" in used.method


def test_a_gpu_without_a_counter_is_said_to_be_left_out(gpu):
    gpu.status = 3  # not supported
    assert "GPU left out" in EnergyMeter(device="cuda").read().method
    assert "GPU left out" in EnergyMeter(device="mps").read().method


def test_without_the_driver_a_gpu_is_said_to_be_left_out(gpu, monkeypatch):
    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(nvml.ctypes, "CDLL", missing)
    assert "GPU left out" in EnergyMeter(device="cuda").read().method


def test_work_that_does_not_run_on_the_gpu_does_not_count_it(monkeypatch):
    """Even where earlier work of this process did, so that torch has begun to use it."""
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(nvml, "_identifier", lambda: pytest.fail("a GPU was asked for"))
    X, y = load_iris(return_X_y=True)
    fits = (
        GaussianMixtureDensity(random_state=0),
        LogisticRegression(random_state=0),
        MLPClassifier(random_state=0, device="cpu", budget="2 steps"),
    )
    for model in fits:
        model.fit(X, y)
        assert "GPU" not in model.cost_["energy_method"]


def test_energy_is_read_without_torch():
    script = (
        "import sys; from further.train.energy import EnergyMeter; EnergyMeter().read(); "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_energies_add_up_and_come_back_from_json():
    a = Energy(1.0, "a", 0.5, 3.0, 10.0)
    b = Energy(2.0, "a; b", cpu_seconds=5.0)
    both = a + b
    assert (both.watt_hours, both.range, both.cpu_seconds) == (3.0, (2.5, 5.0), 15.0)
    assert both.method == "a; b"
    assert Energy.from_json(both.to_json()) == both
    assert (a + Energy(1.0, "")).cpu_seconds is None
    assert Energy.from_json({"seconds": 3}) is None


def test_an_estimate_of_an_older_version_gets_its_range():
    method = "estimated from processor time at 12 W a core (design power)"
    old = Energy.from_json({"energy_wh": 12.0, "energy_method": method})
    assert old.cpu_seconds == pytest.approx(3600)
    assert old.range == (pytest.approx(1.9), pytest.approx(1.67 * 23.8))
    measured = Energy.from_json({"energy_wh": 12.0, "energy_method": "measured by RAPL"})
    assert measured.range == (12.0, 12.0)


def test_ranges_that_overlap_rank_nobody():
    little, more, much = (Energy(x, "", x / 6, x * 3) for x in (1.0, 5.0, 100.0))
    assert little.overlaps(more)
    assert little.is_below(much)
    assert not little.overlaps(much)
    assert not much.is_below(little)


def test_what_cannot_be_used_is_refused_before_the_work(monkeypatch):
    monkeypatch.setenv("FURTHER_COUNTRY", "Atlantis")
    with pytest.raises(InputError, match='FURTHER_COUNTRY: There is no country "Atlantis"'):
        EnergyMeter()
