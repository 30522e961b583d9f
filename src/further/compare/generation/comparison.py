"""Which generative model is right for this data? All of them, under one budget, with controls.

The way of one comparison: the data are read and split; every member is trained, sampled and judged
in its own run under ``models/NAME`` by worker processes (:mod:`further.compare.worker`); then what
the members left is put together here: flags, ties, goals, a recommendation. Whatever a kill leaves
:func:`resume` completes, since each member's run knows how far it came.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from further.compare.forecast import forecast
from further.compare.generation.member import (
    Setting,
    read_member,
    read_scores,
    score_member,
    simple_control,
)
from further.compare.generation.pictures import write_real
from further.compare.generation.recommend import across_seeds, recommend
from further.compare.generation.record import evaluation_record
from further.compare.source import Listen, default_folder, describe_data, nobody, read_data
from further.compare.workers import WorkerError, run_tasks
from further.data.dataset import as_dataset
from further.data.loading import load
from further.errors import InputError, RunError
from further.evaluate.generation.flags import flags
from further.evaluate.record import Evaluation, ModelRecord
from further.evaluate.typed_json import to_json
from further.registry import ModelEntry, find_model, models_for
from further.train.budget import Budget
from further.train.files import read_json, write_json
from further.train.parameters import parameters_to_json
from further.train.run import Run

TASK = "generation"


@dataclass(frozen=True)
class Comparison:
    """The result of a comparison.

    Attributes
    ----------
    path : Path
        The run.
    evaluation : dict
        What its ``evaluation.json`` holds.
    """

    path: Path
    evaluation: dict[str, Any]

    @property
    def recommendation(self) -> str:
        """What further would use here and why, in one sentence."""
        sentence: str = self.evaluation["recommendation"]["sentence"]
        return sentence

    def to_frame(self) -> pd.DataFrame:
        """Return the metrics as a table: a row a model and metric, with interval and scale."""
        rows = [
            {"model": model["name"], "role": model["role"], "metric": name}
            | {key: metric[key] for key in ("value", "low", "high", "real", "noise")}
            for model in self.evaluation["models"]
            for name, metric in model["metrics"].items()
        ]
        return pd.DataFrame(rows).set_index(["model", "metric"])

    def load(self, model: str) -> Any:
        """Return the fitted estimator of a member."""
        from further.train.load import load as load_model

        return load_model(self.path, model)


def generative_models(
    data: Any,
    y: Any = None,
    *,
    models: Sequence[str] | Mapping[str, Mapping[str, Any]] | None = None,
    budget: str | float = "auto",
    seed: int = 0,
    repeats: int = 1,
    conditional: bool = True,
    target: str | None = None,
    jobs: int | None = None,
    out: str | Path | None = None,
    listen: Listen | None = None,
    command: str | None = None,
    **loading: Any,
) -> Comparison:
    """Compare generative models on one data set under one equal budget of computation.

    Parameters
    ----------
    data : str, Path, Dataset, DataFrame or array
        A name such as "digits", a file or folder, or the data themselves.
    y : array of shape (n,), optional
        Class labels of data given in memory.
    models : sequence of str, or dict of dict, optional
        Names of models, or names with hyperparameters; the controls are always among them.
        Default: all.
    budget : str or float, default="auto"
        Training of each network: operations ("2e12"), "30 epochs", "500 steps" or seconds
        ("60s", not reproducible).
    seed : int, default=0
        Of the split, the training and the evaluation.
    repeats : int, default=1
        Trainings of each model with different seeds; more than one shows whether the ranking
        survives that variation.
    conditional : bool, default=True
        Whether models are told the class where there are labels.
    target : str, optional
        The label column of a table.
    jobs : int, optional
        Members trained at a time; default: as many as there are cores. It changes no result.
    out : path, optional
        Folder of the run; default: a new folder under ``runs``.
    listen : callable, optional
        Called with every progress message, a dict.
    command : str, optional
        The command line to record.
    **loading
        Further options of :func:`further.data.load`.

    Returns
    -------
    Comparison
        With the path of the run, the evaluation and the recommendation.

    Raises
    ------
    InputError
        If the data, a model or the budget cannot be used, or the machine has not the memory.

    Examples
    --------
    >>> import further
    >>> comparison = further.compare.generative_models("digits")  # doctest: +SKIP
    >>> comparison.recommendation  # doctest: +SKIP
    """
    if isinstance(data, str | Path):
        dataset = load(data, target=target, **loading)
    else:
        dataset = as_dataset(data, y)
    chosen = _choose(models)
    amount = Budget.parse(budget)
    if repeats < 1:
        raise InputError(f"repeats={repeats} must be at least 1.")
    conditional = conditional and dataset.classes is not None
    split = dataset.split(seed=seed)
    run = Run.create(
        out if out is not None else default_folder("compare", dataset.name),
        command=command or "further.compare.generative_models",
        task=TASK,
        data=describe_data(dataset),
        seed=seed,
        repeats=repeats,
        budget=str(budget) if amount.unit != "flop" or budget == "auto" else f"{amount.amount:g}",
        conditional=conditional,
        models=[{"name": line.name, "parameters": p} for line, p in chosen],
        split=split.describe(),
    )
    if dataset.source == "array":
        dataset.save(run.path / "data")
    return _carry_out(run, Setting(dataset, split, seed, run.record["budget"], conditional),
                      jobs, listen)  # fmt: skip


def resume(
    path: str | Path, *, jobs: int | None = None, listen: Listen | None = None
) -> Comparison:
    """Resume a comparison that was interrupted; what has finished is not done again.

    Raises
    ------
    RunError
        If the folder is no comparison, or its data are gone or have changed.
    """
    run = Run(path)
    if run.record.get("task") != TASK:
        raise RunError(f'"{path}" is not a comparison of generative models.')
    return _carry_out(run, read_setting(run.path), jobs, listen)


def judge(path: str | Path, *, listen: Listen | None = None) -> Comparison:
    """Judge the trained models of a finished comparison again, as after an update of further.

    Raises
    ------
    RunError
        If the folder is no comparison or has not finished, or its data are gone or have changed.
    """
    from further.train.load import load as load_model

    run = Run(path)
    if run.record.get("task") != TASK:
        raise RunError(f'"{path}" is not a comparison of generative models.')
    if run.record["status"] != "finished":
        raise RunError(f'"{path}" has not finished; resume it with "further resume {path}".')
    tell = listen or nobody
    setting = read_setting(run.path)
    with run.working():
        failed = run.record.get("failures", {})
        names = [m["name"] for m in run.record["models"] if m["name"] not in failed]
        for name, repeat in itertools.product(names, range(run.record["repeats"])):
            folder = member_folder(run, name, repeat)
            tell({"event": "trained", "model": name, "repeat": repeat})
            score_member(setting, load_model(folder), find_model(name), folder)
            tell({"event": "done", "model": name, "repeat": repeat})
        evaluation = put_together(run, setting, run.record["seconds"])
        write_json(run.path / "evaluation.json", to_json(evaluation))
    return Comparison(run.path, read_json(run.path / "evaluation.json"))


def whole_run(path: str | Path) -> Path:
    """Return the comparison that a member's run belongs to, or the run itself."""
    for parent in Path(path).absolute().parents:
        if parent.name == "models" and (parent.parent / "run.json").is_file():
            return parent.parent
    return Path(path)


