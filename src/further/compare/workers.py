"""The parent's side of the processes that train the members of a comparison side by side.

Each member runs on one thread, so as many train at once as there are cores, and the result does
not depend on how many that is. Processes instead of threads: they share nothing but the run.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from further.compare.source import EventHandler
from further.registry import tables

_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class WorkerError(RuntimeError):
    """A worker process ended before its work was done."""


def run_tasks(
    run: Path, tasks: Sequence[dict[str, Any]], jobs: int, on_event: EventHandler
) -> None:
    """Give tasks to worker processes, longest first as listed, until all are answered.

    Parameters
    ----------
    run : Path
        Folder of the comparison.
    tasks : sequence of dict
        What :mod:`further.compare.worker` takes.
    jobs : int
        Processes at a time.
    on_event : callable
        Called with every message, in this thread.

    Raises
    ------
    WorkerError
        If a process dies, for example for want of memory.
    """
    waiting, messages = list(tasks), queue.Queue[Any]()
    environment = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1")}
    processes = []
    try:
        for _ in range(min(jobs, len(waiting))):
            process = subprocess.Popen(
                [sys.executable, "-m", "further.compare.worker", str(run)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
            )  # fmt: skip
            processes.append(process)
            threading.Thread(target=_listen, args=(process, messages), daemon=True).start()
            _give(process, {**tables(), "side_by_side": min(jobs, len(tasks)) > 1})
            _give(process, waiting.pop(0))
        left = len(tasks)
        while left:
            process, message = messages.get()
            if message is None:
                raise WorkerError(
                    f"A worker process ended with status {process.wait()} before its model was "
                    "done; the run can be resumed."
                )
            on_event(message)
            if message["event"] in ("done", "error"):
                left -= 1
                if waiting:
                    _give(process, waiting.pop(0))
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def _give(process: Any, task: dict[str, Any]) -> None:
    process.stdin.write(json.dumps(task) + "\n")
    process.stdin.flush()


def _listen(process: Any, messages: queue.Queue[Any]) -> None:
    for text in process.stdout:
        messages.put((process, json.loads(text)))
    messages.put((process, None))
