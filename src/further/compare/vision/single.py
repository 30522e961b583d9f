"""One model that finds something in pictures, trained into a run and judged.

The controls of its task are judged beside it, since a figure without a simple one says little.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from further.compare.forecast import announce, forecast
from further.compare.members import unsuitable
from further.compare.result import Result
from further.compare.source import EventHandler, default_folder, read_input
from further.compare.vision.learning_curve import SHARES, curve_of, train_shares
from further.compare.vision.member import Candidate
from further.compare.vision.run import VisionRun
from further.compare.vision.setting import Setting, checked, describe_setting
from further.errors import InputError
from further.evaluate.record import BudgetRecord
from further.evaluate.vision.record import VisionRecord
from further.registry import find_model, models_for
from further.train.estimator import Estimator
from further.train.execution import find_device
from further.train.parameters import parameters_to_json
from further.train.run import Run


class TrainedVision(Result[Estimator]):
    """A model that was trained and judged on held-out pictures."""


def train(
    model: str,
    data: Any,
    *,
    parameters: Mapping[str, Any] | None = None,
    learning_curve: bool = False,
    seed: int = 0,
    out: str | Path | None = None,
    on_event: EventHandler | None = None,
    command: str | None = None,
    **loading: Any,
) -> TrainedVision:
    """Train one model on the training pictures and judge it on the held-out ones.

    Use it when a comparison has told which model to take. It fails where pictures depend on each
    other, such as frames of one film, and neither split nor groups say so.

    Parameters
    ----------
    model : str
        A name from the table of models.
    data : str, Path or Dataset
        A name such as "scenes", a folder, or the data themselves.
    parameters : mapping, optional
        Hyperparameters of the model.
    learning_curve : bool, default=False
        Whether to train on 25, 50 and 75 % of the pictures too, with equal operations, and to say
        what twice the pictures would bring.
    seed : int, default=0
        Of the split, the training and the intervals.
    out, on_event, command : optional
        As :func:`further.compare.vision_models` has them.
    **loading
        Options of :func:`further.data.load`.

    Returns
    -------
    TrainedVision
        With the path of the run and the evaluation.

    Raises
    ------
    InputError
        If the data or a hyperparameter cannot be used.
    """
    line = find_model(model)
    given = dict(parameters or {})
    dataset = read_input(data, **{k: v for k, v in loading.items() if v is not None})
    why = unsuitable(line, dataset)
    if why:
        raise InputError(why)
    setting = checked(Setting(dataset, line.task, seed, given.get("device", "auto")))
    candidate = Candidate.make(setting, line.name, parameters_to_json(given))
    estimator = candidate.estimator()
    estimator._validate_params()
    if line.family == "network":
        estimator.training_settings()
        find_device(estimator.device)
    run = Run.create(
        out or default_folder(f"train-{line.name}", dataset.name),
        command=command or "further.compare.train_model",
        model=line.name,
        parameters=parameters_to_json(candidate.parameters),
        **describe_setting(setting),
    )
    if learning_curve and not run.record.get("learning_curve"):
        run.update(learning_curve=True)
    if dataset.source == "array":
        dataset.save(run.path / "data")
    training = VisionModelRun(run, on_event)
    training.setting = setting
    return training.resume()


class VisionModelRun(VisionRun):
    """The run of one model."""

    def resume(self, jobs: int | None = None) -> TrainedVision:
        """Train to the weights that an uninterrupted training would have reached, and judge."""
        run = self.run
        if run.status == "finished" and (run.path / "evaluation.json").is_file():
            done = TrainedVision.of(run)
            if (
                not run.record.get("learning_curve")
                or done.evaluation["models"][0]["learning_curve"]
            ):
                return done
        candidate = self._candidate()
        task = {"model": candidate.line.name, "repeat": 0}
        if not (run.path / "model.json").is_file():
            announce(run, self._forecast(candidate), self.emit)
        candidate.fit(
            run, lambda share, loss: self.emit(
                {"event": "progress", **task, "share": share, "loss": loss}
            ),
        )  # fmt: skip
        if run.record.get("learning_curve"):
            train_shares(
                candidate, run.path, lambda share, done, loss: self.emit(
                    {"event": "step", "what": f"{100 * share:.0f} % of the pictures", "share": done}
                ),
            )  # fmt: skip
        return self._judge(candidate)

    def _forecast(self, candidate: Candidate) -> dict[str, Any]:
        cost = candidate.measure_cost().total()
        times = 1 + len(SHARES) * bool(self.run.record.get("learning_curve"))
        cost = replace(cost, training=times * cost.training, judging=times * cost.judging)
        members = [{"model": candidate.line.name}]
        return forecast(self.setting.dataset.name, members, 1, lambda _: cost)

    def judge(self, device: str) -> TrainedVision:
        """Judge the trained model again."""
        self.setting = replace(self.setting, device=device)
        return self._judge(self._candidate())

    def _candidate(self) -> Candidate:
        record = self.run.record
        return Candidate.make(self.setting, record["model"], record["parameters"])

    def _judge(self, candidate: Candidate) -> TrainedVision:
        started = time.monotonic()
        run, task = self.run, {"model": candidate.line.name, "repeat": 0}
        self.emit({"event": "trained", **task})
        with run.working():
            run.update(status="running")
            entry = candidate.judge(run.path)
            if run.record.get("learning_curve"):
                curve = curve_of(candidate, run.path, entry.metrics)
                entry = replace(entry, learning_curve=curve)
            controls = tuple(self._controls(candidate.line.name))
            spent = (entry.seconds or 0.0) + time.monotonic() - started
            self._write([entry], spent, controls=controls, budget=budget_of(run))
            run.update(status="finished")
        self.emit({"event": "done", **task})
        return TrainedVision.of(run)

    def _controls(self, name: str) -> list[VisionRecord]:
        """Fit and judge the controls of the task."""
        found = []
        for line in models_for(self.setting.task):
            if line.role == "control" and line.name != name:
                folder = self.run.path / "controls" / line.name
                control = Candidate.make(self.setting, line.name, {})
                control.fit(control.begin(folder))
                found.append(control.judge(folder))
        return found


def budget_of(run: Run) -> BudgetRecord | None:
    """Return the budget of the training that a run holds."""
    budget = run.record.get("budget")
    if not isinstance(budget, dict):
        return None
    return BudgetRecord(budget["text"], None, budget["reproducible"])
