"""The benchmark of the doctor: its labels say what they claim, and a handful of its trainings."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binomtest

FOLDER = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, str(FOLDER))
    try:
        import doctor
        import doctor_data
        import doctor_faults
        import doctor_networks
        import doctor_trainings
    finally:
        sys.path.remove(str(FOLDER))
    return SimpleNamespace(
        doctor=doctor, data=doctor_data, faults=doctor_faults, networks=doctor_networks,
        trainings=doctor_trainings,
    )  # fmt: skip


@pytest.fixture(scope="module")
def sound(bench):
    """Return a sound training on clouds of points."""
    task = bench.data.make_task("tuning 1", "mixture", seed=5)
    recipe = bench.networks.Recipe("relu_1", "momentum", 0.05, "constant", 1e-3, 0.0)
    return bench.faults.Case(task, recipe, 24)


def test_parts_share_neither_data_nor_architectures(bench) -> None:
    for table in (bench.data.DATA, bench.networks.NETS):
        names = [name for part in table.values() for name in part]
        assert len(set(names)) == len(names)
        assert list(table) == list(bench.doctor.LADDERS_AND_INJECTIONS)


def test_every_fault_has_conditions_that_count_as_finding_it(bench) -> None:
    from further.trust.doctor.conditions import CONDITIONS

    known = {condition.name for condition in CONDITIONS}
    equivalents = bench.doctor.EQUIVALENTS
    assert set(equivalents) == {"too_short", "overfitted", "stuck_in_all_rates"} | {
        *bench.faults.FAULTS
    }
    assert set(bench.doctor.NOT_IN_CURVES) <= set(equivalents)
    assert {name for names in equivalents.values() for name in names} <= known


def test_labels_are_gains_of_the_test_loss(bench) -> None:
    def training(validation, *losses):
        rows = np.array(losses)[:, None] + np.linspace(-0.1, 0.1, 50)
        return bench.networks.Training({"val_loss": validation}, rows)

    short = training([3.0, 1.0, 2.0], 5.0, 2.0, 4.0)
    longer = training([3.0, 1.0, 2.0, 0.9], 5.0, 2.0, 4.0, 3.9)
    found = bench.trainings.own_faults(short, longer)
    assert found == {"overfitted": pytest.approx(0.5)}  # 4 to 2; 4 to 3.9 is less than 5 %
    assert bench.trainings.gain(float("nan"), 3.0) == 1
    assert bench.trainings.gain(2.0, float("inf")) < 0


def test_a_gain_within_two_standard_errors_is_no_label(bench) -> None:
    worse = np.ones(30)
    with pytest.raises(bench.trainings.UndecidedError):
        bench.trainings.sure_gain(worse, np.where(np.arange(30) % 2, 0.2, 1.6))
    assert bench.trainings.sure_gain(worse, 0.9 * worse) == pytest.approx(0.1)
    assert bench.trainings.sure_gain(worse, 0.97 * worse) == 0


def test_a_shorter_training_with_a_constant_rate_is_the_beginning_of_a_longer_one(
    bench, sound
) -> None:
    ladder = bench.trainings.ladder(sound.task, "tuning 1", sound.recipe, (6, 12), 5)
    alone = bench.networks.train(sound.task, "tuning 1", sound.recipe, 6, 5)
    for found in (ladder[6], ladder[12].cut(6)):
        assert found.history == alone.history
        np.testing.assert_array_equal(found.test, alone.test)


def test_the_test_loss_is_not_shown_to_the_doctor(bench, sound, monkeypatch) -> None:
    training = bench.networks.train(sound.task, "tuning 1", sound.recipe, 6, 5)
    example = bench.trainings.example("tuning 1", sound, 5, "", {}, training)
    shown = []
    monkeypatch.setattr(
        bench.doctor,
        "doctor",
        lambda history, baseline, **counts: shown.append((set(history), baseline)),
    )
    for view in bench.doctor.VIEWS:
        bench.doctor.diagnose(example, view)
    least = {"epoch", "train_loss", "val_loss", "val_accuracy"}
    constant = sound.task.baseline
    assert shown == [(least | {"fit_loss", "lr"}, constant), (least, constant), (least, None)]


@pytest.mark.parametrize("fault", ["rate_too_low", "dead_start", "rate_too_high"])
def test_a_fault_that_costs_is_found(bench, sound, fault: str) -> None:
    faulty, mended = bench.faults.FAULTS[fault](sound, np.random.default_rng(1))
    found, undone = (bench.trainings.train_case("tuning 1", case, 5) for case in (faulty, mended))
    assert bench.trainings.sure_gain(found.last, undone.last) >= bench.trainings.WORTH
    example = bench.trainings.example("tuning 1", faulty, 5, fault, {fault: 1.0}, found)
    for view in list(bench.doctor.VIEWS)[:2]:
        diagnosis = bench.doctor.diagnose(example, view)
        assert bench.doctor.is_found(fault, diagnosis)
        assert not diagnosis.healthy


def test_the_same_seed_makes_the_same_file(bench, tmp_path) -> None:
    examples = bench.trainings.natural("tuning 1", 2)
    assert examples
    mark = bench.trainings.save(tmp_path / "a.json.gz", examples)
    read, same = bench.trainings.load(tmp_path / "a.json.gz")
    assert same == mark
    assert read == examples
    again = bench.trainings.natural("tuning 1", 2)
    assert bench.trainings.save(tmp_path / "b.json.gz", again) == mark
    assert [example.is_healthy for example in examples] == [True, False][: len(examples)]


def test_intervals_are_those_of_wilson(bench) -> None:
    for hits, n in ((0, 20), (19, 20), (77, 84)):
        interval = binomtest(hits, n).proportion_ci(method="wilson")
        assert bench.doctor.wilson(hits, n) == pytest.approx(tuple(interval), abs=1e-4)


def test_tables_are_printed(bench, capsys) -> None:
    examples = bench.trainings.natural("tuning 1", 2)
    bench.doctor.tell(examples, "tuning 1", "all that further logs")
    text = capsys.readouterr().out
    assert "false alarms" in text
    assert "validation above 1.5 times training" in text
