"""Files as each tool writes them, from one history of epoch, losses, accuracy and learning rate."""

from __future__ import annotations

import csv
import io
import json
import struct
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

History = dict[str, list[float]]


def rows_of(history: History) -> list[dict[str, float]]:
    return [
        dict(zip(history, values, strict=True)) for values in zip(*history.values(), strict=True)
    ]


def _csv(rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns)
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def our_run(folder: Path, history: History) -> Path:
    (folder / "run.json").write_text('{"schema": 1, "status": "finished"}')
    rows = [
        {
            "step": 10 * row["epoch"], "epoch": row["epoch"], "seconds": 0.1 * row["epoch"],
            "train_loss": row["train_loss"], "val_loss": row["val_loss"],
            "fit_loss": row["train_loss"],
        }
        for row in rows_of(history)
    ]  # fmt: skip
    (folder / "history.csv").write_text(_csv(rows))
    return folder


def keras_csv(folder: Path, history: History) -> Path:
    rows = [
        {
            "epoch": int(row["epoch"]) - 1, "loss": row["train_loss"],
            "val_accuracy": row["val_accuracy"], "val_loss": row["val_loss"],
        }
        for row in rows_of(history)
    ]  # fmt: skip
    file = folder / "training.log"
    file.write_text(_csv(rows))
    return file


def keras_json(folder: Path, history: History) -> Path:
    file = folder / "history.json"
    names = {"loss": "train_loss", "val_loss": "val_loss", "val_accuracy": "val_accuracy"}
    file.write_text(json.dumps({name: history[source] for name, source in names.items()}))
    return file


def lightning(folder: Path, history: History) -> Path:
    rows: list[dict[str, Any]] = []
    for row in rows_of(history):
        epoch = int(row["epoch"]) - 1
        rows += [
            {"epoch": epoch, "step": 10 * epoch + 4, "train_loss_step": row["train_loss"] * 1.1},
            {"epoch": epoch, "step": 10 * epoch + 9, "train_loss_step": row["train_loss"] * 0.9},
            {"val_loss": row["val_loss"], "epoch": epoch, "step": 10 * epoch + 9},
            {"train_loss_epoch": row["train_loss"], "epoch": epoch, "step": 10 * epoch + 9},
        ]
    file = folder / "metrics.csv"
    file.write_text(_csv(rows))
    return file


def ultralytics(folder: Path, history: History) -> Path:
    names = ["epoch", "train/box_loss", "train/cls_loss", "train/dfl_loss", "metrics/precision(B)",
             "metrics/mAP50(B)", "val/box_loss", "val/cls_loss", "val/dfl_loss",
             "lr/pg0"]  # fmt: skip
    lines = [",".join(f"{name:>23}" for name in names)]
    for row in rows_of(history):
        cells = [
            row["epoch"], *(share * row["train_loss"] for share in (0.5, 0.3, 0.2)),
            row["val_accuracy"], row["val_accuracy"],
            *(share * row["val_loss"] for share in (0.5, 0.3, 0.2)), 0.001,
        ]  # fmt: skip
        lines.append(",".join(f"{cell:23.7g}" for cell in cells))
    file = folder / "results.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def trainer_state(folder: Path, history: History) -> Path:
    log: list[dict[str, float]] = []
    for row in rows_of(history):
        at = {"epoch": row["epoch"], "step": int(10 * row["epoch"])}
        log += [
            {"grad_norm": 1.0, "learning_rate": 5e-05, "loss": row["train_loss"], **at},
            {"eval_accuracy": row["val_accuracy"], "eval_loss": row["val_loss"],
             "eval_runtime": 1.5, "eval_samples_per_second": 30.0, **at},
        ]  # fmt: skip
    log.append({**at, "total_flos": 1e12, "train_loss": 0.5, "train_runtime": 12.0})
    state = {"best_metric": None, "epoch": 3.0, "global_step": 30, "is_hyper_param_search": False,
             "log_history": log, "max_steps": 30}  # fmt: skip
    file = folder / "trainer_state.json"
    file.write_text(json.dumps(state, indent=2))
    return file


def skorch(folder: Path, history: History) -> Path:
    rows = [
        {
            "batches": [{"train_loss": row["train_loss"], "train_batch_size": 32}],
            "epoch": row["epoch"], "train_loss": row["train_loss"], "train_loss_best": True,
            "train_batch_count": 1, "valid_loss": row["val_loss"], "valid_loss_best": False,
            "valid_acc": row["val_accuracy"], "valid_acc_best": True, "dur": 0.05,
        }
        for row in rows_of(history)
    ]  # fmt: skip
    file = folder / "history.json"
    file.write_text(json.dumps(rows))
    return file


