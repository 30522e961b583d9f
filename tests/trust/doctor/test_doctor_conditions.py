"""Each condition on trainings that have it by another statement than the doctor's own.

Real trainings of DeepOBS say it by their test loss and their learning rate; small trainings of ours
say it by intervention: undoing the fault improves the loss of test rows that nobody looked at.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from further import doctor
from further.trust.doctor.conditions import CONDITIONS
from further.trust.doctor.diagnosis import Diagnosis
from trust.doctor.trainings import load, logged, train

RNG = np.random.default_rng(0)


def names(found: Diagnosis) -> list[str]:
    return [finding.condition for finding in found.findings]


def index(folder: Path) -> list[dict[str, str]]:
    with open(folder / "index.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def real_curves(real_data: Path) -> list[tuple[dict[str, str], Diagnosis]]:
    folder = real_data / "curves_deepobs"
    return [(line, doctor(folder / line["file"])) for line in index(folder)]


def test_real_trainings_that_broke_are_found_at_the_epoch_where_they_did(real_curves) -> None:
    broken = [(line, found) for line, found in real_curves if int(line["test_loss_non_finite"])]
    assert len(broken) > 80
    for line, found in broken:
        assert found.findings[0].condition == "non_finite"
        first = int(line["epochs_logged"]) - int(line["test_loss_non_finite"])
        assert found.findings[0].epoch <= first
    others = [found for line, found in real_curves if not int(line["test_loss_non_finite"])]
    assert not any("non_finite" in names(found) for found in others)


def test_real_trainings_whose_test_loss_rose_while_the_other_fell_overfit(
    real_curves,
) -> None:
    rose = [
        found
        for line, found in real_curves
        if not int(line["test_loss_non_finite"])
        and float(line["test_loss_last_finite"]) > 1.1 * float(line["test_loss_min"])
        and float(line["train_loss_last"]) < 0.9 * float(line["test_loss_min"])
    ]
    assert len(rose) > 25
    assert np.mean(["overfitting" in names(found) for found in rose]) > 0.95


def test_real_trainings_with_the_best_learning_rates_are_healthy(real_curves) -> None:
    """A run is healthy whose last test loss is within 5 % of the best of its optimizer."""
    best: dict[tuple[str, str], float] = {}
    for line, _ in real_curves:
        if not int(line["test_loss_non_finite"]):
            key = (line["problem"], line["optimizer"])
            best[key] = min(best.get(key, np.inf), float(line["test_loss_last_finite"]))
    healthy = [
        found
        for line, found in real_curves
        if not int(line["test_loss_non_finite"])
        and float(line["test_loss_last_finite"])
        <= 1.05 * min(best[line["problem"], line["optimizer"]], float(line["test_loss_min"]))
    ]
    assert len(healthy) > 30
    assert np.mean([found.healthy for found in healthy]) > 0.95


def test_real_trainings_at_huge_learning_rates_are_never_healthy(real_curves) -> None:
    """Where the constant predictor's loss is not in the first row the doctor has to be told it."""
    wild = [
        found
        for line, found in real_curves
        if line["problem"] == "fmnist_2c2d" and float(line["test_loss_last_finite"]) > 2.3
    ]
    assert len(wild) > 40
    for found in wild:
        assert set(names(found)) & {
            "diverged", "not_learning", "learning_rate_too_high", "overfitting",
        }  # fmt: skip


def test_a_plateau_at_the_constant_predictor_is_told_when_its_loss_is_given(
    real_data: Path,
) -> None:
    # This VAE gives the mean picture from the first epoch on: 52.9 instead of 28.
    file = (
        real_data / "curves_deepobs/mnist_vae/mnist_vae__GradientDescent__lr1.00e-02__seed42.json"
    )
    assert names(doctor(file)) == []
    assert any("solved or stuck" in text for text in doctor(file).cannot_tell)
    assert names(doctor(file, baseline=52.9)) == ["not_learning"]


def test_small_steps_are_told_from_sound_ones_on_real_trainings(real_curves) -> None:
    slow = [
        found
        for line, found in real_curves
        if (line["problem"], line["optimizer"]) == ("quadratic_deep", "AdamOptimizer")
        and float(line["test_loss_last_finite"]) > 1.35 * 87 and float(line["learning_rate"]) < 1e-3
    ]  # fmt: skip
    assert len(slow) > 5
    assert all("learning_rate_too_low" in names(found) for found in slow)
    fast = [found for line, found in real_curves if float(line["learning_rate"]) > 0.01]
    assert not any("learning_rate_too_low" in names(found) for found in fast)


def gain(faulty: dict[str, list[float]], mended: dict[str, list[float]], epoch: int = -1) -> float:
    """Return how much of the test loss undoing a fault takes away."""
    return 1 - mended["test"][epoch] / faulty["test"][-1]


