"""``further carbon``: processor time first, ranges, and one sentence for what cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from further.train.energy import Energy
from further.train.run import Run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("FURTHER_GRID_G_PER_KWH", "FURTHER_COUNTRY"):
        monkeypatch.delenv(name, raising=False)
    method = "estimated from processor time at 12 W a core (design power)"
    energy = Energy(12.0, method, 1.9, 40.0, 3600.0)
    Run.create(tmp_path / "run", model="mlp").update(status="finished", **energy.to_json())
    return tmp_path / "run"


def test_processor_time_stands_first_and_every_figure_has_its_range(further, run) -> None:
    done = further("carbon", run, "--country", "fra", "--year", 2023)
    first, energy, carbon, *rest = done.out.splitlines()
    assert first == "1 h 0 min of processor time in 1 fit"
    assert energy.startswith("12 (1.9 to 40) Wh, estimated from processor time at 12 W a core")
    assert carbon.startswith("0.67 (0.11 to 2.2) g of CO₂ equivalent at 56.0 g per kWh: France")
    assert any("Strubell et al. 2019" in line for line in rest)
    assert any("The energy is an estimate" in line for line in rest)
    assert (done.status, done.err) == (0, "")


def test_json_has_the_published_keys(further, run) -> None:
    found = json.loads(further("carbon", run, "country=FRA", "--json").out)
    keys = {
        "cpu_seconds", "energy_wh", "low", "high", "carbon_g", "carbon_low", "carbon_high",
        "method", "grid", "runs", "equivalents", "cheaper", "notes",
    }  # fmt: skip
    assert set(found) == keys
    assert found["grid"]["country"] == "FRA"
    assert further("carbon", run, "--quiet").out == ""


def test_several_runs_stand_in_a_table(further, run, tmp_path) -> None:
    Run.create(tmp_path / "other", model="vae").update(
        status="finished", **Energy(1.0, "measured", cpu_seconds=9.0).to_json()
    )
    out = further("carbon", run, tmp_path / "other").out
    assert "processor time" in out
    assert any(line.split()[1:2] == ["vae"] for line in out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--country", "XYZ"), 'There is no country "XYZ"; name an ISO 3166 code such as FRA.'),
        (("--country", "FRX"), 'There is no country "FRX"; did you mean "FRA" (France)?'),
        (("--country", "FRA", "--year", "1990"), "There is no figure of 1990 for France; "),
        (("nowhere",), '"nowhere" is not a run'),
    ],
)
def test_what_cannot_be_used_is_one_sentence(further, run, arguments, said) -> None:
    done = further("carbon", run, *arguments)
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1
