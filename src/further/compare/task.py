"""Compare, train, resume and judge: the same for every task, whose own module does the work.

The table of tasks names that module; :class:`TaskModule` says what is in it.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from further.compare.result import Answers, Result
from further.compare.source import EventHandler, read_input
from further.data.loading import load
from further.errors import InputError, RunError
from further.registry import find_model, task_module, task_of_target
from further.train.run import Run

#: Trains and judges one member; called with what it is, and with a function to report progress by.
Work = Callable[[Mapping[str, Any], Callable[..., None]], None]

#: What every task takes, beside options of reading.
_OF_ALL = ("seed", "out", "on_event", "command")


class Trainable(Protocol):
    """What a comparison trains and judges in a folder of its own."""

    def begin(self, folder: Path) -> Run:
        """Return the run in that folder, new or as it was left."""

    def fit(self, run: Run, report: Callable[[float, float], None] | None = None) -> None:
        """Train.

        Parameters
        ----------
        run : Run
            Where the training is kept.
        report : callable, optional
            Called with the share of the training that is done, and the loss.
        """

    def judge(self, folder: Path) -> object:
        """Judge, and write what was found."""


def work_on(candidate: Callable[[Mapping[str, Any]], Trainable]) -> Work:
    """Return what trains and judges members, given what makes a candidate of a member.

    Parameters
    ----------
    candidate : callable
        Takes what a worker is told of a member: its model, parameters and repeat.

    Returns
    -------
    callable
        For ``member_worker`` of a :class:`TaskModule`.
    """

    def work(member: Mapping[str, Any], report: Callable[..., None]) -> None:
        trained, folder = candidate(member), Path(member["folder"])
        trained.fit(
            trained.begin(folder),
            lambda share, loss: report(event="progress", share=share, loss=loss),
        )
        report(event="trained")
        trained.judge(folder)

    return work


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
    predict : callable
        Takes a run, new rows and options of reading, and returns
        :class:`~further.compare.result.Answers`; only a task that answers about rows has it.
    evaluate_rows : callable
        Takes a run, rows that it never saw and options, and returns a new run with its evaluation;
        only a task whose models can be judged on other rows has it.
    """

    compare: Callable[..., Result]
    train: Callable[..., Result]
    open_run: Callable[[Run, EventHandler | None], TaskRun]
    member_worker: Callable[[Path], Work]
    predict: Callable[..., Answers]
    evaluate_rows: Callable[..., Result]


def compare_models(data: Any, *, task: str | None = None, **options: Any) -> Result:
    """Compare the models of a task on one data set.

    Parameters
    ----------
    data : str, Path, Dataset, DataFrame or array
        A name such as "digits", a file or folder, or the data themselves.
    task : str, optional
        A name from the table of tasks; default: to predict the ``target`` where one is named, to
        find boxes, a mask or instances where pictures come with them, or else "generation".
    **options
        Those of the task, such as :func:`further.compare.generative_models`,
        :func:`further.compare.predictive_models` and :func:`further.compare.vision_models` have,
        and of :func:`further.data.load`.

    Returns
    -------
    Result
        The run and its evaluation; of a class of the task's own.

    Raises
    ------
    InputError
        If there is no such task, or it cannot use the data or an option.
    """
    meant = task
    if meant is None and options.get("target") not in (None, "none"):
        # Whether a target is one of classes or of numbers its values say, when they are read.
        meant = "classification"
    elif meant is None:
        of_reading = inspect.signature(load).parameters
        data = read_input(data, options.pop("y", None), **_among(options, of_reading))
        meant = task_of_target(data.kind, None if data.target is None else data.target.kind)
    compare = _module(meant).compare
    _refuse_unknown(compare, options, f'A comparison of the task "{meant}" has no option')
    if "task" in inspect.signature(compare).parameters:
        options["task"] = task
    return compare(data, **options)


def _refuse_unknown(work: Callable[..., Any], options: Mapping[str, Any], told: str) -> None:
    """Refuse options that a task does not know."""
    known = inspect.signature(work).parameters
    takes_more = any(p.kind is p.VAR_KEYWORD for p in known.values())
    more = {*inspect.signature(load).parameters, *_OF_ALL} if takes_more else set()
    for name in options:
        if name not in known and name not in more:
            raise InputError(f'{told} "{name}".')


def _among(options: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in names}


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


def predict(path: str | Path, data: Any, **options: Any) -> Answers:
    """Return what a finished run says of new rows, or what it finds in new pictures.

    Parameters
    ----------
    path : path
        The run.
    data : str, Path, DataFrame or array
        Rows with the columns that the run was made from, others stay as they are; or pictures.
    **options
        Options of the task, and of :func:`further.data.load`.

    Returns
    -------
    Answers
        The rows and what was added, or the pictures and what is found in them.

    Raises
    ------
    RunError
        If the run has not finished, or is of a task that says nothing of rows.
    InputError
        If a column is missing or is not what it was, or an option is unknown to the task.
    """
    able = _able(path, "predict")
    _refuse_unknown(able, options, f'"{path}" takes no option')
    given: Answers = able(path, data, **options)
    return given


def evaluate_rows(path: str | Path, data: Any, **options: Any) -> Result:
    """Judge the models of a finished run on other rows than those that it held out.

    Parameters
    ----------
    path : path
        The run.
    data : str, Path, Dataset or DataFrame
        Rows with the target.
    **options
        ``out``, ``on_event`` and ``command``, and options of :func:`further.data.load`.

    Returns
    -------
    Result
        A new run and its evaluation.

    Raises
    ------
    RunError
        If the run has not finished, or is of a task whose models are judged on their own rows.
    InputError
        If the rows lack the target or another column.
    """
    judged: Result = _able(path, "evaluate_rows")(path, data, **options)
    return judged


def _able(path: str | Path, what: str) -> Callable[..., Any]:
    """Return a function of the task of a finished run."""
    run = Run(path)
    run.refuse_unfinished()
    task = run.record.get("task")
    found: Callable[..., Any] | None = getattr(_module(task), what, None) if task else None
    if found is None:
        told = {"predict": "says nothing of new rows", "evaluate_rows": "is judged on its own rows"}
        raise RunError(f'"{path}" is a run of the task "{task}", which {told[what]}.')
    return found


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