def test_stopping_early_undoes_overfitting() -> None:
    split = load("diabetes", seed=0)
    history = train(split, epochs=60, width=64)
    found = doctor(logged(history, "epoch", "train_loss", "val_loss"), baseline=split.baseline)
    assert names(found) == ["overfitting"]
    best = int(found.findings[0].epoch or 0) - 1
    assert gain(history, history, best) > 0.05


def test_labels_that_were_shuffled_are_no_use_beyond_the_training_rows() -> None:
    split = load("digits", seed=0)
    sound = train(split, epochs=25, rate=3e-3)
    split.y["train"] = RNG.permutation(split.y["train"])
    history = train(split, epochs=60, width=128, rate=5e-3)
    assert gain(history, sound) > 0.05
    found = doctor(logged(history, "epoch", "train_loss", "val_loss"), classes=10)
    assert names(found)[0] == "overfitting"
    assert "labels" in found.findings[0].causes[0]


def test_thirty_times_the_learning_rate_undoes_one_that_is_too_low() -> None:
    split = load("digits", seed=1)
    history = train(split, epochs=30, rate=1e-4)
    assert gain(history, train(split, epochs=30, rate=3e-3)) > 0.05
    found = doctor(logged(history), classes=10)
    assert names(found) == ["learning_rate_too_low", "still_learning"]


def test_a_third_of_the_learning_rate_undoes_one_that_is_too_high() -> None:
    split = load("digits", seed=0)
    history = train(split, epochs=30, rate=0.5, optimizer="adam")
    assert gain(history, train(split, epochs=30, rate=3e-3)) > 0.05
    found = doctor(logged(history, "epoch", "train_loss", "val_loss"), classes=10)
    assert set(names(found)) & {"learning_rate_too_high", "diverged", "not_learning"}


def test_more_epochs_undo_a_training_that_was_stopped() -> None:
    split = load("digits", seed=0)
    history = train(split, epochs=8, rate=1e-3)
    assert gain(history, train(split, epochs=16, rate=1e-3)) > 0.05
    assert "still_learning" in names(doctor(logged(history), classes=10))


def test_a_schedule_that_ends_at_0_hides_that_more_epochs_help_unless_the_rate_is_logged() -> None:
    split = load("digits", seed=0)
    history = train(split, epochs=30, width=32, depth=2, rate=1e-3, anneal=True)
    longer = train(split, epochs=60, width=32, depth=2, rate=1e-3, anneal=True)
    assert gain(history, longer) > 0.05
    assert "still_learning" in names(doctor(logged(history), classes=10))
    without = doctor(logged(history, "epoch", "train_loss", "val_loss"), classes=10)
    assert "still_learning" not in names(without)
    assert any("log it as lr" in text for text in without.cannot_tell)


def test_dead_units_learn_nothing() -> None:
    split = load("digits", seed=0)
    split.x = {part: x * 0 for part, x in split.x.items()}
    history = train(split, epochs=15)
    found = doctor(logged(history, "epoch", "train_loss", "val_loss"))
    assert names(found) == ["not_learning"]
    assert any("log(10)" in text for text in found.findings[0].evidence)


def test_the_accuracy_of_a_constant_is_no_sign_of_learning() -> None:
    stuck = {
        "loss": 0.325 + RNG.normal(0, 1e-4, 20), "val_loss": np.full(20, 0.33),
        "val_accuracy": np.full(20, 0.9),
    }  # fmt: skip
    assert names(doctor(stuck)) == ["not_learning"]
    learnt_at_once = stuck | {"val_accuracy": 0.9 + RNG.normal(0, 1e-3, 20)}
    assert doctor(learnt_at_once).healthy


def test_a_pretrained_model_that_gains_little_is_not_called_blind() -> None:
    losses = 2.1 - 0.03 * (1 - np.exp(-np.arange(20) / 5))
    assert "not_learning" not in names(doctor({"loss": losses, "eval_loss": losses + 0.01}))


def test_validation_rows_among_the_training_rows_are_suspected() -> None:
    split = load("digits", seed=0)
    n = len(split.x["validation"])
    split.x["train"][:n], split.y["train"][:n] = split.x["validation"], split.y["validation"]
    history = train(split, epochs=40, width=128, depth=2)
    # The validation loss promises what the test loss does not keep.
    assert history["val_loss"][-1] < 0.1 * history["test"][-1]
    assert "leakage_suspected" in names(doctor(logged(history), classes=10))


def test_a_loss_that_began_far_above_a_constant_had_no_sound_start() -> None:
    losses = 30 * np.exp(-np.arange(20) / 3) + 0.5
    history = {"epoch": np.arange(1, 21), "train_loss": losses, "val_loss": losses + 0.1}
    assert "diverged" in names(doctor(history, classes=4))
    assert "diverged" not in names(doctor(history))  # nobody knows what a constant has


