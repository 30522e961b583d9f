"""What a line of the tables of tasks and of models says; the tables are in the registry."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class TaskEntry:
    """A line of the table of tasks.

    Attributes
    ----------
    name : str
        What commands and runs call it.
    question : str
        What it answers.
    data : tuple of str
        The kinds of data that it takes: "table", "images".
    targets : tuple of str
        The kinds of target that it takes, its own first; "none" where it does without one.
    command : str
        The command that fits one of its models: "train" where every model has a command of its
        own below that.
    compare : str
        The module that compares its models; :mod:`further.compare.task` says what is in it. Empty
        where nothing compares them yet, as are the next two.
    evaluate : str
        The module that says what a model's results are worth.
    report : str
        The module that shows a run; :mod:`further.report.page` says what is in it.
    audit : str
        The module that says what a run predicted of its held-out rows, for an audit by group;
        :mod:`further.compare.auditing` says what is in it.
    """

    name: str
    question: str
    data: tuple[str, ...]
    targets: tuple[str, ...]
    command: str
    compare: str = ""
    evaluate: str = ""
    report: str = ""
    audit: str = ""


@dataclass(frozen=True)
class ModelEntry:
    """A line of the table of models.

    Attributes
    ----------
    name : str
        What a command calls it.
    module, cls : str
        Where its class is.
    task : str
        What it is for: the name of a task.
    family : {"network", "classical"}
        Whether the training loop trains it.
    role : {"model", "control"}
        A control is a simple method that a model has to beat, or a cheat that must be caught.
    label : str
        What a report calls it.
    compared : bool
        Whether a comparison takes it unless models are named.
    from_commands : bool
        Whether the command of its task fits it; what learns from arrays alone is fitted in Python.
    transparency : int or None
        Its rung on the ladder from what can be read as a whole, 0, to what cannot; None where
        nobody asks.
    """

    name: str
    module: str
    cls: str
    task: str
    family: Literal["network", "classical"]
    role: Literal["model", "control"]
    label: str
    compared: bool = True
    from_commands: bool = True
    transparency: int | None = None

    def load(self) -> type[Any]:
        """Import the module and return the class."""
        return getattr(importlib.import_module(self.module), self.cls)
