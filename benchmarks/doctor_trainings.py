"""Small real trainings for ``benchmarks/doctor.py``, with faults put in, labelled by undoing them.

Labels, all by the loss of test rows that nothing else looks at. To gain is to lower it by at least
5 %, and by two standard errors of the difference, row by row; where the first is so and the second
is not, chance would decide the label, and the training is dropped.

* ``too_short``: twice as many epochs gain, ended where the validation loss is lowest.
* ``overfitted``: the epoch of the lowest validation loss gains.
* an injected fault: the same training without it gains. Of faults of the split that mislead the
  choice of an epoch (a tiny validation set, validation rows among the training rows), both
  trainings are judged at the epochs that they choose. An injection that costs less is dropped.
  So is one that makes the loss no number, unless that is what it is meant to do.
* healthy: nothing was injected, neither of the first two gains, and a constant prediction loses by
  as much: a network that never began to learn gains nothing by the first two either. Sound
  trainings that fail this alone have no label and are dropped.

Data *and* architectures are split into parts for tuning the doctor and one for judging it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from doctor_data import DATA, Task, make_task
from doctor_faults import BREAKING, FAULTS, OF_CHOICE, Case
from doctor_networks import NETS, History, Recipe, Training, build, draw_recipe, train

WORTH, STANDARD_ERRORS = 0.05, 2.0
#: A gain that is beyond doubt; what diverged has a few huge losses, of which deviations say little.
PLAIN = 0.5
#: Numbers of epochs of a ladder; each is judged by the next, twice as long.
LADDER = (12, 24, 48, 96)


class UndecidedError(Exception):
    """Whether something gains is a matter of chance."""


def gain(worse: float, better: float) -> float:
    """Return how much of a loss is gained; all of one that is no number."""
    if not np.isfinite(worse):
        return 1.0 if np.isfinite(better) else 0.0
    return 1 - better / worse if np.isfinite(better) else -1.0


def sure_gain(worse: np.ndarray, better: np.ndarray) -> float:
    """Return how much of the mean loss of the same rows is gained, 0 where it is too little.

    Raises
    ------
    UndecidedError
        If it is enough, and within two standard errors of nothing.
    """
    found = gain(float(worse.mean()), float(better.mean()))
    if found < WORTH:
        return 0.0
    change = worse - better
    if found < PLAIN and np.isfinite(change).all():
        error = float(change.std(ddof=1)) / np.sqrt(len(change))
        if change.mean() < STANDARD_ERRORS * error:
            raise UndecidedError
    return found


def own_faults(training: Training, longer: Training) -> dict[str, float]:
    """Return what twice as many epochs and the best validation epoch gain, where it is enough."""
    found = {
        "too_short": sure_gain(training.last, longer.chosen),
        "overfitted": sure_gain(training.last, training.chosen),
    }
    return {name: value for name, value in found.items() if value}


@dataclass
class Example:
    """A training with its label."""

    part: str
    data: str
    recipe: dict[str, object]
    seed: int
    injected: str  # "" for none
    faults: dict[str, float]  # what undoing each gains
    history: History
    test: list[float]  # mean loss of the test rows, for labels alone
    baseline: float
    rows: dict[str, int] = field(default_factory=dict)
    parameters: int = 0

    @property
    def is_healthy(self) -> bool:
        return not self.faults

    @property
    def fault(self) -> str:
        """The fault to be found: the injected one, or else the first of length; "" for none."""
        return self.injected or next(iter(self.faults), "")

    @property
    def cost(self) -> float:
        """What undoing that fault gains."""
        return self.faults[self.fault]


def example(
    part: str, case: Case, seed: int, injected: str, faults: dict[str, float], training: Training
) -> Example:
    return Example(
        part, case.task.name, asdict(case.recipe), seed, injected, faults, training.history,
        training.test.mean(axis=1).tolist(), case.task.baseline,
        {name: len(rows) for name, rows in case.task.x.items()},
        sum(p.numel() for p in build(case.task, part, case.recipe, seed).parameters()),
    )  # fmt: skip


def train_case(part: str, case: Case, seed: int) -> Training:
    found = train(case.task, part, case.recipe, case.epochs, seed)
    return found if case.stop is None else found.cut(case.stop)


def ladder(
    task: Task, part: str, recipe: Recipe, epochs: tuple[int, ...], seed: int
) -> dict[int, Training]:
    """Return trainings of several lengths, with as few runs as will do."""
    longest = train(task, part, recipe, epochs[-1], seed)
    if recipe.schedule == "constant":
        return {n: longest.cut(n) for n in epochs}
    shorter = {n: train(task, part, recipe, n, seed) for n in epochs[:-1]}
    return {**shorter, epochs[-1]: longest}


def draw(part: str, rng: np.random.Generator, seed: int) -> tuple[Task, Recipe]:
    task = make_task(part, str(rng.choice(list(DATA[part]))), seed)
    nets = [name for name in NETS[part] if task.shape or "cnn" not in name]
    net = nets[-1] if task.shape and rng.random() < 0.6 else str(rng.choice(nets))
    return task, draw_recipe(part, net, rng)


def natural(part: str, seed: int) -> list[Example]:
    """Return a healthy training of a ladder of epochs, and one that is not, where there are any."""
    rng = np.random.default_rng([seed, 1])
    task, recipe = draw(part, rng, seed)
    trained = ladder(task, part, recipe, LADDER, seed)
    baseline = np.full(trained[LADDER[0]].test.shape[1], task.baseline)
    labels: dict[int, dict[str, float]] = {}
    for n, m in pairwise(LADDER):
        try:
            label = own_faults(trained[n], trained[m])
            if label or sure_gain(baseline, trained[n].last):
                labels[n] = label
        except UndecidedError:
            pass
    found = []
    for is_healthy in (True, False):
        lengths = [n for n, label in labels.items() if (not label) == is_healthy]
        if lengths:
            n = int(rng.choice(lengths))
            case = Case(task, recipe, n)
            found.append(example(part, case, seed, "", labels[n], trained[n]))
    return found


def injected(part: str, name: str, seed: int) -> list[Example]:
    """Return a training with a fault put in, or none where the fault does nothing."""
    rng = np.random.default_rng([seed, 2])
    task, recipe = draw(part, rng, seed)
    faulty, mended = FAULTS[name](Case(task, recipe, int(rng.choice(LADDER[1:3]))), rng)
    found, undone = (train_case(part, case, seed) for case in (faulty, mended))
    if name not in BREAKING and not np.isfinite(found.history["train_loss"]).all():
        return []
    try:
        if name in OF_CHOICE:
            effect = sure_gain(found.chosen, undone.chosen)
        else:
            effect = sure_gain(found.last, undone.last)
        if not effect:
            return []
        longer = train(faulty.task, part, faulty.recipe, 2 * len(found.test), seed)
        faults = {name: effect, **own_faults(found, longer)}
    except UndecidedError:
        return []
    return [example(part, faulty, seed, name, faults, found)]


def some_injected(part: str, name: str, n: int, seed: int) -> list[Example]:
    """Return so many trainings in which the fault does something, of three times as many tried."""
    found: list[Example] = []
    for i in range(3 * n):
        if len(found) < n:
            found += injected(part, name, seed + i)
    return found


def make(part: str, ladders: int, injections: int, processes: int = 1) -> list[Example]:
    """Return the labelled trainings of a part.

    Parameters
    ----------
    part : {"tuning 1", "tuning 2", "tuning 3", "tuning 4", "judging"}
        Whose data and architectures.
    ladders : int
        Sound trainings, each at several lengths.
    injections : int
        Of each fault that do something; others are dropped, and at most three times as many tried.
    processes : int, default=1
        Which share the work; it does not depend on them.
    """
    seed = 100_000 * list(DATA).index(part)
    work: list[Callable[[], list[Example]]] = [
        partial(natural, part, seed + i) for i in range(ladders)
    ]
    work += [
        partial(some_injected, part, name, injections, seed + 1000 * (place + 1))
        for place, name in enumerate(FAULTS)
    ]
    if processes == 1:
        return [found for job in work for found in _call(job)]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        return [one for found in pool.map(_call, work) for one in found]


def _call(job: Callable[[], list[Example]]) -> list[Example]:
    torch.set_num_threads(1)
    return job()


def save(path: Path, examples: list[Example]) -> str:
    """Write trainings and labels, and return their fingerprint."""
    text = json.dumps([asdict(one) for one in examples])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def load(path: Path) -> tuple[list[Example], str]:
    """Return trainings and labels, and their fingerprint."""
    text = gzip.decompress(path.read_bytes())
    return [Example(**record) for record in json.loads(text)], hashlib.sha256(text).hexdigest()[:16]
