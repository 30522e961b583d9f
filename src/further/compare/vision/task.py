"""What the tasks on pictures offer to :mod:`further.compare.task`."""

from __future__ import annotations

from further.compare.source import EventHandler
from further.compare.vision.single import VisionModelRun
from further.compare.vision.single import train as train
from further.train.run import Run

__all__ = ["open_run", "train"]


def open_run(run: Run, on_event: EventHandler | None) -> VisionModelRun:
    """Return what resumes and judges a run.

    Parameters
    ----------
    run, on_event
        As :class:`~further.compare.task.TaskRun` takes them.

    Returns
    -------
    VisionModelRun
        As the run is of several models or of one.
    """
    return VisionModelRun(run, on_event)
