"""A process that trains and judges members of a comparison, one after another.

It is started by :mod:`further.compare.workers` as ``python -m further.compare.worker RUN``, reads
JSON lines, first the tables of tasks and models and whether it works alone, then a member each, and
answers with JSON lines. The task of the run says who does the work. When its input closes because
the parent has died, it dies too, so that nobody writes into a run that somebody else resumes.
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

from further import registry
from further.errors import InputError


def main() -> int:
    """Work until the input closes."""
    # Ctrl-C on a terminal reaches every process of the group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = json.loads(sys.stdin.readline())
    registry.use_tables(told)
    members: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_read, args=(members,), daemon=True).start()
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    from further.train import energy
    from further.train.run import Run

    warnings.simplefilter("ignore", ConvergenceWarning)
    energy.runs_side_by_side = told["side_by_side"]
    run = Path(sys.argv[1])
    work = registry.task_module(Run(run).record["task"], "compare").member_worker(run)
    while True:
        member = members.get()

        def report(member: dict[str, Any] = member, **facts: Any) -> None:
            _say(**member, **facts)

        try:
            work(member, report)
        except InputError as error:
            report(event="error", user=True, message=str(error))
        except Exception as error:  # the parent decides what a failure of one member means
            import traceback

            message = f"{type(error).__name__}: {error}"
            report(event="error", user=False, message=message, trace=traceback.format_exc())
        else:
            report(event="done")


def _read(members: queue.Queue[dict[str, Any]]) -> None:
    for text in sys.stdin:
        members.put(json.loads(text))
    os._exit(0)


def _say(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
