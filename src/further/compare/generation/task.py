"""What the task of generation offers to :mod:`further.compare.task`."""

from __future__ import annotations

from pathlib import Path

from further.compare.generation import comparison, single
from further.compare.generation.comparison import generative_models as compare
from further.compare.generation.comparison import member_worker as member_worker
from further.compare.generation.single import train as train
from further.compare.result import Result
from further.compare.source import Listen
from further.train.run import Run

__all__ = ["compare", "judge", "member_worker", "resume", "train"]


def resume(path: str | Path, *, jobs: int | None = None, listen: Listen | None = None) -> Result:
    """Resume a comparison or the training of one model."""
    if _is_comparison(path):
        return comparison.resume(path, jobs=jobs, listen=listen)
    return single.resume(path, listen=listen)


def judge(path: str | Path, *, device: str = "auto", listen: Listen | None = None) -> Result:
    """Judge the models of a comparison, or the one that was trained, anew."""
    module = comparison if _is_comparison(path) else single
    return module.judge(path, device=device, listen=listen)


def _is_comparison(path: str | Path) -> bool:
    return "models" in Run(path).record
