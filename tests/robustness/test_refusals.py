"""Folders and disks that a run cannot be kept on: one clear sentence each."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from further.errors import RunError
from further.train.run import Run
from small_models import make_small

ROWS = np.random.default_rng(0).normal(size=(60, 4))
FIT_AS_NOBODY = """
import os
import sys
import numpy as np
from further import VAE
X = np.random.default_rng(0).normal(size=(60, 4))
model = VAE(budget="3 steps", precision="float32", random_state=0)
model.fit(X, run=sys.argv[1])  # loads all modules, which nobody may not be allowed to
os.setuid(65534)
for run in sys.argv[1:]:
    try:
        model.fit(X, run=run)
    except ValueError as error:
        print(f"{type(error).__name__}: {error}")
"""


def in_one_sentence(message):
    return message.count("\n") == 0 and len(message) < 300 and "Traceback" not in message


@pytest.fixture
def open_folder():
    """Return a folder that everybody may look into, as pytest's may not."""
    if os.name != "posix" or os.getuid() != 0:
        pytest.skip("needs root to become nobody")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_folders_that_may_not_be_written(open_folder):
    (open_folder / "locked").mkdir()
    (open_folder / "secret").mkdir(mode=0o700)
    runs = [open_folder / name for name in ("run", "locked/run", "secret/run")]
    command = [sys.executable, "-c", FIT_AS_NOBODY, *map(str, runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    messages = done.stdout.splitlines()
    assert len(messages) == 3, done.stderr
    for run, message in zip(runs, messages, strict=True):
        assert message.startswith("RunError: ")
        assert str(run.parent) in message
        assert "cannot be written (Permission denied)" in message
        assert in_one_sentence(message)


@pytest.fixture
def tiny_disk(tmp_path):
    """Return a folder on a disk of 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("no right to mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up(tiny_disk, tmp_path):
    make = lambda: make_small("vae", width=64)  # noqa: E731
    with pytest.raises(RunError, match="is full; free some space and resume") as caught:
        make().fit(ROWS, run=tiny_disk / "run")
    assert in_one_sentence(str(caught.value))
    run = Run(tiny_disk / "run")
    assert run.status == "failed"
    assert "is full" in run.record["error"]
    # What the user is told to do works.
    subprocess.run(["mount", "-o", "remount,size=64m", str(tiny_disk)], check=True)
    make().fit(ROWS, run=tiny_disk / "run")
    make().fit(ROWS, run=tmp_path / "quiet")
    files = [(folder / "model.safetensors") for folder in (tiny_disk / "run", tmp_path / "quiet")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert Run(tiny_disk / "run").status == "finished"
    assert "error" not in Run(tiny_disk / "run").record


def test_a_foreign_folder_is_not_overwritten(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RunError, match="is not empty and is not a run; choose another folder"):
        make_small("vae").fit(ROWS, run=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_is_not_overwritten(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("important")
    with pytest.raises(RunError, match="is a file; choose a folder"):
        make_small("vae").fit(ROWS, run=file)
    with pytest.raises(RunError, match="cannot be a folder, because a file is in its way"):
        make_small("vae").fit(ROWS, run=file / "run")
    assert file.read_text() == "important"


def test_another_configuration_seed_or_data_is_refused(tmp_path):
    make_small("vae").fit(ROWS, run=tmp_path)
    weights = (tmp_path / "model.safetensors").read_bytes()
    with pytest.raises(RunError, match="holds a run with another parameters"):
        make_small("vae", latent_dim=2).fit(ROWS, run=tmp_path)
    with pytest.raises(RunError, match="holds a run with another"):
        make_small("vae", random_state=1).fit(ROWS, run=tmp_path)
    with pytest.raises(RunError, match="holds a run with another data"):
        make_small("vae").fit(ROWS + 1, run=tmp_path)
    with pytest.raises(RunError, match="holds a run with another model"):
        make_small("gan").fit(ROWS, run=tmp_path)
    assert (tmp_path / "model.safetensors").read_bytes() == weights


def test_two_processes_do_not_write_one_run(tmp_path, monkeypatch):
    make_small("vae").fit(ROWS, run=tmp_path)
    monkeypatch.setattr("further.train.run._LOCK_SECONDS", 0.1)
    with Run(tmp_path).working(), pytest.raises(RunError, match="Another process is working"):
        make_small("vae").fit(ROWS, run=tmp_path)


def test_no_run_and_a_run_of_the_future(tmp_path):
    with pytest.raises(RunError, match=r"is not a run: it has no run\.json"):
        Run(tmp_path)
    (tmp_path / "run.json").write_text('{"schema": 99}')
    with pytest.raises(RunError, match="newer than 1; update further"):
        Run(tmp_path)
    (tmp_path / "run.json").write_text('{"schema": ')
    with pytest.raises(RunError, match="is not valid JSON"):
        Run(tmp_path)
