"""Real SIGKILLs: nobody runs on, and what is resumed ends where a quiet run does."""

from __future__ import annotations

import json
import os
import signal
import sys
import time

import pytest

from further.train.run import Run
from robustness.killing import (
    COMPARE,
    RESUME,
    TRAIN,
    delays,
    evaluation_of,
    finish,
    kill_when,
    start,
    wait_until_alone,
    workers_of,
)

KILLS = 3


@pytest.mark.slow
def test_a_training_killed_up_to_three_times(tmp_path):
    begun = time.monotonic()
    finish(start(TRAIN, tmp_path / "quiet"))
    longest = (time.monotonic() - begun) / 4
    checkpoint = tmp_path / "killed" / "checkpoints" / "last.pt"
    killed, waits = 0, delays(0, longest)
    while killed < KILLS:
        process = start(TRAIN, tmp_path / "killed")
        killed += kill_when(process, checkpoint.is_file, next(waits))
        if Run(tmp_path / "killed").status == "finished":
            break
        assert Run(tmp_path / "killed").status == "interrupted"
    assert killed  # a resumed one may end before its turn to be killed comes
    finish(start(TRAIN, tmp_path / "killed"))
    quiet, resumed = (
        (tmp_path / run / "model.safetensors").read_bytes() for run in ("quiet", "killed")
    )
    assert quiet == resumed
    assert Run(tmp_path / "killed").status == "finished"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_no_worker_outlives_its_comparison(tmp_path):
    run = tmp_path / "run"
    process = start(COMPARE, run)
    assert kill_when(process, lambda: len(workers_of(run)) == 2, 0.2)
    wait_until_alone(run)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_comparison_killed_up_to_three_times(tmp_path):
    begun = time.monotonic()
    finish(start(COMPARE, tmp_path / "quiet"))
    longest = (time.monotonic() - begun) / 2
    run, waits, killed = tmp_path / "killed", delays(0, longest), 0
    script = COMPARE
    while killed < KILLS:
        process = start(script, run)
        killed += kill_when(process, lambda: len(workers_of(run)) == 2, next(waits))
        wait_until_alone(run)
        script = RESUME
        if Run(run).status == "finished":
            break
    assert killed  # a resumed one may end before its turn to be killed comes
    finish(start(RESUME, run))
    assert evaluation_of(run) == evaluation_of(tmp_path / "quiet")
    for model in ("vae", "autoencoder"):
        quiet, resumed = (
            (tmp_path / name / "models" / model / "model.safetensors").read_bytes()
            for name in ("quiet", "killed")
        )
        assert quiet == resumed


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_killed_worker_ends_the_comparison_which_can_be_resumed(tmp_path):
    run = tmp_path / "run"
    process = start(COMPARE, run)
    while process.poll() is None and len(workers_of(run)) < 2:
        time.sleep(0.01)
    os.kill(workers_of(run)[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=300)
    assert process.returncode != 0
    assert "ended with status -9 before its model was done; the run can be resumed" in errors
    wait_until_alone(run)
    finish(start(RESUME, run))
    found = json.loads((run / "evaluation.json").read_text())["models"]
    assert {"vae", "autoencoder"} <= {model["name"] for model in found}
