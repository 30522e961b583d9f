"""What trainings took: processor time first, energy and carbon with their ranges."""

from __future__ import annotations

import pytest
from page_reader import page_of

from further.report.cost import cost, in_range, in_words
from further.report.run_folder import ModelRun, RunFolder
from further.train.energy import Energy
from real_runs import RealRuns

ESTIMATE = Energy(2.0, "", 0.5, 8.0, 600.0)


def test_an_estimate_is_written_with_its_range_and_a_measurement_without() -> None:
    assert in_range(ESTIMATE) == "2.0 (0.50 to 8.0)"
    assert in_range(ESTIMATE, 1.0) == "1.0 (0.25 to 4.0)"
    assert in_range(Energy(2.0, "")) == "2.0"
    assert in_range(None) == "–"
    assert in_range(Energy(0.0, "no training")) == "0"


def test_processor_time_is_said_first(tmp_path) -> None:
    run = RunFolder(tmp_path, {}, {"energy": {"method": "estimated", "grid_g_per_kwh": 500.0}})
    told = in_words(run, "The training", 300.0, ESTIMATE, 1.0)
    assert told.startswith(
        "The training took 10 min 0 s of processor time, 5 min 0 s by the clock and "
        "2.0 (0.50 to 8.0) Wh, which is 1.0 (0.25 to 4.0) g of CO₂ equivalent. Energy is estimated."
    )
    assert "The range is that of 1.9 to 23.8 W a core" in told


def test_an_older_run_is_shown_with_its_range(tmp_path) -> None:
    method = "estimated from processor time at 12 W a core (design power)"
    model = ModelRun("vae", "VAE", seconds=9.0, energy_wh=12.0, energy_method=method)
    written = str(cost(RunFolder(tmp_path, {}, {}, (model,))))
    assert "12 (1.9 to 40)" in written
    assert "1 h 0 min of processor time" in written


@pytest.mark.parametrize("name", ["table", "iris", "ladder"])
def test_pages_of_real_runs_say_it(name: str, real_runs: RealRuns, tmp_path) -> None:
    assert "of processor time" in page_of(real_runs.copy(name, tmp_path / name)).text
