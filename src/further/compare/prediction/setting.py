r"""What all rungs of a ladder share: rows, target, which rows are held out, the seed.

Fewer than 2,000 rows are divided into five parts, and each part is predicted by a model that was
fitted to the other four (cross-validation); whatever a model chooses for itself, it chooses inside
those four, so that the validation is nested. More rows are divided once, and a quarter is held out.
"""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from further.compare.prediction.target import Question, read_question
from further.compare.source import describe_data, refuse_changed
from further.data.dataset import Dataset
from further.data.splits import Split
from further.data.target import Numbers
from further.errors import InputError, RunError
from further.train.files import read_json
from further.train.run import Run

Rows = NDArray[np.int64]

#: From so many rows on, one part is held out.
ENOUGH_ROWS = 2000
FOLDS = 5
HELD_OUT = 0.25


@dataclass(frozen=True)
class Fold:
    """Rows that are learnt from, and rows that are predicted."""

    train: Annotated[Rows, "Row numbers."]
    test: Annotated[Rows, "Row numbers; none of a training row, nor of a group with one."]


@dataclass(frozen=True)
class Setting:
    """What all rungs share."""

    question: Annotated[Question, "Rows and target."]
    seed: Annotated[int, "Of the comparison."]
    device: Annotated[str, "Where networks run."] = "auto"

    @property
    def dataset(self) -> Dataset:
        """All rows."""
        return self.question.dataset

    @property
    def task(self) -> str:
        """That of the models."""
        return self.question.task

    @functools.cached_property
    def _split(self) -> Split:
        """The rows divided once, where they are many or bring a division with them."""
        return self.dataset.split(seed=self.seed, fractions=(1 - HELD_OUT, 0.0, HELD_OUT))

    @functools.cached_property
    def folds(self) -> tuple[Fold, ...]:
        """Which rows are held out of which training; one fold where rows are many."""
        data, seed = self.dataset, self.seed
        own = data.official_split is not None and "test" in set(data.official_split)
        if own or len(data) >= ENOUGH_ROWS:
            split = self._split
            train = np.sort(np.concatenate([split.train, split.validation]))
            return (Fold(train, split.test),)
        y = np.zeros(len(data)) if data.codes is None else data.codes
        groups: Any = data.groups
        splitter: Any
        if groups is None:
            splitter = (KFold if data.codes is None else StratifiedKFold)(
                FOLDS, shuffle=True, random_state=seed
            )
        else:
            if len(np.unique(groups)) < FOLDS:
                raise InputError(
                    f"{data.name} has {len(np.unique(groups))} groups, but rows are divided into "
                    f"{FOLDS} parts that share none; give finer groups or none."
                )
            stratified = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
            splitter = GroupKFold(FOLDS) if data.codes is None else stratified
        with warnings.catch_warnings():
            # Classes of fewer rows than parts are in some parts only, which a note says.
            warnings.simplefilter("ignore", UserWarning)
            found = list(splitter.split(np.zeros(len(data)), y, groups))
        return tuple(Fold(train, test) for train, test in found)

    @property
    def is_crossed(self) -> bool:
        """Whether every row is held out once."""
        return len(self.folds) > 1

    @property
    def method(self) -> str:
        """How rows were held out, in words."""
        if self.is_crossed:
            kept = ", groups kept together" if self.dataset.groups is not None else ""
            return (
                f"nested cross-validation: each of {len(self.folds)} parts predicted by a model "
                f"fitted to the others{kept}"
            )
        n = len(self.folds[0].test)
        return f"{n:,} of {len(self.dataset):,} rows held out once ({self._split.method})"

    @functools.cached_property
    def held_out(self) -> Rows:
        """The rows that figures rest on, fold by fold."""
        return np.concatenate([fold.test for fold in self.folds])

    @property
    def fold_of(self) -> Rows:
        """The fold of each of these rows, from 0."""
        return np.repeat(np.arange(len(self.folds)), [len(fold.test) for fold in self.folds])

    @property
    def final(self) -> Rows:
        """The rows that the model which is kept was fitted to."""
        return np.arange(len(self.dataset)) if self.is_crossed else self.folds[0].train

    @property
    def values(self) -> NDArray[np.float64]:
        """The target of all rows where it is a number."""
        target = self.dataset.target
        assert isinstance(target, Numbers)
        return target.values[:, 0]


def describe_setting(setting: Setting, asked: dict[str, Any]) -> dict[str, Any]:
    """Return what ``run.json`` says of it, enough for :func:`read_setting`.

    Parameters
    ----------
    setting : Setting
        The rows.
    asked : dict
        The target and the task that were asked for.

    Returns
    -------
    dict
        Plain JSON.
    """
    return {
        "task": setting.task,
        "data": describe_data(setting.dataset),
        "seed": setting.seed,
        "device": setting.device,
        "asked": asked,
    }


def read_setting(run: Run) -> Setting:
    """Return the setting of a run.

    Raises
    ------
    RunError
        If the data are gone or have changed.
    """
    record = run.record
    if "of" in record:
        raise RunError(
            f'"{run.path}" judges the models of "{record["of"]}" on rows of their own; to do so '
            f"again: further evaluate {record['of']} DATA."
        )
    data, asked = record["data"], record["asked"]
    if data["source"] == "array":
        question = read_question(Dataset.open(run.path / "data"), task=record["task"])
    else:
        options = {name: value for name, value in data["options"].items() if name != "target"}
        question = read_question(data["source"], **asked, **options)
        refuse_changed(run, question.dataset)
    return Setting(question, record["seed"], record.get("device", "auto"))


def chosen_model(made: Run) -> str | None:
    """Return the model of a ladder that was chosen.

    Parameters
    ----------
    made : Run
        Of one model or of several.

    Returns
    -------
    str or None
        None where there is only one.
    """
    if "models" not in made.record:
        return None
    found = read_json(made.path / "evaluation.json").get("recommendation") or {}
    trained = [m["name"] for m in made.record["models"]]
    chosen: str = found.get("chosen") or trained[0]
    return chosen