def read_setting(path: Path) -> Setting:
    """Return what the members of a comparison share, from its run.

    Raises
    ------
    RunError
        If the data are gone or have changed.
    """
    record = Run(path).record
    dataset = read_data(path, record)
    seed = record["seed"]
    return Setting(dataset, dataset.split(seed=seed), seed, record["budget"], record["conditional"])


def _choose(models: Any) -> list[tuple[ModelEntry, dict[str, Any]]]:
    """Return the lines of the members with their hyperparameters, controls last."""
    wanted: dict[str, dict[str, Any]]
    if models is None:
        wanted = {line.name: {} for line in models_for("generation") if line.compared}
    elif isinstance(models, Mapping):
        wanted = {
            find_model(name, "generation").name: dict(given) for name, given in models.items()
        }
    else:
        wanted = {find_model(name, "generation").name: {} for name in models}
    lines = [
        line for line in models_for("generation") if line.name in wanted or line.role == "control"
    ]
    return [(line, parameters_to_json(wanted.get(line.name, {}))) for line in lines]


def _carry_out(run: Run, setting: Setting, jobs: int | None, listen: Listen | None) -> Comparison:
    started = time.monotonic()
    tell = listen or nobody
    members = [
        (find_model(m["name"]), m["parameters"], repeat)
        for repeat in range(run.record["repeats"])
        for m in run.record["models"]
    ]
    with run.working():
        run.update(status="running")
        todo = []
        for line, parameters, repeat in members:
            folder = member_folder(run, line.name, repeat)
            if not (folder / "evaluation.json").is_file():
                todo.append(
                    {"model": line.name, "repeat": repeat, "folder": str(folder),
                     "parameters": parameters}
                )  # fmt: skip
        jobs = jobs or _cores()
        if todo:
            expected = forecast(setting, todo, jobs)
            tell({"event": "forecast", **expected})
            # The longest first, so that no worker is left alone with it at the end.
            todo.sort(key=lambda task: -expected["by_model"].get(task["model"], 0.0))
        failures: dict[str, str] = {}

        def heard(message: dict[str, Any]) -> None:
            if message["event"] == "error":
                if not message["user"]:
                    raise WorkerError(
                        f"{message['model']}: {message['message']}\n{message['trace']}"
                    )
                failures[message["model"]] = message["message"]
            tell(message)

        before = run.record.get("seconds", 0.0)
        try:
            run_tasks(run.path, todo, jobs, heard)
            wanted = [line.name for line, _, _ in members if line.role == "model"]
            if wanted and not set(wanted) - set(failures):
                raise InputError(f"No model could be trained; {wanted[0]}: {failures[wanted[0]]}")
            tell({"event": "judging"})
            write_real(setting, run.path)
        finally:
            run.update(seconds=before + time.monotonic() - started, failures=failures)
        evaluation = put_together(run, setting, run.record["seconds"])
        write_json(run.path / "evaluation.json", to_json(evaluation))
        run.update(status="finished")
    return Comparison(run.path, read_json(run.path / "evaluation.json"))


