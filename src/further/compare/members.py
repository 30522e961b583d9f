"""The members of a comparison: who takes part, where their runs are, and their training.

Every member has its own run under ``models/NAME`` and is trained and judged by a worker process.
Whatever a kill leaves can be completed, since each of these runs knows how far it came.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from further.compare.forecast import Cost, announce, forecast
from further.compare.scores import read_scores
from further.compare.source import EventHandler
from further.compare.workers import WorkerError, run_tasks
from further.data.dataset import Dataset
from further.errors import InputError
from further.evaluate.estimate import Score
from further.evaluate.typed_json import from_json
from further.registry import ModelEntry, find_model, models_for, python_only
from further.train.files import read_json
from further.train.parameters import parameters_from_json, parameters_to_json
from further.train.run import Run
from further.train.seeds import seed_of


@dataclass(frozen=True)
class Member:
    """One training of one model."""

    line: Annotated[ModelEntry, "Its line in the table of models."]
    parameters: Annotated[dict[str, Any], "Hyperparameters, as they stand in JSON."]
    repeat: Annotated[int, "From 0 on; each has another seed."]
    folder: Annotated[Path, "Its run."]

    def to_json(self) -> dict[str, Any]:
        """Return what a worker is told of it."""
        return {
            "model": self.line.name,
            "repeat": self.repeat,
            "folder": str(self.folder),
            "parameters": self.parameters,
        }


def choose_models(
    task: str, models: Sequence[str] | Mapping[str, Mapping[str, Any]] | None
) -> list[dict[str, Any]]:
    """Return what ``run.json`` says of the models that take part, controls last.

    Parameters
    ----------
    task : str
        Its controls are always among them.
    models : sequence of str, or dict of dict, optional
        Names, or names with hyperparameters; default: all that a comparison takes.

    Returns
    -------
    list of dict
        The name and the hyperparameters of each.
    """
    lines = models_for(task)
    if models is None:
        given: Mapping[str, Any] = {line.name: {} for line in lines if line.compared}
    elif isinstance(models, Mapping):
        given = models
    else:
        given = {name: {} for name in models}
    wanted = {find_model(name, task).name: dict(own) for name, own in given.items()}
    return [
        {"name": line.name, "parameters": parameters_to_json(wanted.get(line.name, {}))}
        for line in lines
        if line.name in wanted or line.role == "control"
    ]


def unsuitable(line: ModelEntry, dataset: Dataset) -> str:
    """Say why a model cannot take such rows; empty where it can.

    Parameters
    ----------
    line : ModelEntry
        Its line.
    dataset : Dataset
        The rows.

    Returns
    -------
    str
        A sentence.
    """
    cls = line.load()
    package = getattr(cls, "needs_package", "")
    if package and importlib.util.find_spec(package) is None:
        return f"{line.label} needs the package {package}, which is not installed."
    if not line.from_commands:
        return python_only(line)
    kinds: tuple[str, ...] = getattr(cls, "takes", ("table", "images"))
    if dataset.kind in kinds:
        return ""
    return f"{line.label} takes {' or '.join(kinds)}, but {dataset.name} is {dataset.kind}."


def own_parameters(
    line: ModelEntry,
    parameters: Any,
    *,
    seed: int,
    device: str,
    repeat: int = 0,
    defaults: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the hyperparameters of a member: those that are given, and what it shares with others.

    Parameters
    ----------
    line : ModelEntry
        Its line.
    parameters : mapping or None
        As they stand in JSON.
    seed : int
        Of the comparison, from which its own comes.
    device : str
        Where networks run.
    repeat : int, default=0
        Each has another seed.
    defaults : mapping, optional
        What is taken where a hyperparameter of that name exists and is not given.

    Returns
    -------
    dict
        For its class.
    """
    own = dict(parameters_from_json(parameters or {}))
    known = line.load()._parameter_constraints
    if "random_state" in known:
        own.setdefault("random_state", seed_of(seed, "repeat", repeat) % (2**31 - 1))
    if line.family == "network":
        own.setdefault("device", device)
    for key, value in (defaults or {}).items():
        if key in known:
            own.setdefault(key, value)
    return own


