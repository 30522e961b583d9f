from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
from further.cli.listener import Listener
with Listener(silent=%s) as listener:
    listener({"event": "forecast", "seconds": 200.0})
    for model in ("vae", "gan"):
        for share in (0.1, 0.5):
            listener({"event": "progress", "model": model, "repeat": 0, "share": share, "loss": 2})
    listener({"event": "trained", "model": "vae", "repeat": 0})
    listener({"event": "done", "model": "vae", "repeat": 0})
    listener({"event": "judging"})
import sys
print("rich" in sys.modules)
"""


def run(*, terminal: bool, silent: bool = False) -> tuple[str, str]:
    """Return standard output and standard error, the latter from a terminal or a pipe."""
    command = [sys.executable, "-c", SCRIPT % silent]
    if not terminal:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout, done.stderr
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, text=True, env=environment
    )
    out, _ = process.communicate(timeout=60)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(ours)
    return out, shown.decode()


def test_a_terminal_shows_a_bar_for_every_running_model():
    out, err = run(terminal=True)
    assert "About 3 min on this machine." in err
    assert "Variational autoencoder" in err
    assert "Generative adversarial network" in err
    assert "50 %" in err
    assert "left" in err
    assert out == "True\n"


def test_elsewhere_only_the_forecast_is_said_and_rich_is_not_imported():
    assert run(terminal=False) == ("False\n", "About 3 min on this machine.\n")


@pytest.mark.parametrize("terminal", [True, False])
def test_silence(terminal):
    assert run(terminal=terminal, silent=True) == ("False\n", "")


def test_the_table_of_a_result_is_plain_where_there_is_no_terminal(capsys):
    from further.cli.result import write_table

    write_table(["name", "n"], [["a", "1"], ["bb", "22"]], numbers=1)
    assert capsys.readouterr().out == "name   n\na      1\nbb    22\n"


@pytest.mark.slow
def test_an_interrupted_training_says_how_to_resume(tmp_path: Path, table: Path):
    import json
    import signal
    import time

    path = tmp_path / "run"
    process = subprocess.Popen(
        [
            sys.executable, "-m", "further", "train", "vae", str(table),
            "--budget", "1000000 steps", "--precision", "float32", "--out", str(path),
        ],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # What runs in the background inherits that interrupts are ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    deadline = time.monotonic() + 90
    while not (path / "history.csv").is_file() and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert out == ""
    assert err.splitlines()[-2:] == [f"Interrupted; resume with: further resume {path}", ""]
    assert "Traceback" not in err
    assert json.loads((path / "run.json").read_text())["status"] == "interrupted"
