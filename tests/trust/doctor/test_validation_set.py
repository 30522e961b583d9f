"""What the doctor knows of the validation set's size, and what it makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris

from further import doctor
from further.errors import InputError
from further.supervised import MLPClassifier
from further.trust.doctor.features import Features
from further.trust.doctor.history import history_of
from further.trust.doctor.logged import Logged

EPOCHS = np.arange(1, 31)
RNG = np.random.default_rng(0)


def problems(*arguments: object, **given: object) -> list[str]:
    return [finding.condition for finding in doctor(*arguments, **given).problems]


def nearly_solved(accuracy: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return losses of which that of the validation rows rises from 0.07 to 0.09."""
    fall = 2.3 / EPOCHS**2
    history = {"train_loss": fall, "val_loss": 0.05 + fall + 4e-5 * EPOCHS**2}
    return history if accuracy is None else {**history, "val_accuracy": accuracy}


def accuracies(rows: int) -> np.ndarray:
    wrong = (0.02 * rows + 0.3 * rows / EPOCHS + RNG.integers(0, 1 + rows // 50, 30)).astype(int)
    return 1 - wrong / rows


def features(columns: dict[str, np.ndarray], **given: int) -> Features:
    lines = zip(*columns.values(), strict=True)
    rows = [dict(zip(columns, line, strict=True)) for line in lines]
    return Features.of(history_of(Logged("rows", rows), **given))


@pytest.mark.parametrize("rows", [40, 150, 900, 10_000])
def test_the_rows_are_counted_by_their_accuracy(rows: int) -> None:
    read = features(nearly_solved(accuracies(rows)))
    size, is_known = read.validation_rows
    assert is_known
    assert rows <= size <= 1.01 * rows or rows % size == 0, size
    assert read.telling_rows == pytest.approx(0.035 * size, rel=0.5)


def test_a_small_rise_counts_where_many_rows_make_it() -> None:
    """An error of 2 % is one of 40 rows and 200 of 10,000."""
    assert problems(nearly_solved(), baseline=2.3, validation_rows=10_000) == ["overfitting"]
    assert problems(nearly_solved(accuracies(10_000)), baseline=2.3) == ["overfitting"]
    assert problems(nearly_solved(accuracies(100)), baseline=2.3) == []
    assert problems(nearly_solved(), baseline=2.3, validation_rows=12) == ["noisy_validation"]
    # A rise that is not small is one in any case.
    risen = {**nearly_solved(), "val_loss": nearly_solved()["val_loss"] + 3e-4 * EPOCHS**2}
    assert "overfitting" in problems(risen, baseline=2.3)


def test_an_error_of_classes_says_how_many_rows_are_wrong() -> None:
    accuracy = accuracies(150)
    for name, values, wrong in (
        ("val_error", 1 - accuracy, 150 * np.median(1 - accuracy[-3:])),
        ("val_error", RNG.uniform(0.1, 0.9, 30), 150),  # of a number
    ):
        read = features({**nearly_solved(), name: values}, validation_rows=150)
        assert read.telling_rows == pytest.approx(wrong)


def test_jumps_of_a_large_set_are_not_for_its_size() -> None:
    level = 0.3 + 0.7 * np.exp(-EPOCHS / 4)
    jumps = {"train_loss": level, "val_loss": level * (1 + 0.2 * RNG.normal(size=30))}
    assert problems(jumps, baseline=1.0) == ["noisy_validation"]
    assert problems(jumps, baseline=1.0, validation_rows=20) == ["noisy_validation"]
    assert problems(jumps, baseline=1.0, validation_rows=5000) == []


def test_two_rare_classes_begin_far_above_a_constant() -> None:
    """Where 1 % of the rows is positive, a constant has 0.056, and what is untrained log 2."""
    loss = 0.02 + 0.67 * np.exp(-EPOCHS / 3)
    assert problems({"train_loss": loss, "val_loss": loss + 0.002}, baseline=0.056) == []
    assert "diverged" in problems({"train_loss": 8 * loss, "val_loss": 8 * loss}, baseline=0.056)


def test_rows_that_lack_what_the_others_share_are_of_another_kind() -> None:
    """What is learnt by heart, as where labels are shuffled, takes time."""
    at_once, by_heart = 0.55 + 0.45 * np.exp(-EPOCHS), 1.0 - 0.012 * EPOCHS
    never = np.full(30, 1.02)
    unlike = problems({"fit_loss": at_once, "val_loss": never}, baseline=1.0)
    assert unlike == ["unrepresentative_split"]
    shuffled = problems({"fit_loss": by_heart, "val_loss": never}, baseline=1.0)
    assert shuffled == ["not_learning"]


def test_a_run_of_ours_says_how_many_rows_validate(tmp_path: Path) -> None:
    x, y = load_iris(return_X_y=True)
    model = MLPClassifier(budget="6 epochs", precision="float32", random_state=0)
    model.fit(x, y, run=tmp_path)
    n = json.loads((tmp_path / "run.json").read_text())["validation_rows"]
    assert 10 <= n <= 50
    assert doctor(tmp_path).rows == 6
    # The same run with fewer rows, as its record says, is judged by these.
    record = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps({**record, "validation_rows": 5}))
    (tmp_path / "history.csv").write_text(
        "step,epoch,seconds,train_loss,val_loss\n"
        + "".join(f"{e},{e},{e},{1 / e},{1.1 / e}\n" for e in EPOCHS)
    )
    assert "noisy_validation" in problems(tmp_path)


def test_a_set_without_rows_is_refused() -> None:
    with pytest.raises(InputError, match="validation_rows=0 must be at least 1"):
        doctor(nearly_solved(), validation_rows=0)


def test_a_network_that_has_room_shows_a_gap_unless_it_has_seen_the_rows() -> None:
    """Whoever has a parameter for each row and halves the loss eight times knows some by heart."""
    level = 0.12 + 0.9 * np.exp(-EPOCHS / 5)
    same = {"fit_loss": level, "val_loss": 1.01 * level}
    counts = {"validation_rows": 400, "training_rows": 800, "parameters": 5000}
    assert problems(same, baseline=1.0) == []
    assert problems(same, baseline=1.0, **counts) == ["leakage_suspected"]
    assert problems(same, baseline=1.0, **{**counts, "training_rows": 60_000}) == []
    # One wrong row of 40 is chance.
    wrong = {**same, "val_accuracy": np.where(EPOCHS < 9, 0.8, np.where(EPOCHS < 15, 0.95, 0.975))}
    assert problems(wrong, baseline=1.0, **{**counts, "validation_rows": 40}) == []


def test_augmentation_closes_a_gap_without_a_leak() -> None:
    """As of ten thousand pictures of digits that are moved and mixed while they are learnt from."""
    level = 0.012 + 0.9 * np.exp(-EPOCHS / 3)
    same = {"fit_loss": level, "val_loss": 1.02 * level}
    assert problems({**same, "train_loss": level + 0.01}, baseline=1.0) == ["leakage_suspected"]
    assert problems({**same, "train_loss": level + 0.24}, baseline=1.0) == []


def test_weights_that_jump_do_so_for_all_rows() -> None:
    level = 0.3 + 0.7 * np.exp(-EPOCHS / 4)
    jumps = level * (1 + 0.5 * np.where(EPOCHS % 2, 1, -1) * RNG.uniform(0.5, 1, 30))
    history = {"train_loss": level, "fit_loss": jumps, "val_loss": 1.05 * jumps}
    known = {"baseline": 1.0, "validation_rows": 500}
    assert problems(history, **known) == ["learning_rate_too_high"]
    rests = np.cos(np.linspace(0, np.pi / 2, 30))
    assert problems({**history, "lr": rests}, **known) == []
    assert problems({**history, "fit_loss": level}, **known) == []


def test_a_training_that_ends_in_its_warm_up_was_stopped_early() -> None:
    level = 0.3 + 0.7 * np.exp(-EPOCHS / 4)
    history = {"train_loss": level, "val_loss": 1.05 * level}
    rises, steady = np.minimum(EPOCHS / 26, 1.0), np.minimum(EPOCHS / 4, 1.0)
    assert problems({**history, "lr": rises}, baseline=1.0) == ["still_learning"]
    assert problems({**history, "lr": steady}, baseline=1.0) == []


def test_overfitting_after_the_weights_that_were_kept_is_a_note(tmp_path: Path) -> None:
    rising = 0.3 + 0.7 * np.exp(-EPOCHS / 3) + 0.02 * EPOCHS
    (tmp_path / "history.csv").write_text(
        "step,epoch,seconds,train_loss,val_loss,fit_loss\n"
        + "".join(f"{10 * e},{e},{e},{1 / e},{rising[e - 1]},{1 / e}\n" for e in EPOCHS)
    )
    best = int(EPOCHS[rising.argmin()])
    for kept, is_problem in ((best, False), (best + 1, False), (30, True)):
        (tmp_path / "run.json").write_text(json.dumps({"best_step": 10 * int(kept)}))
        found = doctor(tmp_path)
        (finding,) = found.findings
        assert finding.condition == "overfitting"
        assert finding.is_problem == is_problem
        assert found.healthy == (not is_problem)
        assert ("weights that were kept" in " ".join(finding.evidence)) == (not is_problem)


def test_a_network_that_is_calibrated_is_judged_by_what_is_left_then(tmp_path: Path) -> None:
    x, y = load_iris(return_X_y=True)
    model = MLPClassifier(budget="30 epochs", precision="float32", random_state=0)
    model.fit(x, y, run=tmp_path)
    found = doctor(tmp_path)
    assert found.columns["validation"] == "val_refinement"
    assert found.columns["fit"] == "fit_refinement"
    assert any("best temperature" in note for note in found.notes)
    assert not any("--classes" in text for text in found.cannot_tell)  # it knows a constant's loss
