"""What the task of generation offers to :mod:`further.compare.task`."""

from further.compare.generation.comparison import ComparisonRun
from further.compare.generation.comparison import generative_models as compare
from further.compare.generation.comparison import member_worker as member_worker
from further.compare.generation.single import TrainingRun
from further.compare.generation.single import train as train
from further.compare.source import EventHandler
from further.train.run import Run

__all__ = ["compare", "member_worker", "open_run", "train"]


def open_run(run: Run, on_event: EventHandler | None) -> ComparisonRun | TrainingRun:
    """Return what resumes and judges a run.

    Parameters
    ----------
    run, on_event
        As :class:`~further.compare.task.TaskRun` takes them.

    Returns
    -------
    ComparisonRun or TrainingRun
        As the run is of several models or of one.
    """
    return (ComparisonRun if "models" in run.record else TrainingRun)(run, on_event)
