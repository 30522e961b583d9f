"""Measurements of a model in the folder of its run, as JSON, where the model card finds them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from further.train.files import write_json
from further.train.run import Run


class KeptInRun(ABC):
    """A measurement that a run keeps.

    Attributes
    ----------
    record_name : str
        Of its file, without the ending.
    """

    record_name: ClassVar[str]

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return all of it for JSON."""

    def keep(self, run: str | Path, model: str | None = None) -> Path:
        """Write it into a run, in place of an earlier one, where the model card finds it.

        Parameters
        ----------
        run : path
            The folder of a finished run.
        model : str, optional
            The model of the run that was measured, by its name; where the run compares several, the
            cards of the others then leave this out.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        RunError
            If the folder is no run, or another process is writing it.
        """
        opened = Run(run)
        opened.refuse_unfinished()
        with opened.working():
            return write_json(
                opened.path / f"{self.record_name}.json", {"model": model, **self.to_json()}
            )
