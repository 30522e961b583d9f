"""What runs took: each fit once, with its range, and what less would have cost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

import further
from further.errors import InputError, RunError
from further.evaluate.prediction.record import LadderRecord, PredictionEvaluation, PredictorRecord
from further.evaluate.record import Apart, Measured
from further.evaluate.typed_json import to_json
from further.train.energy import Energy
from further.train.files import read_json, write_json
from further.train.run import Run
from further.trust.carbon.benchmarks import equivalents, multiple
from further.trust.carbon.carbon import carbon
from real_runs import RealRuns


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in ("FURTHER_GRID_G_PER_KWH", "FURTHER_COUNTRY"):
        monkeypatch.delenv(name, raising=False)


def fit(path, energy, status="finished", **record):
    """Write the run of a fit that took an energy."""
    Run.create(path, **record).update(status=status, **energy.to_json())
    return path


def took(cpu_seconds):
    watt_hours = cpu_seconds * 12 / 3600
    low, high = cpu_seconds * 1.9 / 3600, cpu_seconds * 40 / 3600
    return Energy(watt_hours, "estimated from processor time", low, high, cpu_seconds)


@pytest.fixture
def ladder(tmp_path):
    """Return a comparison of three models, in which boosting is best and took 400 s."""
    path = tmp_path / "ladder"
    Run.create(path, task="classification").update(status="finished")
    spent = {"logistic_regression": 10.0, "decision_tree_classifier": 1.0, "boosting": 400.0}
    models = []
    for name, seconds in spent.items():
        fit(path / "models" / name, took(seconds / 5), model=name)
        for i in (1, 2, 3, 4):
            fit(path / "models" / name / "folds" / str(i), took(seconds / 5), model=name)
        known = {k: v for k, v in took(seconds).to_json().items() if k != "carbon_g"}
        models.append(PredictorRecord(name, name.capitalize(), **known))
    apart = (
        Apart("logistic_regression", Measured(0.003, -0.001, 0.007), tied=True),
        Apart("decision_tree_classifier", Measured(0.2, 0.15, 0.25), tied=False),
        Apart("boosting", Measured(0.0), tied=True),
    )
    answer = LadderRecord("", "log_loss", "boosting", "logistic_regression", apart=apart)
    evaluation = PredictionEvaluation(models=tuple(models), recommendation=answer)
    write_json(path / "evaluation.json", to_json(evaluation))
    return path


def test_energy_carbon_and_their_ranges_are_computed_by_hand(tmp_path):
    a = fit(tmp_path / "a", Energy(1000.0, "one", 500.0, 3000.0, 60.0), model="mlp")
    b = fit(tmp_path / "b", Energy(500.0, "another", cpu_seconds=30.0), model="vae")
    found = further.carbon([a, b], country="FRA", year=2023).to_json()
    assert (found["energy_wh"], found["low"], found["high"]) == (1500, 1000, 3500)
    assert found["carbon_g"] == pytest.approx(1.5 * 56)
    assert (found["carbon_low"], found["carbon_high"]) == pytest.approx((56, 3.5 * 56))
    assert found["cpu_seconds"] == 90
    assert found["method"] == "one; another"
    assert found["grid"] == {
        "country": "FRA", "name": "France", "year": 2023, "g_per_kwh": 56.0,
        "source": "Our World in Data, from Ember and the Energy Institute", "licence": "CC BY 4.0",
    }  # fmt: skip
    assert [(one["what"], one["fits"]) for one in found["runs"]] == [("mlp", 1), ("vae", 1)]


def test_every_fit_of_a_comparison_is_counted_once(ladder):
    found = carbon(ladder)
    assert found.runs[0].fits == 15
    assert found.energy.cpu_seconds == pytest.approx(411)
    again = carbon([ladder, ladder / "models" / "boosting", ladder])
    assert again.energy == found.energy
    assert [one.fits for one in again.runs] == [15, 0, 0]
    assert any("counted once" in note for note in again.notes)


def test_what_a_cheaper_model_would_have_lost(ladder):
    logistic, tree = carbon(ladder).cheaper
    # 10 s and 400 s: their ranges, up to 0.11 and from 0.21 Wh, do not overlap.
    assert (logistic.model, logistic.than, logistic.by) == (
        "logistic_regression", "boosting", "energy",
    )  # fmt: skip
    assert logistic.share == pytest.approx(1 / 40)
    assert (logistic.difference, logistic.low, logistic.high) == (0.003, -0.001, 0.007)
    assert logistic.sentence == (
        "Logistic_regression took 1/40 of the energy of Boosting; its log loss is 0.003 higher "
        "(95 % interval −0.001 to 0.007), so the two are tied."
    )
    assert tree.sentence.endswith("so it is the worse one.")


def test_energies_that_overlap_give_way_to_processor_time(ladder):
    evaluation = read_json(ladder / "evaluation.json")
    evaluation["models"][0] |= took(100.0).to_json()
    write_json(ladder / "evaluation.json", evaluation)
    found = carbon(ladder)
    logistic = next(one for one in found.cheaper if one.model == "logistic_regression")
    assert (logistic.by, logistic.share) == ("processor time", pytest.approx(1 / 4))
    assert any("by processor time" in note for note in found.notes)


def test_processor_time_ranks_nobody_that_used_a_gpu(ladder):
    """100 Wh in 10 s of processor time and 60 Wh in 20 s: which took more is not known."""
    method = "estimated from processor time; GPU measured by NVML, whole board"
    evaluation = read_json(ladder / "evaluation.json")
    evaluation["models"] = [m for m in evaluation["models"] if "tree" not in m["name"]]
    evaluation["models"][0] |= Energy(100.0, method, 50.0, 150.0, 10.0).to_json()
    evaluation["models"][1] |= Energy(60.0, "estimated", 30.0, 90.0, 20.0).to_json()
    write_json(ladder / "evaluation.json", evaluation)
    found = carbon(ladder)
    assert found.cheaper == ()
    assert any("is known to have taken less" in note for note in found.notes)
    evaluation["models"][0] |= Energy(20.0, method, 10.0, 25.0, 40.0).to_json()
    write_json(ladder / "evaluation.json", evaluation)
    assert [one.by for one in carbon(ladder).cheaper] == ["energy"]


def test_where_the_best_model_took_least_that_is_said(ladder):
    evaluation = read_json(ladder / "evaluation.json")
    evaluation["models"][2] |= took(0.1).to_json()
    write_json(ladder / "evaluation.json", evaluation)
    found = carbon(ladder)
    assert found.cheaper == ()
    assert any(
        "no model is known to have taken less than the best one, Boosting" in note
        for note in found.notes
    )


def test_runs_whose_ranges_overlap_are_not_ranked(tmp_path):
    little, more, much = (
        fit(tmp_path / str(i), took(seconds), model="mlp")
        for i, seconds in enumerate((1.0, 5.0, 500.0))
    )
    found = carbon([much, little, more])
    order = {one["run"]: one["less_than"] for one in found.to_json()["runs"]}
    assert order == {str(much): [], str(little): [str(much)], str(more): [str(much)]}
    assert any("not ranked by energy" in note for note in found.notes)
    assert not any("not ranked" in note for note in carbon([much, little]).notes)


def test_carbon_stands_beside_the_benchmarks_in_kilograms():
    """Pounds of Strubell et al. 2019, by hand: a flight of 1,984 lb is 899.93 kg."""
    flight = next(e for e in equivalents(899_930.0, 449_965.0, 1_799_860.0) if "flight" in e.name)
    assert flight.kg == pytest.approx(899.93, abs=0.01)
    assert (flight.share, flight.low, flight.high) == pytest.approx((1, 0.5, 2), rel=1e-4)
    assert multiple(2.5) == "2.5 times"


def test_runs_that_the_real_writer_left_add_up(real_runs: RealRuns):
    path = real_runs.path("table")  # two networks and the controls, three trainings each
    found = carbon(path)
    files = [read_json(f) for f in path.rglob("run.json")]
    spent = [record["energy_wh"] for record in files if "energy_wh" in record]
    assert found.runs[0].fits == len(spent) >= 9
    assert found.energy.watt_hours == pytest.approx(sum(spent))
    low, high = found.energy.range
    assert 0 < low < found.energy.watt_hours < high
    assert found.energy.cpu_seconds == pytest.approx(found.energy.watt_hours * 300)
    assert all(one.metric == "kernel_distance" for one in found.cheaper)
    json.dumps(found.to_json())
    assert carbon(real_runs.path("iris")).energy.watt_hours > 0
    assert len(found.to_frame()) == 1


def test_an_older_run_gets_its_range(tmp_path):
    path = tmp_path / "old"
    Run.create(path, model="vae").update(
        status="finished", energy_wh=12.0,
        energy_method="estimated from processor time at 12 W a core (design power)",
    )  # fmt: skip
    energy = carbon(path).energy
    assert energy.cpu_seconds == pytest.approx(3600)
    assert energy.range == pytest.approx((1.9, 1.67 * 23.8))
    Run.create(tmp_path / "bare", model="vae").update(
        status="finished", energy_wh=2.0, energy_method="measured by RAPL"
    )
    both = carbon([path, tmp_path / "bare"])
    assert both.energy.cpu_seconds is None
    assert any("no processor time" in note for note in both.notes)


def test_what_has_not_finished_or_holds_no_fit_is_said(tmp_path):
    fit(tmp_path / "half", took(1.0), status="interrupted", model="mlp")
    assert any("has not finished" in note for note in carbon(tmp_path / "half").notes)
    Run.create(tmp_path / "none", task="generation").update(status="finished")
    found = carbon(tmp_path / "none")
    assert found.energy.watt_hours == 0
    assert any("records no energy" in note for note in found.notes)


def test_what_is_damaged_inside_a_run_is_said(ladder):
    (ladder / "models" / "boosting" / "run.json").write_text("{")
    found = carbon(ladder)
    assert found.runs[0].fits == 14
    assert any(note.startswith("Not counted:") for note in found.notes)
    (ladder / "evaluation.json").write_text("[]")
    assert any(note.startswith("Quality is not compared:") for note in carbon(ladder).notes)


@pytest.mark.parametrize(
    "recommendation",
    [None, 3, [], {"best": "boosting"}, {"best": "boosting", "apart": 7}, {"best": ["boosting"]},
     {"goals": []}, {"goals": {"realism": {"ranking": ["nobody"]}}}],
)  # fmt: skip
def test_a_damaged_answer_compares_nothing(ladder, recommendation):
    evaluation = read_json(ladder / "evaluation.json")
    evaluation["recommendation"] = recommendation
    write_json(ladder / "evaluation.json", evaluation)
    assert carbon(ladder).cheaper == ()


def test_what_is_no_run_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(RunError, match="is not a run: it has no run"):
        carbon(tmp_path)
    with pytest.raises(InputError, match="There is no run to add up"):
        carbon([])
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(RunError, match="is not valid JSON"):
        carbon(tmp_path)


def test_a_moved_run_is_read_where_it_is(ladder, tmp_path):
    moved = shutil.copytree(ladder, tmp_path / "moved")
    assert carbon(moved).energy == carbon(ladder).energy


def test_carbon_needs_no_torch(ladder):
    script = (
        "import sys; from further.trust.carbon.carbon import carbon; "
        f"carbon({str(ladder)!r}).to_json(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