def test_dropout_alone_leaves_a_training_healthy_and_is_noted() -> None:
    at = np.arange(1, 41)
    fit = 0.5 + 1.5 * np.exp(-at / 4)
    history = {"epoch": at, "train_loss": 1.3 * fit, "val_loss": 1.05 * fit, "fit_loss": fit}
    found = doctor(history, baseline=2.3)
    assert found.healthy
    assert [finding.to_json()["severity"] for finding in found.findings] == ["note"]
    assert found.headline.startswith("Healthy")
    assert "below the training loss" in found.headline


def test_unseen_rows_without_a_gap_where_nearly_all_is_learnt_are_suspected() -> None:
    at = np.arange(1, 41)
    train = 0.05 + 2.2 * np.exp(-at / 4)
    leaking = {"epoch": at, "train_loss": train, "val_loss": 0.97 * train}
    assert names(doctor(leaking, classes=10)) == ["leakage_suspected"]
    assert doctor({**leaking, "val_loss": 1.4 * train}, classes=10).healthy


def test_r2_beside_a_squared_error_tells_the_loss_of_a_constant() -> None:
    loss = 0.3 + np.exp(-np.arange(20) / 3)
    history = {"epoch": np.arange(20), "train_loss": loss, "val_loss": loss + 0.05}
    found = doctor({**history, "val_r2": 1 - (loss + 0.05) / 1.3})
    assert any("val_r2" in note for note in found.notes)
    assert not any("--baseline" in text for text in found.cannot_tell)
    assert any("--baseline" in text for text in doctor({**history, "val_r2": loss}).cannot_tell)


def test_dropout_is_told_from_an_easier_validation_set_where_the_fit_is_logged() -> None:
    split = load("digits", seed=0)
    history = train(split, epochs=25, dropout=0.6, width=64, rate=2e-3)
    found = doctor(logged(history), classes=10)
    finding = next(f for f in found.findings if f.condition == "validation_below_training")
    assert "dropout" in finding.causes[0]
    easier = dict(logged(history))
    easier["fit_loss"] = history["train_loss"]
    finding = next(
        f for f in doctor(easier, classes=10).findings if f.condition == "validation_below_training"
    )
    assert "easier" in finding.causes[0]
    without = doctor(logged(history, "epoch", "train_loss", "val_loss"))
    assert any("fit_loss" in text for text in without.cannot_tell)


def test_a_validation_set_of_other_rows_has_its_gap_from_the_start() -> None:
    split = load("digits", seed=0)
    # Pictures that were scanned by another machine: half the contrast and noise.
    for part in ("validation", "test"):
        noise = RNG.normal(0, 1.5, split.x[part].shape)
        split.x[part] = 0.5 * split.x[part] + noise
    history = train(split, epochs=25, rate=5e-4, decay=3e-2)
    assert "unrepresentative_split" in names(doctor(logged(history), classes=10))


def test_a_tiny_validation_set_is_noisy_and_counted() -> None:
    split = load("digits", seed=0, n_validation=12)
    history = train(split, epochs=40, rate=0.05, optimizer="sgd", batch=16, decay=3e-2)
    found = doctor(logged(history), classes=10)
    finding = next((f for f in found.findings if f.condition == "noisy_validation"), None)
    if finding is not None and "validation_rows" in finding.values:
        assert 12 % finding.values["validation_rows"] == 0


def test_noise_of_the_validation_loss_alone_is_told_with_the_size_of_the_set() -> None:
    epochs = np.arange(1, 51)
    accuracy = np.round(RNG.uniform(0.6, 0.9, 50) * 30) / 30
    history = {
        "train_loss": 0.5 + 1 / epochs,
        "val_loss": (0.6 + 1 / epochs) * np.exp(RNG.normal(0, 0.2, 50)),
        "val_accuracy": np.round(accuracy, 4),
    }
    finding = doctor(history).findings[0]
    assert finding.condition == "noisy_validation"
    assert 30 % finding.values["validation_rows"] == 0


