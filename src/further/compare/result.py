"""What is left when models have been compared, trained or judged: a run, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from further.train.files import read_json
from further.train.run import Run

if TYPE_CHECKING:
    import pandas as pd

    from further.train.estimator import Estimator


E = TypeVar("E", bound="Estimator")


@dataclass(frozen=True)
class NewRows:
    """New rows with what a run says of them.

    Attributes
    ----------
    frame : DataFrame
        The rows as they were read, and what was added.
    notes : tuple of str
        How they were read, and what is doubtful about them.
    counts : dict of str to int
        How many rows were given each answer; empty where the answers are numbers.
    told : str
        The same in a sentence.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...]
    counts: dict[Any, int]
    told: str


@dataclass(frozen=True)
class Result(Generic[E]):
    """A run and its evaluation.

    Attributes
    ----------
    path : Path
        The run.
    evaluation : dict
        What its ``evaluation.json`` holds.
    """

    path: Path
    evaluation: dict[str, Any]

    @classmethod
    def of(cls, run: Run) -> Self:
        """Read the evaluation of a run."""
        return cls(run.path, read_json(run.path / "evaluation.json"))

    def load(self, model: str | None = None) -> E:
        """Return the fitted estimator; of several, the one of that name."""
        from further.train.load import load as load_model

        estimator: E = load_model(self.path, model)
        return estimator
