"""What does transparency cost on this table? Every rung judged on the same held-out rows.

Each rung is fitted and judged in its own run under ``models/NAME`` by worker processes
(:mod:`further.compare.worker`); then what they left is put together: differences from the best,
the answer, what a constant scores.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from further.compare.members import (
    choose_models,
    judge_members,
    records_of,
    train_members,
    unsuitable,
)
from further.compare.prediction.advice import advise
from further.compare.prediction.member import Candidate
from further.compare.prediction.run import PredictionRun
from further.compare.prediction.setting import Setting, describe_setting, read_setting
from further.compare.prediction.target import read_question
from further.compare.result import Result
from further.compare.source import EventHandler, default_folder
from further.compare.task import Work, work_on
from further.errors import InputError
from further.evaluate.prediction.record import PredictionMember, PredictorRecord
from further.registry import find_model, models_for
from further.train.estimator import Estimator
from further.train.execution import find_device
from further.train.run import Run

#: A difference of a hundredth of what a constant scores matters to hardly anybody.
NEGLIGIBLE = 0.01


class Ladder(Result[Estimator]):
    """The result of a comparison of models that predict."""

    @property
    def recommendation(self) -> str:
        """The most transparent model that is not significantly worse than the best, in words."""
        found = self.evaluation["recommendation"]
        sentence: str = found["sentence"] if found else ""
        return sentence

    def to_frame(self) -> pd.DataFrame:
        """Return the metrics as a table: a row a model and metric, with its interval."""
        rows = [
            {"model": model["name"], "role": model["role"], "metric": name}
            | {key: metric[key] for key in ("value", "low", "high")}
            for model in self.evaluation["models"]
            for name, metric in model["metrics"].items()
        ]
        return pd.DataFrame(rows).set_index(["model", "metric"])


def predictive_models(
    data: Any,
    y: Any = None,
    *,
    target: str | None = None,
    task: str | None = None,
    models: Sequence[str] | Mapping[str, Mapping[str, Any]] | None = None,
    negligible: float | None = None,
    seed: int = 0,
    device: str = "auto",
    jobs: int | None = None,
    out: str | Path | None = None,
    on_event: EventHandler | None = None,
    command: str | None = None,
    **loading: Any,
) -> Ladder:
    """Compare models that predict a column, from the most transparent to the most opaque.

    Use it to learn what transparency costs on a table: whether a model that can be read predicts as
    well as one that cannot. Fewer than 2,000 rows are judged by nested cross-validation, more by
    one held-out quarter. It fails where rows depend on each other and ``groups`` does not say so.

    Parameters
    ----------
    data : str, Path, Dataset, DataFrame or array
        A name such as "iris", a file or folder, or the data themselves.
    y : array of shape (n,), optional
        The target of data given in memory.
    target : str, optional
        The column to predict; default: the label that the data have.
    task : {"classification", "regression"}, optional
        What the target is; default: as its values are.
    models : sequence of str, or dict of dict, optional
        Names of models, or names with hyperparameters; the constant is always among them.
        Default: all that suit the data.
    negligible : float, default=0.01
        A difference that does not matter, as a share of what a constant scores: gives for every
        model the probability that the best is better, and that the difference is negligible.
    seed : int, default=0
        Of the folds, the training and the intervals.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        Where networks are trained.
    jobs : int, optional
        Models at a time; default: as many as there are cores, and always one on a GPU. It changes
        no result.
    out : path, optional
        Folder of the run; default: a new folder under ``runs``.
    on_event : callable, optional
        Called with every progress message, a dict.
    command : str, optional
        The command line to record.
    **loading
        Further options of :func:`further.data.load`.

    Returns
    -------
    Ladder
        With the path of the run, the evaluation and the recommendation.

    Raises
    ------
    InputError
        If there is nothing to predict, or the data, a model or the device cannot be used.

    Examples
    --------
    >>> import further
    >>> ladder = further.compare.predictive_models("iris")  # doctest: +SKIP
    >>> ladder.recommendation  # doctest: +SKIP
    """
    question = read_question(data, y, target=target, task=task, **loading)
    find_device(device)
    if negligible is not None and not 0 < negligible < 1:
        raise InputError(f"negligible={negligible:g} must lie between 0 and 1, such as 0.01.")
    setting = Setting(question, seed, device)
    if models is None:
        models = [
            line.name
            for line in models_for(question.task)
            if line.compared and not unsuitable(line, question.dataset)
        ]
    chosen = choose_models(question.task, models)
    for model in chosen:
        why = unsuitable(find_model(model["name"]), question.dataset)
        if why:
            raise InputError(why)
    setting.folds  # noqa: B018 - what cannot be held out is refused before there is a run
    run = Run.create(
        out or default_folder("compare", question.dataset.name),
        command=command or "further.compare.predictive_models",
        **describe_setting(setting, {"target": target, "task": task}),
        repeats=1,
        models=chosen,
    )
    run.update(negligible=NEGLIGIBLE if negligible is None else negligible)
    if question.dataset.source == "array":
        question.dataset.save(run.path / "data")
    ladder = LadderRun(run, on_event)
    ladder.setting = setting
    return ladder.resume(jobs)


def member_worker(path: Path) -> Work:
    """Return what fits and judges the members of a ladder in a worker process."""
    setting = read_setting(Run(path))
    return work_on(lambda member: _candidate(setting, member))


def _candidate(setting: Setting, member: Mapping[str, Any]) -> Candidate:
    # Float32 on one thread, so that a noisy measurement cannot change the result.
    return Candidate.make(setting, member["model"], member["parameters"], precision="float32")


class LadderRun(PredictionRun):
    """The run of a ladder."""

    def resume(self, jobs: int | None = None) -> Ladder:
        """Fit and judge the rungs that have not finished, and compare all."""
        run = self.run
        with run.working():
            run.update(status="running")
            setting = self.setting
            self.emit({"event": "note", "text": setting.question.told})
            at_a_time = jobs if find_device(setting.device) == "cpu" else 1
            train_members(
                run, setting.dataset.name,
                lambda member: _candidate(setting, member).measure_cost(), at_a_time, self.emit,
            )  # fmt: skip
            self.emit({"event": "judging"})
            self._put_together()
            run.update(status="finished")
        return Ladder.of(run)

    def judge(self, device: str) -> Ladder:
        """Judge the fitted rungs again, as after an update of further."""
        run = self.run
        run.refuse_unfinished()
        self.setting = replace(self.setting, device=device)
        with run.working():
            judge_members(
                run,
                lambda member: _candidate(self.setting, member.to_json()).judge(member.folder),
                self.emit,
            )
            self._put_together()
        return Ladder.of(run)

    def _put_together(self) -> None:
        """Write what the members left, with differences and the answer."""
        run = self.run
        started = time.monotonic()
        models, scores = records_of(
            run,
            PredictionMember,
            lambda line: PredictorRecord(
                line.name, line.label, line.family, line.role, transparency=line.transparency
            ),
        )
        models.sort(key=lambda model: model.transparency or 0)
        fitted = [model for model in models if model.name in scores]
        advice = advise(self.setting.task, fitted, scores, run.record["negligible"])
        spent = run.record.get("seconds", 0.0) + time.monotonic() - started
        self._write(models, spent, recommendation=advice)
