"""Many SIGKILLs at random moments; run by hand.

From the folder of the tests: ``python -m robustness.many_kills 50``.

Runs are started and resumed until so many kills have struck; every run is compared with one that
was left alone: a training by the bytes of its weights, a comparison by its evaluation.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
)


def weights_of(run: Path) -> bytes:
    return (run / "model.safetensors").read_bytes()


def strike(
    kills: int, folder: Path, scripts: tuple[str, str], result: Callable[[Path], Any], seed: int
) -> None:
    """Kill until enough kills have struck and write what came of it to standard output."""
    first, again = scripts
    begun = time.monotonic()
    finish(start(first, folder / "quiet"))
    lasted, expected = time.monotonic() - begun, result(folder / "quiet")
    waits, struck, runs, same = delays(seed, lasted), 0, 0, 0
    while struck < kills:
        run, script = folder / f"run{runs}", first
        while True:
            process = start(script, run)
            # From the first moment on, also before anything has been written.
            killed = struck < kills and kill_when(process, lambda: True, next(waits))
            struck += killed
            if not killed:
                process.communicate()
                wait_until_alone(run)
                break
            wait_until_alone(run)
            script = again if (run / "run.json").is_file() else first
        runs += 1
        same += process.returncode == 0 and result(run) == expected
        sys.stdout.write(f"{struck} kills, {runs} runs, {same} the same as the quiet one\n")
        sys.stdout.flush()
        shutil.rmtree(run)


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as folder:
        for name, scripts, result in (
            ("training", (TRAIN, TRAIN), weights_of),
            ("comparison", (COMPARE, RESUME), evaluation_of),
        ):
            (Path(folder) / name).mkdir()
            share = kills * 4 // 5 if name == "training" else kills - kills * 4 // 5
            sys.stdout.write(f"{name}: {share} kills\n")
            strike(share, Path(folder) / name, scripts, result, seed=1)


if __name__ == "__main__":
    main()
