"""What is left when models have been compared, trained or judged: a run, and what was found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from further.train.files import read_json, write_bytes
from further.train.run import Run

if TYPE_CHECKING:
    import pandas as pd

    from further.train.estimator import Estimator


E = TypeVar("E", bound="Estimator")


class Answers(ABC):
    """What a run says of new rows or pictures, to be written where a user wants it.

    Attributes
    ----------
    formats : tuple of str
        How it can be written, the usual way first.
    notes : tuple of str
        How the rows were read, and what is doubtful about them.
    """

    formats: ClassVar[tuple[str, ...]]
    notes: tuple[str, ...]

    @abstractmethod
    def place(self, data: str) -> str:
        """Return the name of the file or folder, in the run, where nobody names another."""

    @abstractmethod
    def write(self, path: Path, format: str, on_event: Callable[[Any], None] | None = None) -> None:
        """Write it to a file or folder that does not exist.

        Parameters
        ----------
        path : Path
            The file or folder.
        format : str
            One of :attr:`formats`.
        on_event : callable, optional
            Called with every progress message, a dict.
        """

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What was found, once it is written."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Return how much was found of each kind, once it is written."""


@dataclass(frozen=True)
class NewRows(Answers):
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

    formats: ClassVar[tuple[str, ...]] = ("csv",)

    frame: pd.DataFrame
    notes: tuple[str, ...]
    counts: dict[Any, int]
    told: str

    def place(self, data: str) -> str:
        """Return the name of the CSV file."""
        return f"predictions-{Path(data).stem}.csv"

    def write(self, path: Path, format: str, on_event: Callable[[Any], None] | None = None) -> None:
        """Write the rows as CSV; see :meth:`Answers.write`."""
        write_bytes(path, self.frame.to_csv(index=False).encode())

    @property
    def sentence(self) -> str:
        """How many rows there are, and what is said of them."""
        return f"{len(self.frame):,} rows: {self.told}"

    def facts(self) -> dict[str, Any]:
        """Return how many rows there are, and how many were given each answer."""
        return {"rows": len(self.frame), "sizes": self.counts}


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
