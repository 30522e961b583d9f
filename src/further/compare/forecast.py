"""How long a comparison will take here, and whether it fits, said before it starts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import psutil

from further.errors import InputError
from further.train.run import Run

PROCESS_BYTES = 600e6
# A process imports torch and scikit-learn, and reads the data.
SECONDS_TO_START = 5.0
# What trainings side by side, which share caches and memory, take longer than one alone.
SIDE_BY_SIDE = 1.1

# A training that sees each row less often is hardly begun.
ENOUGH_EPOCHS = 10


@dataclass(frozen=True)
class Cost:
    """What a member takes."""

    training: Annotated[float, "Seconds of its training."]
    judging: Annotated[float, "Seconds to sample, judge and draw."]
    bytes: Annotated[float, "Memory."]
    epochs: Annotated[float | None, "How often the training sees each row, where it has steps."] = (
        None
    )


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
        ``seconds`` in all, ``by_model`` and ``bytes`` of memory; ``epochs`` by model, and a
        ``note`` on those that see the rows too seldom, or None.

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
    slower = SIDE_BY_SIDE if processes > 1 else 1.0
    for seconds in sorted((by_model[task["model"]] for task in tasks), reverse=True):
        busy[busy.index(min(busy))] += slower * seconds
    needed = processes * (largest + PROCESS_BYTES)
    free = psutil.virtual_memory().available
    if needed > free:
        raise InputError(
            f"{data}: the comparison needs about {needed / 1e9:.1f} GB of memory, "
            f"but {free / 1e9:.1f} GB are free; use fewer jobs, smaller pictures or fewer rows."
        )
    epochs = {name: found.epochs for name, found in costs.items() if found.epochs is not None}
    return {
        "seconds": max(busy, default=0.0),
        "by_model": by_model,
        "bytes": needed,
        "epochs": epochs,
        "note": _too_few(epochs),
    }


def announce(run: Run, expected: dict[str, Any], emit: Callable[[dict[str, Any]], None]) -> None:
    """Say what is expected, and keep in the run what the budget cannot give.

    Parameters
    ----------
    run : Run
        Of the comparison or the training.
    expected : dict
        From :func:`forecast`.
    emit : callable
        Called with the message.
    """
    emit({"event": "forecast", **expected})
    if expected["note"] is not None:
        run.update(notes=[expected["note"]])


def _too_few(epochs: Mapping[str, float]) -> str | None:
    """Return what the budget cannot give, and which one would."""
    few = {name: n for name, n in epochs.items() if n < ENOUGH_EPOCHS}
    if not few:
        return None
    seen = ", ".join(f"{name} {n:.2g} times" for name, n in few.items())
    times = math.ceil(ENOUGH_EPOCHS / min(few.values()))
    return (
        f"With this budget a training sees each row less than {ENOUGH_EPOCHS} times ({seen}), "
        f"which is little: expect unfinished models, or take {times} times the budget."
    )