def mlflow(folder: Path, history: History) -> Path:
    run = folder / "mlruns" / "0" / "0123456789abcdef0123456789abcdef"
    (run / "metrics" / "val").mkdir(parents=True)
    (run / "meta.yaml").write_text("lifecycle_stage: active\n")
    for name, source in {"train_loss": "train_loss", "val/loss": "val_loss"}.items():
        lines = [f"{1700000000000 + i} {value!r} {i}\n" for i, value in enumerate(history[source])]
        (run / "metrics" / name).write_text("".join(lines))
    return folder / "mlruns"


def wandb(folder: Path, history: History) -> Path:
    rows = []
    for row in rows_of(history):
        cells: dict[str, Any] = {"Step": int(row["epoch"])}
        for name, source in {"train/loss": "train_loss", "val/loss": "val_loss"}.items():
            for end in ("", "__MIN", "__MAX"):
                cells[f"earnest-sweep-3 - {name}{end}"] = row[source]
        rows.append(cells)
    file = folder / "wandb_export_2024-01-01T10_00_00.000+01_00.csv"
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    file.write_text(buffer.getvalue())
    return file


def aim(folder: Path, history: History) -> Path:
    rows = [
        {
            "run.hash": "7f1c2d", "run.name": "Run: 7f1c2d", "metric.name": "loss",
            "metric.context": json.dumps({"subset": part}), "step": int(row["epoch"]),
            "epoch": int(row["epoch"]), "value": row[source],
        }
        for part, source in (("train", "train_loss"), ("val", "val_loss"))
        for row in rows_of(history)
    ]  # fmt: skip
    file = folder / "metrics.csv"
    file.write_text(_csv(rows))
    return file


def neptune(folder: Path, history: History) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    names = {"metrics/train/loss": "train_loss", "metrics/val/loss": "val_loss"}
    rows = [
        {
            "project_id": "workspace/project", "run_id": "RUN-1", "attribute_path": name,
            "attribute_type": "float_series", "step": row["epoch"], "float_value": row[source],
            "string_value": None,
        }
        for name, source in names.items()
        for row in rows_of(history)
    ]  # fmt: skip
    steps = [Decimal(row.pop("step")).quantize(Decimal("0.000001")) for row in rows]
    table = pa.Table.from_pylist(rows)
    table = table.append_column("step", pa.array(steps, pa.decimal128(18, 6)))
    run = folder / "RUN-1"
    run.mkdir()
    parquet.write_table(table, run / "part_0.parquet")
    return folder


def plain_csv(folder: Path, history: History) -> Path:
    file = folder / "log.csv"
    lines = ["Epoch;Training loss;Validation loss"]
    for row in rows_of(history):
        cells = (row["epoch"], row["train_loss"], row["val_loss"])
        lines.append(";".join(str(cell).replace(".", ",") for cell in cells))
    file.write_text("\n".join(lines))
    return file


def without_names(folder: Path, history: History) -> Path:
    file = folder / "log.txt"
    rows = rows_of(history)
    lines = [f"{int(row['epoch'])}\t{row['train_loss']}\t{row['val_loss']}" for row in rows]
    file.write_text("\n".join(lines))
    return file


def json_lines(folder: Path, history: History) -> Path:
    file = folder / "log.jsonl"
    rows = [
        {
            "epoch": row["epoch"], "train": {"loss": row["train_loss"]},
            "val": {"loss": row["val_loss"]},
        }
        for row in rows_of(history)
    ]  # fmt: skip
    # The last line is cut off, as that of a training that was killed.
    file.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"epoch": 99, "tra')
    return file


def xgboost(folder: Path, history: History) -> Path:
    file = folder / "evals_result.json"
    parts = {
        "train": {"mlogloss": history["train_loss"]},
        "eval": {"mlogloss": history["val_loss"]},
    }
    file.write_text(json.dumps(parts))
    return file


def keras_console(folder: Path, history: History) -> Path:
    text = ""
    n = len(history["epoch"])
    for row in rows_of(history):
        text += f"Epoch {int(row['epoch'])}/{n}\n"
        text += f"\r 1/30 [>.............................] - ETA: 1s - loss: {3.21:.4f}"
        text += (
            f"\r30/30 [==============================] - ETA: 0s - loss: {row['train_loss']:.6f}"
        )
        text += "\r30/30 [==============================] - 1s 5ms/step"
        text += f" - loss: {row['train_loss']:.6f} - val_loss: {row['val_loss']:.6f}"
        text += f" - val_accuracy: {row['val_accuracy']:.4f}\n"
    file = folder / "nohup.out"
    file.write_text(text)
    return file


def nanogpt_console(folder: Path, history: History) -> Path:
    text = "number of parameters: 10.65M\nnum decayed parameter tensors: 26\n"
    for row in rows_of(history):
        step = int(250 * row["epoch"])
        text += f"step {step}: train loss {row['train_loss']:.6f}, val loss {row['val_loss']:.6f}\n"
        text += f"iter {step}: loss {row['train_loss']:.4f}, time 1523.41ms, mfu 3.10%\n"
    file = folder / "train.log"
    file.write_text(text)
    return file


