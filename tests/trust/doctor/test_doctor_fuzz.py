"""Any file, however broken, gets a diagnosis or one sentence, and never a traceback."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from further import doctor
from further.errors import InputError
from trust.doctor.writers import WRITERS

#: What breaks files: other numbers, signs, structure.
PIECES = (b"nan", b"Infinity", b"-1e999", b"", b",", b"\n", b"{", b"]", b'"', b"\xff", b"\0",
          b"null",
          b"1e308", b"\r", b"NaN", b": ", b"999999999999999999999")  # fmt: skip


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Return a file with some bytes removed, repeated, replaced or swapped."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        if not data:
            break
        at, length = rng.randrange(len(data)), rng.choice((1, 1, 4, 30, 300))
        kind = rng.randrange(5)
        if kind == 0:
            del data[at : at + length]
        elif kind == 1:
            data[at:at] = data[at : at + length]
        elif kind == 2:
            data[at : at + length] = rng.choice(PIECES)
        elif kind == 3:
            data[at] = rng.randrange(256)
        else:
            data = data[: at + 1]
    return bytes(data)


def check(path: Path) -> None:
    """Diagnose, and write the diagnosis as JSON."""
    try:
        found = doctor(path)
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    json.dumps(found.to_json())
    assert "\n" not in found.headline
    assert all(0 <= finding.confidence <= 1 for finding in found.findings)


def mutations(overfitted, folder: Path, n: int) -> None:
    rng = random.Random(0)
    short = {name: values[:20] for name, values in overfitted.items()}
    writers = list(WRITERS)
    for i in range(n):
        work = folder / str(i)
        work.mkdir()
        path = writers[i % len(writers)](work, short)
        files = [file for file in work.rglob("*") if file.is_file()]
        for file in files:
            if len(files) == 1 or rng.random() < 0.7:
                file.write_bytes(mutate(file.read_bytes(), rng))
        check(path)
        shutil.rmtree(work)


def test_a_hundred_broken_files_end_in_no_traceback(overfitted, tmp_path: Path) -> None:
    mutations(overfitted, tmp_path, 105)


@pytest.mark.slow
def test_a_thousand_broken_files_end_in_no_traceback(overfitted, tmp_path: Path) -> None:
    mutations(overfitted, tmp_path, 1050)


@pytest.mark.parametrize(
    "history",
    [
        {"loss": [float("nan")] * 10},
        {"loss": [float("inf")] * 10, "val_loss": [1.0] * 10},
        {"loss": [1.0]},
        {"loss": [0.0] * 30, "val_loss": [0.0] * 30},
        {"loss": [1e308, -1e308] * 10, "val_loss": [1e-320] * 20},
        {"loss": [-1.0] * 20, "val_loss": [-2.0] * 20},
        {"epoch": [0] * 20, "loss": list(range(20))},
        {"epoch": [float("nan")] * 20, "loss": list(range(20))},
        {"loss": [1.0] * 20, "val_loss": [2.0]},
        {"d_loss": [0.0] * 9, "g_loss": [0.0] * 9, "diversity": [0.0] * 9},
        {"val_accuracy": [0.1, 0.5, 0.6, 0.6, 0.6]},
        {"val_accuracy": [float("nan")] * 6, "loss": [3.0, 2.0, 1.0, 0.5, 0.4, 0.3]},
    ],
)
def test_curves_of_a_few_values_are_no_trouble(history: dict) -> None:
    json.dumps(doctor(history).to_json())
