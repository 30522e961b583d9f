"""What the task of clustering offers to :mod:`further.compare.task`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from further.compare.clustering import clustering
from further.compare.clustering.clustering import Clustering
from further.compare.clustering.clustering import cluster_table as compare
from further.compare.source import EventHandler
from further.errors import RunError

__all__ = ["compare", "judge", "resume", "train"]


def train(
    model: str, data: Any, *, parameters: Mapping[str, Any] | None = None, **options: Any
) -> Clustering:
    """Cluster by one method; its alternatives stand beside it.

    Parameters
    ----------
    model : str
        Name of the method.
    data : str, Path, Dataset, DataFrame or array
        A file, or the rows themselves.
    parameters : mapping, optional
        Hyperparameters of the method.
    **options
        Those of :func:`further.compare.cluster_table`.

    Returns
    -------
    Clustering
        With the path of the run and the evaluation.
    """
    return compare(data, method=model, hyperparameters=parameters, **options)


def resume(
    path: str | Path, *, jobs: int | None = None, on_event: EventHandler | None = None
) -> Clustering:
    """Resume a clustering.

    Parameters
    ----------
    path : path
        The run.
    jobs : int, optional
        Of no effect: a clustering is one process.
    on_event : callable, optional
        Called with every progress message, a dict.

    Returns
    -------
    Clustering
        With the path of the run and the evaluation.
    """
    return clustering.resume(path, on_event=on_event)


def judge(
    path: str | Path, *, device: str = "auto", on_event: EventHandler | None = None
) -> Clustering:
    """Refuse: a clustering is judged when it is made.

    Parameters
    ----------
    path : path
        The run.
    device : str, default="auto"
        Of no effect.
    on_event : callable, optional
        Of no effect.

    Returns
    -------
    Clustering
        Never.
    """
    raise RunError(
        f'"{path}" is a clustering, which was judged when it was made; "further report {path}" '
        "shows how."
    )
