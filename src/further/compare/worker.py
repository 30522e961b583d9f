"""A process that trains and judges members of a comparison, one after another.

It is started by :mod:`further.compare.workers` as ``python -m further.compare.worker RUN``, reads
a JSON task a line and answers with JSON lines. When its input closes because the parent has died,
it dies too, so that nobody writes into a run that somebody else resumes.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from further.errors import InputError


def main() -> int:
    """Work until the input closes."""
    # Ctrl-C on a terminal reaches every process of the group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tasks: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_read, args=(tasks,), daemon=True).start()
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    from further.compare.generation.comparison import read_setting
    from further.compare.generation.member import make_estimator, score_member, train_member
    from further.registry import find_model

    warnings.simplefilter("ignore", ConvergenceWarning)
    setting = read_setting(Path(sys.argv[1]))
    while True:
        task = tasks.get()
        line = find_model(task["model"])
        folder = Path(task["folder"])

        def report(share: float, loss: float, task: dict[str, Any] = task) -> None:
            _say(**task, event="progress", share=share, loss=loss)

        try:
            estimator = make_estimator(setting, line.name, task["repeat"], task["parameters"])
            train_member(setting, estimator, line, folder, report)
            _say(**task, event="trained")
            score_member(setting, estimator, line, folder)
        except InputError as error:
            _say(**task, event="error", user=True, message=str(error))
        except Exception as error:  # the parent decides what a failure of one member means
            import traceback

            message = f"{type(error).__name__}: {error}"
            _say(**task, event="error", user=False, message=message, trace=traceback.format_exc())
        else:
            _say(**task, event="done")


def _read(tasks: queue.Queue[dict[str, Any]]) -> None:
    for text in sys.stdin:
        tasks.put(json.loads(text))
    os._exit(0)


def _say(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
