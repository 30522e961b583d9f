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
        import doctor_trainings
    finally:
        sys.path.remove(str(FOLDER))
    return SimpleNamespace(doctor=doctor, trainings=doctor_trainings)


@pytest.fixture(scope="module")
def wine(bench):
    """Return a sound training on the wine data, and what trains it."""
    trainings = bench.trainings
    task = trainings.make_task("tuning", "wine", seed=5)
    recipe = trainings.Recipe("relu_1", "momentum", 0.05, False, 1e-3, 0.0)
    return trainings.Trainer("tuning", 5), trainings.Case(task, recipe, 24)


def test_halves_share_neither_data_nor_architectures(bench) -> None:
    for table in (bench.trainings.DATA, bench.trainings.NETS):
        assert not set(table["tuning"]) & set(table["judging"])


def test_every_fault_has_conditions_that_count_as_finding_it(bench) -> None:
    from further.trust.doctor.conditions import CONDITIONS

    known = {condition.name for condition in CONDITIONS}
    equivalents = bench.doctor.EQUIVALENTS
    assert set(equivalents) == {"stopped_early", "overfitted", "stuck_in_all_rates"} | {
        *bench.trainings.FAULTS
    }
    assert {name for names in equivalents.values() for name in names} <= known


def test_labels_are_gains_of_the_test_loss(bench) -> None:
    history = {"val_loss": [3.0, 1.0, 2.0], "test": [5.0, 2.0, 4.0]}
    found = bench.trainings.own_faults(history, {"test": [0.0] * 5 + [3.9]})
    assert found == {"overfitted": 0.5}  # 4 to 2; 4 to 3.9 is less than 5 %
    assert bench.trainings.gain(float("nan"), 3.0) == 1
    assert bench.trainings.gain(2.0, float("inf")) < 0


def test_a_shorter_training_with_a_constant_rate_is_the_beginning_of_a_longer_one(
    bench, wine
) -> None:
    trainer, case = wine
    ladder = trainer.ladder(case.task, case.recipe, (6, 12))
    alone = bench.trainings.train(case.task, "tuning", case.recipe, 6, trainer.seed)
    assert ladder[6] == alone
    assert ladder[12]["test"][:6] == alone["test"]


def test_the_test_loss_is_not_shown_to_the_doctor(bench, wine) -> None:
    trainer, case = wine
    history = bench.trainings.train(case.task, "tuning", case.recipe, 6, trainer.seed)
    shown = [trainer.example(case, "", {}, history, number) for number in range(4)]
    assert not any("test" in example.logged for example in shown)
    assert ["fit_loss" in example.logged for example in shown] == [True, False, True, False]
    assert [example.baseline is None for example in shown] == [False, False, True, True]


@pytest.mark.parametrize("fault", ["rate_too_low", "dead_start", "rate_too_high"])
def test_a_fault_that_costs_is_found(bench, wine, fault: str) -> None:
    trainer, case = wine
    faulty, mended = bench.trainings.FAULTS[fault](case, np.random.default_rng(1))
    history, undone = (
        bench.trainings.train(of.task, "tuning", of.recipe, of.epochs, trainer.seed)
        for of in (faulty, mended)
    )
    assert bench.trainings.gain(history["test"][-1], undone["test"][-1]) >= bench.trainings.WORTH
    example = trainer.example(faulty, fault, {fault: 1.0}, history, 0)
    found = bench.doctor.diagnose(example)
    assert bench.doctor.is_found(fault, found)
    assert not found.healthy


def test_the_same_seed_makes_the_same_file(bench, tmp_path) -> None:
    examples = list(bench.trainings.natural("tuning", 2))
    assert examples
    mark = bench.trainings.save(tmp_path / "a.json.gz", examples)
    read, same = bench.trainings.load(tmp_path / "a.json.gz")
    assert same == mark
    assert read == examples
    again = list(bench.trainings.natural("tuning", 2))
    assert bench.trainings.save(tmp_path / "b.json.gz", again) == mark
    assert [example.is_healthy for example in examples] == [True, False][: len(examples)]


def test_intervals_are_those_of_wilson(bench) -> None:
    for hits, n in ((0, 20), (19, 20), (77, 84)):
        interval = binomtest(hits, n).proportion_ci(method="wilson")
        assert bench.doctor.wilson(hits, n) == pytest.approx(tuple(interval), abs=1e-4)


def test_tables_are_printed(bench, capsys) -> None:
    examples = list(bench.trainings.natural("tuning", 2))
    bench.doctor.tell(examples, "tuning")
    text = capsys.readouterr().out
    assert "false alarms" in text
    assert "validation above 1.5 times training" in text
