"""One model that predicts, fitted into a run and judged like the rungs of a ladder.

A constant is judged beside it, since a figure without a simple control says little.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from further.compare.forecast import announce, forecast
from further.compare.members import unsuitable
from further.compare.prediction.member import Candidate
from further.compare.prediction.run import PredictionRun
from further.compare.prediction.setting import Setting, describe_setting
from further.compare.prediction.target import read_question
from further.compare.result import Result
from further.compare.source import EventHandler, default_folder
from further.errors import InputError
from further.registry import find_model, models_for
from further.supervised.advice import Advice
from further.supervised.advice import advise as advise_on
from further.train.estimator import Estimator
from further.train.execution import find_device
from further.train.parameters import parameters_to_json
from further.train.run import Run


class TrainedPredictor(Result[Estimator]):
    """A model that was fitted and judged."""


def train(
    model: str,
    data: Any,
    y: Any = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    target: str | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    on_event: EventHandler | None = None,
    command: str | None = None,
    **loading: Any,
) -> TrainedPredictor:
    """Fit one model that predicts and judge it on rows that it never saw.

    Use it when a ladder has told which model to take. It fails where
    :func:`further.compare.predictive_models` does.

    Parameters
    ----------
    model : str
        A name from the table of models.
    data : str, Path, Dataset, DataFrame or array
        A name such as "iris", a file or folder, or the data themselves.
    y : array of shape (n,), optional
        The target of data given in memory.
    parameters : mapping, optional
        Hyperparameters of the model.
    target : str, optional
        The column to predict; default: the label that the data have.
    seed : int, default=0
        Of the folds, the training and the intervals.
    out, on_event, command : optional
        As :func:`further.compare.predictive_models` has them.
    **loading
        Further options of :func:`further.data.load`.

    Returns
    -------
    TrainedPredictor
        With the path of the run and the evaluation.

    Raises
    ------
    InputError
        If there is nothing to predict, or the data or a hyperparameter cannot be used.
    """
    line = find_model(model)
    question = read_question(data, y, target=target, task=line.task, **loading)
    setting = Setting(question, seed, (parameters or {}).get("device", "auto"))
    why = unsuitable(line, question.dataset)
    if why:
        raise InputError(why)
    candidate = Candidate.make(setting, line.name, parameters_to_json(parameters or {}))
    estimator = candidate.estimator()
    estimator._validate_params()
    if line.family == "network":
        estimator.training_settings()
        find_device(estimator.device)
    setting.folds  # noqa: B018 - what cannot be held out is refused before there is a run
    run = Run.create(
        out or default_folder(f"train-{line.name}", question.dataset.name),
        command=command or "further.compare.train_model",
        model=line.name,
        parameters=parameters_to_json(candidate.parameters),
        **describe_setting(setting, {"target": target, "task": line.task}),
    )
    if question.dataset.source == "array":
        question.dataset.save(run.path / "data")
    training = PredictorRun(run, on_event)
    training.setting = setting
    return training.resume()


class PredictorRun(PredictionRun):
    """The run of one model."""

    def resume(self, jobs: int | None = None) -> TrainedPredictor:
        """Fit to the weights that an uninterrupted training would have reached, and judge."""
        run = self.run
        if run.status == "finished" and (run.path / "evaluation.json").is_file():
            return TrainedPredictor.of(run)
        candidate = self._candidate()
        task = {"model": candidate.line.name, "repeat": 0}
        self.emit({"event": "note", "text": self.setting.question.told})
        cost = candidate.measure_cost()
        expected = forecast(self.setting.dataset.name, [task], 1, lambda _: cost)
        announce(run, expected, self.emit)
        candidate.fit(
            run, lambda share, loss: self.emit(
                {"event": "progress", **task, "share": share, "loss": loss}
            ),
        )  # fmt: skip
        return self._judge(candidate)

    def judge(self, device: str) -> TrainedPredictor:
        """Judge the fitted model again."""
        self.setting = replace(self.setting, device=device)
        return self._judge(self._candidate())

    def _candidate(self) -> Candidate:
        record = self.run.record
        return Candidate.make(self.setting, record["model"], record["parameters"])

    def _judge(self, candidate: Candidate) -> TrainedPredictor:
        started = time.monotonic()
        run, task = self.run, {"model": candidate.line.name, "repeat": 0}
        self.emit({"event": "trained", **task})
        with run.working():
            entry = candidate.judge(run.path)
            beside = []
            for line in models_for(self.setting.task):
                if line.role == "control" and line.name != candidate.line.name:
                    control = Candidate.make(self.setting, line.name, {})
                    control.fit(control.begin(run.path / "controls" / line.name))
                    beside.append(control.judge(run.path / "controls" / line.name))
            spent = (entry.seconds or 0.0) + time.monotonic() - started
            self._write([entry], spent, controls=tuple(beside))
            run.update(status="finished")
        self.emit({"event": "done", **task})
        return TrainedPredictor.of(run)


def advise(
    model: str,
    data: Any,
    *,
    parameters: Mapping[str, Any] | None = None,
    target: str | None = None,
    seed: int = 0,
    on_event: EventHandler | None = None,
    **loading: Any,
) -> Advice:
    """Say how to set a network on these data, from short trainings; nothing is kept.

    Parameters
    ----------
    model : str
        A network that predicts, from the table of models.
    data, parameters, target, seed, on_event, **loading
        See :func:`train`.

    Returns
    -------
    Advice
        Setting by setting.

    Raises
    ------
    InputError
        If there is nothing to predict, or the data or a hyperparameter cannot be used.
    """
    line = find_model(model)
    question = read_question(data, target=target, task=line.task, **loading)
    candidate = Candidate.make(
        Setting(question, seed), line.name, parameters_to_json(parameters or {})
    )
    emit = on_event or (lambda message: None)
    emit({"event": "note", "text": question.told})
    return advise_on(candidate.estimator(), question.dataset, seed=seed, on_event=on_event)
