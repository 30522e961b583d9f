"""Compare, train, resume and judge: the same for every task, whose own module does the work.

The table of tasks names that module. It offers ``compare`` and ``train``, which make a run that has
the name of the task in its ``run.json``, and ``resume`` and ``judge``, which take such a run, all
with the parameters of :class:`TaskModule`. A task whose models are trained in worker processes
offers ``member_worker`` besides.
"""

from __future__ import annotations

import inspect
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


class TaskModule(Protocol):
    """What the ``compare`` module of a task offers."""

    def compare(
        self,
        data: Any,
        *,
        seed: int,
        out: str | Path | None,
        on_event: EventHandler | None,
        command: str | None,
        **options: Any,
    ) -> Result:
        """Compare the models of the task on the data; further options are the task's own.

        Parameters
        ----------
        data : str, Path, Dataset, DataFrame or array
            A name, a file or folder, or the data themselves.
        seed : int
            Of everything that is drawn at random.
        out : path or None
            Folder of the run.
        on_event : callable or None
            Called with every progress message, a dict.
        command : str or None
            The command line to record.
        **options
            The task's own, and those of :func:`further.data.load`.

        Returns
        -------
        Result
            The run and its evaluation.
        """

    def train(
        self,
        model: str,
        data: Any,
        *,
        parameters: Mapping[str, Any] | None,
        seed: int,
        out: str | Path | None,
        on_event: EventHandler | None,
        command: str | None,
        **options: Any,
    ) -> Result:
        """Train one model and judge it.

        Parameters
        ----------
        model : str
            A name from the table of models.
        data : str, Path, Dataset, DataFrame or array
            A name, a file or folder, or the data themselves.
        parameters : mapping or None
            Hyperparameters of the model.
        seed, out, on_event, command, **options
            As :meth:`compare` takes them.

        Returns
        -------
        Result
            The run and its evaluation.
        """

    def resume(
        self, path: str | Path, *, jobs: int | None, on_event: EventHandler | None
    ) -> Result:
        """Do what is missing in a run.

        Parameters
        ----------
        path : path
            The run.
        jobs : int or None
            Members trained at a time.
        on_event : callable or None
            Called with every progress message, a dict.

        Returns
        -------
        Result
            The run and its evaluation.
        """

    def judge(self, path: str | Path, *, device: str, on_event: EventHandler | None) -> Result:
        """Judge the trained models of a finished run again.

        Parameters
        ----------
        path : path
            The run.
        device : {"auto", "cpu", "cuda", "mps"}
            Where networks are computed.
        on_event : callable or None
            Called with every progress message, a dict.

        Returns
        -------
        Result
            The run and its evaluation.
        """

    def member_worker(self, path: Path) -> Work:
        """Return what trains and judges the members of a comparison in a worker process."""


def compare_models(data: Any, *, task: str = "generation", **options: Any) -> Result:
    """Compare the models of a task on one data set.

    Parameters
    ----------
    data : str, Path, Dataset, DataFrame or array
        A name such as "digits", a file or folder, or the data themselves.
    task : str, default="generation"
        A name from the table of tasks.
    **options
        Those of the task, such as :func:`further.compare.generative_models` has, and of
        :func:`further.data.load`.

    Returns
    -------
    Result
        The run and its evaluation; of a class of the task's own.

    Raises
    ------
    InputError
        If there is no such task, or it cannot use the data or an option.
    """
    return _module(task).compare(data, **options)


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
        move_to(path, device)
    return _module_of(path).resume(path, jobs=jobs, on_event=on_event)


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
    return _module_of(path).judge(path, device=device, on_event=on_event)


def move_to(path: Path, device: str) -> None:
    """Let what has not finished in a run continue on another device.

    Parameters
    ----------
    path : Path
        The run.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to.

    Raises
    ------
    InputError
        If this machine has no such device.
    """
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


def options_of(task: str) -> tuple[str, ...]:
    """Return the names of the options that the comparison of a task takes."""
    return tuple(inspect.signature(_module(task).compare).parameters)


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
    for name in given:
        if name not in options_of(task):
            raise InputError(f'A comparison of the task "{task}" has no option "{name}".')


def whole_run(path: str | Path) -> Path:
    """Return the comparison that a member's run belongs to, or the run itself."""
    for parent in Path(path).absolute().parents:
        if parent.name == "models" and (parent.parent / "run.json").is_file():
            return parent.parent
    return Path(path)


def _module(task: str) -> TaskModule:
    return cast(TaskModule, task_module(task, "compare"))


def _module_of(path: Path) -> TaskModule:
    task = Run(path).record.get("task")
    if task is None:
        raise RunError(
            f'"{path}" was made by fit in Python, which does not know where its data came from; '
            f'call fit(X, y, run="{path}") again to resume it.'
        )
    return _module(task)
