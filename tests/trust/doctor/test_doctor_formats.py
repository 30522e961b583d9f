"""Every layout gives the curves that went into it, and with them the same diagnosis."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from further.errors import InputError
from further.trust.doctor.diagnosis import doctor
from further.trust.doctor.formats import read
from further.trust.doctor.formats.console import read_lines
from further.trust.doctor.history import history_of
from trust.doctor.writers import (
    WRITERS,
    event,
    lightning,
    skorch,
    trainer_state,
    ultralytics,
)

Write = Callable[[Path, dict], Path]


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_a_layout_is_read_as_what_was_written(write: Write, overfitted, tmp_path: Path) -> None:
    place, train, validation = WRITERS[write]
    path = write(tmp_path, overfitted)
    history = history_of(read(path))
    columns = history.columns
    assert (columns.get("epoch", columns.get("step", "")), columns["train"]) == (place, train)
    assert columns["validation"] == validation
    assert history.train is not None
    assert history.validation is not None
    np.testing.assert_allclose(history.train.values, overfitted["train_loss"], rtol=1e-3, atol=2e-6)
    np.testing.assert_allclose(history.validation.values, overfitted["val_loss"], rtol=1e-5)


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_a_layout_changes_no_diagnosis(write: Write, overfitted, tmp_path: Path) -> None:
    expected = doctor(overfitted)
    found = doctor(write(tmp_path, overfitted))
    names = [finding.condition for finding in found.findings]
    assert names == [finding.condition for finding in expected.findings] == ["overfitting"]


def test_what_was_logged_as_nan_is_not_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    file.write_text("epoch,step,train_loss,val_loss\n0,1,0.5,\n0,1,,0.6\n1,2,nan,\n1,2,,inf\n")
    rows = read(file).rows
    assert "val_loss" not in rows[0]
    assert math.isnan(rows[2]["train_loss"])
    assert rows[3]["val_loss"] == math.inf
    file = tmp_path / "history.json"
    file.write_text('{"loss": [0.5, NaN, -Infinity], "val_loss": [0.5, Infinity, null]}')
    rows = read(file).rows
    assert math.isnan(rows[1]["loss"])
    assert rows[2]["loss"] == -math.inf
    assert "val_loss" not in rows[2]


def test_one_event_file_is_read_and_a_cut_off_record_ends_it(tmp_path: Path) -> None:
    file = tmp_path / "events.out.tfevents.1.host"
    records = [event(version="brain.Event:2"), *(event(i, "loss", 1 / (1 + i)) for i in range(9))]
    file.write_bytes(b"".join(records)[:-5])
    assert [row["loss"] for row in read(file).rows] == pytest.approx(
        [1 / (1 + i) for i in range(8)]
    )


def test_the_latest_of_several_runs_is_read_and_said(tmp_path: Path) -> None:
    for run in ("version_0", "version_1"):
        (tmp_path / run).mkdir()
        events = [event(version="brain.Event:2"), event(1, "train_loss", float(run[-1]))]
        (tmp_path / run / "events.out.tfevents.1.host").write_bytes(b"".join(events))
    logged = read(tmp_path)
    assert logged.rows == [{"step": 1.0, "train_loss": 1.0}]
    assert logged.notes == ('Of 2 runs the last is read, "version_1".',)


def test_yolov5_counts_its_epochs_from_0_and_has_other_parts(tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    names = ["epoch", "train/box_loss", "train/obj_loss", "train/cls_loss", "metrics/mAP_0.5",
             "val/box_loss", "val/obj_loss", "val/cls_loss", "x/lr0"]  # fmt: skip
    head = ",".join(f"{name:>20}" for name in names)
    cells = (0.1, 0.2, 0.3, 0.5, 0.2, 0.2, 0.3, 0.01)
    lines = [",".join(f"{x:20.5g}" for x in (epoch, *cells)) for epoch in (0, 1)]
    file.write_text("\n".join([head, *lines]))
    history = history_of(read(file))
    assert history.train is not None
    assert history.validation is not None
    assert history.train.values == pytest.approx([0.6, 0.6])
    assert history.validation.values == pytest.approx([0.7, 0.7])
    assert history.columns["learning_rate"] == "x/lr0"


def test_a_chart_of_one_curve_as_csv_is_the_training_loss_unless_its_file_says_more(
    tmp_path,
) -> None:
    text = "Wall time,Step,Value\n1700000000.1,0,0.9\n1700000001.1,10,0.5\n1700000002.1,20,0.4\n"
    (tmp_path / "chart.csv").write_text(text)
    (tmp_path / "val_loss.csv").write_text(text)
    assert history_of(read(tmp_path / "chart.csv")).columns["train"] == "loss"
    assert history_of(read(tmp_path / "val_loss.csv")).columns["validation"] == "val_loss"


@pytest.mark.parametrize(
    ("printed", "row"),
    [
        ("epoch 3 | train loss 0.52 | valid loss 0.61 | valid ppl 1.84",
         {"epoch": 3, "train_loss": 0.52, "valid_loss": 0.61, "valid_ppl": 1.84}),
        ("Epoch [2/5], Step [100/600], Loss: 0.1234", {"epoch": 2, "step": 100, "loss": 0.1234}),
        ("{'loss': 0.5, 'grad_norm': 1.2, 'learning_rate': 5e-05, 'epoch': 0.5}",
         {"epoch": 0.5, "loss": 0.5, "grad_norm": 1.2, "learning_rate": 5e-05}),
        ("epoch=4 train_loss=nan val_loss=inf",
         {"epoch": 4, "train_loss": math.nan, "val_loss": math.inf}),
        ("\x1b[32mEpoch 7\x1b[0m loss=1.5e-3 acc: 97.5%",
         {"epoch": 7, "loss": 0.0015, "acc": 0.975}),
        ("[1, 2000] loss: 2.218", {"loss": 2.218}),
    ],
)  # fmt: skip
def test_printed_lines_are_read(printed: str, row: dict[str, float]) -> None:
    assert read_lines(printed) == [pytest.approx(row, nan_ok=True)]


def test_of_a_comparison_the_run_of_a_member_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "models" / "vae").mkdir(parents=True)
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "models" / "vae" / "history.csv").write_text("step,epoch,seconds,train_loss\n")
    with pytest.raises(InputError, match=r"several models.*vae"):
        doctor(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.csv", b"", "is empty"),
        ("poem.txt", b"Shall I compare thee to a summer's day?\n", "no history that is known"),
        ("table.csv", b"height,weight,age\n1,2,3\n4,5,6\n", '"height", "weight", "age"'),
        ("wide.csv", b"1,2,3,4,5\n2,3,4,5,6\n3,4,5,6,7\n", "5 columns without names"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no history that is known"),
        ("state.json", b'{"log_history": []}', "nothing was logged yet"),
        ("state2.json", b'{"log_history": 3}', "log_history"),
        ("metrics.parquet", b"PAR1garbagePAR1", "damaged Parquet"),
        ("cut.json", b'{"loss": [0.5, 0.4', "no history that is known"),
        ("deep.json", b"[" * 100_000, "no history that is known"),
        ("other.json", b'{"height": [1, 2], "weight": [2, 3]}', '"height", "weight"'),
    ],
)
def test_what_cannot_be_used_gets_one_sentence(
    name: str, content: bytes, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(InputError, match=sentence) as caught:
        doctor(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value) or "log_history" in str(caught.value)


def test_what_is_not_there_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        doctor(tmp_path / "none.csv")
    with pytest.raises(InputError, match=r"holds no history"):
        doctor(tmp_path)
    with pytest.raises(InputError, match=r"does not exist|cannot be read"):
        doctor("\0")


def test_columns_are_named_by_the_user_where_names_say_nothing(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    rows = [f"{i},{2 / (i + 1)},{2.5 / (i + 1)}" for i in range(10)]
    file.write_text("\n".join(["when,apples,pears", *rows]))
    found = doctor(file, train="apples", validation="Pears", epoch="when")
    assert found.columns == {"train": "apples", "validation": "pears", "epoch": "when"}
    with pytest.raises(InputError, match='did you mean "apples"'):
        doctor(file, train="aples")


def test_json_of_deepobs_begins_before_the_training(real_data: Path) -> None:
    folder = real_data / "curves_deepobs" / "fmnist_2c2d"
    file = folder / "fmnist_2c2d__Adam__lr1.00e-03__seed42.json"
    history = history_of(read(file))
    assert history.first_is_untrained
    assert history.fit is history.train
    assert history.validation is not None
    assert history.validation.values.tolist() == json.loads(file.read_text())["test_losses"]


def test_the_history_in_the_folder_of_a_run_is_found(overfitted, tmp_path: Path) -> None:
    for write in (lightning, ultralytics, trainer_state, skorch):
        folder = tmp_path / write.__name__
        folder.mkdir()
        (folder / "hparams.yaml").write_text("lr: 0.1")
        write(folder, overfitted)
        assert [finding.condition for finding in doctor(folder).findings] == ["overfitting"]
    folder = tmp_path / "output"
    (folder / "checkpoint-500").mkdir(parents=True)
    trainer_state(folder / "checkpoint-500", overfitted)
    assert doctor(folder).layout == "Hugging Face trainer_state.json"


def test_numbered_sets_of_xgboost_begin_with_the_training_rows(overfitted, tmp_path: Path) -> None:
    sets = {
        "validation_0": {"mlogloss": overfitted["train_loss"]},
        "validation_1": {"mlogloss": overfitted["val_loss"]},
    }
    found = doctor(sets)
    assert found.columns["train"] == "validation_0_mlogloss"
    assert found.columns["validation"] == "validation_1_mlogloss"
    assert any("first set" in note for note in found.notes)


def test_long_lines_without_blanks_take_no_time(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    file.write_text(f"epoch 1 loss 0.5\n{'a' * 150_000}\nepoch 2 loss 0.4\n" * 2)
    start = time.perf_counter()
    assert len(read(file).rows) == 4
    assert time.perf_counter() - start < 2