def member_folder(run: Run, name: str, repeat: int) -> Path:
    """Return the run of a member; further trainings lie inside that of the first."""
    folder = run.child(name)
    return folder if repeat == 0 else folder / "repeats" / str(repeat + 1)


def put_together(run: Run, setting: Setting, seconds: float) -> Evaluation:
    """Return what the members left, with flags, ties and recommendation."""
    failures = run.record.get("failures", {})
    names = [member["name"] for member in run.record["models"]]
    entries = {
        name: _failed(find_model(name), failures[name])
        if name in failures
        else read_member(member_folder(run, name, 0))
        for name in names
    }
    scores = {
        name: read_scores(member_folder(run, name, 0), entries[name].metrics)
        for name in names
        if name not in failures
    }
    control = simple_control(TASK)
    models = []
    for name, model in entries.items():
        if name in failures:
            models.append(model)
            continue
        again = [
            read_member(member_folder(run, name, repeat)).metrics
            for repeat in range(1, run.record["repeats"])
        ]
        raised, notes = flags(
            scores[name],
            setting.evaluator.real,
            scores.get(control.name) if model.role == "model" else None,
        )
        spread = across_seeds([model.metrics, *again]) if again else {}
        models.append(replace(model, flags=raised, notes=notes, across_seeds=spread))
    return evaluation_record(
        run, setting, models, seconds,
        recommendation=recommend(models, scores, setting.dataset.name),
    )  # fmt: skip


def _failed(line: ModelEntry, why: str) -> ModelRecord:
    """Return the entry of a member that could not be trained or judged."""
    return ModelRecord(
        line.name, line.label, line.family, line.role, flags=("failed",), notes=(why,)
    )


def _cores() -> int:
    import os

    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
