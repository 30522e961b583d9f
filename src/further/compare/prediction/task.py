"""What the tasks of classification and regression offer to :mod:`further.compare.task`."""

from further.compare.prediction.ladder import LadderRun
from further.compare.prediction.ladder import member_worker as member_worker
from further.compare.prediction.ladder import predictive_models as compare
from further.compare.prediction.new_rows import evaluate_rows as evaluate_rows
from further.compare.prediction.new_rows import predict as predict
from further.compare.prediction.single import PredictorRun
from further.compare.prediction.single import train as train
from further.compare.source import EventHandler
from further.train.run import Run

__all__ = ["compare", "evaluate_rows", "member_worker", "open_run", "predict", "train"]


def open_run(run: Run, on_event: EventHandler | None) -> LadderRun | PredictorRun:
    """Return what resumes and judges a run.

    Parameters
    ----------
    run, on_event
        As :class:`~further.compare.task.TaskRun` takes them.

    Returns
    -------
    LadderRun or PredictorRun
        As the run is of several models or of one.
    """
    return (LadderRun if "models" in run.record else PredictorRun)(run, on_event)
