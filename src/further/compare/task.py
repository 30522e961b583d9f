"""Compare, train, resume and judge: the same for every task, whose own module does the work.

The table of tasks names that module; :class:`TaskModule` says what is in it.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from further.compare.result import Result
from further.compare.source import EventHandler
from further.errors import InputError, RunError
from further.registry import find_model, task_module
from further.train.run import Run

#: Trains and judges one member; called with what it is, and with a function to report progress by.
Work = Callable[[Mapping[str, Any], Callable[..., None]], None]


class TaskRun(ABC):
    """A run of a task, which is resumed or judged again.

    Parameters
    ----------
    run : Run
        Its folder.
    on_event : callable, optional
        Called with every progress message, a dict.
    """

    def __init__(self, run: Run, on_event: EventHandler | None = None) -> None:
        self.run, self.emit = run, on_event or (lambda message: None)

    @abstractmethod
    def resume(self, jobs: int | None = None) -> Result:
        """Do what is missing, with so many members trained at a time, and return all of it."""

    @abstractmethod
    def judge(self, device: str) -> Result:
        """Judge again what was trained, with networks computed on that device."""


class TaskModule(Protocol):
    """What the ``compare`` module of a task offers.

    Attributes
    ----------
    compare, train : callable
        Called by :func:`compare_models` and :func:`train_model` with their arguments; they make a
        run that has the name of the task in its ``run.json``. Besides the options of the task and
        those of :func:`further.data.load` they take ``seed``, ``out`` (the folder of the run),
        ``on_event`` (called with every progress message, a dict) and ``command`` (the command line
        to record), and ``train`` takes ``parameters``.
    open_run : callable
        Returns what resumes and judges a run; takes what :class:`TaskRun` does, so that a subclass
        will do.
    member_worker : callable
        Takes the path of a comparison, and returns what trains and judges its members. Only a task
        whose models are trained in worker processes has it.
    """

    compare: Callable[..., Result]
    train: Callable[..., Result]
    open_run: Callable[[Run, EventHandler | None], TaskRun]
    member_worker: Callable[[Path], Work]


def task_for(task: str | None, target: str | None) -> str:
    """Return the task that is meant: the one that is named, or as a target is named.

    Parameters
    ----------
    task : str or None
        A name from the table of tasks.
    target : str or None
        A column, if one was named.

    Returns
    -------
    str
        Without a task, to predict the target that is named, else to generate. Whether a target is
        one of classes or of numbers its values say, when they are read.
    """
    if task is not None:
        return task
    return "generation" if target in (None, "none") else "classification"


def compare_models(data: Any, *, task: str | None = None, **options: Any) -> Result:
    """Compare the models of a task on one data set.

    Parameters
    ----------
    data : str, Path, Dataset, DataFrame or array
        A name such as "digits", a file or folder, or the data themselves.
    task : str, optional
        A name from the table of tasks; default: to predict the ``target`` where one is named, or
        else "generation".
    **options
        Those of the task, such as :func:`further.compare.generative_models` and
        :func:`further.compare.predictive_models` have, and of :func:`further.data.load`.

    Returns
    -------
    Result
        The run and its evaluation; of a class of the task's own.

    Raises
    ------
    InputError
        If there is no such task, or it cannot use the data or an option.
    """
    compare = _module(task_for(task, options.get("target"))).compare
    if "task" in inspect.signature(compare).parameters:
        options["task"] = task
    return compare(data, **options)


def train_model(model: str, data: Any, **options: Any) -> Result:
    """Train one model on a data set and judge it.

    Use it when a comparison has told which model to take and it deserves a longer training.

    Parameters
    ----------
    model : str
        A name from the table of models.
    data : str, Path, Dataset, DataFrame or array
        A name such as "digits", a file or folder, or the data themselves.
    **options
        ``parameters`` of the model, ``seed``, ``out`` and others of its task.

    Returns
    -------
    Result
        The run and its evaluation; of a class of the task's own.

    Raises
    ------
    InputError
        If the data or a hyperparameter cannot be used.
    """
    return _module(find_model(model).task).train(model, data, **options)


def resume(
    path: str | Path,
    *,
    device: str | None = None,
    jobs: int | None = None,
    on_event: EventHandler | None = None,
) -> Result:
    """Resume a run that was interrupted, to the result that it would have reached.

    Parameters
    ----------
    path : path
        The run, or that of one member of a comparison, which is resumed as a whole.
    device : {"auto", "cpu", "cuda", "mps"}, optional
        Where networks are trained from here on; default: where they were, since only there does a
        run end bit for bit as without the interruption.
    jobs : int, optional
        Members trained at a time; default: as many as there are cores.
    on_event : callable, optional
        Called with every progress message, a dict.

    Returns
    -------
    Result
        The run and its evaluation; of a class of the task's own.

    Raises
    ------
    RunError
        If the folder is no run that can be resumed, or its data are gone or have changed.
    InputError
        If this machine has no such device.
    """
    path = whole_run(path)
    if device is not None:
        _move_to(path, device)
    return _open(path, on_event).resume(jobs)


def judge(
    path: str | Path, *, device: str = "auto", on_event: EventHandler | None = None
) -> Result:
    """Judge the trained models of a run anew, as after an update of further.

    Parameters
    ----------
    path : path
        The run, or that of one member of a comparison, of which all are judged.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        Where networks are computed.
    on_event : callable, optional
        Called with every progress message, a dict.

    Returns
    -------
    Result
        The run and its evaluation; of a class of the task's own.

    Raises
    ------
    RunError
        If the run has not finished, or its data are gone or have changed.
    """
    path = whole_run(path)
    return _open(path, on_event).judge(device)


def _move_to(path: Path, device: str) -> None:
    """Let what has not finished in a run continue on another device."""
    from further.train.execution import find_device

    found = find_device(device)
    for file in path.rglob("run.json"):
        run = Run(file.parent)
        if run.status in ("finished", "running"):
            continue
        changes: dict[str, Any] = {}
        if "device" in run.record:
            changes["device"] = device
        if "device" in run.record.get("parameters", {}):
            changes["parameters"] = {**run.record["parameters"], "device": device}
        if "execution" in run.record:
            changes["execution"] = {**run.record["execution"], "device": found}
        if changes:
            run.update(**changes)


def refuse_other_options(task: str, given: Mapping[str, Any]) -> None:
    """Refuse options that the comparison of a task does not know.

    Parameters
    ----------
    task : str
        Its name.
    given : mapping
        The options by name.

    Raises
    ------
    InputError
        That names the first of them.
    """
    known = inspect.signature(_module(task).compare).parameters
    for name in given:
        if name not in known:
            raise InputError(f'A comparison of the task "{task}" has no option "{name}".')


def whole_run(path: str | Path) -> Path:
    """Return the comparison that a member's run belongs to, or the run itself."""
    for parent in Path(path).absolute().parents:
        if parent.name == "models" and (parent.parent / "run.json").is_file():
            return parent.parent
    return Path(path)


def _module(task: str) -> TaskModule:
    return cast(TaskModule, task_module(task, "compare"))


def _open(path: Path, on_event: EventHandler | None) -> TaskRun:
    run = Run(path)
    task = run.record.get("task")
    if task is None:
        raise RunError(
            f'"{path}" was made by fit in Python, which does not know where its data came from; '
            f'call fit(X, y, run="{path}") again to resume it.'
        )
    return _module(task).open_run(run, on_event)
