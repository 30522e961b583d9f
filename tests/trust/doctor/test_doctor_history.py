"""Columns by their names, and the axis on which they stand."""

from __future__ import annotations

import numpy as np
import pytest

from further.trust.doctor.history import history_of
from further.trust.doctor.logged import Logged, from_lists
from further.trust.doctor.names import meaning


@pytest.mark.parametrize(
    ("name", "kind", "part"),
    [
        ("loss", "loss", ""),
        ("trainLoss", "loss", "train"),
        ("Validation loss", "loss", "validation"),
        ("eval/loss", "loss", "validation"),
        ("test_losses", "loss", "test"),
        ("fit_loss", "loss", "fit"),
        ("epoch_loss", "loss", ""),
        ("validation_0_logloss", "named loss", "validation"),
        ("val_mse", "named loss", "validation"),
        ("Train Accuracy", "metric", "train"),
        ("metrics/mAP50-95(B)", "metric", ""),
        ("trainer/global_step", "step", ""),
        ("_step", "step", ""),
        ("Epoch", "epoch", ""),
        ("lr-Adam", "learning rate", ""),
        ("x/lr0", "learning rate", ""),
        ("train/learning_rate", "learning rate", "train"),
        ("grad_norm", "gradient norm", ""),
        ("d_loss", "discriminator", ""),
        ("loss_G", "generator", ""),
        ("train_discriminator_loss", "discriminator", "train"),
        ("sample_diversity", "diversity", ""),
        ("_runtime", "time", ""),
        ("petal width", "", ""),
    ],
)
def test_names_say_what_a_column_is(name: str, kind: str, part: str) -> None:
    assert (meaning(name).kind, meaning(name).part) == (kind, part)


def test_validation_is_compared_with_the_training_loss_of_its_name() -> None:
    columns = {"train_kl": [1, 2], "train_loss": [3, 4], "val_kl": [1, 2], "val_loss": [5, 6]}
    assert history_of(Logged("", from_lists(columns))).columns["validation"] == "val_loss"
    found = history_of(Logged("", from_lists({"train_loss": [3, 2], "val_mse": [1, 2]})))
    assert not found.comparable
    assert "different losses" in found.notes[0]


def test_epochs_that_start_again_are_numbered_anew() -> None:
    rows = from_lists({"epoch": [0, 1, 2, 0, 1, 2], "loss": [6, 5, 4, 3, 2, 1]})
    found = history_of(Logged("", rows))
    assert found.unit == "row"
    assert found.train is not None
    assert found.train.at.tolist() == [1, 2, 3, 4, 5, 6]
    assert "starts again" in found.notes[0]


def test_of_steps_within_an_epoch_the_mean_is_read() -> None:
    rows = [
        {"epoch": float(epoch), "loss": float(10 - epoch + part)}
        for epoch in range(6)
        for part in (0, 1)
    ]
    found = history_of(Logged("", rows))
    assert found.train is not None
    assert found.train.values == pytest.approx(10.5 - np.arange(6))


def test_the_baseline_follows_from_the_number_of_classes() -> None:
    rows = from_lists({"loss": [3, 2, 1]})
    assert history_of(Logged("", rows), classes=10).baseline == pytest.approx(np.log(10))
    assert history_of(Logged("", rows), classes=10, baseline=2.0).baseline == 2.0