def pytorch_console(folder: Path, history: History) -> Path:
    text = ""
    for row in rows_of(history):
        for i in range(3):
            text += (
                f"Train Epoch: {int(row['epoch'])} [{i * 640}/60000 ({i}%)]\t"
                f"Loss: {row['train_loss'] * (1.1 - 0.1 * i):.6f}\n"
            )
        text += f"\nTest set: Average loss: {row['val_loss']:.6f}, Accuracy: 9780/10000 (98%)\n\n"
    file = folder / "out.txt"
    file.write_text(text)
    return file


def tqdm_console(folder: Path, history: History) -> Path:
    text = ""
    for row in rows_of(history):
        epoch = int(row["epoch"])
        text += f"Epoch {epoch}:  50%|#####     | 5/10 [00:01<00:01,  4.9it/s, loss=3.2, v_num=3]"
        text += (
            f"\rEpoch {epoch}: 100%|##########| 10/10 [00:02<00:00,  4.9it/s, "
            f"loss={row['train_loss']:.6f}, v_num=3, val_loss={row['val_loss']:.6f}]\n"
        )
    file = folder / "slurm-123.out"
    file.write_text(text)
    return file


def tensorboard(folder: Path, history: History) -> Path:
    events = [event(version="brain.Event:2")]
    for row in rows_of(history):
        for name, source in {"Loss/train": "train_loss", "Loss/val": "val_loss"}.items():
            events.append(event(int(row["epoch"]), name, row[source]))
    (folder / "events.out.tfevents.1700000000.host.1.0").write_bytes(b"".join(events[:41]))
    # The training was resumed, and goes on in a second file.
    rest = b"".join([events[0], *events[41:]])
    (folder / "events.out.tfevents.1700000999.host.2.0").write_bytes(rest)
    return folder


def keras_tensorboard(folder: Path, history: History) -> Path:
    for part, source in {"train": "train_loss", "validation": "val_loss"}.items():
        (folder / part).mkdir()
        events = [event(version="brain.Event:2")]
        events += [
            event(int(row["epoch"]) - 1, "epoch_loss", row[source], as_tensor=True)
            for row in rows_of(history)
        ]
        file = folder / part / "events.out.tfevents.1700000000.host.1.0.v2"
        file.write_bytes(b"".join(events))
    return folder


def event(
    step: int = 0, name: str = "", value: float = 0.0, version: str = "", as_tensor: bool = False
) -> bytes:
    """Return a record of an event file, with its checksums."""
    message = b"\x09" + struct.pack("<d", 1.7e9)
    if version:
        message += _bytes(3, version.encode())
    else:
        message += b"\x10" + _varint(step)
        if as_tensor:
            tensor = b"\x08\x01" + _bytes(2, b"") + _bytes(4, struct.pack("<f", value))
            content = _bytes(1, name.encode()) + _bytes(8, tensor)
        else:
            content = _bytes(1, name.encode()) + b"\x15" + struct.pack("<f", value)
        message += _bytes(5, _bytes(1, content))
    length = struct.pack("<Q", len(message))
    return length + _checksum(length) + message + _checksum(message)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _checksum(content: bytes) -> bytes:
    """Return the masked CRC-32C."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


#: How each writes, and the roles in which its columns are to be read.
WRITERS: dict[Callable[[Path, History], Path], tuple[str, str, str]] = {
    our_run: ("epoch", "train_loss", "val_loss"),
    keras_csv: ("epoch", "loss", "val_loss"),
    keras_json: ("", "loss", "val_loss"),
    lightning: ("epoch", "train_loss_epoch", "val_loss"),
    ultralytics: ("epoch", "train/loss", "val/loss"),
    trainer_state: ("epoch", "loss", "eval_loss"),
    skorch: ("epoch", "train_loss", "valid_loss"),
    mlflow: ("step", "train_loss", "val/loss"),
    wandb: ("Step", "train/loss", "val/loss"),
    aim: ("step", "train_loss", "val_loss"),
    neptune: ("step", "metrics/train/loss", "metrics/val/loss"),
    plain_csv: ("Epoch", "Training loss", "Validation loss"),
    without_names: ("column_1", "column_2", "column_3"),
    json_lines: ("epoch", "train_loss", "val_loss"),
    xgboost: ("", "train_mlogloss", "eval_mlogloss"),
    keras_console: ("epoch", "loss", "val_loss"),
    nanogpt_console: ("step", "train_loss", "val_loss"),
    pytorch_console: ("epoch", "loss", "test_loss"),
    tqdm_console: ("epoch", "loss", "val_loss"),
    tensorboard: ("step", "Loss/train", "Loss/val"),
    keras_tensorboard: ("epoch", "train/epoch_loss", "validation/epoch_loss"),
}