def members_of(run: Run) -> list[Member]:
    """Return the members of a comparison; further trainings lie inside the run of the first."""
    return [
        Member(
            find_model(model["name"]),
            model["parameters"],
            repeat,
            run.child(model["name"]) / (f"repeats/{repeat + 1}" if repeat else ""),
        )
        for repeat in range(run.record["repeats"])
        for model in run.record["models"]
    ]


def train_members(
    run: Run,
    data: str,
    cost: Callable[[Mapping[str, Any]], Cost],
    jobs: int | None,
    emit: EventHandler,
    *,
    preparing: float = 0.0,
) -> None:
    """Train and judge all members that have not finished, and record which failed.

    Parameters
    ----------
    run : Run
        The comparison.
    data : str
        Name of the data.
    cost : callable
        Returns what a member takes.
    jobs : int, optional
        Members at a time; default: as many as there are cores.
    emit : callable
        Called with every progress message.
    preparing : float, default=0.0
        Seconds that each process takes for the evaluation before the first member.

    Raises
    ------
    InputError
        If the machine lacks the memory, or no model could be trained.
    WorkerError
        If a process dies, or meets a failure of ours.
    """
    started = time.monotonic()
    members = members_of(run)
    todo = [
        member.to_json() for member in members if not (member.folder / "evaluation.json").is_file()
    ]
    jobs = jobs or _cores()
    if todo:
        expected = forecast(data, todo, jobs, cost, preparing=preparing)
        announce(run, expected, emit)
        # The longest first, so that no worker is left alone with it at the end.
        todo.sort(key=lambda task: -expected["by_model"].get(task["model"], 0.0))
    failures: list[dict[str, Any]] = []

    def heard(message: dict[str, Any]) -> None:
        if message["event"] == "error":
            if not message["user"]:
                raise WorkerError(f"{message['model']}: {message['message']}\n{message['trace']}")
            failures.append({key: message[key] for key in ("model", "repeat", "message")})
        emit(message)

    before = run.record.get("seconds", 0.0)
    try:
        run_tasks(run.path, todo, jobs, heard)
    finally:
        run.update(seconds=before + time.monotonic() - started, failures=failures)
    failed = {(failure["model"], failure["repeat"]) for failure in failures}
    wanted = {(m.line.name, m.repeat) for m in members if m.line.role == "model"}
    if wanted and wanted <= failed:
        first = failures[0]
        raise InputError(f"No model could be trained; {first['model']}: {first['message']}")


def judge_members(run: Run, judge: Callable[[Member], Any], emit: EventHandler) -> None:
    """Judge again the members of a comparison that were trained.

    Parameters
    ----------
    run : Run
        The comparison.
    judge : callable
        Judges a member and writes what was found into its folder.
    emit : callable
        Called with every progress message.
    """
    for member in members_of(run):
        if (member.folder / "model.json").is_file():
            about = {"model": member.line.name, "repeat": member.repeat}
            emit({"event": "trained", **about})
            judge(member)
            emit({"event": "done", **about})


def records_of(
    run: Run, kind: type[Any], empty: Callable[[ModelEntry], Any]
) -> tuple[list[Any], dict[str, dict[str, Score]]]:
    """Return what the members of a comparison left, one training of each.

    Parameters
    ----------
    run : Run
        The comparison.
    kind : type
        Of a member's ``evaluation.json``, with its record as ``model``.
    empty : callable
        Returns the record of a line, for a member that left none: it is marked failed, and says
        why.

    Returns
    -------
    list of records and dict of dict of Score
        In the order of the members; by name and metric, of those that did not fail.
    """
    failures = {failure["model"]: failure["message"] for failure in run.record.get("failures", [])}
    records, scores = [], {}
    for member in members_of(run):
        name, file = member.line.name, member.folder / "evaluation.json"
        if file.is_file():
            record = from_json(kind, read_json(file)).model
            scores[name] = read_scores(member.folder, record.metrics)
        else:
            why = failures.get(name, "It was not trained.")
            record = replace(empty(member.line), flags=("failed",), notes=(why,))
        records.append(record)
    return records, scores


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
