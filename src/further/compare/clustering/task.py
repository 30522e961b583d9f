"""What the task of clustering offers to :mod:`further.compare.task`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from further.compare.clustering import clustering
from further.compare.clustering.clustering import Clustering
from further.compare.clustering.clustering import cluster_table as compare
from further.compare.source import Listen
from further.errors import RunError

__all__ = ["compare", "judge", "resume", "train"]


def train(
    model: str, data: Any, *, parameters: Mapping[str, Any] | None = None, **options: Any
) -> Clustering:
    """Cluster by one method; its alternatives stand beside it."""
    return compare(data, method=model, hyperparameters=parameters, **options)


def resume(
    path: str | Path, *, jobs: int | None = None, listen: Listen | None = None
) -> Clustering:
    """Resume a clustering."""
    return clustering.resume(path, listen=listen)


def judge(path: str | Path, *, device: str = "auto", listen: Listen | None = None) -> Clustering:
    """Refuse: a clustering is judged when it is made."""
    raise RunError(
        f'"{path}" is a clustering, which was judged when it was made; "further report {path}" '
        "shows how."
    )
