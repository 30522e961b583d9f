"""Processes that train, to be killed at random moments by tests and by ``many_kills.py``."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

TRAIN = """
import sys
from sklearn.datasets import load_digits
from further import VAE
from further.train.callbacks import checkpoint
checkpoint.SECONDS_BETWEEN = 0.02
X, y = load_digits(return_X_y=True)
X = X[:300].reshape(-1, 8, 8).astype("uint8")
model = VAE(width=48, depth=1, latent_dim=4, budget="400 steps", precision="float32",
            training={"batch_size": 64, "averaging": 0.9}, random_state=0)
model.fit(X, y[:300], run=sys.argv[1])
"""
COMPARE = """
import sys
from further.compare import generative_models
generative_models(
    "iris", models={"vae": {"width": 32, "depth": 1, "latent_dim": 2}, "autoencoder": {}},
    budget="300 steps", seed=0, jobs=2, out=sys.argv[1],
)
"""
RESUME = """
import sys
from further.compare import resume
resume(sys.argv[1], jobs=2)
"""


def start(script: str, run: Path) -> subprocess.Popen[str]:
    """Start a script on a run."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", script, str(run)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for a process that is to succeed."""
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors[-3000:]


def kill_when(process: subprocess.Popen[str], begun: Any, delay: float) -> bool:
    """Send SIGKILL some seconds after work has begun; return whether it came before the end.

    Parameters
    ----------
    process : Popen
        Whom.
    begun : callable
        Whether the work has begun.
    delay : float
        Seconds after that.
    """
    while process.poll() is None and not begun():
        time.sleep(0.005)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def workers_of(run: Path) -> list[int]:
    """Return the living processes that work on a comparison (Linux)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:  # it has just ended
            continue
        if b"further.compare.worker" in command and os.fsencode(run) in command and state != "Z":
            found.append(int(folder.name))
    return found


def wait_until_alone(run: Path, seconds: float = 20.0) -> None:
    """Wait until nobody works on a comparison any more."""
    end = time.monotonic() + seconds
    while workers_of(run):
        assert time.monotonic() < end, f"orphans are left: {workers_of(run)}"
        time.sleep(0.05)


def without_times(value: Any) -> Any:
    """Return an evaluation without what a clock, an energy counter or the folder says."""
    clocked = (
        "seconds", "cpu_seconds", "energy", "carbon", "sampling_seconds", "run", "machine",
        "created",
    )  # fmt: skip
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if not k.startswith(clocked)}
    if isinstance(value, list):
        return [without_times(item) for item in value]
    return value


def evaluation_of(run: Path) -> Any:
    """Return what a comparison found, comparable with another one's."""
    evaluation = without_times(json.loads((run / "evaluation.json").read_text()))
    # Goals that are about time are ranked by it.
    for goal in ("fast_sampling", "low_energy"):
        evaluation["recommendation"]["goals"].pop(goal, None)
    evaluation["recommendation"].pop("sentence", None)
    return evaluation


def delays(seed: int, longest: float) -> Any:
    """Yield random delays up to the longest, the same for the same seed."""
    generator = random.Random(seed)
    while True:
        yield generator.uniform(0, longest)