def test_a_saddle_makes_a_plateau_and_then_a_drop() -> None:
    """A deep linear network that starts near 0 stands still by theory (Saxe et al. 2014)."""
    x = RNG.normal(size=(200, 4))
    y = x @ RNG.normal(size=(4, 1))
    layers = [RNG.normal(0, 0.1, shape) for shape in ((4, 4), (4, 4), (4, 1))]
    losses = []
    for _ in range(400):
        hidden = x @ layers[0]
        deeper = hidden @ layers[1]
        off = deeper @ layers[2] - y
        losses.append(float((off**2).mean()))
        slope = 2 * off / len(x)
        steps = [
            x.T @ (slope @ layers[2].T @ layers[1].T),
            hidden.T @ (slope @ layers[2].T),
            deeper.T @ slope,
        ]
        layers = [w - 0.05 * s for w, s in zip(layers, steps, strict=True)]
    found = doctor({"train_loss": losses})
    assert "plateau_then_drop" in names(found)
    rate = np.where(np.arange(400) < np.argmin(np.diff(losses)) - 10, 1e-2, 1e-3)
    assert "plateau_then_drop" not in names(doctor({"train_loss": losses, "lr": rate}))


def test_a_discriminator_that_wins_and_samples_that_are_alike() -> None:
    epochs = np.arange(1, 41)
    history = {
        "d_loss": 1.3 * np.exp(-epochs / 8), "g_loss": 0.7 + 0.2 * epochs,
        "sample_diversity": np.where(epochs < 20, 1.0, 0.2) + RNG.normal(0, 0.02, 40),
    }  # fmt: skip
    assert names(doctor(history)) == ["discriminator_wins", "mode_collapse"]
    even = {"d_loss": 1.38 + RNG.normal(0, 0.03, 40), "g_loss": 0.7 + RNG.normal(0, 0.03, 40)}
    found = doctor(even)
    assert found.healthy
    assert any("diversity" in text for text in found.cannot_tell)


def test_a_net_of_one_unit_underfits_which_needs_the_loss_of_the_constant_predictor() -> None:
    split = load("digits", seed=1)
    history = train(split, epochs=80, width=1, decay=1e-2)
    assert gain(history, train(split, epochs=80, width=32, decay=1e-2)) > 0.05
    assert names(doctor(logged(history), classes=10)) == ["underfitting"]
    without = doctor(logged(history))
    assert without.healthy
    assert any("--classes" in text for text in without.cannot_tell)


@pytest.mark.parametrize("name", ["digits", "breast_cancer"])
def test_a_training_that_neither_more_epochs_nor_fewer_would_improve_is_healthy(name: str) -> None:
    split = load(name, seed=0)
    settings = {"rate": 3e-3, "decay": 1e-2, "anneal": True}
    history = train(split, epochs=80, **settings)
    assert gain(history, train(split, epochs=160, **settings)) < 0.05
    assert gain(history, history, int(np.argmin(history["val_loss"]))) < 0.05
    found = doctor(logged(history), baseline=split.baseline)
    assert found.healthy, names(found)
    assert found.headline.startswith("Healthy")


def test_curves_that_are_too_short_are_not_judged() -> None:
    found = doctor({"loss": [0.9, 0.8], "val_loss": [1.0, 1.5]})
    assert not found.findings
    assert not found.healthy
    assert found.headline.startswith("Too short")


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.name)
def test_every_condition_says_what_makes_it_and_what_to_try(condition) -> None:
    known = {other.name for other in CONDITIONS}
    assert condition.causes
    assert condition.next_steps
    assert condition.references
    assert set(condition.unless) <= known
    before = [other.name for other in CONDITIONS[: CONDITIONS.index(condition)]]
    assert set(condition.unless) <= set(before)


def test_the_conditions_have_the_names_that_were_promised() -> None:
    assert {condition.name for condition in CONDITIONS} == {
        "diverged", "non_finite", "not_learning", "learning_rate_too_high", "learning_rate_too_low",
        "still_learning", "overfitting", "underfitting", "plateau_then_drop",
        "validation_below_training", "noisy_validation", "leakage_suspected",
        "unrepresentative_split", "discriminator_wins", "mode_collapse",
    }  # fmt: skip


def test_scaling_and_shifting_do_not_matter(overfitted) -> None:
    for scale in (1e-6, 1.0, 1e6):
        scaled = {
            name: [scale * v if "loss" in name else v for v in values]
            for name, values in overfitted.items()
        }
        assert names(doctor(scaled)) == ["overfitting"]


def test_jumps_under_a_rate_that_comes_to_rest_are_no_fault() -> None:
    rng = np.random.default_rng(0)
    t = np.linspace(0, 1, 120)
    rate = 0.04 * 0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + 15 * t)))
    level = 0.05 + 0.95 * np.exp(-8 * t)
    loss = level + 0.3 * rate / 0.04 * rng.random(120)
    history = {"epoch": np.arange(120), "train_loss": loss, "val_loss": level * 1.02}
    assert "learning_rate_too_high" in names(doctor(history))
    resting = doctor({**history, "learning_rate": rate})
    assert "learning_rate_too_high" not in names(resting)
    assert "learning_rate_too_high" in names(doctor({**history, "learning_rate": 0.0 * t + 0.04}))
