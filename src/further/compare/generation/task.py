"""What the task of generation offers to :mod:`further.compare.task`."""

from __future__ import annotations

from pathlib import Path

from further.compare.generation import comparison, single
from further.compare.generation.comparison import generative_models as compare
from further.compare.generation.comparison import member_worker as member_worker
from further.compare.generation.single import train as train
from further.compare.result import Result
from further.compare.source import EventHandler
from further.train.run import Run

__all__ = ["compare", "judge", "member_worker", "resume", "train"]


def resume(
    path: str | Path, *, jobs: int | None = None, on_event: EventHandler | None = None
) -> Result:
    """Resume a comparison or the training of one model.

    Parameters
    ----------
    path : path
        The run.
    jobs : int, optional
        Members trained at a time; default: as many as there are cores.
    on_event : callable, optional
        Called with every progress message, a dict.

    Returns
    -------
    Comparison or Trained
        With the path of the run and the evaluation.
    """
    if _is_comparison(path):
        return comparison.resume(path, jobs=jobs, on_event=on_event)
    return single.resume(path, on_event=on_event)


def judge(
    path: str | Path, *, device: str = "auto", on_event: EventHandler | None = None
) -> Result:
    """Judge the models of a comparison, or the one that was trained, anew.

    Parameters
    ----------
    path : path
        The run.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        Where networks are computed.
    on_event : callable, optional
        Called with every progress message, a dict.

    Returns
    -------
    Comparison or Trained
        With the path of the run and the evaluation.
    """
    module = comparison if _is_comparison(path) else single
    return module.judge(path, device=device, on_event=on_event)


def _is_comparison(path: str | Path) -> bool:
    return "models" in Run(path).record
