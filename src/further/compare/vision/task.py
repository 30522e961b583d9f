"""What the tasks on pictures offer to :mod:`further.compare.task`."""

from __future__ import annotations

from further.compare.source import EventHandler
from further.compare.vision.comparison import VisionComparisonRun
from further.compare.vision.comparison import member_worker as member_worker
from further.compare.vision.comparison import vision_models as compare
from further.compare.vision.new_pictures import evaluate_rows as evaluate_rows
from further.compare.vision.new_pictures import predict as predict
from further.compare.vision.single import VisionModelRun
from further.compare.vision.single import train as train
from further.train.run import Run

__all__ = ["compare", "evaluate_rows", "member_worker", "open_run", "predict", "train"]


def open_run(run: Run, on_event: EventHandler | None) -> VisionComparisonRun | VisionModelRun:
    """Return what resumes and judges a run.

    Parameters
    ----------
    run, on_event
        As :class:`~further.compare.task.TaskRun` takes them.

    Returns
    -------
    VisionComparisonRun or VisionModelRun
        As the run is of several models or of one.
    """
    return (VisionComparisonRun if "models" in run.record else VisionModelRun)(run, on_event)
