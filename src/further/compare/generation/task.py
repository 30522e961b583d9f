"""What the task of generation offers to :mod:`further.compare.task`."""

from further.compare.generation.comparison import ComparisonRun
from further.compare.generation.comparison import generative_models as compare
from further.compare.generation.comparison import member_worker as member_worker
from further.compare.generation.run import GenerationRun
from further.compare.generation.single import TrainingRun
from further.compare.generation.single import train as train
from further.train.run import Run

__all__ = ["compare", "member_worker", "run_type", "train"]


def run_type(run: Run) -> type[GenerationRun]:
    """Return what resumes and judges a run: that of a comparison, or of one model."""
    return ComparisonRun if "models" in run.record else TrainingRun
