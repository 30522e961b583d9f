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

from further.compare.forecast import forecast
from further.compare.generation.member import (
    describe_member,
    evaluate_member,
    make_estimator,
    member_cost,
    read_scores,
    score_samples,
    simple_control,
)
from further.compare.generation.pictures import write_real
from further.compare.generation.record import evaluation_record
from further.compare.generation.setting import Setting, read_setting
from further.compare.result import Result
from further.compare.source import (
    EventHandler,
    default_folder,
    describe_data,
    ignore_event,
    read_input,
)
from further.evaluate.generation.flags import flags
from further.evaluate.interval import Score
from further.evaluate.record import ModelRecord
from further.evaluate.typed_json import to_json
from further.generate.generative import GenerativeEstimator, GenerativeModel
from further.registry import ModelEntry, find_model
from further.train.budget import Budget
from further.train.callbacks.callback import Callback
from further.train.callbacks.progress import Progress
from further.train.execution import find_device
from further.train.files import write_json
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
    estimator = make_estimator(setting, line.name, 0, parameters_to_json(given))
    estimator._validate_params()
    if isinstance(estimator, GenerativeModel):
        # What the fit would refuse is refused before there is a run.
        Budget.parse(estimator.budget, setting.encoding.spec)
        estimator.training_settings()
        find_device(estimator.device)
    run = Run.create(
        out if out is not None else default_folder(f"train-{line.name}", dataset.name),
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
    return _carry_out(run, setting, estimator, line, on_event)


def resume(path: str | Path, *, on_event: EventHandler | None = None) -> Trained:
    """Resume a training that was interrupted, to the weights it would have reached.

    Parameters
    ----------
    path : path
        The run.
    on_event : callable, optional
        Called with every progress message, a dict.

    Returns
    -------
    Trained
        With the path of the run and the evaluation.

    Raises
    ------
    RunError
        If the data are gone or have changed.
    """
    run = Run(path)
    evaluation = run.path / "evaluation.json"
    if run.status == "finished" and evaluation.is_file():
        return Trained.of(run)
    line = find_model(run.record["model"])
    estimator = line.load()(**parameters_from_json(run.record["parameters"]))
    return _carry_out(run, read_setting(run), estimator, line, on_event)


def judge(
    path: str | Path, *, device: str = "auto", on_event: EventHandler | None = None
) -> Trained:
    """Judge a trained model as a comparison would and rewrite ``evaluation.json``.

    Parameters
    ----------
    path : path
        The run.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        Where a network is computed.
    on_event : callable, optional
        Called with every progress message, a dict.

    Returns
    -------
    Trained
        With the path of the run and the evaluation.

    Raises
    ------
    RunError
        If the run has not finished, or its data are gone or have changed.
    """
    run = Run(path)
    estimator = load_model(run.path, device=device)
    line = find_model(run.record["model"])
    return _evaluate(run, read_setting(run), estimator, line, on_event or ignore_event)


def _carry_out(
    run: Run,
    setting: Setting,
    estimator: GenerativeEstimator,
    line: ModelEntry,
    on_event: EventHandler | None,
) -> Trained:
    emit = on_event or ignore_event
    task = {"model": line.name, "repeat": 0}
    expected = forecast(setting.dataset.name, [task], 1, lambda _: member_cost(setting, estimator))
    emit({"event": "forecast", **expected})

    def report(share: float, loss: float) -> None:
        emit({"event": "progress", **task, "share": share, "loss": loss})

    callbacks: list[Callback] = [Progress(report)]
    train, validation = (setting.for_model(setting.part(p)) for p in ("train", "validation"))
    estimator.fit(train, validation=validation, run=run, callbacks=callbacks)
    return _evaluate(run, setting, estimator, line, emit)


def _evaluate(
    run: Run, setting: Setting, estimator: GenerativeEstimator, line: ModelEntry, emit: EventHandler
) -> Trained:
    started = time.monotonic()
    task = {"model": line.name, "repeat": 0}
    emit({"event": "trained", **task})
    with run.working():
        entry = evaluate_member(setting, estimator, line, run.path)
        controls, mixture = _control(setting) if line.role == "model" else ((), None)
        raised, notes = flags(read_scores(run.path, entry.metrics), setting.evaluator.real, mixture)
        entry = replace(entry, flags=raised, notes=notes)
        write_real(setting, run.path)
        spent = estimator.cost_["seconds"] + time.monotonic() - started
        evaluation = evaluation_record(run, setting, [entry], spent, controls=controls)
        write_json(run.path / "evaluation.json", to_json(evaluation))
        run.update(status="finished")
    emit({"event": "done", **task})
    return Trained.of(run)


def _control(setting: Setting) -> tuple[tuple[ModelRecord, ...], dict[str, Score | None]]:
    """Fit and judge the simple control, and return its entry and scores."""
    line = simple_control("generation")
    mixture = make_estimator(setting, line.name, 0, {})
    train, validation = (setting.for_model(setting.part(p)) for p in ("train", "validation"))
    mixture.fit(train, validation=validation)
    scores = score_samples(setting, mixture)[2]
    entry = describe_member(setting, mixture, line, scores)
    raised, notes = flags(scores, setting.evaluator.real)
    return (replace(entry, flags=raised, notes=notes),), scores
