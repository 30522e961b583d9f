"""One model trained into a run, resumed after an interruption, and judged like the others.

The Gaussian mixture is fitted beside it while it is judged, since a figure without a simple
control says little; it is an entry of its own, ``controls``, in ``evaluation.json``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from further.compare.forecast import announce, forecast
from further.compare.generation.cost import likelihood_rows
from further.compare.generation.member import Candidate, simple_control
from further.compare.generation.pictures import write_real
from further.compare.generation.run import GenerationRun
from further.compare.generation.setting import Setting
from further.compare.result import Result
from further.compare.scores import read_scores
from further.compare.source import EventHandler, default_folder, describe_data, read_input
from further.evaluate.generation.flags import flags
from further.evaluate.interval import Score
from further.evaluate.record import ModelRecord
from further.generate.generative import GenerativeModel
from further.generate.generative_estimator import GenerativeEstimator
from further.registry import find_model
from further.train.budget import Budget
from further.train.execution import find_device
from further.train.load import load as load_model
from further.train.parameters import parameters_from_json, parameters_to_json
from further.train.run import Run

TASK = "generation"


class Trained(Result[GenerativeEstimator]):
    """A model that was trained and judged."""


def train(
    model: str,
    data: Any,
    y: Any = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    seed: int = 0,
    conditional: bool = True,
    out: str | Path | None = None,
    on_event: EventHandler | None = None,
    command: str | None = None,
    **loading: Any,
) -> Trained:
    """Train one model on the training rows of a data set and judge it on the test rows.

    Use it when a comparison has told which model to take and it deserves a longer training. It
    fails where :func:`further.compare.generative_models` does.

    Parameters
    ----------
    model : str
        A name from the table of models.
    data : str, Path, Dataset, DataFrame or array
        A name such as "digits", a file or folder, or the data themselves.
    y : array of shape (n,), optional
        Class labels of data given in memory.
    parameters : mapping, optional
        Hyperparameters of the model.
    seed : int, default=0
        Of the split, the training and the evaluation.
    conditional : bool, default=True
        Whether the model is conditioned on the class where there are labels.
    out, on_event, command : optional
        As :func:`further.compare.generative_models` has them.
    **loading
        Further options of :func:`further.data.load`.

    Returns
    -------
    Trained
        With the path of the run and the evaluation.

    Raises
    ------
    InputError
        If the data or a hyperparameter cannot be used, or the machine lacks the memory.
    """
    line = find_model(model)
    dataset = read_input(data, y, **loading)
    given = dict(parameters or {})
    if line.family == "network":
        given.setdefault("precision", "auto")
    setting = Setting(
        dataset,
        dataset.split(seed=seed),
        seed,
        given.get("budget", "auto"),
        conditional and dataset.classes is not None,
    )
    candidate = Candidate.make(setting, line.name, parameters_to_json(given))
    estimator = candidate.estimator
    estimator._validate_params()
    if isinstance(estimator, GenerativeModel):
        # What the fit would refuse is refused before there is a run.
        Budget.parse(estimator.budget, setting.encoding.spec)
        estimator.training_settings()
        find_device(estimator.device)
    run = Run.create(
        out or default_folder(f"train-{line.name}", dataset.name),
        command=command or "further.compare.train_model",
        task=TASK,
        model=line.name,
        parameters=parameters_to_json(estimator.get_params(deep=False)),
        seed=int(estimator.random_state),
        data=describe_data(dataset),
        conditional=setting.conditional,
        split=setting.split.describe(),
    )
    if dataset.source == "array":
        dataset.save(run.path / "data")
    training = TrainingRun(run, on_event)
    training.setting = setting
    return training.carry_out(candidate)


class TrainingRun(GenerationRun):
    """The run of one model."""

    def resume(self, jobs: int | None = None) -> Trained:
        """Train to the weights that an uninterrupted training would have reached."""
        record = self.run.record
        if self.run.status == "finished" and (self.run.path / "evaluation.json").is_file():
            return Trained.of(self.run)
        line = find_model(record["model"])
        estimator = line.load()(**parameters_from_json(record["parameters"]))
        return self.carry_out(Candidate(self.setting, line, estimator))

    def carry_out(self, candidate: Candidate) -> Trained:
        """Train and judge."""
        emit, task = self.emit, {"model": candidate.line.name, "repeat": 0}
        cost = candidate.measure_cost()
        if "likelihood_rows" not in self.run.record:
            rows = likelihood_rows(self.setting, [cost])
            self.run.update(likelihood_rows=rows)
            self.setting = replace(self.setting, likelihood_rows=rows)
        candidate = replace(candidate, setting=self.setting)
        total = cost.total(self.setting)
        expected = forecast(self.setting.dataset.name, [task], 1, lambda _: total)
        announce(self.run, expected, emit)
        candidate.fit(
            self.run,
            lambda share, loss: emit({"event": "progress", **task, "share": share, "loss": loss}),
        )
        return self._evaluate(candidate)

    def judge(self, device: str) -> Trained:
        """Judge the trained model as a comparison would."""
        estimator: Any = load_model(self.run.path, device=device)
        line = find_model(self.run.record["model"])
        return self._evaluate(Candidate(self.setting, line, estimator))

    def _evaluate(self, candidate: Candidate) -> Trained:
        started = time.monotonic()
        run, setting, line = self.run, self.setting, candidate.line
        task = {"model": line.name, "repeat": 0}
        self.emit({"event": "trained", **task})
        with run.working():
            entry = candidate.evaluate(run.path)
            controls, mixture = judge_control(setting) if line.role == "model" else ((), None)
            scores = read_scores(run.path, entry.metrics)
            raised, notes = flags(scores, setting.evaluator.real, mixture)
            write_real(setting, run.path)
            spent = candidate.estimator.cost_["seconds"] + time.monotonic() - started
            self._write([replace(entry, flags=raised, notes=notes)], spent, controls=controls)
            run.update(status="finished")
        self.emit({"event": "done", **task})
        return Trained.of(run)


def judge_control(
    setting: Setting, most: int | None = None
) -> tuple[tuple[ModelRecord, ...], dict[str, Score | None]]:
    """Fit and judge the simple control that stands beside a single model.

    Parameters
    ----------
    setting : Setting
        Its training rows.
    most : int, optional
        Judge so many of its samples, where what it stands beside has no more.

    Returns
    -------
    controls : tuple of ModelRecord
        Its entry.
    scores : dict of Score
        By metric.
    """
    mixture = Candidate.make(setting, simple_control().name, {})
    mixture.fit()
    scores = mixture.score(most)[2]
    raised, notes = flags(scores, setting.evaluator.real)
    return (replace(mixture.describe(scores), flags=raised, notes=notes),), scores
