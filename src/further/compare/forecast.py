"""How long a comparison will take here, and whether it fits, said before it starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import psutil

from further.errors import InputError

PROCESS_BYTES = 600e6
# A process imports torch and scikit-learn, and reads the data.
SECONDS_TO_START = 5.0


@dataclass(frozen=True)
class Cost:
    """What a member takes."""

    training: Annotated[float, "Seconds of its training."]
    judging: Annotated[float, "Seconds to sample, judge and draw."]
    bytes: Annotated[float, "Memory."]


def forecast(
    data: str,
    tasks: Sequence[dict[str, Any]],
    jobs: int,
    cost: Callable[[Mapping[str, Any]], Cost],
    *,
    preparing: float = 0.0,
) -> dict[str, Any]:
    """Return the seconds that a comparison will take, from what each member costs.

    Parameters
    ----------
    data : str
        Name of the data.
    tasks : sequence of dict
        The members that will be trained.
    jobs : int
        How many at a time.
    cost : callable
        Returns what a member takes.
    preparing : float, default=0.0
        Seconds that each process takes for the evaluation before the first member.

    Returns
    -------
    dict
        ``seconds`` in all, ``by_model`` and ``bytes`` of memory.

    Raises
    ------
    InputError
        If the machine lacks the memory.
    """
    costs: dict[str, Cost] = {}
    for task in tasks:
        if task["model"] not in costs:
            costs[task["model"]] = cost(task)
    largest = max((found.bytes for found in costs.values()), default=0.0)
    by_model = {name: found.training + found.judging for name, found in costs.items()}
    processes = min(jobs, len(tasks))
    # As the members are given out: the longest first, each to the process that is free first.
    busy = [SECONDS_TO_START + preparing] * processes
    for seconds in sorted((by_model[task["model"]] for task in tasks), reverse=True):
        busy[busy.index(min(busy))] += seconds
    needed = processes * (largest + PROCESS_BYTES)
    free = psutil.virtual_memory().available
    if needed > free:
        raise InputError(
            f"{data}: the comparison needs about {needed / 1e9:.1f} GB of memory, "
            f"but {free / 1e9:.1f} GB are free; use fewer jobs, smaller pictures or fewer rows."
        )
    return {"seconds": max(busy, default=0.0), "by_model": by_model, "bytes": needed}
