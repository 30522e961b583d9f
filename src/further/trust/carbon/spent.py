"""What runs took: every fit in a run folder, each counted once.

A comparison holds the runs of its members, these hold further trainings and folds, an audit of
labels holds its folds, and the controls of a single model stand beside it. Each fit wrote what it
took into a ``run.json`` of its own, and none the sum of others; so the sum over all such files
below a folder is what the run took.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import Annotated

from further.errors import RunError
from further.train.energy import Energy
from further.train.run import Run


@dataclass(frozen=True)
class Spent:
    """What one run took."""

    run: Annotated[Path, "Its folder."]
    what: Annotated[str, "What it is: a model, or a task."]
    fits: Annotated[int, "How many fits are counted."]
    energy: Annotated[Energy, "Their sum."]
    notes: Annotated[tuple[str, ...], "What is not counted, and why."] = ()


def read_spent(path: str | Path, counted: set[Path]) -> Spent:
    """Return what a run took.

    Parameters
    ----------
    path : path
        The folder of a run.
    counted : set of Path
        Files that are counted already; those of this run are added.

    Returns
    -------
    Spent
        Without what was counted before.

    Raises
    ------
    RunError
        If the folder is no run, or its own record is damaged.
    """
    top = Run(path)
    energies, notes, again = [], [], 0
    for file in sorted(top.path.rglob("run.json")):
        if file.resolve() in counted:
            again += 1
            continue
        counted.add(file.resolve())
        try:
            record = Run(file.parent).record
        except RunError as error:
            notes.append(f"Not counted: {error}")
            continue
        energy = Energy.from_json(record)
        if energy is not None:
            energies.append(energy)
    if again:
        notes.append(f'What "{path}" shares with a run before it is counted once.')
    if top.status != "finished":
        notes.append(f'"{path}" has not finished; what its finished fits took is counted.')
    if not energies and not again:
        notes.append(f'"{path}" records no energy: nothing was fitted, or nothing has finished.')
    model, task = top.record.get("model"), top.record.get("task") or "run"
    what = model if isinstance(model, str) else task
    return Spent(top.path, str(what), len(energies), total(energies), tuple(notes))


def total(energies: list[Energy]) -> Energy:
    """Return the sum of energies; that of none is 0."""
    return reduce(add, energies, Energy(0.0, "", cpu_seconds=0.0))
