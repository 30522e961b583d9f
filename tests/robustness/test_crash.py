"""A crash at every single file operation of a fit: nothing half-written is read, nothing lost."""

from __future__ import annotations

import builtins
import contextlib
import errno
import json
import os

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load as load_arrays

from further.errors import RunError
from further.train import files
from further.train.callbacks import checkpoint
from further.train.load import load
from further.train.run import Run
from small_models import make_small


class Killed(BaseException):
    """Ends a process as SIGKILL does: nothing runs after it that would write."""


class Disk:
    """Stands in for the file operations of ``further.train.files`` and fails at one of them.

    Parameters
    ----------
    fail_at : int or None
        Number of the operation that fails; None for none.
    error : BaseException
        What it raises. After ``Killed`` every later operation raises it too.
    """

    def __init__(self, fail_at, error):
        self.fail_at, self.error, self.done = fail_at, error, []

    def operate(self, name):
        self.done.append(name)
        dead = isinstance(self.error, Killed) and self.fail_at is not None
        if len(self.done) - 1 == self.fail_at or (dead and len(self.done) > self.fail_at):
            raise self.error

    def install(self, monkeypatch):
        disk = self

        class OS:
            def __getattr__(self, name):
                return getattr(os, name)

            def fsync(self, number):
                disk.operate("fsync")
                os.fsync(number)

            def replace(self, source, target):
                disk.operate("rename")
                os.replace(source, target)
                disk.operate("after rename")

        class File:
            def __init__(self, file):
                self.file = file

            def __enter__(self):
                return self

            def __exit__(self, *error):
                self.file.close()

            def __getattr__(self, name):
                return getattr(self.file, name)

            def write(self, content):
                self.file.write(content[: len(content) // 2])
                disk.operate("write")
                self.file.write(content[len(content) // 2 :])

        def opened(path, mode):
            disk.operate("open")
            return File(builtins.open(path, mode))

        monkeypatch.setattr(files, "os", OS())
        monkeypatch.setattr(files, "open", opened, raising=False)


@pytest.fixture(autouse=True)
def checkpoint_every_step(monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0.0)


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).normal(size=(60, 4))


def fit(rows, run):
    model = make_small("vae", width=8, latent_dim=2, budget="3 steps")
    return model.fit(rows, run=run)


def assert_whole(run):
    """Assert that every file that anybody reads is whole."""
    for path in run.rglob("*"):
        if path.name.startswith("."):
            continue
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".csv":
            assert path.read_text().endswith("\n")
            assert not pd.read_csv(path).isna().all(axis=1).any()
        elif path.suffix == ".safetensors":
            assert load_arrays(path.read_bytes())
        elif path.suffix == ".pt":
            assert checkpoint.read_checkpoint(path)["step"] >= 1


def contents(run):
    history = pd.read_csv(run / "history.csv").drop(columns="seconds")
    record = json.loads((run / "model.json").read_text())
    record["facts"].pop("cost_")
    return (run / "model.safetensors").read_bytes(), history.to_csv(), record


def count_operations(rows, run):
    with pytest.MonkeyPatch.context() as patch:
        disk = Disk(None, None)
        disk.install(patch)
        fit(rows, run)
    return disk.done


@pytest.mark.slow
@pytest.mark.parametrize(
    "error", [Killed(), OSError(errno.ENOSPC, "No space left on device")], ids=["kill", "full disk"]
)
def test_crash_at_every_operation(error, rows, tmp_path):
    operations = count_operations(rows, tmp_path / "whole")
    expected = contents(tmp_path / "whole")
    assert {"open", "write", "fsync", "rename", "after rename"} == set(operations)
    for number in range(len(operations)):
        run = tmp_path / f"{number}"
        with pytest.MonkeyPatch.context() as patch:
            Disk(number, error).install(patch)
            if isinstance(error, Killed):
                with pytest.raises(Killed):
                    fit(rows, run)
            else:
                with pytest.raises(RunError, match="is full; free some space"):
                    fit(rows, run)
        if run.exists():
            assert_whole(run)
        fit(rows, run)
        assert contents(run) == expected, f"crash at {operations[number]} {number}"
        assert Run(run).status == "finished"
        assert not list(run.rglob(".partial-*"))


def test_crash_in_every_attempt(rows, tmp_path):
    """Resume after resume, each killed a little later, ends where one quiet training does."""
    operations = count_operations(rows, tmp_path / "whole")
    for number in range(0, len(operations), 3):
        with pytest.MonkeyPatch.context() as patch:
            Disk(number, Killed()).install(patch)
            # What is finished needs fewer operations.
            with contextlib.suppress(Killed):
                fit(rows, tmp_path / "run")
        if (tmp_path / "run").exists():
            assert_whole(tmp_path / "run")
    fit(rows, tmp_path / "run")
    assert contents(tmp_path / "run") == contents(tmp_path / "whole")


def test_what_was_there_stands_when_a_write_fails(tmp_path):
    files.write_text(tmp_path / "a.json", "old")
    operations = 5
    for number in range(operations - 1):
        with pytest.MonkeyPatch.context() as patch:
            Disk(number, OSError(errno.EIO, "Input/output error")).install(patch)
            with pytest.raises(RunError, match=r"a\.json: Input/output error"):
                files.write_text(tmp_path / "a.json", "new")
        assert (tmp_path / "a.json").read_text() == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_an_unfinished_run_is_not_loaded(rows, tmp_path):
    operations = count_operations(rows, tmp_path / "whole")
    model_written = len(operations) - 2 * 5
    with pytest.MonkeyPatch.context() as patch:
        Disk(model_written, Killed()).install(patch)
        with pytest.raises(Killed):
            fit(rows, tmp_path / "run")
    with pytest.raises(RunError, match="has not finished"):
        load(tmp_path / "run")
    assert Run(tmp_path / "run").status == "interrupted"
