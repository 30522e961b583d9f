"""Faults that ``benchmarks/doctor.py`` puts into trainings, each beside the same without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from doctor_data import Task
from doctor_networks import Recipe


@dataclass
class Case:
    """A training as it should be, which a fault then changes."""

    task: Task
    recipe: Recipe
    epochs: int
    stop: int | None = None  # after so many of them


Fault = Callable[[Case, np.random.Generator], tuple[Case, Case]]
FAULTS: dict[str, Fault] = {}
#: Faults that mislead the choice of an epoch, and not the training.
OF_CHOICE = ("tiny_validation", "leak_of_rows")
#: Faults that may make the loss no number.
BREAKING = ("rate_too_high", "huge_start")


def fault(make: Fault) -> Fault:
    FAULTS[make.__name__] = make
    return make


def changed(case: Case, **recipe: object) -> Case:
    return replace(case, recipe=replace(case.recipe, **recipe))


def factor(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


@fault
def rate_too_high(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    return changed(case, rate=case.recipe.rate * factor(rng, 15, 300)), case


@fault
def rate_too_low(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    return changed(case, rate=case.recipe.rate / factor(rng, 15, 300)), case


@fault
def stopped_early(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    """After a quarter or an eighth of the epochs, whatever the schedule was made for."""
    sound = replace(case, epochs=4 * case.epochs)
    return replace(sound, stop=int(sound.epochs / rng.choice([4, 8]))), sound


@fault
def shuffled_labels(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    """Of all training rows; of the validation rows as well, or not."""
    return shuffled(case, rng, 1.0), case


@fault
def half_shuffled_labels(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    """Of half of the rows: a task with noise, as far as its curves show."""
    return shuffled(case, rng, 0.5), case


def shuffled(case: Case, rng: np.random.Generator, share: float) -> Case:
    y = dict(case.task.y)
    for part in ("train", "validation") if rng.random() < 0.5 else ("train",):
        rows = np.flatnonzero(rng.random(len(y[part])) < share)
        y[part] = y[part].copy()
        y[part][rows] = y[part][rng.permutation(rows)]
    return replace(case, task=replace(case.task, y=y))


def _prone(case: Case) -> Case:
    """Return the case without what keeps it from overfitting, so that the epoch matters."""
    return replace(changed(case, decay=0.0, dropout=0.0, width=64), epochs=2 * case.epochs)


@fault
def tiny_validation(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    case, n = _prone(case), int(rng.integers(6, 16))
    few = {**case.task.x, "validation": case.task.x["validation"][:n]}
    labels = {**case.task.y, "validation": case.task.y["validation"][:n]}
    return replace(case, task=replace(case.task, x=few, y=labels)), case


@fault
def leak_of_rows(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    case = _prone(case)
    x, y = (
        {**of, "train": np.concatenate([of["train"], of["validation"]])}
        for of in (case.task.x, case.task.y)
    )
    return replace(case, task=replace(case.task, x=x, y=y)), case


@fault
def leak_of_target(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    """Columns hold the target of training and validation rows; of test rows nobody has it yet."""
    task, x = case.task, {}
    for part, rows in task.x.items():
        copy = np.eye(task.k)[task.y[part]] if task.k else task.y[part][:, None]
        copy = 2 * copy * (part != "test")
        kept = rows[:, copy.shape[1] :] if task.shape else rows
        x[part] = np.concatenate([copy, kept], axis=1)
    return replace(case, task=replace(task, x=x)), case


@fault
def no_regularisation(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    loose = changed(case, width=int(rng.choice([96, 160])), decay=0.0, dropout=0.0)
    return replace(loose, epochs=int(case.epochs * rng.choice([2, 3]))), case


@fault
def net_too_small(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    return changed(case, width=int(rng.choice([1, 2]))), case


@fault
def dead_start(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    return changed(case, start=0.0), case


@fault
def huge_start(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    return changed(case, start=factor(rng, 6, 30)), case


@fault
def dropout_too_strong(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    return changed(case, dropout=float(rng.choice([0.7, 0.85, 0.95]))), case


@fault
def unlike_split(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    """Validation rows are those of other classes, or from the far end of the main direction."""
    task = case.task
    x, y = (np.concatenate([of["train"], of["validation"]]) for of in (task.x, task.y))
    n = len(task.x["train"])
    if task.k > 2 and rng.random() < 0.5:
        place = rng.permutation(task.k)[y] + 0.1 * rng.random(len(y))
    else:
        place = x @ np.linalg.svd(x - x.mean(0), full_matrices=False)[2][0]
    order = np.argsort(place)
    parts = {"train": rng.permutation(order[:n]), "validation": order[n:]}
    xs = {**task.x, **{part: x[rows] for part, rows in parts.items()}}
    ys = {**task.y, **{part: y[rows] for part, rows in parts.items()}}
    return replace(case, task=replace(task, x=xs, y=ys)), case
