"""What all members share: pictures, which of them are held out, the seed and the budget.

Pictures are divided once: by the data's own split, of which training and validation pictures are
learnt from, or else a fifth is held out, groups kept together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from further.compare.source import describe_data, read_data
from further.data.dataset import Dataset
from further.data.splits import Split
from further.data.target import Target
from further.errors import InputError, RunError
from further.registry import TASKS, find_task
from further.train.parameters import parameters_from_json
from further.train.run import Run
from further.train.seeds import seed_of

Rows = NDArray[np.int64]
HELD_OUT = 0.2


@dataclass(frozen=True)
class Setting:
    """What all members share."""

    dataset: Annotated[Dataset, "All pictures, with the target that the data have."]
    task: Annotated[str, "That of the models."]
    seed: Annotated[int, "Of the comparison."]
    device: Annotated[str, "Where networks run."] = "auto"
    budget: Annotated[str | float, "Of each network that is given none."] = "auto"
    share: Annotated[float, "Of the training pictures that is learnt from."] = 1.0

    @cached_property
    def split(self) -> Split:
        """The pictures divided once."""
        return self.dataset.split(seed=self.seed, fractions=(1 - HELD_OUT, 0.0, HELD_OUT))

    @cached_property
    def train(self) -> Rows:
        """The pictures that are learnt from; of a smaller share all are in a larger one too."""
        every = np.sort(np.concatenate([self.split.train, self.split.validation]))
        if self.share == 1.0:
            return every
        rng = np.random.default_rng(seed_of(self.seed, "shares"))
        return np.sort(rng.permutation(every)[: math.ceil(self.share * len(every))])

    @property
    def test(self) -> Rows:
        """The pictures that figures rest on."""
        return self.split.test

    @cached_property
    def seen(self) -> Dataset:
        """All pictures, with their target as the task sees it."""
        return replace(self.dataset, target=seen_by(self.task, self.dataset))

    @cached_property
    def truth(self) -> Target:
        """What is in the held-out pictures, as the task sees it."""
        target = self.seen.target
        assert target is not None
        return target.take(self.test)

    @property
    def fullest(self) -> int:
        """The place of the held-out picture with most objects."""
        counts = getattr(self.truth, "counts", None)
        return 0 if counts is None else int(counts.argmax())

    @property
    def held_out(self) -> str:
        """How pictures were held out, in words."""
        n = len(self.test)
        return f"{n:,} of {len(self.dataset):,} pictures held out ({self.split.method})"


def seen_by(task: str, dataset: Dataset) -> Target:
    """Return what belongs to pictures, as a task sees it.

    Parameters
    ----------
    task : str
        Such as "detection".
    dataset : Dataset
        Pictures with a target.

    Returns
    -------
    Target
        Of the kind that stands first in the line of the task.

    Raises
    ------
    InputError
        If the target does not say that.
    """
    target = dataset.target
    wanted = find_task(task).targets
    found = None if target is None else target.seen_as(wanted[0])
    if found is None:
        has = "nothing" if target is None else target.kind
        able = [line.name for line in TASKS if target is not None and target.kind in line.targets]
        other = f"; such a target is for {' or '.join(able)}" if able else ""
        raise InputError(
            f"{dataset.name} has {has} for a target, but {task} needs {' or '.join(wanted)}{other}."
        )
    return found


def describe_setting(setting: Setting) -> dict[str, Any]:
    """Return what ``run.json`` says of it, enough for :func:`read_setting`."""
    return {
        "task": setting.task,
        "data": describe_data(setting.dataset),
        "seed": setting.seed,
        "device": setting.device,
    }


def read_setting(run: Run) -> Setting:
    """Return the setting of a run.

    Raises
    ------
    RunError
        If the data are gone or have changed, or the run has none of its own.
    """
    record = run.record
    if "of" in record:
        raise RunError(
            f'"{run.path}" judges the models of "{record["of"]}" on pictures of their own; to do '
            f"so again: further evaluate {record['of']} DATA."
        )
    budget = record.get("equal_budget", record.get("budget", "auto"))
    if "models" not in record:  # it is a hyperparameter of the one model
        budget = parameters_from_json(record["parameters"]).get("budget", "auto")
    return Setting(
        read_data(run), record["task"], record["seed"], record.get("device", "auto"), budget
    )


def checked(setting: Setting) -> Setting:
    """Refuse what cannot be learnt from or held out, before there is a run.

    Parameters
    ----------
    setting : Setting
        Pictures and task.

    Returns
    -------
    Setting
        The same.

    Raises
    ------
    InputError
        If the target is of another kind, or no object is in the training or the held-out pictures.
    """
    if setting.dataset.kind != "images":
        raise InputError(f"{setting.dataset.name} is a table; {setting.task} needs pictures.")
    counts = getattr(setting.seen.target, "counts", None)
    for part, rows in (("training", setting.train), ("held-out", setting.test)):
        if counts is not None and not counts[rows].sum():
            raise InputError(
                f"{setting.dataset.name}: there is no object in the {len(rows)} {part} pictures; "
                "label some, or divide the pictures otherwise."
            )
    return setting


def with_share(setting: Setting, share: float) -> Setting:
    """Return the setting with a share of the training pictures and the same held-out ones.

    Parameters
    ----------
    setting : Setting
        With all of them.
    share : float
        Of the training pictures.

    Returns
    -------
    Setting
        Of a smaller share all pictures are in a larger one too.
    """
    fewer = replace(setting, share=share)
    fewer.__dict__["split"] = setting.split
    return fewer
