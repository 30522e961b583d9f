"""What the task of generation offers to :mod:`further.compare.task`."""

from further.compare.generation.comparison import ComparisonRun
from further.compare.generation.comparison import generative_models as compare
from further.compare.generation.comparison import member_worker as member_worker
from further.compare.generation.single import TrainingRun
from further.compare.generation.single import train as train
from further.compare.generation.synthetic import SyntheticRun
from further.compare.source import EventHandler
from further.train.run import Run

__all__ = ["compare", "member_worker", "open_run", "train"]


def open_run(run: Run, on_event: EventHandler | None) -> ComparisonRun | TrainingRun | SyntheticRun:
    """Return what resumes and judges a run.

    Parameters
    ----------
    run, on_event
        As :class:`~further.compare.task.TaskRun` takes them.

    Returns
    -------
    ComparisonRun, TrainingRun or SyntheticRun
        As the run is of several models, of one, or of rows that were made elsewhere.
    """
    if "synthetic" in run.record:
        return SyntheticRun(run, on_event)
    return (ComparisonRun if "models" in run.record else TrainingRun)(run, on_event)
